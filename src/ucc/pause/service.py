"""The pause reasons of an enterprise, and whether an agent gave one of them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.db.scope import Scoped
from ucc.errors import NotFound, UnknownPauseReason
from ucc.pause.models import PauseReason
from ucc.pause.schemas import PauseReasonBody, PauseReasonChange, PauseReasonView

LIMIT = 200
OWN_REASONS = frozenset({"signed_in"})
"""Of the console itself: who has just signed in is not ready yet."""


async def list_reasons(scoped: Scoped) -> list[PauseReasonView]:
    rows = await scoped.session.scalars(
        select(PauseReason)
        .where(PauseReason.tenant_id == scoped.scope.tenant_id)
        .order_by(PauseReason.position, PauseReason.id)
        .limit(LIMIT)
    )
    return [_show(row) for row in rows]


async def create_reason(scoped: Scoped, body: PauseReasonBody) -> PauseReasonView:
    row = PauseReason(tenant_id=scoped.scope.tenant_id, **body.model_dump())
    scoped.session.add(row)
    await scoped.session.flush()
    return _show(row)


async def update_reason(scoped: Scoped, reason_id: int, body: PauseReasonChange) -> PauseReasonView:
    """Raises NotFound."""
    row = await _get(scoped, reason_id)
    for name, value in body.model_dump().items():
        setattr(row, name, value)
    await scoped.session.flush()
    return _show(row)


async def delete_reason(scoped: Scoped, reason_id: int) -> None:
    """Presences that named it keep its code. Raises NotFound."""
    await scoped.session.delete(await _get(scoped, reason_id))


async def require_reason(session: AsyncSession, tenant_id: int, code: str | None) -> None:
    """Once an enterprise has reasons in use, a pause gives one of them, or none (*77). Raises UnknownPauseReason."""
    if code is None or code in OWN_REASONS:
        return
    in_use = select(PauseReason.code).where(PauseReason.tenant_id == tenant_id, PauseReason.is_active)
    codes = set(await session.scalars(in_use))
    if codes and code not in codes:
        raise UnknownPauseReason


async def _get(scoped: Scoped, reason_id: int) -> PauseReason:
    row = await scoped.session.get(PauseReason, reason_id)
    if row is None:
        raise NotFound
    return row


def _show(row: PauseReason) -> PauseReasonView:
    return PauseReasonView.model_validate({name: getattr(row, name) for name in PauseReasonView.model_fields})
