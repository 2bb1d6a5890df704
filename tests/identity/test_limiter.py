"""Failed logins are counted per source, for a minute, in bounded memory."""

from __future__ import annotations

import pytest

from ucc.errors import TooManyAttempts
from ucc.identity.limiter import WINDOW_S, LoginLimiter


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        self.at += 0.001
        return self.at


def test_attempts_at_the_same_time_cannot_slip_past() -> None:
    limiter = LoginLimiter(limit=3, clock=Clock())
    attempts = [limiter.begin("a") for _ in range(3)]
    with pytest.raises(TooManyAttempts):
        limiter.begin("a")
    limiter.succeed("a", attempts[0])
    limiter.begin("a")
    limiter.begin("b")


def test_a_minute_later() -> None:
    clock = Clock()
    limiter = LoginLimiter(limit=1, clock=clock)
    limiter.begin("a")
    with pytest.raises(TooManyAttempts):
        limiter.begin("a")
    clock.at += WINDOW_S
    limiter.begin("a")


def test_memory_is_bounded() -> None:
    limiter = LoginLimiter(limit=1, max_sources=100, clock=Clock())
    for number in range(1000):
        limiter.begin(f"source {number}")
    assert len(limiter._failures) == 100
    limiter.begin("source 0")
    with pytest.raises(TooManyAttempts):
        limiter.begin("source 999")


def test_successes_are_forgotten() -> None:
    limiter = LoginLimiter(clock=Clock())
    for _ in range(100):
        limiter.succeed("a", limiter.begin("a"))
    assert not limiter._failures
