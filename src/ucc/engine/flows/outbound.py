"""Outbound: an agent reaches a customer, from the phone (the agent's leg exists) or from the page (the agent's leg is
made first). The agent hears ringing until the customer answers, and the cause when the customer does not."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never
from uuid import UUID

from ucc.engine import events as ev
from ucc.engine.cause import unanswered_result
from ucc.engine.effects import (
    AgentTarget,
    AnswerLeg,
    BridgeLegs,
    CancelTimer,
    DialAgent,
    DialTrunk,
    Effect,
    FindOutboundRoute,
    ReportAgent,
    RingLeg,
    StartRecording,
    StartTimer,
    StopRinging,
    TrunkTarget,
)
from ucc.engine.ending import end_call
from ucc.engine.record import Direction, EndedBy, LegKind, Party, Result
from ucc.engine.state import CallState, Dialing, Facts, Leg, Recording, RingingAgent, RoutingOutbound, Talking

Decision = tuple[CallState, tuple[Effect, ...]]
OutboundState = RoutingOutbound | RingingAgent | Dialing
AGENT_ANSWER_S = 20.0


def arrive(call_id: UUID, event: ev.CallArrived) -> Decision:
    """An agent dialled on the phone. `event.caller` is the authenticated extension."""
    leg = Leg(event.leg, event.kind, Party.AGENT, event.address, event.at, sip_call_id=event.sip_call_id)
    facts = Facts(call_id, Direction.OUTBOUND, event.caller, event.callee, event.at, legs=(leg,))
    return RoutingOutbound(facts, event.caller, event.leg), (FindOutboundRoute(event.caller, event.callee),)


def request(call_id: UUID, event: ev.CallRequested) -> Decision:
    """An agent clicked in the page. The route is found before any phone rings."""
    facts = Facts(
        call_id,
        Direction.OUTBOUND,
        event.agent.extension,
        event.callee,
        event.at,
        tenant_id=event.tenant_id,
        agent_id=event.agent.agent_id,
    )
    route = FindOutboundRoute(event.agent.extension, event.callee)
    return RoutingOutbound(facts, event.agent.extension, None), (route,)


def decide(state: OutboundState, event: ev.CallEvent) -> Decision:
    if isinstance(event, ev.AgentRefused):
        return end_call(state, event.at, 17, EndedBy.SYSTEM, Result.REFUSED, event.code)
    if isinstance(event, ev.LegEnded) and event.leg == state.agent_leg:
        return end_call(state, event.at, event.cause, EndedBy.AGENT, Result.CANCELLED)
    match state:
        case RoutingOutbound():
            return _route(state, event)
        case RingingAgent():
            return _ring_agent(state, event)
        case Dialing():
            return _dial(state, event)
        case _:
            assert_never(state)


def _route(state: RoutingOutbound, event: ev.CallEvent) -> Decision:
    match event:
        case ev.OutboundRouteFound():
            facts = replace(
                state.facts,
                tenant_id=event.tenant_id,
                agent_id=event.agent.agent_id,
                trunk_id=event.trunk.trunk_id,
                caller=event.trunk.caller_id,
                callee=event.callee,
            )
            report = ReportAgent(event.tenant_id, event.agent.agent_id, "dialing")
            if state.agent_leg is not None:
                facts = facts.change_leg(state.agent_leg, agent_id=event.agent.agent_id)
                after, effects = _dial_customer(facts, event.agent, state.agent_leg, event.trunk, event.at)
                return after, (report, *effects)
            leg = facts.next_leg()
            facts = facts.with_leg(
                Leg(leg, LegKind.PHONE, Party.AGENT, event.agent.extension, event.at, agent_id=event.agent.agent_id)
            )
            return RingingAgent(facts, event.agent, leg, event.trunk), (
                report,
                StartTimer("ring", AGENT_ANSWER_S),
                DialAgent(leg, event.agent, facts.callee, is_auto_answered=True),
            )
        case _:
            return state, ()


def _ring_agent(state: RingingAgent, event: ev.CallEvent) -> Decision:
    match event:
        case ev.LegAnswered(leg=leg) if leg == state.agent_leg:
            after, effects = _dial_customer(state.facts, state.agent, state.agent_leg, state.trunk, event.at)
            return after, (CancelTimer("ring"), *effects)
        case ev.TimerFired(name="ring"):
            return end_call(state, event.at, 19, EndedBy.SYSTEM, Result.CANCELLED, "agent_phone_not_answered")
        case _:
            return state, ()


def _dial_customer(facts: Facts, agent: AgentTarget, agent_leg: str, trunk: TrunkTarget, at: float) -> Decision:
    leg = facts.next_leg()
    facts = facts.with_leg(Leg(leg, LegKind.TRUNK, Party.CUSTOMER, trunk.number, at, trunk_id=trunk.trunk_id))
    return Dialing(facts, agent, agent_leg, leg, trunk), (RingLeg(agent_leg), DialTrunk(leg, trunk))


def _dial(state: Dialing, event: ev.CallEvent) -> Decision:
    match event:
        case ev.LegAnswered(leg=leg) if leg == state.customer:
            return _connect(state, event.at)
        case ev.LegEnded(leg=leg, cause=cause) if leg == state.customer:
            return end_call(state, event.at, cause, EndedBy.CUSTOMER, unanswered_result(cause))
        case _:
            return state, ()


def _connect(state: Dialing, at: float) -> Decision:
    facts = replace(state.facts, answered_at=at, connected_at=at)
    effects: list[Effect] = []
    customer, agent = facts.leg(state.customer), facts.leg(state.agent_leg)
    if customer is not None and customer.sip_call_id is not None:
        facts = replace(facts, recording=Recording(customer.sip_call_id, at))
        effects.append(StartRecording(customer.sip_call_id))
    is_answered = agent is not None and agent.answered_at is not None
    effects.append(StopRinging(state.agent_leg) if is_answered else AnswerLeg(state.agent_leg))
    effects.append(BridgeLegs((state.agent_leg, state.customer)))
    if facts.tenant_id is not None:
        effects.append(ReportAgent(facts.tenant_id, state.agent.agent_id, "talking"))
    return Talking(facts, state.agent, state.agent_leg, state.customer), tuple(effects)
