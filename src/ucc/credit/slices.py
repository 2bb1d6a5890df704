"""How far an amount of money carries a call: pure, in milliseconds and micros.

A call costs each level the sum over its answered legs to the outside. Between the moments at which one of them begins
another increment it costs no more; those moments cut the time ahead into slices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ucc.rating.price import Rate, RateKind, cost_of


@dataclass(frozen=True, slots=True)
class MeteredLeg:
    """One answered leg at one level's rate. Moments in milliseconds since 1970; `ended_ms` None: it goes on."""

    rate: Rate
    answered_ms: int
    ended_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """Holding `amount_micros` carries the call to `until_ms`; None: for ever."""

    until_ms: int | None
    amount_micros: int


def cost_at(legs: Sequence[MeteredLeg], at_ms: int) -> int:
    """What the level owes when everything ends at `at_ms`."""
    return sum(cost_of(leg.rate, max(0, _end(leg, at_ms) - leg.answered_ms)).amount_micros for leg in legs)


def slice_ahead(legs: Sequence[MeteredLeg], now_ms: int, horizon_ms: int) -> list[Slice]:
    """From the slice that `now_ms` is in to the one that `horizon_ms` is in, ascending in time and money."""
    moments = sorted({moment for leg in legs for moment in _steps(leg, now_ms, horizon_ms)})
    last = next((index for index, moment in enumerate(moments) if moment >= horizon_ms), None)
    if last is None:  # nothing rises any more
        return [*_slices(legs, moments), Slice(None, cost_at(legs, max([horizon_ms, *moments]) + 1))]
    return _slices(legs, moments[: last + 1])


def paid_until(slices: Sequence[Slice], held_micros: int) -> int | None:
    """The end of the last slice that is held; None: the call is carried as far as was looked. Raises ValueError when
    not even the first is."""
    found = [one for one in slices if one.amount_micros <= held_micros]
    if not found:
        raise ValueError("the slice that the call is in is not held")
    return None if len(found) == len(slices) else found[-1].until_ms


def _slices(legs: Sequence[MeteredLeg], moments: Sequence[int]) -> list[Slice]:
    return [Slice(moment, cost_at(legs, moment)) for moment in moments]


def _end(leg: MeteredLeg, at_ms: int) -> int:
    return at_ms if leg.ended_ms is None else min(leg.ended_ms, at_ms)


def _steps(leg: MeteredLeg, now_ms: int, horizon_ms: int) -> list[int]:
    """The last moments of its increments: after `now_ms`, up to the first that is not before `horizon_ms`."""
    rate = leg.rate
    if leg.ended_ms is not None or rate.kind is RateKind.PER_CALL or rate.price_micros == 0:
        return []
    step_ms = rate.increment_s * 1000
    begin_ms = leg.answered_ms + rate.included_s * 1000
    first_ms = begin_ms + rate.first_increment_s * 1000
    steps = [begin_ms] if rate.included_s and begin_ms > now_ms else []
    at_ms = first_ms + max(0, (now_ms - first_ms) // step_ms) * step_ms
    while not steps or steps[-1] < horizon_ms:
        if at_ms > now_ms:
            steps.append(at_ms)
        at_ms += step_ms
    return steps
