"""Queues that a scope may see."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select

from ucc.db.scope import Scoped
from ucc.queue.models import Queue, QueueMember
from ucc.queue.schemas import QueueView

LIMIT = 1000


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
