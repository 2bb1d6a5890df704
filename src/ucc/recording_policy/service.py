"""Which recording policy a call has: that of its agent, else that of its queue, else the enterprise's."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.engine.target import RecordingMode, RecordingPolicy, RecordingStart
from ucc.recording_policy.models import StoredRecordingPolicy


@dataclass(frozen=True, slots=True)
class Policies:
    """All recording policies of one enterprise."""

    tenant: RecordingPolicy = field(default_factory=RecordingPolicy)
    queues: dict[int, RecordingPolicy] = field(default_factory=dict)
    agents: dict[int, RecordingPolicy] = field(default_factory=dict)

    def choose(self, queue_id: int | None = None, agent_id: int | None = None) -> RecordingPolicy:
        """The most particular one that there is."""
        of_agent = self.agents.get(agent_id) if agent_id is not None else None
        of_queue = self.queues.get(queue_id) if queue_id is not None else None
        return of_agent or of_queue or self.tenant


async def load_policies(session: AsyncSession, tenant_id: int) -> Policies:
    """The policies that the enterprise set; without any, calls are recorded by themselves from answer."""
    policies = Policies()
    tenant = policies.tenant
    for row in await session.scalars(select(StoredRecordingPolicy).where(StoredRecordingPolicy.tenant_id == tenant_id)):
        policy = RecordingPolicy(RecordingMode(row.mode), RecordingStart(row.starts_at), row.can_pause)
        if row.agent_id is not None:
            policies.agents[row.agent_id] = policy
        elif row.queue_id is not None:
            policies.queues[row.queue_id] = policy
        else:
            tenant = policy
    return Policies(tenant, policies.queues, policies.agents)
