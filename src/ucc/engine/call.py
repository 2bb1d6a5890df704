"""`decide`: the one entry to call control. Facts that any stage keeps are noted, then the stage's flow writes the next
state, then the effects follow from what both states want. What may arrive late or twice is harmless everywhere."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from ucc.engine import capture
from ucc.engine import events as ev
from ucc.engine.diff import effects_between
from ucc.engine.effects import Effect, HangUpLeg, ReportAgent
from ucc.engine.ending import end_call, result_so_far
from ucc.engine.flows import credit, inbound, outbound, service, talk, watch
from ucc.engine.record import Direction, EndedBy, LegKind, Party, Result
from ucc.engine.state import (
    Announcing,
    CallState,
    Dialing,
    Ended,
    Facts,
    LeavingMessage,
    Line,
    Live,
    Menu,
    New,
    Parked,
    ReadingCode,
    RingingAgent,
    RoutingInbound,
    RoutingOutbound,
    Seeking,
    Serving,
    Talking,
)

Decision = tuple[CallState, tuple[Effect, ...]]
MAX_KEYS = 256
MAX_LEGS = 200


def decide(state: CallState, event: ev.CallEvent) -> Decision:
    """The next state and what to do about `event`. Pure: same input, same output."""
    match state:
        case New():
            return _begin(state, event)
        case Ended():
            return state, _refuse_late(state, event)
        case Live():
            if isinstance(event, ev.LegsObserved):
                return _reconcile(state, event)
            after = _settle(_continue(replace(state, once=()), event), event.at)
            return after, (*effects_between(state, after, event.at), *_refuse(after, event))
        case _:
            assert_never(state)


def _begin(state: New, event: ev.CallEvent) -> Decision:
    match event:
        case ev.CallArrived(kind=LegKind.TRUNK):
            live = inbound.arrive(state.call_id, event)
        case ev.CallArrived():
            live = outbound.arrive(state.call_id, event)
        case ev.CallRequested():
            live = outbound.request(state.call_id, event)
        case ev.LineRequested():
            live = service.request_line(state.call_id, event)
        case ev.CodeRequested():
            live = service.request_code(state.call_id, event)
        case _:
            return state, ()
    return live, effects_between(None, live, event.at)


def _continue(live: Live, event: ev.CallEvent) -> Live | Ended:
    match event:
        case ev.HangUpRequested():
            return _hang_up(live, event)
        case ev.RouteRefused(serial=None):
            return _refuse_route(live, event)
        case ev.LegEnded(leg=name) if not any(x.leg == name and x.is_live for x in live.facts.legs):
            return live
        case ev.RecordingRequested():
            return replace(live, facts=capture.ask(live.facts, event.action))
        case ev.CreditUntil() | ev.TimerFired(name=credit.END | credit.WARNING):
            return credit.decide(live, event)
    live = replace(live, facts=_note(live.facts, event))
    watched = watch.decide(live, event)
    if watched is not None:
        return watched
    stage = live.stage
    match stage:
        case RoutingInbound():
            return inbound.decide_routing(live, stage, event)
        case Menu():
            return inbound.decide_menu(live, stage, event)
        case Seeking():
            return inbound.decide_seeking(live, stage, event)
        case LeavingMessage():
            return inbound.decide_message(live, stage, event)
        case Announcing():
            return inbound.decide_announcing(live, stage, event)
        case Parked():
            return inbound.decide_parked(live, stage, event)
        case RoutingOutbound():
            return outbound.decide_routing(live, stage, event)
        case RingingAgent():
            return outbound.decide_ringing(live, stage, event)
        case Dialing():
            return outbound.decide_dialing(live, stage, event)
        case Talking():
            return talk.decide(live, stage, event)
        case Serving():
            return service.decide_serving(live, stage, event)
        case Line():
            return service.decide_line(live, stage, event)
        case ReadingCode():
            return service.decide_reading(live, stage, event)
        case _:
            assert_never(stage)


def _settle(after: Live | Ended, at: float) -> Live | Ended:
    if isinstance(after, Ended):
        return after
    if len(after.facts.legs) > MAX_LEGS:
        return end_call(after, at, 41, EndedBy.SYSTEM, result_so_far(after.facts), "too_many_legs")
    return replace(after, facts=capture.settle(after, at))


def _note(facts: Facts, event: ev.CallEvent) -> Facts:
    """What is worth remembering of an event whatever the stage."""
    match event:
        case ev.LegCreated():
            return facts.change_leg(event.leg, sip_call_id=event.sip_call_id)
        case ev.LegRinging():
            leg = facts.leg(event.leg)
            return facts.change_leg(event.leg, ringing_at=event.at) if leg and leg.ringing_at is None else facts
        case ev.EarlyMedia():
            leg = facts.leg(event.leg)
            is_first = leg is not None and leg.early_media_at is None and leg.answered_at is None
            return facts.change_leg(event.leg, early_media_at=event.at) if is_first else facts
        case ev.LegAnswered():
            return _note_answer(facts, event)
        case ev.LegEnded():
            return facts.change_leg(event.leg, ended_at=event.at, cause=event.cause, is_gone=True)
        case ev.KeyPressed() if not facts.is_recording_paused and _is_customer(facts, event.leg):
            return replace(facts, keys=(facts.keys + event.key)[:MAX_KEYS])
        case ev.RecordingFailed() if facts.recordings:
            last = replace(facts.recordings[-1], failure=event.reason)
            return replace(facts, recordings=(*facts.recordings[:-1], last))
        case _:
            return facts


def _note_answer(facts: Facts, event: ev.LegAnswered) -> Facts:
    leg = facts.leg(event.leg)
    if leg is None or not leg.is_live or leg.answered_at is not None:
        return facts
    facts = facts.change_leg(event.leg, answered_at=event.at)
    if facts.direction is Direction.INBOUND and leg.party is Party.CUSTOMER and facts.answered_at is None:
        facts = replace(facts, answered_at=event.at)
    return facts


def _is_customer(facts: Facts, name: str) -> bool:
    leg = facts.leg(name)
    return leg is not None and leg.party is Party.CUSTOMER


def _hang_up(live: Live, event: ev.HangUpRequested) -> Ended:
    return end_call(live, event.at, 16, event.by, result_so_far(live.facts))


def _refuse_route(live: Live, event: ev.RouteRefused) -> Ended:
    facts = replace(
        live.facts,
        tenant_id=live.facts.tenant_id or event.tenant_id,
        agent_id=live.facts.agent_id or event.agent_id,
    )
    is_blocked = event.code == "blacklisted" and facts.direction is Direction.INBOUND
    result = Result.BLOCKED if is_blocked else Result.REFUSED
    return end_call(replace(live, facts=facts), event.at, event.cause, EndedBy.SYSTEM, result, event.code)


# --- late, lost and repeated ------------------------------------------------------------------------------------------


def _refuse(after: CallState, event: ev.CallEvent) -> tuple[Effect, ...]:
    """What came for this call and was not taken goes back where it came from."""
    facts = after.facts if isinstance(after, Live | Ended) else None
    if facts is None:
        return ()
    match event:
        case ev.AgentsOffered() if facts.tenant_id is not None:
            kept = {x.agent_id for x in facts.live_legs}
            return tuple(
                ReportAgent(facts.tenant_id, x.agent_id, "released") for x in event.agents if x.agent_id not in kept
            )
        case ev.LegGiven() if not any(x.leg == event.leg.leg and x.is_live for x in facts.legs):
            return (HangUpLeg(event.leg.leg, 16),)
        case ev.LegCreated() | ev.LegRinging() | ev.LegAnswered():
            mine = [x for x in facts.legs if x.leg == event.leg]
            if mine and not any(x.is_live or x.is_line or x.is_gone for x in mine):
                return (HangUpLeg(event.leg, 16),)
            return ()
        case _:
            return ()


def _refuse_late(state: Ended, event: ev.CallEvent) -> tuple[Effect, ...]:
    """Hang up what appears after the end."""
    lines = {x.leg for x in state.facts.legs if x.is_line} if state.facts is not None else set()
    given = {x.leg for x in state.once}
    match event:
        case ev.LegCreated() | ev.LegRinging() | ev.LegAnswered() if event.leg not in lines | given:
            return (HangUpLeg(event.leg, 16),)
        case ev.LegsObserved():
            return tuple(HangUpLeg(leg, 16) for leg in sorted(event.legs - lines - given))
        case _:
            return _refuse(state, event)


def _reconcile(live: Live, event: ev.LegsObserved) -> Decision:
    """Do again what may be undone, then make what we believe equal to what the switch has, by the ordinary events."""
    missed: list[ev.CallEvent] = []
    for leg in live.facts.live_legs:
        if leg.leg not in event.legs:
            at = max(event.last_seen, leg.answered_at or leg.started_at)
            missed.append(ev.LegEnded(at=at, leg=leg.leg, cause=16))
        elif leg.answered_at is None and leg.leg in event.answered:
            missed.append(ev.LegAnswered(at=event.at, leg=leg.leg))
    state: CallState = live
    effects = list(effects_between(None, live, event.at, is_resumed=True))
    for one in missed:
        state, more = decide(state, one)
        effects += more
        if isinstance(one, ev.LegEnded):  # in case it was made while the switch was being looked at
            effects.append(HangUpLeg(one.leg, 16))
    if isinstance(state, Live):
        known = {x.leg for x in state.facts.legs}
        effects += [HangUpLeg(x, 16) for x in sorted(event.legs - known)]
    return state, tuple(effects)
