"""Keep where agents' time went, and what an enterprise sets its floor to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.db.scope import Scoped
from ucc.engine.acd.effects import KeepStretch
from ucc.floor.models import FloorSetting
from ucc.floor.schemas import FloorSettingBody

_SAVE = text(
    """
    INSERT INTO agent_stretch (tenant_id, agent_id, since, until, state, reason, call_id, queue_id)
    SELECT a.tenant_id, x.agent_id, x.since, x.until, x.state, x.reason, x.call_id, x.queue_id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS x (
        agent_id bigint, since timestamptz(3), until timestamptz(3), state text, reason text, call_id uuid,
        queue_id bigint
    )
    JOIN agent a ON a.id = x.agent_id
    WHERE x.until > x.since
    ON CONFLICT DO NOTHING
    """
)


async def save_stretches(session: AsyncSession, stretches: Sequence[KeepStretch]) -> None:
    """Saving one again changes nothing; those of agents who are gone are dropped."""
    rows = [
        {
            "agent_id": x.agent_id,
            "since": _moment(x.since),
            "until": _moment(x.until),
            "state": x.state,
            "reason": x.reason,
            "call_id": str(x.call_id) if x.call_id is not None else None,
            "queue_id": x.queue_id,
        }
        for x in stretches
    ]
    await session.execute(_SAVE, {"rows": json.dumps(rows)})


async def get_setting(scoped: Scoped) -> FloorSettingBody:
    row = await scoped.session.get(FloorSetting, scoped.scope.tenant_id)
    return FloorSettingBody(outbound_wrap_up_s=row.outbound_wrap_up_s if row is not None else 0)


async def update_setting(scoped: Scoped, body: FloorSettingBody) -> FloorSettingBody:
    values = body.model_dump()
    await scoped.session.execute(
        insert(FloorSetting)
        .values(tenant_id=scoped.scope.tenant_id, **values)
        .on_conflict_do_update(index_elements=["tenant_id"], set_=values)
    )
    return body


def _moment(seconds: float) -> str:
    """To the nearest millisecond, so that the end of one stretch is the beginning of the next."""
    return datetime.fromtimestamp(round(seconds, 3), UTC).isoformat(timespec="milliseconds")
