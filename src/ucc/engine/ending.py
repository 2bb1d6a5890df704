"""How every call ends: legs hung up, one finished call to be saved; the capture ends with its leg."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid5

from ucc.engine.record import Direction, EndedBy, FinishedCall, LegRecord, RecordingPurpose, RecordingRecord, Result
from ucc.engine.state import Ended, Facts, Live, Queued, ReadingCode, Recording, Ringing, Seeking, Talking
from ucc.engine.target import QueuePlan


def end_call(live: Live, at: float, cause: int, by: EndedBy, result: Result, refusal: str | None = None) -> Ended:
    """End the call at `at`. Legs still up are hung up with `cause`; a call of no tenant leaves no record."""
    facts = count_wait(live, count_hold(live, live.facts, at), at)
    for leg in facts.live_legs:
        facts = facts.drop_leg(leg.leg, at, cause)
    stage = live.stage
    finished = None
    if facts.tenant_id is not None and not facts.is_unrecorded:
        finished = finish(facts, facts.tenant_id, at, cause, by, result, refusal)
        if isinstance(stage, ReadingCode):
            finished = replace(finished, is_heard=stage.is_heard)
    return Ended(facts.call_id, facts.tenant_id, facts, finished)


def result_so_far(facts: Facts) -> Result:
    """What a call that is ended from outside has come to."""
    if facts.connected_at is not None:
        return Result.ANSWERED
    return Result.ABANDONED if facts.direction is Direction.INBOUND else Result.CANCELLED


def count_hold(live: Live, facts: Facts, at: float) -> Facts:
    """Add the hold that is going on."""
    stage = live.stage
    if isinstance(stage, Talking) and stage.held_since is not None:
        return replace(facts, held_s=facts.held_s + max(0.0, at - stage.held_since))
    return facts


def count_wait(live: Live, facts: Facts, at: float) -> Facts:
    """Add the wait in a queue that is going on."""
    reach = live.stage.reach if isinstance(live.stage, Seeking) else None
    if isinstance(reach, Queued) or (isinstance(reach, Ringing) and isinstance(reach.plan, QueuePlan)):
        return replace(facts, waited_s=facts.waited_s + max(0.0, at - reach.since))
    return facts


def finish(
    facts: Facts, tenant_id: int, at: float, cause: int, by: EndedBy, result: Result, refusal: str | None
) -> FinishedCall:
    """The call as it is remembered. Times never run backwards, whatever order the switch told them in."""
    ended_at = max([at, facts.started_at, facts.answered_at or 0.0])
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
        legs=_legs(facts, ended_at),
        recordings=_recordings(facts, ended_at),
        held_s=facts.held_s,
        waited_s=facts.waited_s,
        keys=facts.keys,
    )


def _legs(facts: Facts, ended_at: float) -> tuple[LegRecord, ...]:
    return tuple(
        LegRecord(
            leg_id=uuid5(facts.call_id, f"{index}"),
            kind=leg.kind,
            party=leg.party,
            address=leg.address,
            started_at=leg.started_at,
            ended_at=max(leg.started_at, leg.ended_at if leg.ended_at is not None else ended_at),
            agent_id=leg.agent_id,
            trunk_id=leg.trunk_id,
            number=leg.number,
            sip_call_id=leg.sip_call_id,
            ringing_at=leg.ringing_at,
            answered_at=leg.answered_at,
            cause=leg.cause,
        )
        for index, leg in enumerate(facts.legs)
    )


def _recordings(facts: Facts, ended_at: float) -> tuple[RecordingRecord, ...]:
    """One for each leg that was captured, however often that began; and the message that was left. A part that failed
    is told of only when there is no other."""
    records: list[RecordingRecord] = []
    for sip_call_id in dict.fromkeys(x.sip_call_id for x in facts.recordings):
        parts = [x for x in facts.recordings if x.sip_call_id == sip_call_id]
        parts = [x for x in parts if x.failure is None] or parts
        stretches = tuple((x.started_at, _end(x, ended_at)) for x in parts)
        name = "recording" if not records else f"recording {len(records)}"
        records.append(
            RecordingRecord(
                uuid5(facts.call_id, name),
                sip_call_id,
                stretches[0][0],
                stretches[-1][1],
                parts[0].failure,
                stretches=stretches if len(stretches) > 1 else (),
            )
        )
    if (message := facts.message) is not None:
        records.append(
            RecordingRecord(
                uuid5(facts.call_id, "voicemail"),
                message.sip_call_id,
                message.started_at,
                _end(message, ended_at),
                message.failure,
                RecordingPurpose.VOICEMAIL,
                box_id=message.box_id,
            )
        )
    return tuple(records)


def _end(one: Recording, ended_at: float) -> float:
    return max(one.started_at, one.ended_at if one.ended_at is not None else ended_at)
