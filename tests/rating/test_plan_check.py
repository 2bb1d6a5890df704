"""What keeps a plan from being saved, and what its owner is told about its margin."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ucc.rating.check import describe, find_faults, is_region
from ucc.rating.margin import LONGEST_S, cost_by_second, find_cautions
from ucc.rating.price import WEEK, Area, Rate, RateKind, RateTable, Service, Usage, cost_of

ALL = Rate(price_micros=100_000)
INBOUND = Rate(service=Service.INBOUND, price_micros=10_000)
DAY_TIME = {"from_minute": 480, "to_minute": 1260}
NIGHT = {"from_minute": 1260, "to_minute": 480}
WORKDAYS, WEEKEND = 0b0011111, 0b1100000


def codes(*rates: Rate) -> list[str]:
    return [fault.code for fault in find_faults(rates)]


@pytest.mark.parametrize(
    "rates",
    [
        [],
        [ALL],
        [ALL, INBOUND],
        [ALL, replace(ALL, prefix="+86"), replace(ALL, prefix="+1")],
        [replace(ALL, prefix="+86")],
        [replace(ALL, area=Area.LOCAL), replace(ALL, area=Area.LONG_DISTANCE)],
        [replace(ALL, area=Area.LOCAL), ALL],
        [replace(ALL, area=Area.INTERNATIONAL)],
        [replace(ALL, **DAY_TIME), replace(ALL, **NIGHT)],
        [replace(ALL, **DAY_TIME), ALL],
        [replace(ALL, weekdays=WORKDAYS), replace(ALL, weekdays=WEEKEND)],
        [replace(ALL, callee_region="广东"), replace(ALL, callee_region="广东/深圳"), ALL],
        [replace(ALL, prefix="+86", area=Area.LOCAL), replace(ALL, area=Area.LONG_DISTANCE), replace(ALL)],
        [replace(INBOUND, prefix="+86"), replace(INBOUND, prefix="+86", area=Area.INTERNATIONAL)],
        [Rate(kind=RateKind.PER_CALL, first_increment_s=0, increment_s=1, price_micros=5)],
    ],
)
def test_good_plans(rates: list[Rate]) -> None:
    assert find_faults(rates) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"first_increment_s": 61}, "bad_increments"),
        ({"increment_s": 0}, "bad_increments"),
        ({"increment_s": 3601, "first_increment_s": 3601}, "bad_increments"),
        ({"included_s": -1}, "bad_increments"),
        ({"first_increment_s": 86_460}, "bad_increments"),
        ({"kind": RateKind.PER_CALL}, "bad_increments"),
        ({"price_micros": -1}, "bad_price"),
        ({"connect_micros": 10**10 + 1}, "bad_price"),
        ({"weekdays": 0}, "bad_window"),
        ({"from_minute": 60, "to_minute": 60}, "bad_window"),
        ({"to_minute": 1441}, "bad_window"),
        ({"callee_region": "亚特兰蒂斯"}, "unknown_region"),
        ({"caller_region": "广东/北京"}, "unknown_region"),
        ({"prefix": "+1", "area": Area.LOCAL}, "never_fits"),
        ({"prefix": "+86", "area": Area.INTERNATIONAL}, "never_fits"),
        ({"prefix": "+1", "callee_region": "广东"}, "never_fits"),
    ],
)
def test_rates_that_are_wrong_by_themselves(changes: dict[str, Any], code: str) -> None:
    faults = find_faults([ALL, replace(ALL, **changes)])
    assert [(fault.code, fault.positions) for fault in faults] == [(code, (1,))]


@pytest.mark.parametrize(
    "pair",
    [
        (ALL, replace(ALL, price_micros=5)),
        (replace(ALL, **DAY_TIME), replace(ALL, from_minute=1259, to_minute=1440)),
        (replace(ALL, weekdays=WEEKEND, **NIGHT), replace(ALL, weekdays=1, from_minute=0, to_minute=1)),
        (replace(ALL, callee_region="广东", price_micros=1), replace(ALL, callee_region="广东")),
    ],
)
def test_overlaps(pair: tuple[Rate, Rate]) -> None:
    overlaps = [fault for fault in find_faults(pair) if fault.code == "overlap"]
    assert [fault.positions for fault in overlaps] == [(0, 1)]


@pytest.mark.parametrize(
    ("rates", "where"),
    [
        ([replace(ALL, **DAY_TIME)], "Mon 00:00 to Mon 08:00"),
        ([replace(ALL, from_minute=0, to_minute=1439)], "Mon 23:59 to Tue 00:00"),
        ([replace(ALL, weekdays=WORKDAYS)], "Sat 00:00 to Mon 00:00"),
        ([replace(ALL, area=Area.LOCAL)], "long_distance"),
        ([replace(ALL, callee_region="广东")], "at any time"),
        ([replace(ALL, prefix="+86", caller_region="广东/深圳")], "at any time"),
        ([replace(ALL, prefix="+861", **DAY_TIME), replace(ALL, prefix="+862", **NIGHT)], "+861 local"),
    ],
)
def test_gaps(rates: list[Rate], where: str) -> None:
    faults = find_faults(rates)
    assert {fault.code for fault in faults} == {"gap"}
    assert any(where in fault.message for fault in faults), faults


def test_a_gap_says_when_and_for_what() -> None:
    faults = find_faults([replace(ALL, **DAY_TIME)])
    assert [fault.area for fault in faults] == [Area.INTERNATIONAL, Area.LOCAL, Area.LONG_DISTANCE]
    assert {(fault.begin, fault.end) for fault in faults} == {(0, 8 * 60)}
    (never, *_) = find_faults([replace(ALL, callee_region="广东")])
    assert (never.begin, never.end) == (0, 7 * 24 * 60)


@st.composite
def small_rates(draw: st.DrawFn) -> Rate:
    """Of a small world, so that plans without a fault are common enough."""
    begin = draw(st.sampled_from([0, 480, 1260]))
    return Rate(
        prefix=draw(st.sampled_from(["", "+86", "+8610"])),
        area=draw(st.none() | st.sampled_from([Area.LOCAL, Area.LONG_DISTANCE])),
        callee_region=draw(st.none() | st.just("广东")),
        weekdays=draw(st.sampled_from([127, WORKDAYS, WEEKEND])),
        from_minute=begin,
        to_minute=draw(st.sampled_from([minute for minute in (480, 1260, 1440) if minute != begin])),
    )


@given(st.lists(small_rates(), min_size=1, max_size=5), st.data())
def test_a_plan_without_a_fault_has_one_price_for_every_call(rates: list[Rate], data: st.DataObject) -> None:
    rates = [replace(rate, id=number) for number, rate in enumerate(rates)]
    faults = find_faults(rates)
    table = RateTable(rates)
    sold = {rate.prefix for rate in rates}
    has_gap = has_tie = False
    for prefix in sold:
        for region in (None, "广东"):
            for area in (Area.LOCAL, Area.LONG_DISTANCE):
                for minute in (0, 479, 480, 1259, 1260, WEEK - 1500, WEEK - 1):
                    usage = _usage(prefix, region)
                    found = [rate for rate in table._walk(usage, area, minute)]
                    has_gap |= not found
                    has_tie |= len(found) > 1 and _match(found[0]) == _match(found[1])
    if not faults:
        assert not has_gap
        assert not has_tie
    if has_tie:
        assert "overlap" in [fault.code for fault in faults]


def _match(rate: Rate) -> tuple[object, ...]:
    return rate.prefix, rate.area, rate.callee_region, rate.is_always


def _usage(prefix: str, region: str | None) -> Usage:
    return Usage(Service.OUTBOUND, "", prefix, datetime(2026, 1, 1, tzinfo=UTC), None, region)


def test_regions() -> None:
    assert all(map(is_region, ("广东", "广东/深圳", "北京", "北京/北京", "内蒙古/呼和浩特")))
    assert not any(map(is_region, ("", "/", "广东/", "广东/广东", "Guangdong", "深圳")))


def test_a_rate_in_words() -> None:
    rate = replace(ALL, prefix="+86", area=Area.LOCAL, weekdays=WEEKEND, **NIGHT)
    assert describe(rate) == "outbound +86 local Sat,Sun 21:00-08:00"


@given(
    st.builds(
        lambda increment_s, firsts, **rest: Rate(
            increment_s=increment_s, first_increment_s=increment_s * firsts, **rest
        ),
        st.integers(1, 120),
        st.integers(0, 20),
        kind=st.sampled_from(RateKind),
        connect_micros=st.integers(0, 10**9),
        included_s=st.integers(0, 600),
        price_micros=st.integers(0, 10**9),
    )
)
def test_costs_in_one_go_are_the_costs_one_by_one(rate: Rate) -> None:
    costs = cost_by_second(rate).tolist()
    for second in (1, 2, 59, 60, 61, 599, 600, 601, 1800, LONGEST_S):
        assert costs[second - 1] == cost_of(rate, second * 1000).amount_micros


def cautions(selling: list[Rate], paying: list[Rate] | None) -> list[tuple[str, str]]:
    return [
        (found.code, describe(found.rate) if found.rate else "")
        for found in find_cautions([*selling, INBOUND], None if paying is None else [*paying, INBOUND])
    ]


SIX_SECONDS = replace(ALL, first_increment_s=6, increment_s=6, price_micros=10_000)


@pytest.mark.parametrize(
    ("selling", "paying", "expected"),
    [
        ([ALL], [SIX_SECONDS], []),
        ([SIX_SECONDS], [ALL], [("negative_margin", "outbound any number")]),
        ([ALL], [ALL], []),
        ([ALL], [replace(ALL, price_micros=100_001)], [("negative_margin", "outbound any number")]),
        ([ALL], [ALL, replace(ALL, prefix="+1", price_micros=10**6)], [("negative_margin", "outbound any number")]),
        ([ALL], [replace(ALL, prefix="+86")], [("not_bought", "outbound any number")]),
        ([ALL], None, [("no_plan_above", "")]),
        (
            [replace(ALL, area=Area.LOCAL, price_micros=1), ALL],
            [ALL],
            [("negative_margin", "outbound any number local")],
        ),
        (
            [ALL],
            [replace(ALL, **DAY_TIME), replace(ALL, price_micros=200_000, **NIGHT)],
            [("negative_margin", "outbound any number")],
        ),
        (
            [replace(ALL, prefix="+86")],
            [ALL, replace(ALL, callee_region="西藏", price_micros=10**6)],
            [("negative_margin", "outbound +86")],
        ),
        ([replace(ALL, callee_region="广东")], [ALL, replace(ALL, callee_region="西藏", price_micros=10**6)], []),
        (
            [replace(ALL, service=Service.VERIFICATION, price_micros=1), ALL],
            [ALL],
            [("negative_margin", "verification any number")],
        ),
    ],
)
def test_cautions(selling: list[Rate], paying: list[Rate] | None, expected: list[tuple[str, str]]) -> None:
    assert sorted(set(cautions(selling, paying))) == expected


def test_the_first_losing_second_is_named() -> None:
    paying = replace(ALL, first_increment_s=6, increment_s=6, price_micros=11_000)
    found = find_cautions([ALL, INBOUND], [paying, INBOUND])[0]
    assert (found.duration_s, found.sells_micros, found.pays_micros) == (55, 100_000, 110_000)


def test_a_plan_that_sells_nothing_one_way() -> None:
    assert [found.code for found in find_cautions([ALL], [ALL, INBOUND])] == ["no_inbound"]
    assert [found.code for found in find_cautions([INBOUND], [ALL, INBOUND])] == ["no_outbound"]
