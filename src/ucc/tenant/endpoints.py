"""/tenants: the part of the customer tree that the user may see, and what a seller does with those below."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, status

from ucc.config import Settings
from ucc.errors import (
    CHANGES,
    ControllerAway,
    Forbidden,
    InvalidInput,
    NotFound,
    NotInThisEdition,
    NotLoggedIn,
    PlanNotPublished,
    documented,
)
from ucc.identity.access import MoneyWork, SellerViewer, SellerWork, database_of, require_billing
from ucc.identity.schemas import RowId
from ucc.live.controller import controller_of
from ucc.tenant import opening, repository
from ucc.tenant.schemas import (
    OneTimePassword,
    PlanChoice,
    SuspensionBody,
    SuspensionView,
    TenantBody,
    TenantChange,
    TenantList,
    TenantOpened,
    TenantUserList,
    TenantView,
)

router = APIRouter(prefix="/tenants", tags=["tenants"])
READ = (NotLoggedIn, Forbidden)
BY_ID = (*READ, NotFound, *CHANGES)
TenantId = Annotated[RowId, Path()]


@router.get("", responses=documented(*READ, InvalidInput))
async def list_tenants(
    work: MoneyWork,
    text: Annotated[str | None, Query(max_length=64, description="Part of the code or name")] = None,
    parent_id: Annotated[RowId | None, Query(description="Only those directly below this one")] = None,
) -> TenantList:
    """The user's own tenant and every tenant below it, with balances. Not for supervisors and agents."""
    return TenantList(items=await repository.list_tenants(work.scoped, text=text, parent_id=parent_id))


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=documented(*READ, NotFound, PlanNotPublished, NotInThisEdition, *CHANGES),
)
async def open_tenant(work: SellerWork, request: Request, body: TenantBody) -> TenantOpened:
    """开户: a reseller or an enterprise below the user's own tenant or a reseller below it, with its first user.
    In the single edition: the one enterprise, below the operator."""
    settings: Settings = request.app.state.settings
    return await opening.open_tenant(work.scoped, body, settings.edition)


@router.get("/{tenant_id}", responses=documented(*READ, NotFound, InvalidInput))
async def get_tenant(work: MoneyWork, tenant_id: TenantId) -> TenantView:
    return await repository.get_tenant(work.scoped, tenant_id)


@router.patch("/{tenant_id}", responses=documented(*BY_ID))
async def update_tenant(work: SellerWork, tenant_id: TenantId, body: TenantChange) -> TenantView:
    """Name and 并发 of a tenant below."""
    return await opening.update_tenant(work.scoped, tenant_id, body)


@router.put(
    "/{tenant_id}/plan",
    dependencies=[Depends(require_billing)],
    responses=documented(*BY_ID, PlanNotPublished, NotInThisEdition),
)
async def assign_rate_plan(work: SellerWork, tenant_id: TenantId, body: PlanChoice) -> TenantView:
    """What a direct customer is charged by, from now on: one of the user's own plans. The operator also
    chooses what the carriers charge it."""
    return await opening.assign_plan(work.scoped, tenant_id, body.rate_plan_id)


@router.post("/{tenant_id}/suspend", responses=documented(*BY_ID, ControllerAway))
async def suspend_tenant(
    viewer: SellerViewer, request: Request, tenant_id: TenantId, body: SuspensionBody
) -> SuspensionView:
    """停用: nothing of it or below it can call outside, from the next call on; told again, it may still end calls.

    When call control is away, the tenant is suspended all the same, and the answer is controller_away.
    """
    database = database_of(request)
    async with database.begin_scoped(viewer.scope) as scoped:
        tenant = await opening.set_suspended(scoped, tenant_id, is_suspended=True)
        enterprise_ids = await repository.list_enterprises_below(scoped, tenant_id) if body.end_calls else []
    if not body.end_calls:
        return SuspensionView(tenant=tenant, ended_calls=None)
    return SuspensionView(tenant=tenant, ended_calls=await controller_of(request).end_calls(enterprise_ids))


@router.post("/{tenant_id}/resume", responses=documented(*BY_ID))
async def resume_tenant(work: SellerWork, tenant_id: TenantId) -> TenantView:
    """启用. Levels below that were suspended by themselves stay so."""
    return await opening.set_suspended(work.scoped, tenant_id, is_suspended=False)


@router.get("/{tenant_id}/users", responses=documented(*READ, NotFound, InvalidInput))
async def list_tenant_users(work: SellerWork, tenant_id: TenantId) -> TenantUserList:
    """Who administers a tenant below."""
    return TenantUserList(items=await repository.list_admins(work.scoped, tenant_id))


@router.post("/{tenant_id}/users/{user_id}/one-time-password", responses=documented(*BY_ID))
async def renew_one_time_password(work: SellerWork, tenant_id: TenantId, user_id: RowId) -> OneTimePassword:
    """For an administrator of a tenant below who lost the password; all its sessions end."""
    return await opening.renew_password(work.scoped, tenant_id, user_id)
