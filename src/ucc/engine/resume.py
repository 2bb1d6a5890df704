"""What to do again for a call that was adopted: effects that are safe to repeat, so that a decision whose effects were
cut off by a crash still takes place."""

from __future__ import annotations

from typing import assert_never

from ucc.engine.effects import (
    AnswerLeg,
    BridgeLegs,
    Effect,
    FindInboundRoute,
    FindOutboundRoute,
    JoinQueue,
    PlayPrompt,
    ReportAgent,
    StartMusic,
    StartRecording,
    StartTimer,
)
from ucc.engine.state import (
    Announcing,
    Answering,
    Dialing,
    LiveState,
    Offering,
    RingingAgent,
    RoutingInbound,
    RoutingOutbound,
    Talking,
    Waiting,
)


def resume(state: LiveState, at: float) -> tuple[Effect, ...]:
    """The effects that bring the switch and the floor to where `state` says they are."""
    facts = state.facts
    tenant_id = facts.tenant_id or 0
    recording: tuple[Effect, ...] = (StartRecording(facts.recording.sip_call_id),) if facts.recording else ()
    match state:
        case RoutingInbound():
            return (FindInboundRoute(facts.callee, facts.caller),)
        case Answering():
            return (AnswerLeg(state.customer),)
        case Waiting():
            rest_s = max(0.0, state.waiting_since + state.max_wait_s - at)
            join = JoinQueue(tenant_id, state.queue_id)
            return (*recording, StartMusic(state.customer), StartTimer("max_wait", rest_s), join)
        case Offering():
            ringing = ReportAgent(tenant_id, state.agent.agent_id, "ringing")
            return (*recording, ringing, StartTimer("ring", state.ring_timeout_s))
        case Announcing():
            return (*recording, PlayPrompt(state.customer, "no_agents"))
        case RoutingOutbound():
            return (FindOutboundRoute(state.extension, facts.callee),)
        case RingingAgent() | Dialing():
            return (ReportAgent(tenant_id, state.agent.agent_id, "dialing"),)
        case Talking():
            talking = ReportAgent(tenant_id, state.agent.agent_id, "talking")
            return (*recording, talking, BridgeLegs((state.customer, state.agent_leg)))
        case _:
            assert_never(state)
