"""`decide`: the one entry to call control. Facts that any state keeps (ringing, keys, a failed
recording) are noted here, then the state's flow decides. What may arrive late or twice is harmless everywhere."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from ucc.engine import events as ev
from ucc.engine.effects import Effect, HangUpLeg, ReportAgent
from ucc.engine.ending import end_call
from ucc.engine.flows import inbound, outbound
from ucc.engine.record import Direction, EndedBy, LegKind, Result
from ucc.engine.resume import resume
from ucc.engine.state import (
    Announcing,
    Answering,
    CallState,
    Dialing,
    Ended,
    Facts,
    LiveState,
    New,
    Offering,
    RingingAgent,
    RoutingInbound,
    RoutingOutbound,
    Talking,
    Waiting,
)

Decision = tuple[CallState, tuple[Effect, ...]]
MAX_KEYS = 256


def decide(state: CallState, event: ev.CallEvent) -> Decision:
    """The next state and what to do about `event`. Pure: same input, same output."""
    match state:
        case New():
            return _begin(state, event)
        case Ended():
            return state, _clean_up_late(state, event)
        case _:
            return _continue(state, event)


def _begin(state: New, event: ev.CallEvent) -> Decision:
    match event:
        case ev.CallArrived():
            flow = inbound.arrive if event.kind is LegKind.TRUNK else outbound.arrive
            return flow(state.call_id, event)
        case ev.CallRequested():
            return outbound.request(state.call_id, event)
        case _:
            return state, ()


def _continue(state: LiveState, event: ev.CallEvent) -> Decision:
    match event:
        case ev.LegsObserved():
            return _reconcile(state, event)
        case ev.HangUpRequested():
            return _hang_up(state, event)
        case ev.RouteRefused():
            facts = replace(
                state.facts,
                tenant_id=state.facts.tenant_id or event.tenant_id,
                agent_id=state.facts.agent_id or event.agent_id,
            )
            return end_call(
                replace(state, facts=facts), event.at, event.cause, EndedBy.SYSTEM, Result.REFUSED, event.code
            )
        case ev.AgentOffered() if not isinstance(state, Waiting):
            return state, _release(state.facts.tenant_id, event)
        case ev.LegEnded():
            leg = state.facts.leg(event.leg)
            if leg is None or leg.ended_at is not None:
                return state, ()
    state = replace(state, facts=_note(state, event))
    match state:
        case RoutingInbound() | Answering() | Waiting() | Offering() | Announcing():
            return inbound.decide(state, event)
        case RoutingOutbound() | RingingAgent() | Dialing():
            return outbound.decide(state, event)
        case Talking():
            return _talk(state, event)
        case _:
            assert_never(state)


def _note(state: LiveState, event: ev.CallEvent) -> Facts:
    """What is worth remembering of an event whatever the state."""
    facts = state.facts
    match event:
        case ev.LegCreated():
            return facts.change_leg(event.leg, sip_call_id=event.sip_call_id)
        case ev.LegRinging():
            leg = facts.leg(event.leg)
            return facts.change_leg(event.leg, ringing_at=event.at) if leg and leg.ringing_at is None else facts
        case ev.LegAnswered():
            leg = facts.leg(event.leg)
            return facts.change_leg(event.leg, answered_at=event.at) if leg and leg.answered_at is None else facts
        case ev.LegEnded():
            return facts.change_leg(event.leg, ended_at=event.at, cause=event.cause)
        case ev.KeyPressed() if len(facts.keys) < MAX_KEYS:
            return replace(facts, keys=facts.keys + event.key)
        case ev.RecordingFailed() if facts.recording is not None:
            return replace(facts, recording=replace(facts.recording, failure=event.reason))
        case _:
            return facts


def _talk(state: Talking, event: ev.CallEvent) -> Decision:
    match event:
        case ev.LegEnded(leg=leg) if leg == state.customer:
            return end_call(state, event.at, event.cause, EndedBy.CUSTOMER, Result.ANSWERED)
        case ev.LegEnded(leg=leg) if leg == state.agent_leg:
            return end_call(state, event.at, event.cause, EndedBy.AGENT, Result.ANSWERED)
        case _:
            return state, ()


def _hang_up(state: LiveState, event: ev.HangUpRequested) -> Decision:
    if isinstance(state, Talking):
        result = Result.ANSWERED
    elif state.facts.direction is Direction.INBOUND:
        result = Result.ABANDONED
    else:
        result = Result.CANCELLED
    return end_call(state, event.at, 16, event.by, result)


def _reconcile(state: LiveState, event: ev.LegsObserved) -> Decision:
    """Make what we believe equal to what the switch has, by the ordinary events; then do again what may be undone."""
    decision: Decision = (state, ())
    missed: list[ev.CallEvent] = []
    for leg in state.facts.live_legs:
        if leg.leg not in event.legs:
            missed.append(
                ev.LegEnded(at=max(event.last_seen, leg.answered_at or leg.started_at), leg=leg.leg, cause=16)
            )
        elif leg.answered_at is None and leg.leg in event.answered:
            missed.append(ev.LegAnswered(at=event.at, leg=leg.leg))
    effects: list[Effect] = []
    for one in missed:
        decision = decide(decision[0], one)
        effects.extend(decision[1])
    after = decision[0]
    if not isinstance(after, New | Ended):
        effects.extend(HangUpLeg(x, 16) for x in sorted(event.legs) if after.facts.leg(x) is None)
        if not missed:
            effects.extend(resume(after, event.at))
    return after, tuple(effects)


def _clean_up_late(state: Ended, event: ev.CallEvent) -> tuple[Effect, ...]:
    match event:
        case ev.LegCreated() | ev.LegRinging() | ev.LegAnswered():
            return (HangUpLeg(event.leg, 16),)
        case ev.LegsObserved():
            return tuple(HangUpLeg(leg, 16) for leg in sorted(event.legs))
        case ev.AgentOffered():
            return _release(state.tenant_id, event)
        case _:
            return ()


def _release(tenant_id: int | None, event: ev.AgentOffered) -> tuple[Effect, ...]:
    return (ReportAgent(tenant_id, event.agent.agent_id, "released"),) if tenant_id is not None else ()
