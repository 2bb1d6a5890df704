"""What is live now: a snapshot, and the events that change it, numbered without gaps."""

from __future__ import annotations

import asyncio
from typing import Any

from ucc.engine.acd.model import Agent, Floor, Queue
from ucc.engine.record import Direction
from ucc.engine.state import (
    CallState,
    Ended,
    Finding,
    LeavingMessage,
    Line,
    Menu,
    New,
    Parked,
    Queued,
    ReadingCode,
    Ringing,
    Seeking,
    Serving,
    Talking,
)
from ucc.engine.state import Live as LiveCall

Json = dict[str, Any]
MAX_BEHIND = 2000


class Live:
    """The live view of every tenant of this controller. A listener that falls too far behind is dropped, and comes back
    for a new snapshot."""

    def __init__(self) -> None:
        self.seq = 0
        self.calls: dict[str, Json] = {}
        self.floors: dict[int, Floor] = {}
        self._listeners: set[asyncio.Queue[Json | None]] = set()

    def snapshot(self, tenant_ids: set[int] | None = None) -> Json:
        """All of it, or what belongs to some tenants."""
        floors = [floor for floor in self.floors.values() if tenant_ids is None or floor.tenant_id in tenant_ids]
        return {
            "seq": self.seq,
            "agents": [view_agent(floor.tenant_id, agent) for floor in floors for agent in floor.agents.values()],
            "queues": [view_queue(floor, queue) for floor in floors for queue in floor.queues.values()],
            "calls": [x for x in self.calls.values() if tenant_ids is None or x["tenant_id"] in tenant_ids],
        }

    def listen(self) -> asyncio.Queue[Json | None]:
        queue: asyncio.Queue[Json | None] = asyncio.Queue(MAX_BEHIND)
        self._listeners.add(queue)
        return queue

    def forget(self, queue: asyncio.Queue[Json | None]) -> None:
        self._listeners.discard(queue)

    def show_call(self, state: CallState) -> None:
        if isinstance(state, New):
            return
        if isinstance(state, Ended):
            gone = self.calls.pop(str(state.call_id), None)
            if gone is not None:
                self._tell("call.ended", gone["tenant_id"], "call", gone | {"state": "ended"})
            return
        if state.facts.tenant_id is not None and not isinstance(state.stage, Line):
            view = self._view_call(state)
            if self.calls.get(view["call_id"]) != view:
                self.calls[view["call_id"]] = view
                self._tell("call.changed", state.facts.tenant_id, "call", view)

    def show_floor(self, before: Floor, after: Floor) -> None:
        self.floors[after.tenant_id] = after
        tenant_id = after.tenant_id
        for agent_id, agent in after.agents.changes_since(before.agents):
            old = before.agents.get(agent_id)
            if agent is not None and (old is None or view_agent(tenant_id, old) != view_agent(tenant_id, agent)):
                self._tell("agent.changed", tenant_id, "agent", view_agent(tenant_id, agent))
        for queue_id, queue in after.queues.changes_since(before.queues):
            was = before.queues.get(queue_id)
            if queue is not None and (was is None or view_queue(before, was) != view_queue(after, queue)):
                self._tell("queue.changed", tenant_id, "queue", view_queue(after, queue))

    def _view_call(self, state: LiveCall) -> Json:
        facts = state.facts
        floor = self.floors.get(facts.tenant_id or 0)
        agent_id = _agent_of(state)
        agent = floor.agents.get(agent_id) if floor is not None and agent_id is not None else None
        queue = floor.queues.get(facts.queue_id) if floor is not None and facts.queue_id is not None else None
        return {
            "call_id": str(facts.call_id),
            "tenant_id": facts.tenant_id,
            "direction": facts.direction.value,
            "state": word_of(state),
            "caller": facts.caller,
            "callee": facts.callee,
            "queue_id": facts.queue_id,
            "queue_name": queue.name if queue else None,
            "agent_id": agent_id,
            "agent_name": agent.target.name if agent else None,
            "agent_ids": sorted({x.agent_id for x in facts.live_legs if x.agent_id is not None}),
            "started_at": facts.started_at,
            "answered_at": facts.answered_at,
            "connected_at": facts.connected_at,
        } | _view_talk(state)

    def _tell(self, kind: str, tenant_id: int, name: str, view: Json) -> None:
        self.seq += 1
        message = {"seq": self.seq, "tenant_id": tenant_id, "kind": kind, name: view}
        for queue in list(self._listeners):
            try:
                queue.put_nowait(message)
            except asyncio.QueueFull:
                self._listeners.discard(queue)
                queue.get_nowait()
                queue.put_nowait(None)


def word_of(state: LiveCall) -> str:
    """The one word for where a call is."""
    stage = state.stage
    match stage:
        case Menu():
            return "menu"
        case Seeking(reach=Ringing()):
            return "offering"
        case Seeking(reach=Finding()) if state.facts.answered_at is None:
            return "arriving"
        case Seeking():
            return "queued"
        case Talking() if stage.errand is not None:
            return "consulting"
        case Talking() if stage.held_since is not None:
            return "held"
        case Talking() if len(stage.participants) > 1:
            return "conference"
        case Talking() | ReadingCode(reach=None):
            return "talking"
        case Parked():
            return "parked"
        case LeavingMessage():
            return "voicemail"
        case Serving() | Line():
            return "serving"
        case _:
            if state.facts.direction is Direction.INBOUND:
                return "queued" if stage.kind == "announcing" else "arriving"
            return "dialing"


def _agent_of(state: LiveCall) -> int | None:
    """Whom the call is with now: who talks, else who rings, else who made it."""
    stage = state.stage
    match stage:
        case Talking():
            now = next((x.agent for x in stage.participants if x.agent is not None), None)
            return now.agent_id if now is not None else state.facts.agent_id
        case Seeking(reach=Ringing(offers=offers)):
            ringing = next((x.agent for x in offers if x.agent is not None), None)
            return ringing.agent_id if ringing is not None else state.facts.agent_id
        case _:
            return state.facts.agent_id


def _view_talk(state: LiveCall) -> Json:
    stage, facts = state.stage, state.facts
    talking = stage if isinstance(stage, Talking) else None
    recording = facts.recording
    return {
        "is_held": talking is not None and talking.held_since is not None,
        "held_since": talking.held_since if talking is not None else None,
        "is_muted": talking is not None and any(x.leg in talking.muted for x in talking.participants),
        "consult": _view_consult(talking),
        "transfer_failure": talking.failure if talking is not None else None,
        "watchers": [{"agent_id": x.agent.agent_id, "name": x.agent.name, "mode": x.mode} for x in state.watches],
        "recording": {
            "is_on": recording is not None,
            "is_paused": recording is not None and recording.is_paused,
            "policy": facts.policy.mode.value,
            "can_pause": facts.policy.can_pause,
        },
        "park_slot": stage.slot if isinstance(stage, Parked) else None,
        "participants": [
            {"leg": x.leg, "label": x.label, "agent_id": x.agent.agent_id if x.agent is not None else None}
            for x in (talking.participants if talking is not None else ())
        ],
    }


def _view_consult(talking: Talking | None) -> Json | None:
    if talking is None or talking.errand is None:
        return None
    errand = talking.errand
    match errand.reach:
        case None:
            step = "talking"
        case Queued():
            step = "queued"
        case Ringing():
            step = "ringing"
        case _:
            step = "finding"
    return {
        "mode": "attended" if errand.is_attended else "blind",
        "step": step,
        "label": errand.reached.label if errand.reached is not None else _label(errand.target),
    }


def _label(target: object) -> str:
    return str(getattr(target, "number", ""))


def view_agent(tenant_id: int, agent: Agent) -> Json:
    return {
        "agent_id": agent.target.agent_id,
        "tenant_id": tenant_id,
        "name": agent.target.name,
        "work_number": agent.work_number,
        "extension": agent.target.extension,
        "presence": agent.presence.value,
        "reason": agent.reason,
        "state": agent.state,
        "detail": agent.detail,
        "is_line_up": agent.line is not None,
        "wrap_up_ends_at": agent.wrap_up_ends_at,
        "since": agent.since,
        "call_id": str(agent.call_id) if agent.call_id else None,
    }


def view_queue(floor: Floor, queue: Queue) -> Json:
    return {
        "queue_id": queue.queue_id,
        "tenant_id": floor.tenant_id,
        "name": queue.name,
        "waiting": queue.length,
        "ready_agents": len(queue.free),
        "serving_agents": queue.serving,
        "signed_in_agents": queue.signed_in,
    }
