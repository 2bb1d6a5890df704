"""The presence that an agent asked for, as it is kept."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.agent.models import Agent
from ucc.errors import NotFound
from ucc.kit.clock import now

PRESENCES = ("ready", "paused", "offline")


async def set_presence(session: AsyncSession, agent_id: int, presence: str, reason: str | None) -> None:
    """Keep what the agent asked for. Raises NotFound for an unknown agent, ValueError for an unknown presence."""
    if presence not in PRESENCES:
        raise ValueError(f"no presence: {presence!r}")
    changed = await session.scalar(
        update(Agent)
        .where(Agent.id == agent_id)
        .values(presence=presence, presence_reason=reason if presence == "paused" else None, presence_since=now())
        .returning(Agent.id)
    )
    if changed is None:
        raise NotFound
