"""`decide(floor, event) -> (floor, effects)`: the only way a floor changes.

Whatever was due by the time of the event happens first; at the end the free agents are given to those who wait.
"""

from __future__ import annotations

from typing import assert_never
from uuid import UUID

from ucc.engine.acd import events as ev
from ucc.engine.acd import presence, settings, waiting, work
from ucc.engine.acd.assign import assign
from ucc.engine.acd.draft import Draft
from ucc.engine.acd.effects import FloorEffect
from ucc.engine.acd.model import Floor, Work

Decision = tuple[Floor, tuple[FloorEffect, ...]]


def decide(floor: Floor, event: ev.FloorEvent) -> Decision:
    draft = Draft(floor, event.at)
    _pass_time(draft)
    _let_wait(draft)
    match event:
        case ev.WorkReported():
            work.report(draft, event)
        case ev.CallJoined():
            waiting.join(draft, event)
        case ev.CallLeft():
            waiting.leave(draft, event.call_id)
        case ev.PositionAsked():
            waiting.tell_position(draft, event.call_id)
        case ev.PresenceAsked():
            presence.ask(draft, event)
        case ev.AgentClaimed():
            work.claim(draft, event)
        case ev.WrapUpAsked():
            work.ask_wrap_up(draft, event)
        case ev.LineChanged():
            presence.change_line(draft, event)
        case ev.SettingsRead():
            settings.read_settings(draft, event)
        case ev.TimePassed():
            pass
        case _:
            assert_never(event)
    _let_wait(draft)
    assign(draft)
    return draft.freeze(), tuple(draft.effects)


def _let_wait(draft: Draft) -> None:
    """Calls whose agent is gone, or whose offer failed, wait for anybody."""
    for call_id in draft.unkept:
        if (kept := draft.waiting(call_id)) is not None and kept.kept_for is not None:
            waiting.wake(draft, kept)
    for call_id, ticket in draft.returned:
        waiting.put_back(draft, call_id, ticket)
    draft.unkept.clear()
    draft.returned.clear()


def _pass_time(draft: Draft) -> None:
    """Everything that is due by now, in the order of its time."""
    first, last = int(draft.floor.at), int(draft.at)
    alarms = draft.floor.alarms
    seconds = range(first, last + 1) if last - first < len(alarms) else sorted(x for x in alarms if x <= last)
    due = [alarm for second in seconds for alarm in alarms.get(second, ()) if alarm[0] <= draft.at]
    if len(due) > 1:
        due.sort(key=lambda alarm: (alarm[0], str(alarm[1])))
    for when, key in due:
        if isinstance(key, UUID):
            if (found := draft.waiting(key)) is not None:
                waiting.wake(draft, found)
        elif (agent := draft.agent(key)) is not None:
            if agent.work is Work.WRAP_UP:
                work.end_wrap_up(draft, agent, when)
            else:
                work.end_reservation(draft, agent)
