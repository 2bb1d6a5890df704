"""Chinese statutory holidays: the government's calendar of each year, as chinesecalendar keeps it.

A year whose calendar is not published yet (or not in the library) has only the days that the law itself fixes by date;
its other holidays, and the days worked in their stead, have to be entered as special days until an update.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import chinese_calendar
from chinese_calendar.constants import holidays as _HOLIDAYS

KNOWN_UNTIL = date(max(_HOLIDAYS).year, 12, 31)
FIXED = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))
MONDAY = 0


def is_holiday(day: date) -> bool:
    """Whether it is a statutory holiday, or a weekday given free for one. An ordinary weekend is none."""
    if day > KNOWN_UNTIL:
        return (day.month, day.day) in FIXED
    is_free, name = chinese_calendar.get_holiday_detail(day)
    return bool(is_free) and name is not None


def is_make_up(day: date) -> bool:
    """Whether it is a Saturday or Sunday on which people work in the stead of another day (调休)."""
    return day <= KNOWN_UNTIL and day.weekday() >= 5 and bool(chinese_calendar.is_workday(day))


def find_holidays(days: Iterable[date]) -> tuple[frozenset[date], dict[date, int]]:
    """Of these days the holidays, and the make-up days with the weekday whose hours they keep."""
    asked = list(days)
    return frozenset(filter(is_holiday, asked)), {day: MONDAY for day in asked if is_make_up(day)}


def days_around(day: date, before: int = 2, after: int = 7) -> list[date]:
    return [day + timedelta(days=offset) for offset in range(-before, after + 1)]
