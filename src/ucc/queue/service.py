"""Queues: who may see them, what they are told, who serves them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import delete, select

from ucc.agent.models import Agent
from ucc.db.scope import Scoped
from ucc.errors import InvalidInput, NotFound
from ucc.queue.models import AgentSkill, Queue, QueueMember
from ucc.queue.schemas import AgentSkillsView, MemberBody, QueueBody, QueueDetail, QueueView, RelaxStepBody
from ucc.reception.destination import find_choice, to_row
from ucc.reception.models import Destination

LIMIT = 1000
SETTINGS = frozenset(QueueBody.model_fields) - {"overflow", "members", "relax"}


async def list_queues(scoped: Scoped) -> list[QueueView]:
    """At most 1000, with their members."""
    queues = list(await scoped.session.scalars(select(Queue).order_by(Queue.tenant_id, Queue.id).limit(LIMIT)))
    members: dict[int, list[int]] = defaultdict(list)
    wanted = select(QueueMember.queue_id, QueueMember.agent_id).where(
        QueueMember.queue_id.in_([queue.id for queue in queues])
    )
    for queue_id, agent_id in await scoped.session.execute(wanted.order_by(QueueMember.agent_id)):
        members[queue_id].append(agent_id)
    return [
        QueueView(
            id=queue.id,
            tenant_id=queue.tenant_id,
            name=queue.name,
            strategy=queue.strategy,
            ring_timeout_s=queue.ring_timeout_s,
            max_wait_s=queue.max_wait_s,
            wrap_up_s=queue.wrap_up_s,
            agent_ids=members[queue.id],
        )
        for queue in queues
    ]


async def get_queue(scoped: Scoped, queue_id: int) -> QueueDetail:
    """Raises NotFound."""
    return await _show(scoped, await _get(scoped, queue_id))


async def create_queue(scoped: Scoped, body: QueueBody) -> QueueDetail:
    queue = Queue(tenant_id=scoped.scope.tenant_id, **_values(body))
    scoped.session.add(queue)
    await scoped.session.flush()
    await _attach(scoped, queue, body)
    return await _show(scoped, queue)


async def update_queue(scoped: Scoped, queue_id: int, body: QueueBody) -> QueueDetail:
    """All of it, members included. Raises NotFound."""
    queue = await _get(scoped, queue_id)
    for name, value in _values(body).items():
        setattr(queue, name, value)
    await scoped.session.flush()
    await scoped.session.execute(delete(Destination).where(Destination.of_queue_id == queue_id))
    await scoped.session.execute(delete(QueueMember).where(QueueMember.queue_id == queue_id))
    await _attach(scoped, queue, body)
    return await _show(scoped, queue)


async def delete_queue(scoped: Scoped, queue_id: int) -> None:
    """Raises NotFound; the database refuses while a number or another queue leads to it."""
    await scoped.session.delete(await _get(scoped, queue_id))
    await scoped.session.flush()


async def list_skills(scoped: Scoped) -> list[AgentSkillsView]:
    by_agent: dict[int, dict[str, int]] = defaultdict(dict)
    for row in await scoped.session.scalars(select(AgentSkill).order_by(AgentSkill.agent_id, AgentSkill.skill)):
        by_agent[row.agent_id][row.skill] = row.level
    return [AgentSkillsView(agent_id=agent_id, skills=skills) for agent_id, skills in by_agent.items()]


async def set_skills(scoped: Scoped, agent_id: int, skills: dict[str, int]) -> AgentSkillsView:
    """Exactly these. Raises NotFound."""
    agent = await scoped.session.get(Agent, agent_id)
    if agent is None:
        raise NotFound
    await scoped.session.execute(delete(AgentSkill).where(AgentSkill.agent_id == agent_id))
    scoped.session.add_all(
        AgentSkill(agent_id=agent_id, skill=skill, tenant_id=agent.tenant_id, level=level)
        for skill, level in skills.items()
    )
    await scoped.session.flush()
    return AgentSkillsView(agent_id=agent_id, skills=skills)


async def _get(scoped: Scoped, queue_id: int) -> Queue:
    queue = await scoped.session.get(Queue, queue_id)
    if queue is None:
        raise NotFound
    return queue


def _values(body: QueueBody) -> dict[str, Any]:
    steps = sorted(body.relax, key=lambda step: step.after_s)
    return {**body.model_dump(include=set(SETTINGS)), "relax": [[step.after_s, step.drop] for step in steps]}


async def _attach(scoped: Scoped, queue: Queue, body: QueueBody) -> None:
    if len({member.agent_id for member in body.members}) < len(body.members):
        raise InvalidInput("members: an agent is named twice")
    scoped.session.add_all(
        QueueMember(queue_id=queue.id, tenant_id=queue.tenant_id, **member.model_dump()) for member in body.members
    )
    if body.overflow is not None:
        scoped.session.add(to_row(queue.tenant_id, "overflow", body.overflow, of_queue_id=queue.id))
    await scoped.session.flush()


async def _show(scoped: Scoped, queue: Queue) -> QueueDetail:
    await scoped.session.refresh(queue)
    overflow = await scoped.session.scalars(select(Destination).where(Destination.of_queue_id == queue.id))
    members = await scoped.session.scalars(
        select(QueueMember)
        .where(QueueMember.queue_id == queue.id)
        .order_by(QueueMember.penalty, QueueMember.order, QueueMember.agent_id)
    )
    return QueueDetail(
        **{name: getattr(queue, name) for name in SETTINGS},
        id=queue.id,
        tenant_id=queue.tenant_id,
        relax=[RelaxStepBody(after_s=after_s, drop=drop) for after_s, drop in queue.relax],
        overflow=find_choice(overflow, "overflow"),
        members=[MemberBody(agent_id=one.agent_id, penalty=one.penalty, order=one.order) for one in members],
    )
