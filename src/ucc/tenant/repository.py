"""Tenants that a scope may see."""

from __future__ import annotations

from sqlalchemy import Boolean, Row, Select, func, or_, select

from ucc.db.scope import Scoped, TenantKind
from ucc.errors import NotFound
from ucc.identity.models import User
from ucc.kit.money import format_yuan
from ucc.ledger.models import ACCOUNT_BALANCE
from ucc.tenant.models import Tenant, TenantTree
from ucc.tenant.schemas import TenantUserView, TenantView

LIMIT = 1000


async def list_tenants(scoped: Scoped, *, text: str | None = None, parent_id: int | None = None) -> list[TenantView]:
    """The scope's own tenant and those below it, parents first; at most 1000."""
    wanted = _select(scoped)
    if text:
        wanted = wanted.where(
            or_(Tenant.code.icontains(text, autoescape=True), Tenant.name.icontains(text, autoescape=True))
        )
    if parent_id is not None:
        wanted = wanted.where(Tenant.parent_id == parent_id)
    rows = await scoped.session.execute(wanted.order_by(TenantTree.depth, Tenant.id).limit(LIMIT))
    return [_show(scoped, row) for row in rows]


async def get_tenant(scoped: Scoped, tenant_id: int) -> TenantView:
    """As it is now in the database. Raises NotFound."""
    wanted = _select(scoped).where(Tenant.id == tenant_id).execution_options(populate_existing=True)
    row = (await scoped.session.execute(wanted)).first()
    if row is None:
        raise NotFound
    return _show(scoped, row)


def _select(scoped: Scoped) -> Select[Tenant, int | None, int | None, int | None, bool]:
    balance, income = ACCOUNT_BALANCE.alias(), ACCOUNT_BALANCE.alias()
    return (
        select(
            Tenant,
            balance.c.balance_micros,
            balance.c.limit_micros,
            income.c.balance_micros,
            func.is_suspended_above(Tenant.id, type_=Boolean),
        )
        .join(TenantTree, TenantTree.descendant_id == Tenant.id)
        .outerjoin(balance, (balance.c.tenant_id == Tenant.id) & (balance.c.kind == "balance"))
        .outerjoin(income, (income.c.tenant_id == Tenant.id) & (income.c.kind == "income"))
        .where(TenantTree.ancestor_id == scoped.scope.tenant_id)
    )


def _show(scoped: Scoped, row: Row[Tenant, int | None, int | None, int | None, bool]) -> TenantView:
    tenant, balance_micros, limit_micros, income_micros, is_suspended_above = row
    return TenantView(
        id=tenant.id,
        parent_id=tenant.parent_id if tenant.id != scoped.scope.tenant_id else None,
        kind=TenantKind(tenant.kind),
        code=tenant.code,
        name=tenant.name,
        is_suspended=tenant.is_suspended,
        is_balance_suspended=tenant.is_balance_suspended,
        is_suspended_above=is_suspended_above,
        rate_plan_id=tenant.rate_plan_id,
        max_calls=tenant.max_calls,
        balance=format_yuan(balance_micros or 0),
        balance_micros=balance_micros or 0,
        limit_micros=limit_micros,
        income=format_yuan(income_micros or 0),
        income_micros=income_micros or 0,
    )


async def require_below(scoped: Scoped, tenant_id: int) -> None:
    """Raises NotFound for a tenant out of sight, and for the scope's own."""
    wanted = select(TenantTree.depth).where(
        TenantTree.ancestor_id == scoped.scope.tenant_id, TenantTree.descendant_id == tenant_id
    )
    if not await scoped.session.scalar(wanted):
        raise NotFound


async def list_admins(scoped: Scoped, tenant_id: int) -> list[TenantUserView]:
    """Those who administer a tenant below. Raises NotFound."""
    await require_below(scoped, tenant_id)
    roles = [kind.value for kind in TenantKind]
    columns = (User.id, User.username, User.display_name, User.is_active, User.one_time_until)
    rows = await scoped.session.execute(
        select(*columns).where(User.tenant_id == tenant_id, User.role.in_(roles)).order_by(User.id).limit(LIMIT)
    )
    return [
        TenantUserView(
            id=row.id,
            username=row.username,
            display_name=row.display_name,
            is_active=row.is_active,
            has_one_time_password=row.one_time_until is not None,
        )
        for row in rows
    ]


async def list_enterprises_below(scoped: Scoped, tenant_id: int) -> list[int]:
    """The tenant itself when it is an enterprise, and every enterprise below it."""
    # the scope sees the tree from its own tenant only, so the way up is by parents
    below = select(Tenant.id, Tenant.kind).where(Tenant.id == tenant_id).cte("below", recursive=True)
    below = below.union_all(select(Tenant.id, Tenant.kind).join(below, Tenant.parent_id == below.c.id))
    rows = await scoped.session.scalars(select(below.c.id).where(below.c.kind == TenantKind.ENTERPRISE.value))
    return list(rows)


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
