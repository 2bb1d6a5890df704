"""What of a call is billed: its answered legs to the outside. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ucc.engine.record import Direction, FinishedCall, LegKind, Party
from ucc.kit.clock import to_ms


@dataclass(frozen=True, slots=True)
class BilledLeg:
    """One answered leg to the outside: who called whom. `leg_id` None: the record has no leg of the customer."""

    leg_id: UUID | None
    direction: Direction
    caller: str
    number: str
    answered_at: float
    duration_ms: int


def list_billed_legs(finished: FinishedCall) -> list[BilledLeg]:
    """The customer's leg (internal calls have none), and each outside party that was reached besides: that is billed as
    an outbound call for its own answered seconds."""
    legs = [leg for leg in finished.legs if leg.kind is LegKind.TRUNK and leg.answered_at is not None]
    billed = []
    if finished.answered_at is not None and finished.direction is not Direction.INTERNAL:
        customer = next((leg for leg in legs if leg.party is Party.CUSTOMER), None)
        ended_at = finished.ended_at if customer is None else min(finished.ended_at, customer.ended_at)
        leg_id = customer.leg_id if customer is not None else None
        duration_ms = _between_ms(finished.answered_at, ended_at)
        numbers = finished.caller, finished.callee
        billed.append(BilledLeg(leg_id, finished.direction, *numbers, finished.answered_at, duration_ms))
    own_number = finished.callee if finished.direction is Direction.INBOUND else finished.caller
    for leg in legs:
        if leg.party is Party.OUTSIDE and leg.answered_at is not None:
            number, duration_ms = leg.number or leg.address, _between_ms(leg.answered_at, leg.ended_at)
            billed.append(BilledLeg(leg.leg_id, Direction.OUTBOUND, own_number, number, leg.answered_at, duration_ms))
    return [leg for leg in billed if leg.duration_ms > 0]


def talk_ms(finished: FinishedCall) -> int:
    """Milliseconds the customer's leg was answered: the difference of the two moments in the record, never negative."""
    return 0 if finished.answered_at is None else _between_ms(finished.answered_at, finished.ended_at)


def _between_ms(begin: float, end: float) -> int:
    return max(0, to_ms(end) - to_ms(begin))
