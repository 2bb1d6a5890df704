"""Who spoke with a number last: a queue may keep a call for that agent for a while."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.agent.models import Agent
from ucc.engine.record import Direction, FinishedCall, Result
from ucc.kit.clock import to_moment
from ucc.reception.models import LastAgent
from ucc.trunk.number import find_e164


async def note_last_agent(session: AsyncSession, finished: FinishedCall) -> None:
    """Of a call that an agent talked in. A record that comes late does not replace a newer one."""
    outside = finished.caller if finished.direction is Direction.INBOUND else finished.callee
    number = find_e164(outside)
    is_talk = finished.result is Result.ANSWERED and finished.connected_at is not None
    if not is_talk or number is None or finished.agent_id is None or finished.direction is Direction.INTERNAL:
        return
    known = await session.scalar(
        select(Agent.id).where(Agent.tenant_id == finished.tenant_id, Agent.id == finished.agent_id)
    )
    if known is None:
        return
    row = upsert(LastAgent).values(
        tenant_id=finished.tenant_id,
        number=number,
        agent_id=finished.agent_id,
        spoke_at=to_moment(finished.ended_at),
    )
    await session.execute(
        row.on_conflict_do_update(
            index_elements=["tenant_id", "number"],
            set_={"agent_id": row.excluded.agent_id, "spoke_at": row.excluded.spoke_at},
            where=LastAgent.spoke_at < row.excluded.spoke_at,
        )
    )
