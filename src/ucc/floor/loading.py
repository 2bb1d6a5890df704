"""Every floor as the controller needs it: agents with their skills and presence, queues with members and policy."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.agent.models import Agent
from ucc.engine.acd.events import SettingsRead, StoredAgent
from ucc.engine.acd.model import AgentProfile, Member, Presence, QueuePolicy, RelaxStep, Strategy
from ucc.engine.effects import AgentTarget
from ucc.floor.models import AgentStretch, FloorSetting
from ucc.identity.models import User
from ucc.queue.models import AgentSkill, Queue, QueueMember
from ucc.resource.models import Extension
from ucc.tenant.models import Tenant


async def load_floors(session: AsyncSession, at: float) -> dict[int, SettingsRead]:
    """Each enterprise with its floor, in seven queries whatever their number."""
    tenants = select(Tenant.id).where(Tenant.kind == "enterprise").order_by(Tenant.id)
    tenant_ids = list(await session.scalars(tenants))
    agents, queues = await _load_agents(session), await _load_queues(session)
    settings = await session.execute(select(FloorSetting.tenant_id, FloorSetting.outbound_wrap_up_s))
    wrap_ups = {tenant_id: seconds for tenant_id, seconds in settings}
    return {
        tenant_id: SettingsRead(
            at, tuple(agents[tenant_id]), tuple(queues[tenant_id]), float(wrap_ups.get(tenant_id, 0))
        )
        for tenant_id in tenant_ids
    }


async def load_last_moments(session: AsyncSession, tenant_id: int) -> dict[int, float]:
    """Where the last kept stretch of each agent ends: a floor that begins anew goes on counting there."""
    rows = await session.execute(
        select(AgentStretch.agent_id, func.max(AgentStretch.until))
        .where(AgentStretch.tenant_id == tenant_id)
        .group_by(AgentStretch.agent_id)
    )
    return {agent_id: until.timestamp() for agent_id, until in rows}


async def _load_agents(session: AsyncSession) -> dict[int, list[StoredAgent]]:
    skills: dict[int, dict[str, int]] = defaultdict(dict)
    for agent_id, skill, level in await session.execute(
        select(AgentSkill.agent_id, AgentSkill.skill, AgentSkill.level)
    ):
        skills[agent_id][skill] = level
    rows = await session.execute(
        select(
            Agent.tenant_id,
            Agent.id,
            Agent.work_number,
            Agent.presence,
            Agent.presence_reason,
            Agent.presence_since,
            User.display_name,
            Extension.number,
        )
        .join(User, User.id == Agent.user_id)
        .join(Extension, Extension.id == Agent.extension_id)
        .where(User.is_active)
        .order_by(Agent.id)
    )
    agents: dict[int, list[StoredAgent]] = defaultdict(list)
    for tenant_id, agent_id, work_number, presence, reason, since, name, extension in rows:
        profile = AgentProfile(AgentTarget(agent_id, extension, name), work_number, skills.get(agent_id, {}))
        agents[tenant_id].append(StoredAgent(profile, Presence(presence), reason, _seconds(since)))
    return agents


async def _load_queues(session: AsyncSession) -> dict[int, list[QueuePolicy]]:
    rows = await session.execute(
        select(QueueMember.queue_id, QueueMember.agent_id, QueueMember.penalty, QueueMember.order)
        .join(Agent, Agent.id == QueueMember.agent_id)
        .join(User, User.id == Agent.user_id)
        .where(User.is_active)
        .order_by(QueueMember.queue_id, QueueMember.agent_id)
    )
    members = {
        queue_id: {agent_id: Member(agent_id, penalty, order) for _, agent_id, penalty, order in group}
        for queue_id, group in groupby(rows, key=lambda row: row[0])
    }
    queues: dict[int, list[QueuePolicy]] = defaultdict(list)
    for queue in await session.scalars(select(Queue).order_by(Queue.id)):
        queues[queue.tenant_id].append(to_policy(queue, members.get(queue.id, {})))
    return queues


def to_policy(queue: Queue, members: dict[int, Member]) -> QueuePolicy:
    return QueuePolicy(
        queue_id=queue.id,
        name=queue.name,
        members=members,
        strategy=Strategy(queue.strategy),
        is_open=queue.is_open,
        ring_timeout_s=float(queue.ring_timeout_s),
        max_wait_s=float(queue.max_wait_s),
        wrap_up_s=float(queue.wrap_up_s),
        weight=queue.weight,
        priority_s=float(queue.priority_s),
        max_length=queue.max_length,
        max_estimate_s=float(queue.max_estimate_s),
        max_ratio=float(queue.max_ratio),
        max_agents=queue.max_agents,
        is_refused_when_paused=queue.is_refused_when_paused,
        relax=tuple(RelaxStep(float(after_s), drop) for after_s, drop in _steps(queue.relax)),
        last_agent_s=float(queue.last_agent_s),
        max_no_answers=queue.max_no_answers,
        ring_all_most=queue.ring_all_most,
    )


def _steps(relax: list[Any]) -> list[tuple[float, int | None]]:
    """Stored as [after_s, drop]; in the order of time."""
    return sorted(((step[0], step[1]) for step in relax), key=lambda step: step[0])


def _seconds(moment: datetime) -> float:
    return moment.timestamp()
