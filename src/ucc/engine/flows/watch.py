"""Supervision: 监听 listen, 耳语 whisper, 三方 barge, 抢接 take over. Modes change without hanging up; a call that goes
elsewhere keeps its watchers, who hear it again when an agent talks."""

from __future__ import annotations

from dataclasses import replace

from ucc.engine import events as ev
from ucc.engine import reach as rc
from ucc.engine.ending import count_hold
from ucc.engine.flows import rejoin
from ucc.engine.record import Party
from ucc.engine.state import Live, Participant, Talking, Watch

TAKE_OVER = "take_over"


def decide(live: Live, event: ev.CallEvent) -> Live | None:
    """What a supervisor's request or leg changes; None: the event is none of these."""
    match event:
        case ev.WatchRequested():
            return _request(live, event)
        case ev.WatchEnded(agent_id=agent_id) if (found := _of_agent(live, agent_id)) is not None:
            return _end(live, found, event.at)
        case ev.AgentRefused(agent_id=agent_id) if agent_id is not None and (found := _of_agent(live, agent_id)):
            return _end(live, found, event.at)
        case ev.LegEnded(leg=leg) if (lost := _of_leg(live, leg)) is not None:
            return replace(live, watches=tuple(x for x in live.watches if x != lost))
        case ev.LegAnswered(leg=leg) if (one := _of_leg(live, leg)) is not None:
            return _take_over(live, one, event.at) if one.mode == TAKE_OVER else live
        case _:
            return None


def _request(live: Live, event: ev.WatchRequested) -> Live:
    if not isinstance(live.stage, Talking):
        return live
    found = _of_agent(live, event.supervisor.agent_id)
    if found is None:
        asking = rc.Asking(live.facts.caller, Party.SUPERVISOR, is_auto_answered=True)
        facts, leg = rc.add_agent_leg(live.facts, event.supervisor, asking, event.at)
        return replace(live, facts=facts, watches=(*live.watches, Watch(event.supervisor, leg, event.mode)))
    changed = replace(found, mode=event.mode)
    live = replace(live, watches=tuple(changed if x == found else x for x in live.watches))
    if event.mode == TAKE_OVER and live.facts.is_up(found.leg):
        return _take_over(live, changed, event.at)
    return live


def _take_over(live: Live, watch: Watch, at: float) -> Live:
    """The supervisor replaces whoever talks on our side."""
    stage = live.stage
    if not isinstance(stage, Talking):
        return live
    facts = rejoin.drop(count_hold(live, live.facts, at), stage, at)
    if stage.errand is not None:
        facts = rc.drop(stage.errand.reach, facts, at)
        if stage.errand.reached is not None:
            facts = facts.drop_leg(stage.errand.reached.leg, at)
    for one in stage.participants:
        facts = facts.drop_leg(one.leg, at)
    participant = Participant(watch.leg, watch.agent, watch.agent.name)
    watches = tuple(x for x in live.watches if x != watch)
    return replace(live, facts=facts, stage=Talking(stage.customer, (participant,)), watches=watches)


def _end(live: Live, watch: Watch, at: float) -> Live:
    watches = tuple(x for x in live.watches if x != watch)
    return replace(live, facts=live.facts.drop_leg(watch.leg, at), watches=watches)


def _of_agent(live: Live, agent_id: int) -> Watch | None:
    return next((x for x in live.watches if x.agent.agent_id == agent_id), None)


def _of_leg(live: Live, leg: str) -> Watch | None:
    return next((x for x in live.watches if x.leg == leg), None)
