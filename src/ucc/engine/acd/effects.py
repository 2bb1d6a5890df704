"""What a floor wants told or kept."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ucc.engine.acd.model import Presence
from ucc.engine.effects import AgentTarget


@dataclass(frozen=True, slots=True)
class OfferAgents:
    """Tell the call to ring these agents, who are reserved for it. Several: the first to answer gets it."""

    call_id: UUID
    agents: tuple[AgentTarget, ...]


@dataclass(frozen=True, slots=True)
class RefuseQueue:
    """Tell the call that its queue does not take it: no_agents, full, closed, wait_too_long."""

    call_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class RefuseAgent:
    """Tell the call that it cannot have this agent: agent_busy, agent_offline, agent_paused."""

    call_id: UUID
    agent_id: int
    code: str


@dataclass(frozen=True, slots=True)
class TellPosition:
    """Tell a waiting call where it stands (1 is next) and how long it will take; None: nobody serves now."""

    call_id: UUID
    position: int
    wait_s: float | None


@dataclass(frozen=True, slots=True)
class KeepPresence:
    """Store the presence, so that it outlives the controller."""

    agent_id: int
    presence: Presence
    reason: str | None


@dataclass(frozen=True, slots=True)
class KeepStretch:
    """A piece of an agent's signed-in time that has ended. All pieces of an agent together are that time, without gaps.

    `state`: ready, ringing, dialing, talk, hold, wrap_up or paused (with its reason).
    """

    agent_id: int
    state: str
    since: float
    until: float
    reason: str | None = None
    call_id: UUID | None = None
    queue_id: int | None = None


FloorEffect = OfferAgents | RefuseQueue | RefuseAgent | TellPosition | KeepPresence | KeepStretch
