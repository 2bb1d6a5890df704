"""The tenant scope: whose data a transaction may touch. A type, set in one place, enforced by PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


class TenantKind(StrEnum):
    OPERATOR = "operator"
    RESELLER = "reseller"
    ENTERPRISE = "enterprise"


@dataclass(frozen=True, slots=True)
class TenantScope:
    """A tenant and everything below it."""

    tenant_id: int
    kind: TenantKind


@dataclass(frozen=True, slots=True)
class Scoped:
    """A session whose transaction sees one scope. Made by `enter_scope` only; API services take nothing else."""

    session: AsyncSession
    scope: TenantScope


async def enter_scope(session: AsyncSession, scope: TenantScope) -> Scoped:
    """The one gate: from here to the end of the transaction row-level security shows `scope` and nothing else."""
    await session.execute(text("SELECT set_config('ucc.tenant_id', :id, true)"), {"id": str(scope.tenant_id)})
    return Scoped(session, scope)
