"""Outbound and internal: an agent reaches a customer or a colleague, from the phone (the agent's leg exists) or from
the page (the agent's own phone comes first). The agent hears ringing or the far end's early media until the answer, and
the cause when there is none."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from ucc.engine import events as ev
from ucc.engine import reach as rc
from ucc.engine.cause import unanswered_result
from ucc.engine.effects import AgentTarget
from ucc.engine.ending import end_call
from ucc.engine.flows import service, talk
from ucc.engine.flows.inbound import BRANCHES, NOBODY
from ucc.engine.leg import Leg
from ucc.engine.record import Direction, EndedBy, Party, Result
from ucc.engine.state import Dialing, Ended, Facts, Live, Participant, RingingAgent, RoutingOutbound
from ucc.engine.target import AgentPlan, Plan, RecordingMode, TrunkPlan

AGENT_ANSWER_S = 20.0


def arrive(call_id: UUID, event: ev.CallArrived) -> Live:
    """An agent dialled on the phone. `event.caller` is the authenticated extension."""
    leg = Leg(event.leg, event.kind, Party.AGENT, event.address, event.at, sip_call_id=event.sip_call_id)
    facts = Facts(call_id, Direction.OUTBOUND, event.caller, event.callee, event.at, legs=(leg,))
    return Live(facts, RoutingOutbound(event.caller, event.callee, event.leg))


def request(call_id: UUID, event: ev.CallRequested) -> Live:
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
    return Live(facts, RoutingOutbound(event.agent.extension, event.callee, None, event.agent, event.caller_id))


def decide_routing(live: Live, stage: RoutingOutbound, event: ev.CallEvent) -> Live | Ended:
    match event:
        case ev.LegEnded(leg=leg) if leg == stage.agent_leg:
            return end_call(live, event.at, event.cause, EndedBy.AGENT, Result.CANCELLED)
        case ev.AgentRefused():
            return end_call(live, event.at, 17, EndedBy.SYSTEM, Result.REFUSED, event.code)
        case ev.OutboundRouteFound():
            return _take_route(live, stage, event)
        case ev.FeatureFound() if stage.agent_leg is not None:
            return service.serve(live, stage.agent_leg, event)
        case _:
            return live


def _take_route(live: Live, stage: RoutingOutbound, event: ev.OutboundRouteFound) -> Live | Ended:
    plan, agent = event.plan, event.agent
    facts = replace(
        live.facts,
        tenant_id=event.tenant_id,
        agent_id=agent.agent_id,
        callee=event.callee,
        language=event.language,
    )
    if isinstance(plan, TrunkPlan):
        facts = replace(facts, caller=plan.caller_id, policy=plan.recording, trunk_id=plan.routes[0].trunk_id)
    else:
        facts = replace(facts, direction=Direction.INTERNAL, policy=event.recording)
    if stage.agent_leg is not None:
        facts = facts.change_leg(stage.agent_leg, agent_id=agent.agent_id)
        return _call(replace(live, facts=facts), agent, stage.agent_leg, plan, event.at)
    facts, leg = rc.add_agent_leg(facts, agent, rc.Asking(facts.callee, is_auto_answered=True), event.at)
    return replace(live, facts=facts, stage=RingingAgent(agent, leg, plan, event.at + AGENT_ANSWER_S))


def decide_ringing(live: Live, stage: RingingAgent, event: ev.CallEvent) -> Live | Ended:
    match event:
        case ev.LegEnded(leg=leg) if leg == stage.agent_leg:
            return end_call(live, event.at, event.cause, EndedBy.AGENT, Result.CANCELLED)
        case ev.AgentRefused(agent_id=agent_id) if agent_id in (None, stage.agent.agent_id):
            return end_call(live, event.at, 17, EndedBy.SYSTEM, Result.REFUSED, event.code)
        case ev.LegAnswered(leg=leg) if leg == stage.agent_leg:
            return _call(live, stage.agent, stage.agent_leg, stage.plan, event.at)
        case ev.TimerFired(name="ring"):
            return end_call(live, event.at, 19, EndedBy.SYSTEM, Result.CANCELLED, "agent_phone_not_answered")
        case _:
            return live


def _call(live: Live, agent: AgentTarget, agent_leg: str, plan: Plan, at: float) -> Live | Ended:
    caller = Participant(agent_leg, agent, agent.name)
    facts, step = rc.take(live.facts, plan, _asking(live.facts), at)
    return _go_on(replace(live, facts=facts), caller, step, at)


def _asking(facts: Facts) -> rc.Asking:
    if facts.direction is not Direction.INTERNAL:
        return rc.Asking(facts.caller, Party.CUSTOMER)
    return rc.Asking(facts.caller, is_captured=facts.policy.mode is not RecordingMode.FORBIDDEN)


def decide_dialing(live: Live, stage: Dialing, event: ev.CallEvent) -> Live | Ended:
    caller = stage.caller
    match event:
        case ev.LegEnded(leg=leg) if leg == caller.leg:
            return end_call(live, event.at, event.cause, EndedBy.AGENT, Result.CANCELLED)
        case ev.AgentRefused(agent_id=agent_id) if caller.agent and agent_id in (None, caller.agent.agent_id):
            return end_call(live, event.at, 17, EndedBy.SYSTEM, Result.REFUSED, event.code)
    facts, step = rc.step(stage.reach, live.facts, event, _asking(live.facts))
    return _go_on(replace(live, facts=facts), caller, step, event.at)


def _go_on(live: Live, caller: Participant, step: rc.Step, at: float) -> Live | Ended:
    match step:
        case rc.Reached():
            facts = live.facts.answer_leg(caller.leg) if not live.facts.is_up(caller.leg) else live.facts
            facts = replace(facts, answered_at=facts.answered_at if facts.answered_at is not None else at)
            return talk.enter(live, facts, step.leg, (caller,), at)
        case rc.Failed():
            by = EndedBy.CUSTOMER if step.cause != 41 else EndedBy.SYSTEM
            result, refusal = _why(step)
            return end_call(live, at, step.cause, by, result, refusal)
        case rc.Elsewhere():
            return end_call(live, at, 1, EndedBy.SYSTEM, Result.REFUSED, "invalid_number")
        case _:
            return replace(live, stage=Dialing(caller, step))


def _why(failed: rc.Failed) -> tuple[Result, str | None]:
    if isinstance(failed.plan, AgentPlan):
        result = NOBODY.get(BRANCHES.get(failed.reason, failed.reason), Result.NO_ANSWER)
        return result, failed.reason if failed.reason.startswith("agent_") else None
    return unanswered_result(failed.cause), None
