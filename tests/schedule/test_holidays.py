"""Chinese statutory holidays: days off, days worked in their stead, years that are not published yet."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from ucc.schedule.holidays import KNOWN_UNTIL, find_holidays, is_holiday, is_make_up
from ucc.schedule.models import StoredSchedule
from ucc.schedule.service import to_schedule

OFFICE = [[[540, 1080]]] * 5 + [[], []]


@pytest.mark.parametrize(
    ("day", "holiday", "make_up"),
    [
        ("2026-01-01", True, False),
        ("2026-01-04", False, True),
        ("2026-02-14", False, True),  # a Saturday before the Spring Festival
        ("2026-02-17", True, False),  # New Year's day of the Chinese calendar
        ("2026-10-01", True, False),
        ("2026-10-07", True, False),
        ("2026-10-10", False, True),
        ("2026-10-11", False, False),  # an ordinary Sunday
        ("2026-11-23", False, False),
        ("2025-10-08", True, False),
    ],
)
def test_published_years(day: str, holiday: bool, make_up: bool) -> None:
    assert (is_holiday(date.fromisoformat(day)), is_make_up(date.fromisoformat(day))) == (holiday, make_up)


def test_a_year_that_is_not_published_yet_has_what_the_law_fixes() -> None:
    later = KNOWN_UNTIL.year + 1
    assert is_holiday(date(later, 1, 1))
    assert is_holiday(date(later, 10, 2))
    assert not is_holiday(date(later, 3, 3))
    assert find_holidays([date(later, 1, 1), date(later, 3, 3)]) == (frozenset({date(later, 1, 1)}), {})


@pytest.mark.parametrize(
    ("at", "keeps", "opening"),
    [
        ("2026-10-05T10:00", True, "holiday"),  # a Monday
        ("2026-10-05T10:00", False, "open"),
        ("2026-10-10T10:00", True, "open"),  # a Saturday worked in the stead of a Monday
        ("2026-10-10T10:00", False, "closed"),
        ("2026-10-08T10:00", True, "open"),
        ("2026-02-16T10:00", True, "open"),  # a special day during the Spring Festival
    ],
)
def test_a_schedule_keeps_them_or_not(at: str, keeps: bool, opening: str) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
    special = {"2026-02-16": {"name": "值班", "hours": [[540, 720]]}, "2020-01-01": {"name": None, "hours": []}}
    row = StoredSchedule(zone="Asia/Shanghai", weekly=OFFICE, special=special, keeps_holidays=keeps)
    schedule = to_schedule(row, moment)
    assert schedule.opening(moment) == opening
    assert date(2020, 1, 1) not in schedule.special, "calls carry only the days around them"
    assert len(schedule.holidays) <= 10
    assert datetime.fromtimestamp(moment, UTC).year == 2026
