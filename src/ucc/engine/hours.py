"""Business hours: is it open at this moment? The office works holidays out beforehand; here are dates only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MINUTES_PER_DAY = 24 * 60


class Opening(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    HOLIDAY = "holiday"


@dataclass(frozen=True, slots=True)
class Hours:
    """Minutes after midnight. One that ends before it begins lasts into the next day; equal ones last a whole day."""

    begin_min: int
    end_min: int

    def holds(self, minute: int) -> bool:
        """Whether `minute`, counted from the midnight that begins the day of these hours, is in them."""
        end = self.end_min if self.end_min > self.begin_min else self.end_min + MINUTES_PER_DAY
        return self.begin_min <= minute < end


@dataclass(frozen=True, slots=True)
class Schedule:
    """`weekly` has seven days, Monday first. `special` days have their own hours (none: closed) and come before
    `holidays`; a `make_up` day (调休) keeps the hours of the weekday it stands in for."""

    zone: str = "Asia/Shanghai"
    weekly: tuple[tuple[Hours, ...], ...] = ((), (), (), (), (), (), ())
    special: dict[date, tuple[Hours, ...]] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()
    make_up: dict[date, int] = field(default_factory=dict)

    def hours_of(self, day: date) -> tuple[Hours, ...]:
        if day in self.special:
            return self.special[day]
        if day in self.holidays:
            return ()
        return self.weekly[self.make_up.get(day, day.weekday())]

    def opening(self, at: float) -> Opening:
        """What the schedule says of a moment, in its own time zone."""
        local = datetime.fromtimestamp(at, _zone(self.zone))
        today, minute = local.date(), local.hour * 60 + local.minute
        if any(hours.holds(minute) for hours in self.hours_of(today)):
            return Opening.OPEN
        before = today - timedelta(days=1)
        if any(hours.holds(minute + MINUTES_PER_DAY) for hours in self.hours_of(before)):
            return Opening.OPEN
        if today in self.holidays and today not in self.special:
            return Opening.HOLIDAY
        return Opening.CLOSED


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def is_zone(name: str) -> bool:
    """Whether `name` is an IANA time zone of this machine."""
    try:
        _zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
