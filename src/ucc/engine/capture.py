"""Which capture the recording policy wants now: of the customer's leg (of the caller's in an internal call), from
ring-back or from answer, never when it is forbidden. Voicemail is kept apart: it records whatever the policy says."""

from __future__ import annotations

from dataclasses import replace

from ucc.engine.effects import DialAgent
from ucc.engine.leg import Leg
from ucc.engine.record import Direction
from ucc.engine.state import Dialing, Facts, Line, Live, Recording, Ringing, Seeking, Serving
from ucc.engine.target import RecordingMode, RecordingStart


def settle(live: Live, at: float) -> Facts:
    """The facts with captures begun, paused and ended as wanted at `at`."""
    facts = live.facts
    leg = _recorded_leg(live)
    wanted = leg.sip_call_id if leg is not None and _is_wanted(facts) and _has_begun(live, leg) else None
    current = facts.recording
    if current is not None and current.sip_call_id != wanted:
        facts = _change(facts, replace(current, ended_at=at, is_paused=False))
        current = None
    if wanted is not None and current is None:
        current = Recording(wanted, at)
        facts = replace(facts, recordings=(*facts.recordings, current))
    if current is not None:
        is_paused = facts.is_recording_paused and facts.policy.can_pause
        if is_paused != current.is_paused:
            facts = _change(facts, replace(current, is_paused=is_paused))
    return facts


def ask(facts: Facts, action: str) -> Facts:
    """What an agent asks of the recording, as far as the policy lets it."""
    mode = facts.policy.mode
    match action:
        case "start" if mode in (RecordingMode.ON_DEMAND, RecordingMode.AUTOMATIC):
            return replace(facts, is_recording_asked=True)
        case "stop" if mode in (RecordingMode.ON_DEMAND, RecordingMode.AUTOMATIC):
            return replace(facts, is_recording_asked=False)
        case "pause" if facts.policy.can_pause:
            return replace(facts, is_recording_paused=True)
        case "resume":
            return replace(facts, is_recording_paused=False)
        case _:
            return facts


def _recorded_leg(live: Live) -> Leg | None:
    facts, stage = live.facts, live.stage
    if isinstance(stage, Line | Serving):
        return None
    if facts.direction is Direction.INTERNAL:
        return next((x for x in facts.live_legs if isinstance(x.made_by, DialAgent) and x.made_by.is_captured), None)
    match stage:
        case Dialing(reach=Ringing(offers=(one, *_))):
            return facts.leg(one.leg)
        case Dialing():
            return None
        case _:
            return facts.leg(getattr(stage, "customer", None))


def _is_wanted(facts: Facts) -> bool:
    match facts.policy.mode:
        case RecordingMode.FORCED:
            return True
        case RecordingMode.FORBIDDEN:
            return False
        case RecordingMode.ON_DEMAND:
            return facts.is_recording_asked is True
        case _:
            return facts.is_recording_asked is not False


def _has_begun(live: Live, leg: Leg) -> bool:
    if leg.ended_at is not None:
        return False
    if live.facts.direction is Direction.INTERNAL and live.facts.connected_at is None:
        return False
    if leg.answered_at is not None:
        return True
    if live.facts.policy.starts_at is not RecordingStart.RINGBACK:
        return False
    if leg.made_by is not None:
        return leg.ringing_at is not None or leg.early_media_at is not None
    return isinstance(live.stage, Seeking) and isinstance(live.stage.reach, Ringing)


def _change(facts: Facts, one: Recording) -> Facts:
    return replace(facts, recordings=(*facts.recordings[:-1], one))
