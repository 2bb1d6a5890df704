"""Resources and their history, as a scope sees them."""

from __future__ import annotations

from sqlalchemy import func, select, text
from sqlalchemy.orm import aliased

from ucc.db.scope import Scoped
from ucc.errors import NotFound
from ucc.identity.models import User
from ucc.resource.models import ResourceGrant
from ucc.resource.schemas import GrantHistory, GrantView, ResourceKind, ResourceList, ResourceView
from ucc.resource.service import SHOWN
from ucc.tenant.models import Tenant

HISTORY_LIMIT = 500


async def list_resources(
    scoped: Scoped, kind: ResourceKind, tenant_id: int | None, number: str | None, after_id: int, limit: int
) -> ResourceList:
    """Those that fit, by id. `number`: a part of it."""
    shown_as, session = SHOWN[kind].c, scoped.session
    wanted = select(shown_as.id, shown_as.number, shown_as.tenant_id)
    if tenant_id is not None:
        wanted = wanted.where(shown_as.tenant_id == tenant_id)
    if number:
        wanted = wanted.where(shown_as.number.contains(number, autoescape=True))
    total = await session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    page = wanted.where(shown_as.id > after_id).order_by(shown_as.id).limit(limit + 1)
    rows = (await session.execute(page)).all()
    shown = rows[:limit]
    used = await session.scalars(
        text("SELECT DISTINCT id FROM list_resource_uses(:kind, :ids, NULL)"),
        {"kind": kind.value, "ids": [row.id for row in shown]},
    )
    in_use = set(used)
    items = [
        ResourceView(id=row.id, kind=kind, number=row.number, tenant_id=row.tenant_id, is_in_use=row.id in in_use)
        for row in shown
    ]
    return ResourceList(items=items, total=total, next_after_id=shown[-1].id if len(rows) > limit else None)


async def list_history(scoped: Scoped, kind: ResourceKind, resource_id: int) -> GrantHistory:
    """Oldest first, also of one that is gone; moves between tenants out of sight are not shown. Raises NotFound."""
    source, target = aliased(Tenant), aliased(Tenant)
    rows = (
        await scoped.session.execute(
            select(ResourceGrant.granted_at, source.id, target.id, source.name, target.name, User.username)
            .outerjoin(source, source.id == ResourceGrant.from_tenant_id)
            .outerjoin(target, target.id == ResourceGrant.to_tenant_id)
            .outerjoin(User, User.id == ResourceGrant.user_id)
            .where(ResourceGrant.kind == kind.value, ResourceGrant.resource_id == resource_id)
            .order_by(ResourceGrant.id)
            .limit(HISTORY_LIMIT)
        )
    ).all()
    if not rows:
        raise NotFound
    return GrantHistory(
        items=[
            GrantView(
                granted_at=row[0],
                from_tenant_id=row[1],
                to_tenant_id=row[2],
                from_name=row[3],
                to_name=row[4],
                username=row[5],
            )
            for row in rows
        ]
    )
