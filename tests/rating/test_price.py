"""The price of a call: what a rate costs, how long an amount lasts, which rate counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ucc.rating.price import (
    DAY,
    WEEK,
    Area,
    NoRate,
    Rate,
    RateKind,
    RateTable,
    Service,
    Usage,
    area_of,
    cost_of,
    find_rate,
    longest_within,
    minute_of_week,
    open_minutes,
)
from ucc.rating.usage import make_usage, region_of

MONDAY_NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)  # 12:00 in China
PER_MINUTE = Rate(price_micros=100_000)
PER_6_S = Rate(first_increment_s=6, increment_s=6, price_micros=10_000)
PER_CALL = Rate(kind=RateKind.PER_CALL, price_micros=50_000)
FREE_MINUTE = Rate(included_s=60, price_micros=100_000)
MINUTE_THEN_6_S = Rate(first_increment_s=60, increment_s=6, price_micros=10_000)
THREE_MINUTES_FOR_22_FEN = Rate(connect_micros=220_000, included_s=180, first_increment_s=0, price_micros=110_000)
FREE = Rate()


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
        (PER_CALL, 1, 0, 50_000),
        (PER_CALL, 3_600_000, 0, 50_000),
        (FREE_MINUTE, 60_000, 0, 0),
        (FREE_MINUTE, 60_001, 60, 100_000),
        (FREE_MINUTE, 121_000, 120, 200_000),
        (MINUTE_THEN_6_S, 1_000, 60, 100_000),
        (MINUTE_THEN_6_S, 60_000, 60, 100_000),
        (MINUTE_THEN_6_S, 61_000, 66, 110_000),
        (THREE_MINUTES_FOR_22_FEN, 1, 0, 220_000),
        (THREE_MINUTES_FOR_22_FEN, 180_000, 0, 220_000),
        (THREE_MINUTES_FOR_22_FEN, 180_001, 60, 330_000),
        (FREE, 86_400_000, 86_400, 0),
    ],
)
def test_price(rate: Rate, duration_ms: int, billed_s: int, amount_micros: int) -> None:
    charge = cost_of(rate, duration_ms)
    assert (charge.billed_s, charge.amount_micros) == (billed_s, amount_micros)


def test_negative_durations_are_mistakes() -> None:
    with pytest.raises(ValueError, match="negative"):
        cost_of(PER_MINUTE, -1)


@pytest.mark.parametrize(
    ("rate", "amount_micros", "ms"),
    [
        (PER_MINUTE, 99_999, 0),
        (PER_MINUTE, 100_000, 60_000),
        (PER_MINUTE, 299_999, 120_000),
        (PER_MINUTE, -5, 0),
        (PER_6_S, 95_000, 54_000),
        (MINUTE_THEN_6_S, 99_999, 0),
        (MINUTE_THEN_6_S, 100_000, 60_000),
        (MINUTE_THEN_6_S, 119_999, 66_000),
        (FREE_MINUTE, 0, 60_000),
        (FREE_MINUTE, 100_000, 120_000),
        (THREE_MINUTES_FOR_22_FEN, 219_999, 0),
        (THREE_MINUTES_FOR_22_FEN, 220_000, 180_000),
        (PER_CALL, 49_999, 0),
        (PER_CALL, 50_000, None),
        (FREE, 0, None),
        (FREE, -1, 0),
        (replace(FREE, connect_micros=5), 4, 0),
        (replace(FREE, connect_micros=5), 5, None),
    ],
)
def test_how_long_an_amount_lasts(rate: Rate, amount_micros: int, ms: int | None) -> None:
    assert longest_within(rate, amount_micros) == ms


@st.composite
def rates(draw: st.DrawFn) -> Rate:
    increment_s = draw(st.integers(1, 120))
    return Rate(
        kind=draw(st.sampled_from(RateKind)),
        connect_micros=draw(st.integers(0, 10**9)),
        included_s=draw(st.integers(0, 600)),
        first_increment_s=increment_s * draw(st.integers(0, 20)),
        increment_s=increment_s,
        price_micros=draw(st.integers(0, 10**9)),
    )


@given(rate=rates(), amount=st.integers(-(10**9), 10**12))
def test_an_amount_lasts_exactly_as_long_as_it_pays_for(rate: Rate, amount: int) -> None:
    ms = longest_within(rate, amount)
    if ms is None:
        assert cost_of(rate, 10**10).amount_micros <= amount
        return
    assert cost_of(rate, ms).amount_micros <= max(0, amount)
    assert cost_of(rate, ms + 1).amount_micros > amount


@given(rate=rates(), shorter=st.integers(0, 10**8), more=st.integers(0, 10**8))
def test_talking_longer_never_costs_less(rate: Rate, shorter: int, more: int) -> None:
    cheap, dear = cost_of(rate, shorter), cost_of(rate, shorter + more)
    assert 0 <= cheap.amount_micros <= dear.amount_micros
    assert 0 <= cheap.billed_s <= dear.billed_s


def usage(callee: str = "+8613800138000", caller: str = "+861088880001", **changes: object) -> Usage:
    made = make_usage(Service.OUTBOUND, caller, callee, MONDAY_NOON)
    return replace(made, **changes)  # type: ignore[arg-type]


SHENZHEN, GUANGZHOU, BEIJING = "+8675526000000", "+862087654321", "+861066660000"


def test_numbers_know_their_cities() -> None:
    regions = [region_of(number) for number in (SHENZHEN, GUANGZHOU, BEIJING, "+14155552671", "8001", "")]
    assert regions == ["广东/深圳", "广东/广州", "北京/北京", None, None, None]


@pytest.mark.parametrize(
    ("caller", "callee", "area"),
    [
        (BEIJING, "+861088880001", Area.LOCAL),
        (SHENZHEN, GUANGZHOU, Area.LONG_DISTANCE),
        (BEIJING, "+8640012345678", Area.LONG_DISTANCE),
        ("", BEIJING, Area.LONG_DISTANCE),
        (BEIJING, "+14155552671", Area.INTERNATIONAL),
        ("+14155552671", BEIJING, Area.INTERNATIONAL),
        (BEIJING, "+85223456789", Area.INTERNATIONAL),
    ],
)
def test_areas(caller: str, callee: str, area: Area) -> None:
    assert area_of(make_usage(Service.OUTBOUND, caller, callee, MONDAY_NOON)) is area


def test_a_province_alone_is_no_city() -> None:
    same = usage(caller_region="广东", callee_region="广东")
    assert area_of(same) is Area.LONG_DISTANCE


PRECEDENCE = [
    Rate(1, prefix="+8675526"),
    Rate(2, prefix="+86755", callee_region="广东"),
    Rate(3, prefix="+86755"),
    Rate(4, callee_region="广东/深圳", caller_region="广东"),
    Rate(5, callee_region="广东/深圳"),
    Rate(6, callee_region="广东", caller_region="广东/深圳"),
    Rate(7, callee_region="广东", caller_region="广东"),
    Rate(8, callee_region="广东", area=Area.LOCAL),
    Rate(9, caller_region="广东"),
    Rate(10, area=Area.LOCAL, weekdays=0b0011111),
    Rate(11, area=Area.LOCAL),
    Rate(12, from_minute=480, to_minute=1260),
    Rate(13),
]


def test_the_most_precise_rate_wins() -> None:
    wanted = usage(SHENZHEN, "+8675588880001")
    for shuffled in (PRECEDENCE, PRECEDENCE[::-1], PRECEDENCE[5:] + PRECEDENCE[:5]):
        matches = RateTable(shuffled).list_matches(wanted)
        assert [rate.id for rate in matches] == list(range(1, 14))


def test_the_next_one_takes_the_place_of_one_that_is_gone() -> None:
    left = list(PRECEDENCE)
    while left:
        assert find_rate(reversed(left), usage(SHENZHEN, "+8675588880001")) == left.pop(0)
    with pytest.raises(NoRate):
        find_rate(left, usage())


def test_a_longer_prefix_that_does_not_fit_the_area_gives_way() -> None:
    rates = [Rate(1, prefix="+86755", area=Area.LOCAL), Rate(2, prefix="+86")]
    assert find_rate(rates, usage(SHENZHEN, "+8675588880001")).id == 1
    assert find_rate(rates, usage(SHENZHEN, BEIJING)).id == 2


def test_equal_rates_are_decided_by_age() -> None:
    for order in permutations([Rate(3, from_minute=0, to_minute=800), Rate(5, from_minute=700, to_minute=900)]):
        assert find_rate(order, usage()).id == 3


def test_each_service_has_its_own_rates() -> None:
    rates = [Rate(1), Rate(2, service=Service.INBOUND), Rate(3, service=Service.VERIFICATION, prefix="+86")]
    for service, rate_id in ((Service.OUTBOUND, 1), (Service.INBOUND, 2), (Service.VERIFICATION, 3)):
        assert find_rate(rates, usage(service=service)).id == rate_id
    with pytest.raises(NoRate):
        find_rate(rates, usage("+14155552671", service=Service.VERIFICATION))
    assert find_rate(rates[:2], usage(service=Service.VERIFICATION)).id == 1
    with pytest.raises(NoRate):
        find_rate(rates[:1], usage(service=Service.INBOUND))


@pytest.mark.parametrize(
    ("at", "rate_id"),
    [
        (MONDAY_NOON.replace(hour=0, minute=0), 1),  # Monday 08:00
        (MONDAY_NOON.replace(hour=12, minute=59, second=59, microsecond=999_999), 1),  # 20:59
        (MONDAY_NOON.replace(hour=13), 2),  # 21:00
        (MONDAY_NOON.replace(hour=23, minute=59), 2),  # Tuesday 07:59
        (MONDAY_NOON - timedelta(hours=12, minutes=1), 2),  # Sunday 23:59
        (MONDAY_NOON - timedelta(days=1), 2),  # Sunday
        (MONDAY_NOON + timedelta(days=4), 1),  # Friday
        (MONDAY_NOON + timedelta(days=5), 2),  # Saturday
    ],
)
def test_windows_are_read_on_chinas_clock(at: datetime, rate_id: int) -> None:
    working_hours = Rate(1, weekdays=0b0011111, from_minute=480, to_minute=1260)
    assert find_rate([working_hours, Rate(2)], usage(at=at)).id == rate_id


def test_a_window_goes_on_over_midnight_into_monday() -> None:
    sunday_night = Rate(weekdays=0b1000000, from_minute=22 * 60, to_minute=8 * 60)
    minutes = open_minutes(sunday_night)
    assert minutes.bit_count() == 600
    assert [minutes >> minute & 1 for minute in (0, 479, 480, WEEK - 120, WEEK - 121)] == [1, 1, 0, 1, 0]
    assert open_minutes(Rate()) == (1 << WEEK) - 1


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_the_minute_of_the_week(naive: datetime) -> None:
    at = naive.replace(tzinfo=UTC)
    local = naive + timedelta(hours=8)
    assert minute_of_week(at) == local.weekday() * DAY + local.hour * 60 + local.minute
