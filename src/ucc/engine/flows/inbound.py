"""Inbound: DID -> queue -> agent. The caller is answered at once, hears music, and is never lost while
anyone may come."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never
from uuid import UUID

from ucc.engine import events as ev
from ucc.engine.effects import (
    AnswerLeg,
    BridgeLegs,
    CancelTimer,
    DialAgent,
    Effect,
    FindInboundRoute,
    HangUpLeg,
    JoinQueue,
    LeaveQueue,
    PlayPrompt,
    ReportAgent,
    StartMusic,
    StartRecording,
    StartTimer,
    StopMusic,
)
from ucc.engine.ending import end_call
from ucc.engine.record import Direction, EndedBy, LegKind, Party, Result
from ucc.engine.state import (
    Announcing,
    Answering,
    CallState,
    Facts,
    Leg,
    Offering,
    Recording,
    RoutingInbound,
    Talking,
    Waiting,
)

Decision = tuple[CallState, tuple[Effect, ...]]
InboundState = RoutingInbound | Answering | Waiting | Offering | Announcing
ANNOUNCEMENT_LIMIT_S = 30.0


def arrive(call_id: UUID, event: ev.CallArrived) -> Decision:
    """A trunk brings a call."""
    leg = Leg(event.leg, event.kind, Party.CUSTOMER, event.address, event.at, sip_call_id=event.sip_call_id)
    facts = Facts(call_id, Direction.INBOUND, event.caller, event.callee, event.at, legs=(leg,))
    return RoutingInbound(facts, event.leg), (FindInboundRoute(event.callee, event.caller),)


def decide(state: InboundState, event: ev.CallEvent) -> Decision:
    if isinstance(event, ev.LegEnded) and event.leg == state.customer:
        result = state.result if isinstance(state, Announcing) else Result.ABANDONED
        return end_call(state, event.at, event.cause, EndedBy.CUSTOMER, result)
    match state:
        case RoutingInbound():
            return _route(state, event)
        case Answering():
            return _enter_queue(state, event)
        case Waiting():
            return _wait(state, event)
        case Offering():
            return _offer(state, event)
        case Announcing():
            return _announce(state, event)
        case _:
            assert_never(state)


def _route(state: RoutingInbound, event: ev.CallEvent) -> Decision:
    match event:
        case ev.InboundRouteFound():
            facts = replace(
                state.facts,
                tenant_id=event.tenant_id,
                did_id=event.did_id,
                queue_id=event.queue_id,
                caller=event.caller,
                callee=event.callee,
            )
            after = Answering(facts, state.customer, event.queue_id, event.max_wait_s, event.ring_timeout_s)
            return after, (AnswerLeg(state.customer),)
        case _:
            return state, ()


def _enter_queue(state: Answering, event: ev.CallEvent) -> Decision:
    match event:
        case ev.LegAnswered(leg=leg) if leg == state.customer:
            customer = state.facts.leg(state.customer)
            facts = replace(state.facts, answered_at=event.at)
            effects: list[Effect] = []
            if customer is not None and customer.sip_call_id is not None:
                facts = replace(facts, recording=Recording(customer.sip_call_id, event.at))
                effects.append(StartRecording(customer.sip_call_id))
            effects += [StartMusic(state.customer), StartTimer("max_wait", state.max_wait_s)]
            effects.append(JoinQueue(_tenant(facts), state.queue_id))
            after = Waiting(facts, state.customer, state.queue_id, event.at, state.max_wait_s, state.ring_timeout_s)
            return after, tuple(effects)
        case _:
            return state, ()


def _wait(state: Waiting, event: ev.CallEvent) -> Decision:
    facts, tenant_id = state.facts, _tenant(state.facts)
    match event:
        case ev.AgentOffered():
            leg = facts.next_leg()
            facts = facts.with_leg(
                Leg(leg, LegKind.PHONE, Party.AGENT, event.agent.extension, event.at, agent_id=event.agent.agent_id)
            )
            after = Offering(
                facts,
                state.customer,
                state.queue_id,
                state.waiting_since,
                state.max_wait_s,
                state.ring_timeout_s,
                event.agent,
                leg,
            )
            return after, (
                ReportAgent(tenant_id, event.agent.agent_id, "ringing"),
                StartTimer("ring", state.ring_timeout_s),
                DialAgent(leg, event.agent, facts.caller),
            )
        case ev.QueueRefused():
            return _give_up(state, Result.NO_AGENTS)
        case ev.TimerFired(name="max_wait"):
            after_wait, effects = _give_up(state, Result.TIMED_OUT)
            return after_wait, (LeaveQueue(tenant_id, state.queue_id), *effects)
        case _:
            return state, ()


def _give_up(state: Waiting, result: Result) -> Decision:
    after = Announcing(state.facts, state.customer, result)
    return after, (
        CancelTimer("max_wait"),
        StopMusic(state.customer),
        StartTimer("announcement", ANNOUNCEMENT_LIMIT_S),
        PlayPrompt(state.customer, "no_agents"),
    )


def _offer(state: Offering, event: ev.CallEvent) -> Decision:
    tenant_id = _tenant(state.facts)
    match event:
        case ev.LegAnswered(leg=leg) if leg == state.agent_leg:
            facts = replace(state.facts, connected_at=event.at, agent_id=state.agent.agent_id)
            return Talking(facts, state.agent, state.agent_leg, state.customer), (
                CancelTimer("ring"),
                CancelTimer("max_wait"),
                StopMusic(state.customer),
                BridgeLegs((state.customer, state.agent_leg)),
                ReportAgent(tenant_id, state.agent.agent_id, "talking"),
            )
        case ev.LegEnded(leg=leg, cause=cause) if leg == state.agent_leg:
            work = "declined" if cause in (17, 21) else "unreachable"
            return _wait_again(state, work)
        case ev.TimerFired(name="ring"):
            facts = state.facts.change_leg(state.agent_leg, ended_at=event.at, cause=19)
            after, effects = _wait_again(replace(state, facts=facts), "no_answer")
            return after, (HangUpLeg(state.agent_leg, 19), *effects)
        case ev.TimerFired(name="max_wait"):
            return state, (StartTimer("max_wait", 1.0),)
        case _:
            return state, ()


def _wait_again(state: Offering, work: str) -> Decision:
    """The offer failed: back to the head of the queue, and the floor learns what was wrong with the agent."""
    tenant_id = _tenant(state.facts)
    after = Waiting(
        state.facts, state.customer, state.queue_id, state.waiting_since, state.max_wait_s, state.ring_timeout_s
    )
    return after, (
        CancelTimer("ring"),
        ReportAgent(tenant_id, state.agent.agent_id, work),
        JoinQueue(tenant_id, state.queue_id, is_head=True),
    )


def _announce(state: Announcing, event: ev.CallEvent) -> Decision:
    match event:
        case ev.PromptEnded() | ev.TimerFired(name="announcement"):
            return end_call(state, event.at, 16, EndedBy.SYSTEM, state.result)
        case _:
            return state, ()


def _tenant(facts: Facts) -> int:
    if facts.tenant_id is None:
        raise ValueError("an inbound call past its route has a tenant")
    return facts.tenant_id
