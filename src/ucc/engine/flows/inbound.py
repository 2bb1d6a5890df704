"""Inbound: DID -> IVR -> queue, agent, number, voicemail. A caller is never lost while anybody may come."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from ucc.engine import events as ev
from ucc.engine import ivr
from ucc.engine import reach as rc
from ucc.engine.effects import AgentTarget
from ucc.engine.ending import count_wait, end_call
from ucc.engine.flows import talk
from ucc.engine.leg import Leg
from ucc.engine.record import Direction, EndedBy, Party, Result
from ucc.engine.state import (
    Announcing,
    Claiming,
    Ended,
    Facts,
    Finding,
    LeavingMessage,
    Live,
    Menu,
    Parked,
    Participant,
    Prompt,
    Queued,
    Recording,
    RoutingInbound,
    Seeking,
)
from ucc.engine.target import (
    AgentPlan,
    MenuPlan,
    Plan,
    QueuePlan,
    RecordingPolicy,
    ToAgent,
    ToQueue,
    VoicemailPlan,
)

ANNOUNCEMENT_LIMIT_S = 30.0
GREETING_LIMIT_S = 120.0
PICK_UP_RING_S = 20.0
MAX_HOPS = 5
NOBODY = {
    "timed_out": Result.TIMED_OUT,
    "overflowed": Result.OVERFLOWED,
    "no_agents": Result.NO_AGENTS,
    "closed": Result.CLOSED,
    "busy": Result.BUSY,
    "offline": Result.NO_AGENTS,
    "unreachable": Result.NO_ANSWER,
    "no_answer": Result.NO_ANSWER,
    "declined": Result.REJECTED,
    "rejected": Result.REJECTED,
    "invalid": Result.INVALID,
    "line_fault": Result.LINE_FAULT,
}
BRANCHES = {
    "agent_busy": "busy",
    "agent_paused": "busy",
    "agent_offline": "offline",
    "agent_unreachable": "unreachable",
    "invalid_number": "invalid",
    "rejected": "declined",
}
SPOKEN = {
    Result.VOICEMAIL: "message_saved",
    Result.INVALID: "not_reached",
    Result.CLOSED: "closed",
    Result.TIMED_OUT: "timed_out",
    Result.OVERFLOWED: "agents_busy",
    Result.BUSY: "agents_busy",
    Result.NO_ANSWER: "not_reached",
    Result.REJECTED: "not_reached",
    Result.LINE_FAULT: "not_reached",
}


def arrive(call_id: UUID, event: ev.CallArrived) -> Live:
    """A trunk brings a call."""
    leg = Leg(event.leg, event.kind, Party.CUSTOMER, event.address, event.at, sip_call_id=event.sip_call_id)
    facts = Facts(call_id, Direction.INBOUND, event.caller, event.callee, event.at, legs=(leg,))
    return Live(facts, RoutingInbound(event.leg))


def lose_customer(live: Live, event: ev.LegEnded) -> Ended:
    """The customer hung up."""
    stage = live.stage
    match stage:
        case _ if live.facts.connected_at is not None:
            result = Result.ANSWERED
        case Menu():
            result = _ended_in_menu(live, stage.outcome)
        case Announcing():
            result = stage.result
        case LeavingMessage() if live.facts.message is not None:
            result = Result.VOICEMAIL
        case _:
            result = Result.ABANDONED
    return end_call(live, event.at, event.cause, EndedBy.CUSTOMER, result)


# --- route and menu ---------------------------------------------------------------------------------------------------


def decide_routing(live: Live, stage: RoutingInbound, event: ev.CallEvent) -> Live | Ended:
    match event:
        case ev.LegEnded(leg=leg) if leg == stage.customer:
            return lose_customer(live, event)
        case ev.InboundRouteFound():
            facts = replace(
                live.facts,
                tenant_id=event.tenant_id,
                did_id=event.did_id,
                caller=event.caller,
                callee=event.callee,
                policy=event.recording,
                language=event.language,
                limits=event.limits,
            )
            live = replace(live, facts=facts)
            return enter_menu(live, stage.customer, MenuPlan(event.tree, event.known), event.at)
        case _:
            return live


def enter_menu(live: Live, customer: str, plan: MenuPlan, at: float, outcome: Result | None = None) -> Live | Ended:
    facts = live.facts.bump()
    step = ivr.begin(plan.tree, plan.caller, at, f"m{facts.serial}.")
    return _follow(replace(live, facts=facts), customer, step, at, outcome)


def decide_menu(live: Live, stage: Menu, event: ev.CallEvent) -> Live | Ended:
    if isinstance(event, ev.LegEnded) and event.leg == stage.customer:
        return lose_customer(live, event)
    step = ivr.step(stage.run, event, event.at)
    return live if step is stage.run else _follow(live, stage.customer, step, event.at, stage.outcome)


def _follow(live: Live, customer: str, step: ivr.Step, at: float, outcome: Result | None = None) -> Live | Ended:
    match step:
        case ivr.Run():
            return replace(live, facts=live.facts.answer_leg(customer), stage=Menu(customer, step, outcome))
        case ivr.Exit(target=None):
            refusal = step.why if step.why in ("endless", "dangling") else None
            return end_call(live, at, 16, EndedBy.SYSTEM, _ended_in_menu(live, outcome), refusal)
        case ivr.Exit(target=target):
            assert target is not None
            facts, reach = rc.find(live.facts, target)
            return replace(live, facts=facts, stage=Seeking(customer, reach, step.exits, step.run))


def _ended_in_menu(live: Live, outcome: Result | None) -> Result:
    if live.facts.connected_at is not None:
        return Result.ANSWERED
    return Result.VOICEMAIL if live.facts.message is not None else outcome or Result.MENU


# --- seeking ----------------------------------------------------------------------------------------------------------


def decide_seeking(live: Live, stage: Seeking, event: ev.CallEvent) -> Live | Ended:
    match event:
        case ev.LegEnded(leg=leg) if leg == stage.customer:
            return lose_customer(live, event)
        case ev.PickUpRequested():
            return _pick_up(live, stage, event.agent, event.at)
        case ev.LegGiven():
            facts = rc.drop(stage.reach, count_wait(live, live.facts, event.at), event.at, rc.ANSWERED_ELSEWHERE)
            return _take_leg(replace(live, facts=facts), stage.customer, event)
    facts, step = rc.step(stage.reach, live.facts, event, rc.asking_for(live.facts))
    return _go_on(replace(live, facts=facts), stage, step, event.at, live)


def _go_on(live: Live, stage: Seeking, step: rc.Step, at: float, before: Live) -> Live | Ended:
    match step:
        case rc.Reached():
            participant = Participant(step.leg, step.agent, step.label)
            facts = _heed(live.facts, step.plan, step.agent)
            return talk.enter(live, count_wait(before, facts, at), stage.customer, (participant,), at)
        case rc.Failed():
            live = replace(live, facts=count_wait(before, live.facts, at))
            return _fail(live, stage, step, at)
        case rc.Elsewhere():
            return go_elsewhere(live, stage.customer, step.plan, at, stage.run)
        case Queued(plan=plan):
            facts = _heed(live.facts.answer_leg(stage.customer), plan)
            return replace(live, facts=facts, stage=replace(stage, reach=step))
        case Claiming(plan=claimed):
            return replace(live, facts=_heed(live.facts, claimed), stage=replace(stage, reach=step))
        case _:
            return replace(live, stage=replace(stage, reach=step))


def _heed(facts: Facts, plan: Plan, agent: AgentTarget | None = None) -> Facts:
    """The recording policy of whom the call goes to: the agent's over the queue's; that of a talk stays for good."""
    policy: RecordingPolicy | None = None
    match plan:
        case QueuePlan() if agent is not None:
            policy = plan.agent_recording.get(agent.agent_id)
        case QueuePlan() | AgentPlan():
            policy = plan.recording
    return replace(facts, policy=policy) if policy is not None and facts.connected_at is None else facts


def _fail(live: Live, stage: Seeking, failed: rc.Failed, at: float) -> Live | Ended:
    """Where the call goes when nobody came."""
    run, reason = stage.run, BRANCHES.get(failed.reason, failed.reason)
    if run is not None and ivr.has_branch(run, reason):
        return _follow(live, stage.customer, ivr.resume(run, reason, at), at, NOBODY.get(reason, Result.NO_AGENTS))
    overflow = failed.plan.overflow if isinstance(failed.plan, QueuePlan | AgentPlan) else None
    if overflow is not None and stage.hops < MAX_HOPS:
        facts, reach = rc.find(live.facts, overflow)
        return replace(live, facts=facts, stage=Seeking(stage.customer, reach, back=stage.back, hops=stage.hops + 1))
    if stage.back is not None:
        facts, reach = rc.find(live.facts, ToAgent(stage.back.agent_id))
        return replace(live, facts=facts, stage=Seeking(stage.customer, reach, hops=stage.hops))
    why = NOBODY.get(reason, Result.NO_AGENTS)
    result = Result.ANSWERED if live.facts.connected_at is not None else why
    leg = live.facts.leg(stage.customer)
    if leg is not None and leg.answered_at is None and not leg.is_wanted_answered:
        return end_call(live, at, failed.cause, EndedBy.SYSTEM, result, None if reason in NOBODY else failed.reason)
    return announce(live, stage.customer, result, at, why)


def announce(live: Live, customer: str, result: Result, at: float, why: Result | None = None) -> Live:
    facts = live.facts.answer_leg(customer).bump()
    prompt = Prompt(f"p{facts.serial}", (SPOKEN.get(why or result, "no_agents"),))
    return replace(live, facts=facts, stage=Announcing(customer, prompt, result, at + ANNOUNCEMENT_LIMIT_S))


def decide_announcing(live: Live, stage: Announcing, event: ev.CallEvent) -> Live | Ended:
    match event:
        case ev.LegEnded(leg=leg) if leg == stage.customer:
            return lose_customer(live, event)
        case ev.PromptEnded(playback=playback) if playback == stage.prompt.playback:
            return end_call(live, event.at, 16, stage.by, stage.result)
        case ev.TimerFired(name="announcement"):
            return end_call(live, event.at, 16, stage.by, stage.result)
        case _:
            return live


# --- elsewhere: voicemail, another menu -------------------------------------------------------------------------------


def go_elsewhere(
    live: Live, customer: str, plan: VoicemailPlan | MenuPlan, at: float, run: ivr.Run | None = None
) -> Live | Ended:
    match plan:
        case MenuPlan():
            return enter_menu(live, customer, plan, at)
        case VoicemailPlan() if live.facts.message is not None:
            if run is not None and ivr.has_branch(run, "full"):
                return _follow(live, customer, ivr.resume(run, "full", at), at)
            return announce(live, customer, Result.VOICEMAIL, at)  # one message in a call
        case VoicemailPlan():
            facts = live.facts.answer_leg(customer).bump()
            prompt = Prompt(f"p{facts.serial}", plan.greeting)
            after = LeavingMessage(customer, plan, prompt, at + GREETING_LIMIT_S, run)
            return replace(live, facts=facts, stage=after)


def decide_message(live: Live, stage: LeavingMessage, event: ev.CallEvent) -> Live | Ended:
    match event:
        case ev.LegEnded(leg=leg) if leg == stage.customer:
            return lose_customer(live, event)
        case ev.PromptEnded(playback=playback) if stage.prompt is not None and playback == stage.prompt.playback:
            return _begin_message(live, stage, event.at)
        case ev.TimerFired(name="message") if stage.prompt is not None:
            return _begin_message(live, stage, event.at)
        case ev.TimerFired(name="message"):
            return _end_message(live, stage, event.at)
        case ev.KeyPressed(leg=leg, key="#") if leg == stage.customer and stage.prompt is None:
            return _end_message(live, stage, event.at)
        case _:
            return live


def _begin_message(live: Live, stage: LeavingMessage, at: float) -> Live:
    facts, customer = live.facts, live.facts.leg(stage.customer)
    if customer is not None and customer.sip_call_id is not None:
        facts = replace(facts, message=Recording(customer.sip_call_id, at, box_id=stage.plan.box_id))
    return replace(live, facts=facts, stage=replace(stage, prompt=None, until=at + stage.plan.max_s))


def _end_message(live: Live, stage: LeavingMessage, at: float) -> Live | Ended:
    """The tree goes on, or the caller hears that the message is kept."""
    facts = live.facts
    if facts.message is not None:
        live = replace(live, facts=replace(facts, message=replace(facts.message, ended_at=at)))
    if stage.run is not None and ivr.has_branch(stage.run, "done"):
        return _follow(live, stage.customer, ivr.resume(stage.run, "done", at), at)
    return announce(live, stage.customer, Result.VOICEMAIL, at)


# --- park, pick up ----------------------------------------------------------------------------------------------------


def decide_parked(live: Live, stage: Parked, event: ev.CallEvent) -> Live | Ended:
    match event:
        case ev.LegEnded(leg=leg) if leg == stage.customer:
            return lose_customer(live, event)
        case ev.PickUpRequested():
            return _pick_up(live, Seeking(stage.customer, Finding(ToAgent(0), 0)), event.agent, event.at, stage.by)
        case ev.LegGiven():
            return _take_leg(live, stage.customer, event)
        case ev.TimerFired(name="park"):
            if stage.by is None:
                return announce(live, stage.customer, Result.ANSWERED, event.at)
            facts, reach = rc.find(live.facts, ToAgent(stage.by.agent_id))
            return replace(live, facts=facts, stage=Seeking(stage.customer, reach))
        case _:
            return live


def _pick_up(
    live: Live, stage: Seeking, agent: AgentTarget, at: float, back: AgentTarget | None = None
) -> Live | Ended:
    """Ring the one who picks up; when that fails, the call seeks as before."""
    facts = rc.drop(stage.reach, count_wait(live, live.facts, at), at, rc.ANSWERED_ELSEWHERE)
    overflow = ToQueue(facts.queue_id) if facts.queue_id is not None and back is None else None
    plan = AgentPlan(agent, PICK_UP_RING_S, overflow=overflow, is_auto_answered=True, is_forced=True)
    facts, step = rc.take(facts, plan, rc.asking_for(facts), at)
    after = replace(live, facts=facts)
    return _go_on(after, replace(stage, back=back or stage.back), step, at, after)


def _take_leg(live: Live, customer: str, event: ev.LegGiven) -> Live:
    """A colleague's own leg, handed over by its call."""
    facts = live.facts.with_leg(event.leg).answer_leg(event.leg.leg)
    return talk.enter(live, facts, customer, (Participant(event.leg.leg, event.agent, event.agent.name),), event.at)
