"""What is live now: a snapshot, and the events that change it, numbered without gaps."""

from __future__ import annotations

import asyncio
from typing import Any

from ucc.engine.floor import Agent, Floor, Queue
from ucc.engine.state import CallState, Ended, New, Offering, Talking

Json = dict[str, Any]
MAX_BEHIND = 2000
_STATES = {
    "routing_inbound": "arriving",
    "answering": "arriving",
    "waiting": "queued",
    "announcing": "queued",
    "offering": "offering",
    "routing_outbound": "dialing",
    "ringing_agent": "dialing",
    "dialing": "dialing",
    "talking": "talking",
}


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
        if state.facts.tenant_id is not None:
            view = self._view_call(state)
            self.calls[view["call_id"]] = view
            self._tell("call.changed", state.facts.tenant_id, "call", view)

    def show_floor(self, before: Floor, after: Floor) -> None:
        self.floors[after.tenant_id] = after
        for agent_id, agent in after.agents.items():
            if before.agents.get(agent_id) != agent:
                self._tell("agent.changed", after.tenant_id, "agent", view_agent(after.tenant_id, agent))
        for queue_id, queue in after.queues.items():
            view = view_queue(after, queue)
            old = before.queues.get(queue_id)
            if old is None or view_queue(before, old) != view:
                self._tell("queue.changed", after.tenant_id, "queue", view)

    def _view_call(self, state: CallState) -> Json:
        assert not isinstance(state, New | Ended)
        facts = state.facts
        floor = self.floors.get(facts.tenant_id or 0)
        agent_id = state.agent.agent_id if isinstance(state, Offering | Talking) else facts.agent_id
        agent = floor.agents.get(agent_id) if floor is not None and agent_id is not None else None
        queue = floor.queues.get(facts.queue_id) if floor is not None and facts.queue_id is not None else None
        return {
            "call_id": str(facts.call_id),
            "tenant_id": facts.tenant_id,
            "direction": facts.direction.value,
            "state": _STATES[state.kind],
            "caller": facts.caller,
            "callee": facts.callee,
            "queue_id": facts.queue_id,
            "queue_name": queue.name if queue else None,
            "agent_id": agent_id,
            "agent_name": agent.target.name if agent else None,
            "started_at": facts.started_at,
            "answered_at": facts.answered_at,
            "connected_at": facts.connected_at,
        }

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
        "since": agent.since,
        "call_id": str(agent.call_id) if agent.call_id else None,
    }


def view_queue(floor: Floor, queue: Queue) -> Json:
    free = sum(1 for member in queue.members if member in floor.agents and floor.agents[member].is_free)
    return {
        "queue_id": queue.queue_id,
        "tenant_id": floor.tenant_id,
        "name": queue.name,
        "waiting": len(queue.waiting),
        "ready_agents": free,
    }
