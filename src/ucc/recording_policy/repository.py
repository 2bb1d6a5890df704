"""The recording policies that an enterprise set."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from ucc.db.scope import Scoped
from ucc.errors import NotFound
from ucc.recording_policy.models import StoredRecordingPolicy
from ucc.recording_policy.schemas import RecordingPolicyBody, RecordingPolicyView

LIMIT = 6000


async def list_policies(scoped: Scoped) -> list[RecordingPolicyView]:
    rows = await scoped.session.scalars(select(StoredRecordingPolicy).order_by(StoredRecordingPolicy.id).limit(LIMIT))
    return [_show(row) for row in rows]


async def set_policy(scoped: Scoped, body: RecordingPolicyBody) -> RecordingPolicyView:
    """Makes or replaces the policy of its subject; the database refuses a queue or agent of others."""
    values = body.model_dump(mode="json")
    subject = {name: values.pop(name) for name in ("queue_id", "agent_id")} | {"tenant_id": scoped.scope.tenant_id}
    row = upsert(StoredRecordingPolicy).values(**subject, **values)
    policy_id = await scoped.session.scalar(
        row.on_conflict_do_update(index_elements=["tenant_id", "queue_id", "agent_id"], set_=values).returning(
            StoredRecordingPolicy.id
        )
    )
    return _show(await scoped.session.get_one(StoredRecordingPolicy, policy_id, populate_existing=True))


async def delete_policy(scoped: Scoped, policy_id: int) -> None:
    """Raises NotFound."""
    row = await scoped.session.get(StoredRecordingPolicy, policy_id)
    if row is None:
        raise NotFound
    await scoped.session.delete(row)


def _show(row: StoredRecordingPolicy) -> RecordingPolicyView:
    return RecordingPolicyView.model_validate({name: getattr(row, name) for name in RecordingPolicyView.model_fields})
