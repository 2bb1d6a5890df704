"""The wall clock, in one place. The engine never calls it: time reaches the engine in each event's `at`."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """This moment, aware, UTC."""
    return datetime.now(UTC)


def to_ms(seconds: float) -> int:
    """Whole milliseconds since 1970."""
    return round(seconds * 1000)


def to_moment(seconds: float) -> datetime:
    """Seconds since 1970 as a moment, to the millisecond."""
    return EPOCH + timedelta(milliseconds=to_ms(seconds))


class SteadyClock:
    """Wall time that never steps back: the wall clock at start plus the monotonic time since then.

    Talk time is the difference of two readings, so it is right over a clock step (domain: talk time is never negative).
    """

    def __init__(self) -> None:
        self._wall = time.time()
        self._mono = time.monotonic()

    def time(self) -> float:
        """Seconds since 1970."""
        return self._wall + (time.monotonic() - self._mono)
