"""How far money carries a call, beside the price itself asked millisecond by millisecond."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ucc.credit.slices import MeteredLeg, Slice, cost_at, paid_until, slice_ahead
from ucc.rating.price import Rate, RateKind

T0 = 1_700_000_000_000
MINUTE = Rate(price_micros=100_000)
SIX_SECONDS = Rate(first_increment_s=6, increment_s=6, price_micros=10_000)


def test_a_minute_plan_is_held_by_the_minute() -> None:
    legs = [MeteredLeg(MINUTE, T0)]
    assert slice_ahead(legs, T0, T0 + 120_000) == [Slice(T0 + 60_000, 100_000), Slice(T0 + 120_000, 200_000)]
    assert slice_ahead(legs, T0 + 60_000, T0 + 61_000) == [Slice(T0 + 120_000, 200_000)]
    assert slice_ahead(legs, T0 + 59_999, T0 + 60_000) == [Slice(T0 + 60_000, 100_000)]


def test_a_free_call_and_a_price_per_call_carry_for_ever() -> None:
    assert slice_ahead([MeteredLeg(Rate(), T0)], T0, T0 + 1000) == [Slice(None, 0)]
    per_call = Rate(kind=RateKind.PER_CALL, connect_micros=5, price_micros=70)
    assert slice_ahead([MeteredLeg(per_call, T0)], T0, T0 + 1000) == [Slice(None, 75)]
    assert slice_ahead([], T0, T0 + 1000) == [Slice(None, 0)]


def test_included_seconds_cost_the_connect_fee_only() -> None:
    rate = Rate(included_s=30, connect_micros=7, price_micros=100)
    assert slice_ahead([MeteredLeg(rate, T0)], T0, T0 + 40_000) == [Slice(T0 + 30_000, 7), Slice(T0 + 90_000, 107)]


def test_two_legs_are_one_sum_and_a_leg_that_ended_stays_in_it() -> None:
    legs = [MeteredLeg(MINUTE, T0), MeteredLeg(SIX_SECONDS, T0 + 10_000), MeteredLeg(MINUTE, T0 - 50_000, T0 - 1)]
    slices = slice_ahead(legs, T0 + 10_000, T0 + 22_000)
    assert slices == [Slice(T0 + 16_000, 210_000), Slice(T0 + 22_000, 220_000)]


def test_paid_until() -> None:
    slices = [Slice(T0 + 60_000, 100), Slice(T0 + 120_000, 200)]
    assert paid_until(slices, 200) is None
    assert paid_until(slices, 199) == T0 + 60_000
    with pytest.raises(ValueError, match="is not held"):
        paid_until(slices, 99)


rates = st.builds(
    Rate,
    kind=st.sampled_from(RateKind),
    connect_micros=st.integers(0, 50),
    included_s=st.integers(0, 5),
    first_increment_s=st.sampled_from([2, 4, 6]),
    increment_s=st.sampled_from([1, 2]),
    price_micros=st.integers(0, 9),
)
legs_of_calls = st.lists(
    st.builds(
        MeteredLeg, rates, st.integers(-8, 0).map(lambda x: T0 + x * 500), st.none() | st.integers(0, 1).map(T0.__add__)
    ),
    max_size=3,
)


@given(legs_of_calls, st.integers(0, 6000), st.integers(1, 9000))
def test_every_slice_costs_what_it_says_and_one_millisecond_more_costs_the_next(
    legs: list[MeteredLeg], after_ms: int, ahead_ms: int
) -> None:
    now_ms = T0 + after_ms
    slices = slice_ahead(legs, now_ms, now_ms + ahead_ms)
    assert slices == sorted(slices, key=lambda one: (one.until_ms is None, one.until_ms, one.amount_micros))
    begin = now_ms + 1
    for one in slices:
        end = one.until_ms if one.until_ms is not None else now_ms + ahead_ms + 60_000
        assert {cost_at(legs, begin), cost_at(legs, end)} == {one.amount_micros}
        begin = end + 1
    assert slices[-1].until_ms is None or slices[-1].until_ms >= now_ms + ahead_ms
