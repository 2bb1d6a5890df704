"""What a floor knows. Settings come from the database (`AgentProfile`, `QueuePolicy`), the rest is live.

Presence (what the person asked for) and work (what the agent is in) are kept apart: a pause asked for in a call acts
after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from ucc.engine.acd.table import Table
from ucc.engine.effects import AgentTarget

Needs = tuple[tuple[str, int], ...]
"""Skills and levels, sorted: what a waiting call asks of an agent now."""
Alarm = tuple[float, int | UUID]
"""When something happens to an agent or a call."""
Place = tuple[float, float, UUID]
"""Where a call stands in its queue: the smallest is served first."""


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


class Strategy(StrEnum):
    """Who of the free agents is offered the call."""

    LONGEST_IDLE = "longest_idle"
    FEWEST_CALLS = "fewest_calls"
    ROUND_ROBIN = "round_robin"
    ORDERED = "ordered"
    RANDOM = "random"
    RING_ALL = "ring_all"
    MOST_SKILLED = "most_skilled"


@dataclass(frozen=True, slots=True)
class RelaxStep:
    """After so long a wait every level asked for drops by `drop`; None: nothing is asked for any more."""

    after_s: float
    drop: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """An agent in a queue. A higher penalty is offered only when nobody with a lower one is free."""

    agent_id: int
    penalty: int = 0
    order: int = 0


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """A queue as a tenant has set it. A limit of 0 is no limit.

    `priority_s`: seconds of wait that one level of priority is worth; 0: a higher priority always goes first.
    `weight`: an agent of several queues takes the calls of the heavier one first.
    `max_length`: calls that may wait. `max_estimate_s`: a call that would wait longer is refused when it comes.
    `max_ratio`: calls that may wait for each agent who serves. `max_agents`: agents this queue may hold at once.
    `is_refused_when_paused`: agents who are paused do not keep the queue open.
    `last_agent_s`: how long a call waits for the agent who spoke with the caller last, before it takes anybody.
    `max_no_answers`: an agent who lets so many offers ring out in a row is paused; 0: never.
    `ring_all_most`: how many phones ring at once under ring_all.
    """

    queue_id: int
    name: str
    members: Mapping[int, Member]
    strategy: Strategy = Strategy.LONGEST_IDLE
    is_open: bool = True
    ring_timeout_s: float = 15.0
    max_wait_s: float = 300.0
    wrap_up_s: float = 0.0
    weight: int = 0
    priority_s: float = 0.0
    max_length: int = 0
    max_estimate_s: float = 0.0
    max_ratio: float = 0.0
    max_agents: int = 0
    is_refused_when_paused: bool = False
    relax: tuple[RelaxStep, ...] = ()
    last_agent_s: float = 0.0
    max_no_answers: int = 1
    ring_all_most: int = 20
    expected_handling_s: float = 180.0
    """Stands in for the measured handling time until there is one."""


@dataclass(frozen=True, slots=True)
class AgentProfile:
    """An agent as a tenant has set it."""

    target: AgentTarget
    work_number: str
    skills: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a waiting call asks of a queue. `since` stays when the call comes back after an offer that failed."""

    queue_id: int
    since: float
    priority: int = 0
    caller: str = ""
    skills: Mapping[str, int] = field(default_factory=dict)
    last_agent_id: int | None = None


@dataclass(slots=True)
class Agent:
    """`target` carries the line (长签). `is_signed_in` goes on while a call outlasts the wish to sign out.

    Like a queue, one in a floor is never changed.
    `deadline`: when the reservation or the wrap-up ends by itself. `queue_id`: the queue that gave the call.
    `counted_since`: where the open stretch of signed-in time begins.
    """

    target: AgentTarget
    work_number: str
    skills: Mapping[str, int] = field(default_factory=dict)
    queue_ids: tuple[int, ...] = ()
    presence: Presence = Presence.OFFLINE
    reason: str | None = None
    is_signed_in: bool = False
    work: Work = Work.NONE
    detail: str | None = None
    call_id: UUID | None = None
    queue_id: int | None = None
    since: float = 0.0
    idle_since: float = 0.0
    counted_since: float = 0.0
    deadline: float | None = None
    engaged_at: float | None = None
    is_dialed: bool = False
    no_answers: int = 0
    answered: Mapping[int, int] = field(default_factory=dict)
    """Calls taken from each queue since this floor began."""

    @property
    def state(self) -> str:
        """The one word of the live view: work first, else presence."""
        return self.presence.value if self.work is Work.NONE else self.work.value

    @property
    def is_free(self) -> bool:
        return self.presence is Presence.READY and self.work is Work.NONE

    @property
    def line(self) -> str | None:
        return self.target.line

    @property
    def reserved_until(self) -> float | None:
        return self.deadline if self.work in (Work.RESERVED, Work.RINGING) else None

    @property
    def wrap_up_ends_at(self) -> float | None:
        return self.deadline if self.work is Work.WRAP_UP else None


@dataclass(slots=True)
class Queue:
    """A queue and who waits in it, kept sorted: calls that ask for the same stand in one lane.

    Only the draft that made one changes it, because copies are what a decision costs most; in a floor it stays so.
    `kept`: calls that wait for one agent, by agent. `free`: keys of its free agents, the best first.
    `signed_in`, `serving` (neither paused nor gone) and `held` (by a call of this queue) count its agents.
    """

    policy: QueuePolicy
    lanes: Mapping[Needs, tuple[Place, ...]] = field(default_factory=dict)
    kept: Mapping[int, tuple[Place, ...]] = field(default_factory=dict)
    free: tuple[tuple[float, ...], ...] = ()
    length: int = 0
    signed_in: int = 0
    serving: int = 0
    held: int = 0
    turn: tuple[float, ...] = ()
    seed: int = 0
    handling_s: float = 0.0
    handled: int = 0

    def copy(self) -> Queue:
        return Queue(
            self.policy,
            self.lanes,
            self.kept,
            self.free,
            self.length,
            self.signed_in,
            self.serving,
            self.held,
            self.turn,
            self.seed,
            self.handling_s,
            self.handled,
        )

    @property
    def queue_id(self) -> int:
        return self.policy.queue_id

    @property
    def name(self) -> str:
        return self.policy.name

    @property
    def waiting(self) -> tuple[UUID, ...]:
        """The calls that wait, the next one first."""
        places = sorted(place for lane in (*self.lanes.values(), *self.kept.values()) for place in lane)
        return tuple(place[-1] for place in places)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call in a queue: its place, the lane it stands in, and when that changes."""

    ticket: Ticket
    place: Place
    needs: Needs
    kept_for: int | None = None
    wakes_at: float | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A call that rings at agents of a queue. It goes back to its place when all of them fail.

    `ticket` is None for a call from before this floor began, until it joins again.
    """

    ticket: Ticket | None
    agent_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Floor:
    """Everything of one tenant. `alarms`: by second, what happens by itself in it."""

    tenant_id: int
    at: float = 0.0
    agents: Table[int, Agent] = field(default_factory=Table)
    queues: Table[int, Queue] = field(default_factory=Table)
    waiting: Table[UUID, Waiting] = field(default_factory=Table)
    offers: Table[UUID, Offer] = field(default_factory=Table)
    alarms: Table[int, tuple[Alarm, ...]] = field(default_factory=Table)
    outbound_wrap_up_s: float = 0.0
