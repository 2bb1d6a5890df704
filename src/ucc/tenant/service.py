"""The chain of tenants above one, and the leases that give a tenant's calls to one controller."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.db.scope import TenantKind
from ucc.tenant.models import Tenant, TenantTree


@dataclass(frozen=True, slots=True)
class Level:
    """One tenant of a chain. `rate_plan_id` is what it is charged by, `parent_id` whom it pays (None: the carrier).

    `max_calls`: how many calls of it and all below it may be live at once (None: any number)."""

    tenant_id: int
    parent_id: int | None
    kind: TenantKind
    rate_plan_id: int | None
    is_suspended: bool
    max_calls: int | None = None


async def load_chain(session: AsyncSession, tenant_id: int) -> list[Level]:
    """The tenant and every level above it, lowest first. Raises LookupError for an unknown tenant."""
    is_suspended = Tenant.is_suspended | Tenant.is_balance_suspended
    rows = await session.execute(
        select(Tenant.id, Tenant.parent_id, Tenant.kind, Tenant.rate_plan_id, is_suspended, Tenant.max_calls)
        .join(TenantTree, TenantTree.ancestor_id == Tenant.id)
        .where(TenantTree.descendant_id == tenant_id)
        .order_by(TenantTree.depth)
    )
    chain = [Level(row[0], row[1], TenantKind(row[2]), *row[3:]) for row in rows]
    if not chain:
        raise LookupError(f"there is no tenant {tenant_id}")
    return chain


async def renew_leases(session: AsyncSession, controller: str, lease_s: float) -> set[int]:
    """Take or renew the lease of every enterprise that is free, expired or already ours; the ones we hold now."""
    rows = await session.execute(
        text(
            """
            INSERT INTO tenant_lease AS l (tenant_id, controller, expires_at)
            SELECT id, :controller, now() + make_interval(secs => :lease_s)
            FROM tenant WHERE kind = 'enterprise' ORDER BY id
            ON CONFLICT (tenant_id) DO UPDATE SET controller = excluded.controller, expires_at = excluded.expires_at
            WHERE l.controller = excluded.controller OR l.expires_at < now()
            RETURNING tenant_id
            """
        ),
        {"controller": controller, "lease_s": lease_s},
    )
    return set(rows.scalars())
