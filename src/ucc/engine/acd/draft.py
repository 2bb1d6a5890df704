"""A floor while one event is decided: changes are collected here, with every index kept true, and frozen at the end."""

from __future__ import annotations

from bisect import bisect_left
from uuid import UUID

from ucc.engine.acd.effects import FloorEffect, KeepStretch
from ucc.engine.acd.model import (
    Agent,
    Alarm,
    Floor,
    Offer,
    Presence,
    Queue,
    QueuePolicy,
    Strategy,
    Ticket,
    Waiting,
    Work,
)
from ucc.engine.acd.places import insert, remove

_COUNTED_AS = {Work.RESERVED: "ringing", Work.RINGING: "ringing", Work.DIALING: "dialing", Work.WRAP_UP: "wrap_up"}
FreeKey = tuple[float, ...]
Standing = tuple[bool, bool, bool, FreeKey | None]
_NOTHING: Standing = (False, False, False, None)


class Draft:
    """`freed`: agents who became free; `arrived`: calls that may now be taken by somebody new; `unserved`: queues that
    may have lost their last agent; `unkept`: calls that wait for one agent in vain;
    `returned`: calls whose offer failed. What comes of them is decided last.
    """

    def __init__(self, floor: Floor, at: float) -> None:
        self.floor = floor
        self.at = max(at, floor.at)
        self.effects: list[FloorEffect] = []
        self.freed: list[int] = []
        self.arrived: list[UUID] = []
        self.unserved: list[int] = []
        self.unkept: list[UUID] = []
        self.returned: list[tuple[UUID, Ticket]] = []
        self.outbound_wrap_up_s = floor.outbound_wrap_up_s
        self._agents: dict[int, Agent | None] = {}
        self._queues: dict[int, Queue | None] = {}
        self._waiting: dict[UUID, Waiting | None] = {}
        self._offers: dict[UUID, Offer | None] = {}
        self._alarms: dict[int, tuple[Alarm, ...] | None] = {}

    def freeze(self) -> Floor:
        floor = self.floor
        return Floor(
            floor.tenant_id,
            self.at,
            floor.agents.update(self._agents),
            floor.queues.update(self._queues),
            floor.waiting.update(self._waiting),
            floor.offers.update(self._offers),
            floor.alarms.update(self._alarms),
            self.outbound_wrap_up_s,
        )

    # --- read -----------------------------------------------------------------------------------------------------

    def agent(self, agent_id: int) -> Agent | None:
        return self._agents[agent_id] if agent_id in self._agents else self.floor.agents.get(agent_id)

    def agents(self) -> list[Agent]:
        """All of them: for settings only."""
        known = {**self.floor.agents, **self._agents}
        return [agent for agent in known.values() if agent is not None]

    def queue(self, queue_id: int) -> Queue | None:
        return self._queues[queue_id] if queue_id in self._queues else self.floor.queues.get(queue_id)

    def waiting(self, call_id: UUID) -> Waiting | None:
        return self._waiting[call_id] if call_id in self._waiting else self.floor.waiting.get(call_id)

    def offer(self, call_id: UUID) -> Offer | None:
        return self._offers[call_id] if call_id in self._offers else self.floor.offers.get(call_id)

    def alarms(self, second: int) -> tuple[Alarm, ...]:
        found = self._alarms[second] if second in self._alarms else self.floor.alarms.get(second)
        return found or ()

    # --- change ---------------------------------------------------------------------------------------------------

    def put_agent(self, agent: Agent, at: float | None = None) -> None:
        """Take an agent's next state, a new object: close the stretch of time that it ends, count him in his queues."""
        at = self.at if at is None else at
        agent_id = agent.target.agent_id
        old = self.agent(agent_id)
        if old is None:
            return
        if _count(old) != _count(agent):
            self._close_stretch(old, at)
            agent.counted_since = max(at, old.counted_since)
        self._move_alarm(agent_id, old.deadline, agent.deadline)
        self._agents[agent_id] = agent
        if old.is_free or agent.is_free or (old.presence, old.queue_id) != (agent.presence, agent.queue_id):
            for queue_id in agent.queue_ids:
                self._recount(queue_id, old, agent)
            for foreign_id in {old.queue_id, agent.queue_id}:
                if foreign_id is not None and foreign_id not in agent.queue_ids:
                    self._recount(foreign_id, old, agent)
        if agent.is_free and not old.is_free:
            self.freed.append(agent_id)
        if agent.presence is not Presence.READY and old.presence is Presence.READY:
            queues = (self.queue(queue_id) for queue_id in agent.queue_ids)
            self.unkept.extend(place[-1] for queue in queues if queue for place in queue.kept.get(agent_id, ()))

    def set_agent(self, agent: Agent) -> None:
        """Settings of an agent, new or known; his queues are counted anew by the caller."""
        self._agents[agent.target.agent_id] = agent

    def remove_agent(self, agent: Agent) -> None:
        self._close_stretch(agent, self.at)
        self._move_alarm(agent.target.agent_id, agent.deadline, None)
        self._agents[agent.target.agent_id] = None

    def put_offer(self, call_id: UUID, offer: Offer | None) -> None:
        self._offers[call_id] = offer

    def put_queue(self, queue: Queue) -> None:
        self._queues[queue.policy.queue_id] = queue

    def own_queue(self, queue_id: int) -> Queue | None:
        """The queue as this draft may change it."""
        if queue_id in self._queues:
            return self._queues[queue_id]
        queue = self.floor.queues.get(queue_id)
        if queue is not None:
            queue = self._queues[queue_id] = queue.copy()
        return queue

    def remove_queue(self, queue_id: int) -> None:
        self._queues[queue_id] = None

    def enter(self, waiting: Waiting) -> None:
        """Let a call stand in its lane."""
        queue = self.own_queue(waiting.ticket.queue_id)
        assert queue is not None
        call_id = waiting.place[-1]
        if waiting.kept_for is None:
            lane = insert(queue.lanes.get(waiting.needs, ()), waiting.place)
            queue.lanes = {**queue.lanes, waiting.needs: lane}
        else:
            lane = insert(queue.kept.get(waiting.kept_for, ()), waiting.place)
            queue.kept = {**queue.kept, waiting.kept_for: lane}
        queue.length += 1
        self._waiting[call_id] = waiting
        self._move_alarm(call_id, None, waiting.wakes_at)
        self.arrived.append(call_id)
        if queue.signed_in == 0 or queue.serving == 0:
            self.unserved.append(queue.policy.queue_id)

    def take_out(self, call_id: UUID) -> Waiting | None:
        """The call stands in its queue no more."""
        waiting = self.waiting(call_id)
        if waiting is None:
            return None
        self._waiting[call_id] = None
        self._move_alarm(call_id, waiting.wakes_at, None)
        queue = self.own_queue(waiting.ticket.queue_id)
        if queue is None:
            return waiting
        if waiting.kept_for is None:
            lanes = dict(queue.lanes)
            if rest := remove(lanes.pop(waiting.needs, ()), waiting.place):
                lanes[waiting.needs] = rest
            queue.lanes = lanes
        else:
            kept = dict(queue.kept)
            if rest := remove(kept.pop(waiting.kept_for, ()), waiting.place):
                kept[waiting.kept_for] = rest
            queue.kept = kept
        queue.length -= 1
        return waiting

    # --- indexes --------------------------------------------------------------------------------------------------

    def _recount(self, queue_id: int, old: Agent, new: Agent) -> None:
        seen = self.queue(queue_id)
        if seen is None:
            return
        was, now = standing(old, seen.policy), standing(new, seen.policy)
        queue = self.own_queue(queue_id) if was != now else None
        if queue is None:
            return
        free = queue.free
        if was[3] != now[3]:
            if was[3] is not None:
                index = bisect_left(free, was[3])
                free = free[:index] + free[index + 1 :]
            if now[3] is not None:
                index = bisect_left(free, now[3])
                free = (*free[:index], now[3], *free[index:])
        queue.free = free
        queue.signed_in += now[0] - was[0]
        queue.serving += now[1] - was[1]
        queue.held += now[2] - was[2]
        if queue.length == 0:
            return
        if was[:2] != now[:2]:
            self.unserved.append(queue_id)
        if queue.policy.max_agents and now[2] < was[2]:
            self.freed.extend(int(key[-1]) for key in free)

    def _move_alarm(self, key: int | UUID, old: float | None, new: float | None) -> None:
        if old == new:
            return
        if old is not None:
            rest = tuple(alarm for alarm in self.alarms(int(old)) if alarm[1] != key)
            self._alarms[int(old)] = rest or None
        if new is not None:
            self._alarms[int(new)] = (*self.alarms(int(new)), (new, key))

    def _close_stretch(self, agent: Agent, at: float) -> None:
        if agent.is_signed_in and at > agent.counted_since:
            state, reason, call_id, queue_id = _count(agent)[1:]
            stretch = KeepStretch(agent.target.agent_id, state, agent.counted_since, at, reason, call_id, queue_id)
            self.effects.append(stretch)


def _count(agent: Agent) -> tuple[bool, str, str | None, UUID | None, int | None]:
    """What an agent's time counts as."""
    if agent.work is Work.NONE:
        reason = agent.reason if agent.presence is Presence.PAUSED else None
        return agent.is_signed_in, agent.presence.value, reason, None, None
    state = _COUNTED_AS.get(agent.work) or ("hold" if agent.detail == "held" else "talk")
    return agent.is_signed_in, state, None, agent.call_id, agent.queue_id


def standing(agent: Agent, policy: QueuePolicy) -> Standing:
    """How an agent counts in a queue: signed in, serving, held by it, and where he stands among its free agents."""
    is_held = agent.queue_id == policy.queue_id
    member = policy.members.get(agent.target.agent_id)
    if member is None:
        return (False, False, is_held, None) if is_held else _NOTHING
    is_ready = agent.presence is Presence.READY
    key: FreeKey | None = None
    if is_ready and agent.work is Work.NONE:
        agent_id = agent.target.agent_id
        match policy.strategy:
            case Strategy.FEWEST_CALLS:
                answered = agent.answered.get(policy.queue_id, 0)
                key = (member.penalty, answered, agent.idle_since, agent_id)
            case Strategy.ORDERED | Strategy.ROUND_ROBIN:
                key = (member.penalty, member.order, agent_id)
            case _:
                key = (member.penalty, agent.idle_since, agent_id)
    return agent.presence is not Presence.OFFLINE, is_ready, is_held, key
