"""What a seller does with tenants below: opens, renames, suspends and resumes them, chooses their plans."""

from __future__ import annotations

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.config import Edition
from ucc.db.scope import Scoped, TenantKind
from ucc.errors import InvalidInput, NotFound, NotInThisEdition, PlanNotPublished
from ucc.identity.access import UserRole
from ucc.identity.models import User
from ucc.identity.service import create_user
from ucc.identity.service import renew_password as renew_user_password
from ucc.rating.models import RatePlan, RatePlanVersion
from ucc.tenant import repository
from ucc.tenant.models import Tenant
from ucc.tenant.schemas import OneTimePassword, TenantBody, TenantChange, TenantOpened, TenantView


async def open_tenant(scoped: Scoped, body: TenantBody, edition: Edition) -> TenantOpened:
    """With accounts, prepaid, and its first user. Raises NotFound for a parent out of sight, InvalidInput for one that
    is an enterprise, NotInThisEdition, and as `require_plan`. The database refuses a code or user name that is
    taken."""
    session = scoped.session
    parent_id = body.parent_id if body.parent_id is not None else scoped.scope.tenant_id
    parent = await session.get(Tenant, parent_id)
    if parent is None:
        raise NotFound
    if parent.kind == TenantKind.ENTERPRISE.value:
        raise InvalidInput("parent_id: an enterprise has no tenants below it")
    if edition == "single":
        await _require_single(session, body)
    await require_plan(session, parent_id, body.rate_plan_id)
    made = await session.scalar(
        text("SELECT open_tenant(:parent, :kind, :code, :name, :max_calls, :plan)"),
        {
            "parent": parent_id,
            "kind": body.kind,
            "code": body.code,
            "name": body.name,
            "max_calls": body.max_calls,
            "plan": body.rate_plan_id,
        },
    )
    assert made is not None
    admin = body.admin
    password = await create_user(scoped, made, admin.username, UserRole(body.kind), admin.display_name, admin.language)
    return TenantOpened(
        tenant=await repository.get_tenant(scoped, made),
        admin=OneTimePassword(username=admin.username, one_time_password=password),
    )


async def _require_single(session: AsyncSession, body: TenantBody) -> None:
    """One enterprise, below the operator, charged by nothing. Raises NotInThisEdition."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('ucc.single_enterprise'))"))
    has_customer = await session.scalar(select(Tenant.id).where(Tenant.parent_id.is_not(None)).limit(1))
    if has_customer is not None or body.kind != TenantKind.ENTERPRISE.value or body.rate_plan_id is not None:
        raise NotInThisEdition


async def update_tenant(scoped: Scoped, tenant_id: int, body: TenantChange) -> TenantView:
    """Raises NotFound, InvalidInput for a name that is taken away."""
    changes = body.model_dump(exclude_unset=True)
    if "name" in changes and changes["name"] is None:
        raise InvalidInput("name: a tenant has one")
    await repository.require_below(scoped, tenant_id)
    if changes:
        await scoped.session.execute(update(Tenant).where(Tenant.id == tenant_id).values(**changes))
    return await repository.get_tenant(scoped, tenant_id)


async def set_suspended(scoped: Scoped, tenant_id: int, *, is_suspended: bool) -> TenantView:
    """Raises NotFound, also for the scope's own tenant."""
    await repository.require_below(scoped, tenant_id)
    change = update(Tenant).where(Tenant.id == tenant_id).values(is_suspended=is_suspended)
    await scoped.session.execute(change)
    return await repository.get_tenant(scoped, tenant_id)


async def assign_plan(scoped: Scoped, tenant_id: int, plan_id: int | None) -> TenantView:
    """From now on. Raises NotFound for all but direct customers and the operator's own tenant; as `require_plan`."""
    session, own = scoped.session, scoped.scope
    tenant = await session.get(Tenant, tenant_id)
    is_own = tenant_id == own.tenant_id and own.kind is TenantKind.OPERATOR
    if tenant is None or not (is_own or tenant.parent_id == own.tenant_id):
        raise NotFound
    await require_plan(session, own.tenant_id, plan_id)
    await session.execute(update(Tenant).where(Tenant.id == tenant_id).values(rate_plan_id=plan_id))
    return await repository.get_tenant(scoped, tenant_id)


async def require_plan(session: AsyncSession, owner_id: int, plan_id: int | None) -> None:
    """Raises NotFound for a plan that is not the owner's, PlanNotPublished for one without a version."""
    if plan_id is None:
        return
    owner = await session.scalar(select(RatePlan.tenant_id).where(RatePlan.id == plan_id))
    if owner != owner_id:
        raise NotFound("The level above has no such rate plan.")
    wanted = select(RatePlanVersion.id).where(
        RatePlanVersion.rate_plan_id == plan_id, RatePlanVersion.state == "published"
    )
    if await session.scalar(wanted.limit(1)) is None:
        raise PlanNotPublished


async def renew_password(scoped: Scoped, tenant_id: int, user_id: int) -> OneTimePassword:
    """Raises NotFound for anybody but an administrator of a tenant below."""
    await repository.require_below(scoped, tenant_id)
    roles = [kind.value for kind in TenantKind]
    wanted = select(User.username).where(User.id == user_id, User.tenant_id == tenant_id, User.role.in_(roles))
    username = await scoped.session.scalar(wanted)
    if username is None:
        raise NotFound
    password = await renew_user_password(scoped, user_id)
    return OneTimePassword(username=username, one_time_password=password)
