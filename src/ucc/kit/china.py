"""Days, weeks, months and years on China's clock (UTC+8 throughout): what rents and statements are reckoned by."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Literal

CHINA = timezone(timedelta(hours=8))
DAY = timedelta(days=1)
CycleName = Literal["day", "week", "month", "year"]


def day_of(moment: datetime) -> date:
    """The day of an aware moment."""
    return moment.astimezone(CHINA).date()


def begin_of(day: date) -> datetime:
    """The day's first moment, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=CHINA).astimezone(UTC)


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def next_month(day: date) -> date:
    """The first day of the month after."""
    return month_of(month_of(day) + 31 * DAY)


def cycle_of(cycle: CycleName, day: date) -> tuple[date, date]:
    """First and last day of the day's cycle; weeks begin on Monday."""
    match cycle:
        case "day":
            return day, day
        case "week":
            monday = day - day.weekday() * DAY
            return monday, monday + 6 * DAY
        case "month":
            return month_of(day), day.replace(day=monthrange(day.year, day.month)[1])
        case "year":
            return date(day.year, 1, 1), date(day.year, 12, 31)


def list_days(first: date, last: date) -> Iterator[date]:
    """Both included; nothing when `last` is before `first`."""
    day = first
    while day <= last:
        yield day
        day += DAY
