"""How every call ends: legs hung up, agent released, one finished call saved; the capture ends with its leg."""

from __future__ import annotations

from uuid import uuid5

from ucc.engine.effects import (
    CancelTimer,
    DestroyBridge,
    Effect,
    HangUpLeg,
    LeaveQueue,
    ReportAgent,
    SaveCall,
)
from ucc.engine.record import EndedBy, FinishedCall, LegRecord, RecordingRecord, Result
from ucc.engine.state import Dialing, Ended, Facts, LiveState, Offering, RingingAgent, Talking, Waiting

TIMERS = ("max_wait", "ring", "announcement")


def end_call(
    state: LiveState, at: float, cause: int, by: EndedBy, result: Result, refusal: str | None = None
) -> tuple[Ended, tuple[Effect, ...]]:
    """End the call at `at`. Legs still up are hung up with `cause`; a call of no tenant leaves no record."""
    facts = state.facts
    effects: list[Effect] = [HangUpLeg(leg.leg, cause) for leg in facts.live_legs]
    if isinstance(state, Talking):
        effects.append(DestroyBridge())
    effects.extend(CancelTimer(name) for name in TIMERS)
    if facts.tenant_id is not None:
        if isinstance(state, Waiting):
            effects.append(LeaveQueue(facts.tenant_id, state.queue_id))
        if isinstance(state, Offering | RingingAgent | Dialing | Talking):
            effects.append(ReportAgent(facts.tenant_id, state.agent.agent_id, "released"))
        effects.append(SaveCall(finish(facts, facts.tenant_id, at, cause, by, result, refusal)))
    return Ended(facts.call_id, facts.tenant_id), tuple(effects)


def finish(
    facts: Facts, tenant_id: int, at: float, cause: int, by: EndedBy, result: Result, refusal: str | None
) -> FinishedCall:
    """The facts as a record. Times never run backwards: nothing ends before it began."""
    ended_at = max(at, facts.answered_at or facts.started_at)
    legs = tuple(
        LegRecord(
            leg_id=uuid5(facts.call_id, leg.leg),
            kind=leg.kind,
            party=leg.party,
            address=leg.address,
            started_at=leg.started_at,
            ended_at=max(leg.started_at, leg.ended_at if leg.ended_at is not None else ended_at),
            agent_id=leg.agent_id,
            trunk_id=leg.trunk_id,
            sip_call_id=leg.sip_call_id,
            ringing_at=leg.ringing_at,
            answered_at=leg.answered_at,
            cause=leg.cause if leg.ended_at is not None else cause,
        )
        for leg in facts.legs
    )
    recordings: tuple[RecordingRecord, ...] = ()
    if facts.recording is not None:
        one = facts.recording
        recordings = (
            RecordingRecord(uuid5(facts.call_id, "recording"), one.sip_call_id, one.started_at, ended_at, one.failure),
        )
    return FinishedCall(
        call_id=facts.call_id,
        tenant_id=tenant_id,
        direction=facts.direction,
        caller=facts.caller,
        callee=facts.callee,
        started_at=facts.started_at,
        ended_at=ended_at,
        cause=cause,
        ended_by=by,
        result=result,
        answered_at=facts.answered_at,
        connected_at=facts.connected_at,
        queue_id=facts.queue_id,
        agent_id=facts.agent_id,
        trunk_id=facts.trunk_id,
        did_id=facts.did_id,
        refusal=refusal,
        legs=legs,
        recordings=recordings,
    )
