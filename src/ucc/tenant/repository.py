"""Tenants that a scope may see."""

from __future__ import annotations

from sqlalchemy import select

from ucc.db.scope import Scoped, TenantKind
from ucc.kit.money import format_yuan
from ucc.ledger.models import ACCOUNT_BALANCE
from ucc.tenant.models import Tenant, TenantTree
from ucc.tenant.schemas import TenantView

LIMIT = 1000


async def list_tenants(scoped: Scoped) -> list[TenantView]:
    """The scope's own tenant and those below it, parents first; at most 1000."""
    balance, income = ACCOUNT_BALANCE.alias(), ACCOUNT_BALANCE.alias()
    rows = await scoped.session.execute(
        select(Tenant, balance.c.balance_micros, balance.c.limit_micros, income.c.balance_micros)
        .join(TenantTree, TenantTree.descendant_id == Tenant.id)
        .outerjoin(balance, (balance.c.tenant_id == Tenant.id) & (balance.c.kind == "balance"))
        .outerjoin(income, (income.c.tenant_id == Tenant.id) & (income.c.kind == "income"))
        .where(TenantTree.ancestor_id == scoped.scope.tenant_id)
        .order_by(TenantTree.depth, Tenant.id)
        .limit(LIMIT)
    )
    return [
        TenantView(
            id=tenant.id,
            parent_id=tenant.parent_id if tenant.id != scoped.scope.tenant_id else None,
            kind=TenantKind(tenant.kind),
            code=tenant.code,
            name=tenant.name,
            is_suspended=tenant.is_suspended,
            max_calls=tenant.max_calls,
            balance=format_yuan(balance_micros or 0),
            balance_micros=balance_micros or 0,
            limit_micros=limit_micros,
            income=format_yuan(income_micros or 0),
            income_micros=income_micros or 0,
        )
        for tenant, balance_micros, limit_micros, income_micros in rows
    ]


async def list_enterprise_ids(scoped: Scoped) -> list[int]:
    """The enterprises that the scope may see; at most 1000."""
    rows = await scoped.session.scalars(
        select(Tenant.id)
        .join(TenantTree, TenantTree.descendant_id == Tenant.id)
        .where(TenantTree.ancestor_id == scoped.scope.tenant_id, Tenant.kind == TenantKind.ENTERPRISE.value)
        .order_by(Tenant.id)
        .limit(LIMIT)
    )
    return list(rows)
