"""The price of a call. Pure: integers in, integers out; no clock, no database, no float."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar


class RateLike(Protocol):
    """What a rate needs for pricing; `ucc.rating.models.Rate` has it."""

    @property
    def id(self) -> int: ...
    @property
    def direction(self) -> str: ...
    @property
    def prefix(self) -> str: ...
    @property
    def connect_micros(self) -> int: ...
    @property
    def included_s(self) -> int: ...
    @property
    def first_increment_s(self) -> int: ...
    @property
    def increment_s(self) -> int: ...
    @property
    def price_micros(self) -> int: ...
    @property
    def effective_from(self) -> datetime: ...


R = TypeVar("R", bound=RateLike)


@dataclass(frozen=True, slots=True)
class Charge:
    """`billed_s`: the seconds that are paid for, rounded up to increments, without those included in the plan."""

    rate_id: int | None
    billed_s: int
    amount_micros: int


class NoRate(LookupError):
    """No rate fits this number in this direction at this time."""


def choose_rate(rates: Iterable[R], direction: str, number: str, at: datetime) -> R:
    """The rate in force: the longest prefix of `number`, and of those the newest not after `at`. Raises NoRate."""
    fitting = [r for r in rates if r.direction == direction and number.startswith(r.prefix) and r.effective_from <= at]
    if not fitting:
        raise NoRate(f"no {direction} rate for {number}")
    return max(fitting, key=lambda r: (len(r.prefix), r.effective_from))


def rate_call(rates: Iterable[RateLike], direction: str, number: str, at: datetime, duration_ms: int) -> Charge:
    """What a call of `duration_ms` answered milliseconds costs; a call of none costs nothing. Raises NoRate.

    cost = connect + first increment + ceil((duration - included - first increment) / increment) x price. A started
    second is a whole one. The first increment is a whole number of increments and costs as many prices.
    """
    if duration_ms < 0:
        raise ValueError("a call has no negative duration")
    rate = choose_rate(rates, direction, number, at)
    if duration_ms == 0:
        return Charge(rate.id, 0, 0)
    paid_s = -(-duration_ms // 1000) - rate.included_s
    if paid_s <= 0:
        return Charge(rate.id, 0, rate.connect_micros)
    later = max(0, -(-(paid_s - rate.first_increment_s) // rate.increment_s))
    increments = rate.first_increment_s // rate.increment_s + later
    return Charge(rate.id, increments * rate.increment_s, rate.connect_micros + increments * rate.price_micros)
