"""What rents come to: each day its share, by what is in force and what is there at its end."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ucc.kit.china import begin_of, cycle_of, day_of, list_days
from ucc.rent.reckoning import (
    Basis,
    Counts,
    Due,
    MonthTerms,
    PlanHistory,
    PlanState,
    RentTerm,
    list_due,
    reckon_month,
    round_share,
)

YUAN = 1_000_000
JANUARY = date(2026, 1, 1)
NONE = {basis: Counts(()) for basis in Basis}


def plan(*rents: RentTerm, since: date = date(2025, 1, 1), terms: MonthTerms | None = None) -> PlanState:
    return PlanState(begin_of(since), begin_of(since), terms or MonthTerms(), rents)


def charged_by(*versions: PlanState, since: date = date(2025, 1, 1)) -> PlanHistory:
    return PlanHistory(((begin_of(since), 1),), {1: versions})


def rent(cycle: str, basis: Basis, amount: int) -> RentTerm:
    return RentTerm(cycle, basis, amount)  # type: ignore[arg-type]


def test_days_are_those_of_chinas_clock() -> None:
    assert day_of(datetime.fromisoformat("2026-01-31T16:00:00Z")) == date(2026, 2, 1)
    assert day_of(datetime.fromisoformat("2026-01-31T15:59:59Z")) == date(2026, 1, 31)
    assert begin_of(date(2026, 2, 1)) == datetime.fromisoformat("2026-01-31T16:00:00Z")


@pytest.mark.parametrize(
    ("cycle", "day", "first", "last"),
    [
        ("day", "2026-03-01", "2026-03-01", "2026-03-01"),
        ("week", "2026-03-01", "2026-02-23", "2026-03-01"),
        ("week", "2026-03-02", "2026-03-02", "2026-03-08"),
        ("month", "2024-02-10", "2024-02-01", "2024-02-29"),
        ("month", "2026-12-31", "2026-12-01", "2026-12-31"),
        ("year", "2026-06-01", "2026-01-01", "2026-12-31"),
    ],
)
def test_cycles(cycle: str, day: str, first: str, last: str) -> None:
    found = cycle_of(cycle, date.fromisoformat(day))  # type: ignore[arg-type]
    assert found == (date.fromisoformat(first), date.fromisoformat(last))


def test_a_whole_month_costs_the_whole_amount() -> None:
    history = charged_by(plan(rent("month", Basis.FIXED, 100 * YUAN)))
    assert list_due(history, NONE, JANUARY, date(2026, 1, 30)) == []
    expected = Due("month", Basis.FIXED, JANUARY, date(2026, 1, 31), 31, 31, 100 * YUAN)
    assert list_due(history, NONE, JANUARY, date(2026, 1, 31)) == [expected]


def test_a_tenant_that_begins_within_a_month_pays_its_days() -> None:
    history = charged_by(plan(rent("month", Basis.FIXED, 31 * YUAN)))
    (due,) = list_due(history, NONE, date(2026, 1, 22), date(2026, 1, 31))
    assert (due.days, due.amount_micros) == (10, 10 * YUAN)


def test_rents_of_several_attributes_are_due_together() -> None:
    rents = (
        rent("month", Basis.FIXED, 31 * YUAN),
        rent("month", Basis.AGENT, 62 * YUAN),
        rent("day", Basis.EXTENSION, YUAN),
        rent("month", Basis.DID, 31 * YUAN),
    )
    counts = {
        Basis.AGENT: Counts([(date(2025, 5, 1), 3)]),
        Basis.EXTENSION: Counts([(date(2025, 5, 1), 5)]),
        Basis.DID: Counts([(date(2026, 1, 11), 2), (date(2026, 1, 21), -1)]),
    }
    found = list_due(charged_by(plan(*rents)), counts, date(2025, 5, 1), date(2026, 1, 31))
    assert {(due.cycle, due.basis): due.amount_micros for due in found} == {
        ("day", Basis.EXTENSION): 5 * YUAN,
        ("month", Basis.FIXED): 31 * YUAN,
        ("month", Basis.AGENT): 186 * YUAN,
        ("month", Basis.DID): (10 * 2 + 11 * 1) * YUAN,
    }


def test_the_day_of_a_grant_counts_and_that_of_the_return_does_not() -> None:
    counts = {**NONE, Basis.DID: Counts([(date(2026, 1, 5), 1), (date(2026, 1, 6), -1)])}
    history = charged_by(plan(rent("day", Basis.DID, YUAN)))
    paid = [day.day for day in list_days(JANUARY, date(2026, 1, 10)) if list_due(history, counts, JANUARY, day)]
    assert paid == [5]


def test_a_new_version_counts_from_its_day_on() -> None:
    old, new = (
        plan(rent("month", Basis.FIXED, 31 * YUAN)),
        plan(rent("month", Basis.FIXED, 62 * YUAN), since=date(2026, 1, 11)),
    )
    (due,) = list_due(charged_by(old, new), NONE, JANUARY, date(2026, 1, 31))
    assert due.amount_micros == (10 * 1 + 21 * 2) * YUAN


def test_a_version_is_not_charged_for_days_before_it_was_published() -> None:
    late = PlanState(
        begin_of(date(2020, 1, 1)), begin_of(date(2026, 1, 31)), MonthTerms(), (rent("month", Basis.FIXED, 31),)
    )
    (due,) = list_due(charged_by(late), NONE, JANUARY, date(2026, 1, 31))
    assert due.amount_micros == 1


def test_without_a_plan_nothing_is_due() -> None:
    state = plan(rent("day", Basis.FIXED, YUAN))
    history = PlanHistory(((begin_of(JANUARY), 1), (begin_of(date(2026, 1, 3)), None)), {1: (state,)})
    paid = [day.day for day in list_days(JANUARY, date(2026, 1, 5)) if list_due(history, NONE, JANUARY, day)]
    assert paid == [1, 2]
    assert history.find_state(date(2025, 12, 31)) is None


def test_terms_of_a_month_by_the_day() -> None:
    history = charged_by(
        plan(terms=MonthTerms(31 * YUAN, 3100, 310_000)),
        plan(terms=MonthTerms(0, 0, 0), since=date(2026, 1, 11)),
    )
    assert reckon_month(history, JANUARY, JANUARY) == MonthTerms(10 * YUAN, 1000, 100_000)
    assert reckon_month(history, date(2026, 1, 6), JANUARY) == MonthTerms(5 * YUAN, 500, 50_000)


@given(
    amount=st.integers(1, 10**12),
    first=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    changes=st.lists(st.tuples(st.integers(0, 400), st.integers(-3, 5)), max_size=20),
)
def test_against_fractions(amount: int, first: date, changes: list[tuple[int, int]]) -> None:
    """A year's monthly rents, each at most half a micro from the exact sum of its days."""
    total, moves = 0, []
    for offset, change in sorted(changes):
        change = max(change, -total)
        total += change
        moves.append((first + timedelta(offset), change))
    counts, history = (
        {**NONE, Basis.DID: Counts(moves)},
        charged_by(plan(rent("month", Basis.DID, amount), since=date(2019, 1, 1))),
    )
    for day in list_days(first, first + timedelta(400)):
        for due in list_due(history, counts, first, day):
            length = (due.ends_on - due.starts_on).days + 1
            exact = Fraction(0)
            for one in list_days(max(first, due.starts_on), due.ends_on):
                exact += Fraction(amount * sum(change for at, change in moves if at <= one), length)
            assert abs(due.amount_micros - exact) <= Fraction(1, 2)


def test_half_a_micro_is_rounded_up() -> None:
    assert [round_share(total, 2) for total in (0, 1, 2, 3)] == [0, 1, 1, 2]
