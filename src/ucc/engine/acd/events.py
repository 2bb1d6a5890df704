"""What happens on a floor. Every event carries `at`; one that repeats what is already true does nothing."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ucc.engine.acd.model import AgentProfile, Presence, QueuePolicy, Ticket


@dataclass(frozen=True, slots=True)
class StoredAgent:
    """An agent as the database has him: the presence counts only for one whom the floor does not know yet."""

    profile: AgentProfile
    presence: Presence = Presence.OFFLINE
    reason: str | None = None
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class SettingsRead:
    """All agents and queues of the tenant. New ones come, gone ones leave once nothing goes on with them."""

    at: float
    agents: tuple[StoredAgent, ...]
    queues: tuple[QueuePolicy, ...]
    outbound_wrap_up_s: float = 0.0


@dataclass(frozen=True, slots=True)
class PresenceAsked:
    at: float
    agent_id: int
    presence: Presence
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LineChanged:
    """The line of an agent (长签) is up or gone. `is_lost`: it went by itself, which signs the agent out."""

    at: float
    agent_id: int
    leg: str | None
    is_lost: bool = True


@dataclass(frozen=True, slots=True)
class CallJoined:
    """A call wants somebody of a queue. Joining again, with the same ticket, changes nothing."""

    at: float
    call_id: UUID
    ticket: Ticket


@dataclass(frozen=True, slots=True)
class CallLeft:
    """A call wants nobody of a queue any more. Agents who are reserved for it, but do not ring yet, are free again."""

    at: float
    call_id: UUID


@dataclass(frozen=True, slots=True)
class AgentClaimed:
    """A call wants this one agent. `is_forced`: also when paused, in wrap-up or signed out (a colleague calls)."""

    at: float
    agent_id: int
    call_id: UUID
    is_forced: bool = False


@dataclass(frozen=True, slots=True)
class WorkReported:
    """A call says what it does with an agent: ringing, dialing, talking, held, consulting, conferencing, watching,
    released, no_answer, declined, unreachable. `queue_id`: who gave the call, for a floor that has forgotten it."""

    at: float
    agent_id: int
    call_id: UUID
    work: str
    queue_id: int | None = None


@dataclass(frozen=True, slots=True)
class WrapUpAsked:
    """End the wrap-up (0), or let it last so many seconds from now."""

    at: float
    agent_id: int
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class PositionAsked:
    at: float
    call_id: UUID


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Posted every second: ends wrap-ups, reservations, waits for a last agent, and relaxes what calls ask for."""

    at: float


FloorEvent = (
    SettingsRead
    | PresenceAsked
    | LineChanged
    | CallJoined
    | CallLeft
    | AgentClaimed
    | WorkReported
    | WrapUpAsked
    | PositionAsked
    | TimePassed
)
