"""The floor: all agents and queues of one tenant, decided in one place, so that no agent is ever offered two calls.

Presence (what the person asked for) and work (what the agent is in) are kept apart: a pause asked for in a call acts
after it. Every event that repeats what is already true does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from ucc.engine.effects import AgentTarget


class Presence(StrEnum):
    OFFLINE = "offline"
    READY = "ready"
    PAUSED = "paused"


class Work(StrEnum):
    NONE = "none"
    RESERVED = "reserved"
    RINGING = "ringing"
    DIALING = "dialing"
    ON_CALL = "on_call"
    WRAP_UP = "wrap_up"


@dataclass(frozen=True, slots=True)
class Agent:
    target: AgentTarget
    work_number: str
    presence: Presence = Presence.OFFLINE
    reason: str | None = None
    work: Work = Work.NONE
    call_id: UUID | None = None
    queue_id: int | None = None
    since: float = 0.0
    idle_since: float = 0.0

    @property
    def state(self) -> str:
        """The one word of the domain's table: work first, else presence."""
        return self.presence.value if self.work is Work.NONE else self.work.value

    @property
    def is_free(self) -> bool:
        return self.presence is Presence.READY and self.work is Work.NONE


@dataclass(frozen=True, slots=True)
class Queue:
    queue_id: int
    name: str
    members: frozenset[int]
    ring_timeout_s: float = 15.0
    max_wait_s: float = 300.0
    wrap_up_s: float = 0.0
    waiting: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Floor:
    tenant_id: int
    agents: dict[int, Agent] = field(default_factory=dict)
    queues: dict[int, Queue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PresenceAsked:
    at: float
    agent_id: int
    presence: Presence
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class CallJoined:
    at: float
    call_id: UUID
    queue_id: int
    is_head: bool = False


@dataclass(frozen=True, slots=True)
class CallLeft:
    at: float
    call_id: UUID


@dataclass(frozen=True, slots=True)
class WorkReported:
    """A call says what it does with an agent: ringing, dialing, talking, released, no_answer, declined, unreachable."""

    at: float
    agent_id: int
    call_id: UUID
    work: str


@dataclass(frozen=True, slots=True)
class WrapUpEnded:
    at: float
    agent_id: int


FloorEvent = PresenceAsked | CallJoined | CallLeft | WorkReported | WrapUpEnded


@dataclass(frozen=True, slots=True)
class OfferAgent:
    """Tell the waiting call to ring this agent, who is reserved for it."""

    call_id: UUID
    agent: AgentTarget


@dataclass(frozen=True, slots=True)
class RefuseQueue:
    """Tell the call that nobody is signed in."""

    call_id: UUID


@dataclass(frozen=True, slots=True)
class RefuseAgent:
    """Tell an outbound call that the agent is in another call."""

    call_id: UUID
    code: str


@dataclass(frozen=True, slots=True)
class KeepPresence:
    """Store the presence, so that it outlives the controller."""

    agent_id: int
    presence: Presence
    reason: str | None


@dataclass(frozen=True, slots=True)
class StartWrapUp:
    agent_id: int
    seconds: float


FloorEffect = OfferAgent | RefuseQueue | RefuseAgent | KeepPresence | StartWrapUp
Decision = tuple[Floor, tuple[FloorEffect, ...]]

FAILED_OFFERS = {"no_answer": "ring_timeout", "declined": "declined", "unreachable": "phone_unreachable"}


def decide(floor: Floor, event: FloorEvent) -> Decision:
    """The next floor and its effects. After every event the free agents are given to those who wait."""
    match event:
        case PresenceAsked():
            floor, effects = _ask_presence(floor, event)
        case CallJoined():
            floor, effects = _join(floor, event)
        case CallLeft():
            floor, effects = _leave(floor, event.call_id, event.at), ()
        case WorkReported():
            floor, effects = _report(floor, event)
        case WrapUpEnded():
            agent = floor.agents.get(event.agent_id)
            if agent is not None and agent.work is Work.WRAP_UP:
                floor = _with_agent(floor, _idle(agent, event.at))
            effects = ()
    floor, offers = _assign(floor, event.at)
    return floor, (*effects, *offers)


def _ask_presence(floor: Floor, event: PresenceAsked) -> Decision:
    agent = floor.agents.get(event.agent_id)
    if agent is None or (agent.presence, agent.reason) == (event.presence, event.reason):
        return floor, ()
    agent = replace(agent, presence=event.presence, reason=event.reason)
    if agent.work is Work.NONE:
        agent = replace(agent, since=event.at, idle_since=event.at)
    floor = _with_agent(floor, agent)
    effects: list[FloorEffect] = [KeepPresence(event.agent_id, event.presence, event.reason)]
    if event.presence is Presence.OFFLINE:
        floor, refused = _refuse_unserved(floor)
        effects.extend(refused)
    return floor, tuple(effects)


def _join(floor: Floor, event: CallJoined) -> Decision:
    queue = floor.queues.get(event.queue_id)
    if queue is None:
        return floor, (RefuseQueue(event.call_id),)
    reserved = any(a.work is Work.RESERVED and a.call_id == event.call_id for a in floor.agents.values())
    if event.call_id in queue.waiting or reserved:
        return floor, ()
    if not _is_served(floor, queue):
        return floor, (RefuseQueue(event.call_id),)
    waiting = (event.call_id, *queue.waiting) if event.is_head else (*queue.waiting, event.call_id)
    return _with_queue(floor, replace(queue, waiting=waiting)), ()


def _leave(floor: Floor, call_id: UUID, at: float) -> Floor:
    for queue in floor.queues.values():
        if call_id in queue.waiting:
            floor = _with_queue(floor, replace(queue, waiting=tuple(x for x in queue.waiting if x != call_id)))
    for agent in floor.agents.values():
        if agent.work is Work.RESERVED and agent.call_id == call_id:
            floor = _with_agent(floor, _idle(agent, at))
    return floor


def _report(floor: Floor, event: WorkReported) -> Decision:
    agent = floor.agents.get(event.agent_id)
    if agent is None:
        return floor, ()
    is_other_call = agent.call_id is not None and agent.call_id != event.call_id
    match event.work:
        case "ringing":
            return _engage(floor, agent, event, Work.RINGING), ()
        case "dialing":
            if is_other_call:
                return floor, (RefuseAgent(event.call_id, "agent_busy"),)
            return _engage(floor, agent, event, Work.DIALING), ()
        case "talking":
            return _engage(floor, agent, event, Work.ON_CALL), ()
    if is_other_call or agent.call_id is None:
        return floor, ()
    if event.work in FAILED_OFFERS:
        reason = FAILED_OFFERS[event.work]
        agent = replace(_idle(agent, event.at), presence=Presence.PAUSED, reason=reason)
        return _with_agent(floor, agent), (KeepPresence(agent.target.agent_id, Presence.PAUSED, reason),)
    return _release(floor, agent, event.at)


def _release(floor: Floor, agent: Agent, at: float) -> Decision:
    queue = floor.queues.get(agent.queue_id) if agent.queue_id is not None else None
    if agent.work is Work.ON_CALL and queue is not None and queue.wrap_up_s > 0:
        agent = replace(agent, work=Work.WRAP_UP, call_id=None, since=at)
        return _with_agent(floor, agent), (StartWrapUp(agent.target.agent_id, queue.wrap_up_s),)
    return _with_agent(floor, _idle(agent, at)), ()


def _assign(floor: Floor, at: float) -> Decision:
    """Longest idle first, for each queue in order of its waiting calls. Reserves before it offers."""
    offers: list[FloorEffect] = []
    for queue_id in floor.queues:
        while (queue := floor.queues[queue_id]).waiting:
            free = [floor.agents[m] for m in queue.members if m in floor.agents and floor.agents[m].is_free]
            if not free:
                break
            agent = min(free, key=lambda a: (a.idle_since, a.target.agent_id))
            call_id = queue.waiting[0]
            reserved = replace(agent, work=Work.RESERVED, call_id=call_id, queue_id=queue_id, since=at)
            floor = _with_queue(_with_agent(floor, reserved), replace(queue, waiting=queue.waiting[1:]))
            offers.append(OfferAgent(call_id, agent.target))
    return floor, tuple(offers)


def _refuse_unserved(floor: Floor) -> Decision:
    refused: list[FloorEffect] = []
    for queue in floor.queues.values():
        if queue.waiting and not _is_served(floor, queue):
            refused.extend(RefuseQueue(call_id) for call_id in queue.waiting)
            floor = _with_queue(floor, replace(queue, waiting=()))
    return floor, tuple(refused)


def _is_served(floor: Floor, queue: Queue) -> bool:
    """Somebody of the queue is signed in, even if paused or in a call."""
    members = (floor.agents.get(m) for m in queue.members)
    return any(a is not None and (a.presence is not Presence.OFFLINE or a.work is not Work.NONE) for a in members)


def _engage(floor: Floor, agent: Agent, event: WorkReported, work: Work) -> Floor:
    if agent.work is work and agent.call_id == event.call_id:
        return floor
    queue_id = agent.queue_id if agent.call_id == event.call_id else None
    return _with_agent(floor, replace(agent, work=work, call_id=event.call_id, queue_id=queue_id, since=event.at))


def _idle(agent: Agent, at: float) -> Agent:
    return replace(agent, work=Work.NONE, call_id=None, queue_id=None, since=at, idle_since=at)


def _with_agent(floor: Floor, agent: Agent) -> Floor:
    return replace(floor, agents={**floor.agents, agent.target.agent_id: agent})


def _with_queue(floor: Floor, queue: Queue) -> Floor:
    return replace(floor, queues={**floor.queues, queue.queue_id: queue})
