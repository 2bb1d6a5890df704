"""Business hours: weekly, special days, holidays, make-up days, nights, time zones."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from ucc.engine.hours import Hours, Schedule, is_zone

NINE_TO_SIX = (Hours(540, 720), Hours(780, 1080))
SCHEDULE = Schedule(
    weekly=(NINE_TO_SIX,) * 5 + ((), ()),
    special={date(2026, 10, 8): (), date(2026, 11, 28): (Hours(600, 660),), date(2026, 10, 2): (Hours(600, 720),)},
    holidays=frozenset({date(2026, 10, day) for day in range(1, 8)}),
    make_up={date(2026, 10, 10): 0},
)


def moment(text: str, zone: str = "Asia/Shanghai") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("text", "opening"),
    [
        ("2026-11-23T08:59:59", "closed"),
        ("2026-11-23T09:00:00", "open"),
        ("2026-11-23T11:59:59", "open"),
        ("2026-11-23T12:00:00", "closed"),
        ("2026-11-23T17:59:59", "open"),
        ("2026-11-23T18:00:00", "closed"),
        ("2026-11-28T10:30:00", "open"),  # a special Saturday
        ("2026-11-28T11:00:00", "closed"),
        ("2026-10-01T10:00:00", "holiday"),
        ("2026-10-02T10:30:00", "open"),  # special beats holiday
        ("2026-10-02T13:30:00", "closed"),
        ("2026-10-08T10:00:00", "closed"),  # special, closed all day
        ("2026-10-10T10:00:00", "open"),  # a Saturday that stands in for a Monday
        ("2026-10-11T10:00:00", "closed"),
    ],
)
def test_opening(text: str, opening: str) -> None:
    assert SCHEDULE.opening(moment(text)) == opening


def test_a_night_lasts_into_the_next_day() -> None:
    nights = Schedule(weekly=((Hours(1320, 360),),) + ((),) * 6)
    assert nights.opening(moment("2026-11-23T22:00:00")) == "open"
    assert nights.opening(moment("2026-11-24T05:59:00")) == "open"
    assert nights.opening(moment("2026-11-24T06:00:00")) == "closed"
    assert nights.opening(moment("2026-11-24T22:00:00")) == "closed"
    assert nights.opening(moment("2026-11-23T05:00:00")) == "closed"


def test_a_whole_day() -> None:
    always = Schedule(weekly=((Hours(0, 0),),) * 7)
    for hour in range(24):
        assert always.opening(moment(f"2026-11-23T{hour:02}:30:00")) == "open"


def test_the_zone_decides() -> None:
    at = moment("2026-11-23T09:30:00")
    assert Schedule(zone="Asia/Tokyo", weekly=((Hours(540, 600),),) * 7).opening(at) == "closed"
    assert Schedule(zone="Asia/Shanghai", weekly=((Hours(540, 600),),) * 7).opening(at) == "open"


def test_daylight_saving_keeps_wall_time() -> None:
    berlin = Schedule(zone="Europe/Berlin", weekly=((Hours(540, 600),),) * 7)
    for day in ("2026-03-28", "2026-03-29", "2026-10-24", "2026-10-25"):
        assert berlin.opening(moment(f"{day}T09:00:00", "Europe/Berlin")) == "open"
        assert berlin.opening(moment(f"{day}T10:00:00", "Europe/Berlin")) == "closed"


def test_zones() -> None:
    assert is_zone("Asia/Shanghai")
    for bad in ("Asia/Nowhere", "", "../etc/passwd", "/etc/passwd", "a\0b"):
        assert not is_zone(bad), bad
