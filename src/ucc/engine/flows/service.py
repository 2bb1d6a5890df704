"""Calls without a customer: feature codes, nailed-up lines (长签); and a machine that calls: the verification code."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from ucc.engine import events as ev
from ucc.engine import reach as rc
from ucc.engine.cause import unanswered_result
from ucc.engine.effects import GiveLeg
from ucc.engine.ending import end_call
from ucc.engine.record import Direction, EndedBy, Party, Result
from ucc.engine.spoken import CODE
from ucc.engine.state import Ended, Facts, Line, Live, Prompt, ReadingCode, Serving
from ucc.engine.target import RecordingMode, RecordingPolicy

LINE_ANSWER_S = 20.0
READINGS = 2
MAX_READINGS = 6
LISTEN_S = 6.0


# --- feature codes ----------------------------------------------------------------------------------------------------


def serve(live: Live, agent_leg: str, event: ev.FeatureFound) -> Live | Ended:
    """What the office found behind a feature code: something to hear, a line, or a call to join."""
    facts = replace(
        live.facts,
        tenant_id=event.tenant_id,
        agent_id=event.agent.agent_id,
        direction=Direction.INTERNAL,
        is_unrecorded=True,
        language=event.language,
    )
    facts = facts.change_leg(agent_leg, agent_id=event.agent.agent_id)
    leg = facts.leg(agent_leg)
    if event.give_to is not None and leg is not None:
        live = replace(live, facts=facts.change_leg(agent_leg, ended_at=event.at, is_gone=True))
        ended = end_call(live, event.at, 16, EndedBy.SYSTEM, Result.ANSWERED)
        return replace(ended, once=(GiveLeg(event.give_to, agent_leg, event.agent),))
    facts = facts.answer_leg(agent_leg)
    if event.is_line:
        return replace(live, facts=facts, stage=Line(event.agent, agent_leg))
    facts = facts.bump()
    prompt = Prompt(f"p{facts.serial}", event.sounds)
    return replace(live, facts=facts, stage=Serving(agent_leg, event.agent, event.code, prompt))


def decide_serving(live: Live, stage: Serving, event: ev.CallEvent) -> Live | Ended:
    match event:
        case ev.LegEnded(leg=leg) if leg == stage.agent_leg:
            return end_call(live, event.at, event.cause, EndedBy.AGENT, Result.ANSWERED)
        case ev.PromptEnded(playback=playback) if stage.prompt is not None and playback == stage.prompt.playback:
            return end_call(live, event.at, 16, EndedBy.SYSTEM, Result.ANSWERED)
        case _:
            return live


# --- nailed-up lines --------------------------------------------------------------------------------------------------


def request_line(call_id: UUID, event: ev.LineRequested) -> Live:
    agent = replace(event.agent, line=None)
    facts = Facts(
        call_id,
        Direction.INTERNAL,
        agent.extension,
        agent.extension,
        event.at,
        tenant_id=event.tenant_id,
        agent_id=agent.agent_id,
        is_unrecorded=True,
    )
    facts, leg = rc.add_agent_leg(facts, agent, rc.Asking(agent.extension, is_auto_answered=True), event.at)
    return Live(facts, Line(agent, leg, event.at + LINE_ANSWER_S))


def decide_line(live: Live, stage: Line, event: ev.CallEvent) -> Live | Ended:
    match event:
        case ev.LegEnded(leg=leg) if leg == stage.agent_leg:
            return end_call(live, event.at, event.cause, EndedBy.AGENT, Result.ANSWERED)
        case ev.LegAnswered(leg=leg) if leg == stage.agent_leg:
            return replace(live, stage=replace(stage, until=None))
        case ev.LegHeld(leg=leg) if leg == stage.agent_leg:
            return replace(live, stage=replace(stage, is_held=event.is_held))
        case ev.TimerFired(name="line") if stage.until is not None:
            return end_call(live, event.at, 19, EndedBy.SYSTEM, Result.NO_ANSWER)
        case _:
            return live


# --- verification code ------------------------------------------------------------------------------------------------


def request_code(call_id: UUID, event: ev.CodeRequested) -> Live:
    """Dial the number that the code is for."""
    plan = event.plan
    facts = Facts(
        call_id,
        Direction.OUTBOUND,
        plan.caller_id,
        plan.callee,
        event.at,
        tenant_id=event.tenant_id,
        trunk_id=plan.routes[0].trunk_id,
        language=event.language,
        policy=RecordingPolicy(RecordingMode.FORBIDDEN),  # a code is not to be heard again
    )
    facts, step = rc.take(facts, plan, rc.Asking(plan.caller_id, Party.CUSTOMER), event.at)
    assert not isinstance(step, rc.Reached | rc.Failed | rc.Elsewhere)
    return Live(facts, ReadingCode(step, None))


def decide_reading(live: Live, stage: ReadingCode, event: ev.CallEvent) -> Live | Ended:
    if stage.reach is not None:
        return _dial_reader(live, stage, event)
    match event:
        case ev.LegEnded(leg=leg) if leg == stage.customer:
            return end_call(live, event.at, event.cause, EndedBy.CUSTOMER, Result.ANSWERED)
        case ev.PromptEnded(playback=playback) if stage.prompt is not None and playback == stage.prompt.playback:
            stage = replace(stage, prompt=None, is_heard=True)
            if stage.times < READINGS:
                return _read(live, stage)
            return replace(live, stage=replace(stage, until=event.at + LISTEN_S))
        case ev.KeyPressed(leg=leg, key="1") if leg == stage.customer and stage.times < MAX_READINGS:
            return _read(live, replace(stage, until=None))
        case ev.TimerFired(name="reading") if stage.until is not None:
            return end_call(live, event.at, 16, EndedBy.SYSTEM, Result.ANSWERED)
        case _:
            return live


def _dial_reader(live: Live, stage: ReadingCode, event: ev.CallEvent) -> Live | Ended:
    assert stage.reach is not None
    facts, step = rc.step(stage.reach, live.facts, event, rc.Asking(live.facts.caller, Party.CUSTOMER))
    live = replace(live, facts=facts)
    match step:
        case rc.Reached():
            facts = replace(facts, answered_at=event.at, connected_at=event.at)
            return _read(replace(live, facts=facts), replace(stage, reach=None, customer=step.leg))
        case rc.Failed():
            return end_call(live, event.at, step.cause, EndedBy.CUSTOMER, unanswered_result(step.cause))
        case rc.Elsewhere():
            return end_call(live, event.at, 1, EndedBy.SYSTEM, Result.REFUSED, "invalid_number")
        case _:
            return replace(live, stage=replace(stage, reach=step))


def _read(live: Live, stage: ReadingCode) -> Live:
    facts = live.facts.bump()
    prompt = Prompt(f"p{facts.serial}", ("verification_code_is", CODE, "verification_repeat"))
    return replace(live, facts=facts, stage=replace(stage, prompt=prompt, times=stage.times + 1))
