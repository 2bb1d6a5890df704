"""The price of a call, by table and against an oracle in fractions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ucc.rating import NoRate, choose_rate, rate_call

AT = datetime(2026, 11, 23, tzinfo=UTC)


@dataclass(frozen=True)
class PlainRate:
    id: int = 1
    direction: str = "outbound"
    prefix: str = ""
    connect_micros: int = 0
    included_s: int = 0
    first_increment_s: int = 60
    increment_s: int = 60
    price_micros: int = 100_000
    effective_from: datetime = datetime(2020, 1, 1, tzinfo=UTC)


PER_MINUTE = PlainRate()
PER_6_S = PlainRate(first_increment_s=6, increment_s=6, price_micros=10_000)
PER_CALL = PlainRate(first_increment_s=0, increment_s=1, price_micros=0, connect_micros=50_000)
FREE_MINUTE = PlainRate(included_s=60)
MINUTE_THEN_6_S = PlainRate(first_increment_s=60, increment_s=6, price_micros=10_000)


@pytest.mark.parametrize(
    ("rate", "duration_ms", "billed_s", "amount_micros"),
    [
        (PER_MINUTE, 0, 0, 0),
        (PER_MINUTE, 1, 60, 100_000),
        (PER_MINUTE, 400, 60, 100_000),
        (PER_MINUTE, 1_000, 60, 100_000),
        (PER_MINUTE, 60_000, 60, 100_000),
        (PER_MINUTE, 60_001, 120, 200_000),
        (PER_MINUTE, 61_000, 120, 200_000),
        (PER_6_S, 50_000, 54, 90_000),
        (PER_6_S, 6_000, 6, 10_000),
        (PER_6_S, 6_001, 12, 20_000),
        (PER_CALL, 0, 0, 0),
        (PER_CALL, 1, 1, 50_000),
        (PER_CALL, 3_600_000, 3600, 50_000),
        (FREE_MINUTE, 60_000, 0, 0),
        (FREE_MINUTE, 60_001, 60, 100_000),
        (FREE_MINUTE, 121_000, 120, 200_000),
        (MINUTE_THEN_6_S, 1_000, 60, 100_000),
        (MINUTE_THEN_6_S, 60_000, 60, 100_000),
        (MINUTE_THEN_6_S, 61_000, 66, 110_000),
    ],
)
def test_price(rate: PlainRate, duration_ms: int, billed_s: int, amount_micros: int) -> None:
    charge = rate_call([rate], "outbound", "+8613800138000", AT, duration_ms)
    assert (charge.billed_s, charge.amount_micros) == (billed_s, amount_micros)


@st.composite
def rates(draw: st.DrawFn) -> PlainRate:
    increment_s = draw(st.integers(1, 120))
    return PlainRate(
        connect_micros=draw(st.integers(0, 10**9)),
        included_s=draw(st.integers(0, 600)),
        first_increment_s=increment_s * draw(st.integers(0, 20)),
        increment_s=increment_s,
        price_micros=draw(st.integers(0, 10**9)),
    )


def fraction_price(rate: PlainRate, duration_ms: int) -> Fraction:
    """The formula of the domain in exact fractions of a yuan."""
    if duration_ms == 0:
        return Fraction(0)
    seconds = ceil(Fraction(duration_ms, 1000))
    price = Fraction(rate.price_micros, 1_000_000)
    cost = Fraction(rate.connect_micros, 1_000_000)
    if seconds > rate.included_s:
        first = Fraction(rate.first_increment_s, rate.increment_s) * price
        later = ceil(Fraction(seconds - rate.included_s - rate.first_increment_s, rate.increment_s))
        cost += first + max(0, later) * price
    return cost


@given(rate=rates(), duration_ms=st.integers(0, 100 * 3600 * 1000))
def test_price_is_the_formula(rate: PlainRate, duration_ms: int) -> None:
    charge = rate_call([rate], "outbound", "", AT, duration_ms)
    assert Fraction(charge.amount_micros, 1_000_000) == fraction_price(rate, duration_ms)


@given(rate=rates(), shorter=st.integers(0, 10**8), more=st.integers(0, 10**8))
def test_talking_longer_never_costs_less(rate: PlainRate, shorter: int, more: int) -> None:
    cheap = rate_call([rate], "outbound", "", AT, shorter)
    dear = rate_call([rate], "outbound", "", AT, shorter + more)
    assert 0 <= cheap.amount_micros <= dear.amount_micros
    assert 0 <= cheap.billed_s <= dear.billed_s


def test_longest_prefix_wins_before_the_newest() -> None:
    old, new = AT - timedelta(days=9), AT - timedelta(days=1)
    china = PlainRate(1, prefix="+86", effective_from=new)
    beijing = PlainRate(2, prefix="+8610", effective_from=old)
    anywhere = PlainRate(3, prefix="", effective_from=new)
    assert choose_rate([china, beijing, anywhere], "outbound", "+861088880001", AT).id == 2
    assert choose_rate([china, beijing, anywhere], "outbound", "+8613800138000", AT).id == 1
    assert choose_rate([china, beijing, anywhere], "outbound", "+14155550100", AT).id == 3


def test_newest_in_force_wins_and_the_future_waits() -> None:
    last_year = PlainRate(1, effective_from=AT - timedelta(days=365))
    today = PlainRate(2, effective_from=AT)
    tomorrow = PlainRate(3, effective_from=AT + timedelta(days=1))
    plans = [tomorrow, last_year, today]
    assert choose_rate(plans, "outbound", "+8610", AT).id == 2
    assert choose_rate(plans, "outbound", "+8610", AT - timedelta(milliseconds=1)).id == 1
    assert choose_rate(plans, "outbound", "+8610", AT + timedelta(days=1)).id == 3


def test_a_more_precise_rate_of_the_future_does_not_count_yet() -> None:
    general = PlainRate(1, prefix="+86")
    precise = PlainRate(2, prefix="+8610", effective_from=AT + timedelta(hours=1))
    assert choose_rate([general, precise], "outbound", "+861088880001", AT).id == 1


def test_no_rate() -> None:
    with pytest.raises(NoRate):
        rate_call([PlainRate(direction="inbound"), PlainRate(prefix="+1")], "outbound", "+8610", AT, 1000)


def test_negative_durations_are_mistakes() -> None:
    with pytest.raises(ValueError, match="negative"):
        rate_call([PER_MINUTE], "outbound", "", AT, -1)
