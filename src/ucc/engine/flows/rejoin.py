"""A page that is loaded again in a call: the agent's new page is called at once, answers by itself, and takes the place
of the leg that fell silent. The customer stays where it is."""

from __future__ import annotations

from dataclasses import replace

from ucc.engine import events as ev
from ucc.engine import reach as rc
from ucc.engine.state import Facts, Live, Rejoin, Talking


def decide(live: Live, stage: Talking, event: ev.CallEvent) -> Live | None:
    """None: the event is none of a rejoin."""
    rejoin = stage.rejoin
    match event:
        case ev.RejoinRequested(leg=leg):
            return _begin(live, stage, leg, event.at)
        case ev.LegAnswered(leg=leg) if rejoin is not None and leg == rejoin.leg:
            return _swap(live, stage, rejoin, event.at)
        case ev.LegEnded(leg=leg) if rejoin is not None and leg == rejoin.leg:
            return replace(live, stage=replace(stage, rejoin=None))
        case _:
            return None


def drop(facts: Facts, stage: Talking, at: float) -> Facts:
    """The one who was to come back is not awaited any more."""
    return facts if stage.rejoin is None else facts.drop_leg(stage.rejoin.leg, at)


def _begin(live: Live, stage: Talking, leg: str, at: float) -> Live:
    one = next((x for x in stage.participants if x.leg == leg), None)
    found = live.facts.leg(leg)
    if stage.rejoin is not None or one is None or one.agent is None or found is None or found.is_line:
        return live
    asking = rc.Asking(live.facts.caller, found.party, is_auto_answered=True)
    facts, name = rc.add_agent_leg(live.facts, replace(one.agent, line=None), asking, at)
    return replace(live, facts=facts, stage=replace(stage, rejoin=Rejoin(leg, name)))


def _swap(live: Live, stage: Talking, rejoin: Rejoin, at: float) -> Live:
    participants = tuple(replace(x, leg=rejoin.leg) if x.leg == rejoin.old else x for x in stage.participants)
    muted = tuple(rejoin.leg if x == rejoin.old else x for x in stage.muted)
    errand = stage.errand
    if errand is not None and errand.by == rejoin.old:
        errand = replace(errand, by=rejoin.leg)
    after = replace(stage, participants=participants, muted=muted, errand=errand, rejoin=None)
    return replace(live, facts=live.facts.drop_leg(rejoin.old, at), stage=after)
