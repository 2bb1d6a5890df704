"""From what a call wanted to what it wants now: the effects between two states, in the order in which they must happen.

The floor hears of agents first; then what is over is undone, legs are picked up, hung up and made, captures begin, and
only then does anybody hear something new.
"""

from __future__ import annotations

from ucc.engine import effects as ef
from ucc.engine.leg import Leg
from ucc.engine.state import Ended, Live, Prompt
from ucc.engine.wants import Media, Music, Ring, Talk, Wants, Watching, wants

NOTHING = Wants()


def effects_between(
    before: Live | None, after: Live | Ended, at: float, *, is_resumed: bool = False
) -> tuple[ef.Effect, ...]:
    """`before` None: the call begins, or (`is_resumed`) a controller is back: legs exist, all else is done again."""
    old = wants(before) if before is not None else NOTHING
    new = wants(after) if isinstance(after, Live) else NOTHING
    effects: list[ef.Effect] = []
    effects += [x for x in after.once if isinstance(x, ef.SettleTransfer)]
    effects += _timers(old, new, at)
    effects += _floor(before, old, after, new)
    effects += _stop_media(after, old, new)
    effects += _legs(before, after, is_resumed)
    effects += _capture(after, old, new)
    effects += _start_media(after, old, new)
    effects += [ask for key, ask in new.asks.items() if old.asks.get(key) != ask]
    effects += [x for x in after.once if not isinstance(x, ef.SettleTransfer)]
    if isinstance(after, Ended) and after.finished is not None:
        effects.append(ef.SaveCall(after.finished))
    return tuple(effects)


def _timers(old: Wants, new: Wants, at: float) -> list[ef.Effect]:
    effects: list[ef.Effect] = [ef.CancelTimer(name) for name in old.timers if name not in new.timers]
    for name, until in new.timers.items():
        if old.timers.get(name) != until:
            effects.append(ef.StartTimer(name, max(0.0, round(until - at, 3))))
    return effects


def _floor(before: Live | None, old: Wants, after: Live | Ended, new: Wants) -> list[ef.Effect]:
    facts = after.facts
    tenant_id = facts.tenant_id if facts is not None else None
    if tenant_id is None or facts is None:
        return []
    effects: list[ef.Effect] = []
    if old.line != new.line:
        if new.line is not None:
            effects.append(ef.ReportLine(tenant_id, *new.line))
        elif old.line is not None:
            effects.append(ef.ReportLine(tenant_id, old.line[0], None))
    for agent_id in old.agents:
        if agent_id not in new.agents:
            last = [x for x in facts.legs if x.agent_id == agent_id]
            effects.append(ef.ReportAgent(tenant_id, agent_id, (last[-1].outcome if last else None) or "released"))
    is_same_queue = old.ticket and new.ticket and new.ticket.plan.queue_id == old.ticket.plan.queue_id
    if old.ticket is not None and not is_same_queue:
        effects.append(ef.LeaveQueue(tenant_id, old.ticket.plan.queue_id))
    for agent_id, work in new.agents.items():
        if old.agents.get(agent_id) != work:
            effects.append(ef.ReportAgent(tenant_id, agent_id, work))
    if new.ticket is not None and new.ticket != old.ticket:
        effects.append(new.ticket)
    return effects


# --- media ------------------------------------------------------------------------------------------------------------


def _stop_media(after: Live | Ended, old: Wants, new: Wants) -> list[ef.Effect]:
    effects: list[ef.Effect] = [ef.MuteLeg(leg, False) for leg in sorted(old.muted - new.muted) if _is_live(after, leg)]
    kept = {x.bridge for x in new.media.values() if isinstance(x, Talk)}
    leaving: dict[str, list[str]] = {}
    for leg, media in old.media.items():
        now = new.media.get(leg)
        if now == media or _is_same_watch(media, now):
            continue
        is_live = _is_live(after, leg)
        match media:
            case Watching():
                effects.append(ef.EndWatch(f"watch.{leg}", leg))
            case Talk(bridge) if is_live and bridge in kept:
                leaving.setdefault(bridge, []).append(leg)
            case Ring() if is_live and _was_up(after, leg):
                effects.append(ef.StopRinging(leg))
            case Music() if is_live:
                effects.append(ef.StopMusic(leg))
            case Prompt(playback) if is_live:
                effects.append(ef.StopPrompt(playback))
            case _:
                pass
    effects += [ef.UnbridgeLegs(tuple(legs), bridge) for bridge, legs in leaving.items()]
    gone = sorted({x.bridge for x in old.media.values() if isinstance(x, Talk)} - kept)
    effects += [ef.DestroyBridge(bridge) for bridge in gone]
    return effects


def _start_media(after: Live | Ended, old: Wants, new: Wants) -> list[ef.Effect]:
    effects: list[ef.Effect] = []
    joining: dict[str, list[str]] = {}
    language = after.facts.language if after.facts is not None else "zh"
    for leg, media in new.media.items():
        if old.media.get(leg) == media:
            continue
        match media:
            case Talk(bridge):
                joining.setdefault(bridge, []).append(leg)
            case Ring():
                effects.append(ef.RingLeg(leg))
            case Music(music):
                effects.append(ef.StartMusic(leg, music))
            case Prompt(playback, sounds):
                effects.append(ef.PlayPrompt(leg, playback, sounds, language))
            case Watching(watched, is_whispering) if _is_same_watch(old.media.get(leg), media):
                effects.append(ef.ChangeWatch(f"watch.{leg}", leg, is_whispering))
            case Watching(watched, is_whispering):
                effects.append(ef.WatchLeg(f"watch.{leg}", watched, leg, is_whispering))
    effects += [ef.BridgeLegs(tuple(legs), bridge) for bridge, legs in joining.items()]
    effects += [ef.MuteLeg(leg, True) for leg in sorted(new.muted - old.muted)]
    return effects


def _is_same_watch(one: Media | None, other: Media | None) -> bool:
    return isinstance(one, Watching) and isinstance(other, Watching) and one.leg == other.leg


def _is_live(after: Live | Ended, leg: str) -> bool:
    """Whether it is worth undoing anything on the leg: it stays, or it is a line that is given back."""
    found = after.facts.leg(leg) if after.facts is not None else None
    return found is not None and (found.is_live or (found.is_line and not found.is_gone))


def _was_up(after: Live | Ended, leg: str) -> bool:
    found = after.facts.leg(leg) if after.facts is not None else None
    return found is not None and found.answered_at is not None


# --- legs and captures ------------------------------------------------------------------------------------------------


def _legs(before: Live | None, after: Live | Ended, is_resumed: bool) -> list[ef.Effect]:
    facts = after.facts
    if facts is None:
        return []
    old = before.facts.legs if before is not None else facts.legs if is_resumed else ()
    effects: list[ef.Effect] = []
    for index, leg in enumerate(facts.legs):
        was = old[index] if index < len(old) else None
        if leg.is_live:
            if was is None:
                effects += _make(leg)
            if (
                leg.is_wanted_answered
                and leg.answered_at is None
                and (before is None or was is None or not was.is_wanted_answered)
            ):
                effects.append(ef.AnswerLeg(leg.leg))
        elif not leg.is_gone and (was is None or was.is_live):
            effects.append(ef.ReturnLine(leg.leg) if leg.is_line else ef.HangUpLeg(leg.leg, leg.cause))
    # Legs are hung up before new ones are made: an agent's phone takes one call at a time.
    return sorted(effects, key=lambda x: not isinstance(x, ef.HangUpLeg | ef.ReturnLine))


def _make(leg: Leg) -> list[ef.Effect]:
    if leg.is_line:
        return [ef.BorrowLine(leg.leg)]
    return [leg.made_by] if leg.made_by is not None else []


def _capture(after: Live | Ended, old: Wants, new: Wants) -> list[ef.Effect]:
    was, now = old.captured, new.captured
    effects: list[ef.Effect] = []
    if was is not None and (now is None or now[0] != was[0]) and _is_capturable(after, was[0]):
        effects.append(ef.StopRecording(was[0]))
    if now is not None and (was is None or was[0] != now[0]):
        effects.append(ef.StartRecording(now[0]))
        was = (now[0], False)
    if was is not None and now is not None and was[1] != now[1]:
        effects.append(ef.PauseRecording(now[0]) if now[1] else ef.ResumeRecording(now[0]))
    return effects


def _is_capturable(after: Live | Ended, sip_call_id: str) -> bool:
    """The capture of a leg that ends ends with it."""
    return after.facts is not None and any(x.sip_call_id == sip_call_id and x.is_live for x in after.facts.legs)
