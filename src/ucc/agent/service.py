"""The floor as the database knows it: queues, their members, agents and the presence each asked for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.agent.models import Agent
from ucc.errors import NotFound
from ucc.identity.models import User
from ucc.kit.clock import now
from ucc.queue.models import Queue, QueueMember
from ucc.resource.models import Extension
from ucc.tenant.models import Tenant

PRESENCES = ("ready", "paused", "offline")


@dataclass(frozen=True, slots=True)
class FloorAgent:
    agent_id: int
    user_id: int
    name: str
    work_number: str
    extension: str
    presence: str
    presence_reason: str | None
    presence_since: datetime


@dataclass(frozen=True, slots=True)
class FloorQueue:
    queue_id: int
    name: str
    strategy: str
    ring_timeout_s: int
    max_wait_s: int
    wrap_up_s: int
    agent_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TenantFloor:
    """One enterprise: who works there, and where its calls wait."""

    tenant_id: int
    queues: tuple[FloorQueue, ...]
    agents: tuple[FloorAgent, ...]


async def load_floor(session: AsyncSession, tenant_id: int | None = None) -> list[TenantFloor]:
    """Every enterprise (or only this one) with its queues and agents, in four queries whatever their number."""
    wanted = select(Tenant.id).where(Tenant.kind == "enterprise").order_by(Tenant.id)
    if tenant_id is not None:
        wanted = wanted.where(Tenant.id == tenant_id)
    tenant_ids = list(await session.scalars(wanted))

    members: dict[int, list[int]] = defaultdict(list)
    member_rows = select(QueueMember.queue_id, QueueMember.agent_id).where(QueueMember.tenant_id.in_(tenant_ids))
    for queue_id, agent_id in await session.execute(member_rows.order_by(QueueMember.agent_id)):
        members[queue_id].append(agent_id)

    queues: dict[int, list[FloorQueue]] = defaultdict(list)
    for queue in await session.scalars(select(Queue).where(Queue.tenant_id.in_(tenant_ids)).order_by(Queue.id)):
        queues[queue.tenant_id].append(
            FloorQueue(
                queue.id,
                queue.name,
                queue.strategy,
                queue.ring_timeout_s,
                queue.max_wait_s,
                queue.wrap_up_s,
                tuple(members[queue.id]),
            )
        )

    agents: dict[int, list[FloorAgent]] = defaultdict(list)
    agent_rows = (
        select(Agent, User.display_name, Extension.number)
        .join(User, User.id == Agent.user_id)
        .join(Extension, Extension.id == Agent.extension_id)
        .where(Agent.tenant_id.in_(tenant_ids), User.is_active)
        .order_by(Agent.id)
    )
    for agent, name, extension in await session.execute(agent_rows):
        agents[agent.tenant_id].append(
            FloorAgent(
                agent.id,
                agent.user_id,
                name,
                agent.work_number,
                extension,
                agent.presence,
                agent.presence_reason,
                agent.presence_since,
            )
        )
    return [TenantFloor(key, tuple(queues[key]), tuple(agents[key])) for key in tenant_ids]


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
