"""Failed logins per source address, bounded in number and in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

from ucc.errors import TooManyAttempts

WINDOW_S = 60.0


class LoginLimiter:
    """At most `limit` failures within a minute from one address; the address that was quiet longest is forgotten first.

    An attempt counts as failed until it has succeeded, so attempts made at the same time cannot slip past the limit.
    """

    def __init__(self, limit: int = 10, max_sources: int = 10_000, clock: Callable[[], float] = monotonic) -> None:
        self._limit = limit
        self._max_sources = max_sources
        self._clock = clock
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def begin(self, source: str) -> float:
        """Count an attempt; returns what `succeed` needs. Raises TooManyAttempts."""
        at = self._clock()
        recent = [moment for moment in self._failures.get(source, ()) if moment > at - WINDOW_S]
        if len(recent) >= self._limit:
            raise TooManyAttempts
        recent.append(at)
        self._failures[source] = recent
        self._failures.move_to_end(source)
        while len(self._failures) > self._max_sources:
            self._failures.popitem(last=False)
        return at

    def succeed(self, source: str, attempt: float) -> None:
        """The attempt was no failure."""
        recent = self._failures.get(source)
        if recent is not None and attempt in recent:
            recent.remove(attempt)
            if not recent:
                del self._failures[source]
