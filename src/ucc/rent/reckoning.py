"""What rents come to, by one rule for all of them. Pure.

A cycle is charged when it is over, day by day: each day costs its share (one n-th of a cycle of n days) of the amount
that the plan in force at the day's end asks, times what the tenant has then. So the day on which something is granted,
or a plan begins, counts, and the day on which it is taken back does not. The sum is rounded once, half up.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from ucc.kit.china import DAY, CycleName, begin_of, cycle_of, list_days

CYCLES: tuple[CycleName, ...] = ("day", "week", "month", "year")


class Basis(StrEnum):
    FIXED = "fixed"
    AGENT = "agent"
    EXTENSION = "extension"
    DID = "did"


@dataclass(frozen=True, slots=True)
class RentTerm:
    """`amount_micros` for a whole cycle: of one agent, extension or DID, or fixed."""

    cycle: CycleName
    basis: Basis
    amount_micros: int


@dataclass(frozen=True, slots=True)
class MonthTerms:
    """What a version asks and gives in a whole month."""

    minimum_spend_micros: int = 0
    free_s: int = 0
    commission_ppm: int = 0


@dataclass(frozen=True, slots=True)
class PlanState:
    """A version that counts from a moment on: the later of its own `effective_from` and its publication."""

    effective_from: datetime
    counts_from: datetime
    terms: MonthTerms
    rents: tuple[RentTerm, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanHistory:
    """By which plan (None: by none) a tenant is charged since when, and the versions of those plans."""

    assignments: tuple[tuple[datetime, int | None], ...]
    versions: Mapping[int, tuple[PlanState, ...]] = field(default_factory=dict)

    def find_state(self, day: date) -> PlanState | None:
        """What is in force at the end of a day."""
        end = begin_of(day + DAY)
        assigned = [plan_id for since, plan_id in self.assignments if since < end]
        if not assigned or assigned[-1] is None:
            return None
        counting = [v for v in self.versions.get(assigned[-1], ()) if v.counts_from < end and v.effective_from < end]
        return max(counting, key=lambda version: version.effective_from, default=None)

    @property
    def has_rents(self) -> bool:
        return any(version.rents for versions in self.versions.values() for version in versions)


@dataclass(frozen=True, slots=True)
class Due:
    """One charge: a basis over one cycle, both days included."""

    cycle: CycleName
    basis: Basis
    starts_on: date
    ends_on: date
    days: int
    unit_days: int
    amount_micros: int


class Counts:
    """How many of something a tenant has at the end of each day, from the days on which that changed."""

    def __init__(self, changes: Iterable[tuple[date, int]]) -> None:
        total = 0
        self._days: list[date] = []
        self._totals: list[int] = []
        for day, change in sorted(changes):
            total += change
            self._days.append(day)
            self._totals.append(total)

    def on(self, day: date) -> int:
        at = bisect_right(self._days, day)
        return self._totals[at - 1] if at else 0


def list_due(history: PlanHistory, counts: Mapping[Basis, Counts], since: date, day: date) -> list[Due]:
    """What is due at the end of a day: of every cycle that ends with it, by basis. Days before `since`, when the tenant
    was not there yet, cost nothing."""
    due = []
    for cycle in CYCLES:
        first, last = cycle_of(cycle, day)
        if last == day:
            due += _reckon_cycle(history, counts, cycle, max(first, since), first, last)
    return due


def _reckon_cycle(
    history: PlanHistory, counts: Mapping[Basis, Counts], cycle: CycleName, since: date, first: date, last: date
) -> list[Due]:
    shares: dict[Basis, list[tuple[int, int]]] = {}
    for day in list_days(since, last):
        state = history.find_state(day)
        for rent in state.rents if state is not None else ():
            if rent.cycle == cycle:
                units = 1 if rent.basis is Basis.FIXED else counts[rent.basis].on(day)
                shares.setdefault(rent.basis, []).append((rent.amount_micros, units))
    length = (last - first).days + 1
    found = []
    for basis in sorted(shares):
        amount = round_share(sum(price * units for price, units in shares[basis]), length)
        if amount:
            unit_days = sum(units for _, units in shares[basis])
            found.append(Due(cycle, basis, first, last, len(shares[basis]), unit_days, amount))
    return found


def reckon_month(history: PlanHistory, since: date, month: date) -> MonthTerms:
    """The terms of a month, each day its share of what is in force at its end. Free seconds and commission are rounded
    down."""
    first, last = cycle_of("month", month)
    states: Sequence[PlanState | None] = [history.find_state(day) for day in list_days(max(first, since), last)]
    terms = [state.terms for state in states if state is not None]
    length = (last - first).days + 1
    return MonthTerms(
        minimum_spend_micros=round_share(sum(one.minimum_spend_micros for one in terms), length),
        free_s=sum(one.free_s for one in terms) // length,
        commission_ppm=sum(one.commission_ppm for one in terms) // length,
    )


def round_share(total: int, parts: int) -> int:
    """total / parts, half up; neither is negative."""
    return (2 * total + parts) // (2 * parts)
