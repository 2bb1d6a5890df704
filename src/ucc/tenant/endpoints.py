"""/tenants: the part of the customer tree that the user may see."""

from __future__ import annotations

from fastapi import APIRouter

from ucc.errors import Forbidden, NotLoggedIn, documented
from ucc.identity.access import MoneyWork
from ucc.tenant import repository
from ucc.tenant.schemas import TenantList

router = APIRouter(prefix="/tenants", tags=["tenants"])


@router.get("", responses=documented(NotLoggedIn, Forbidden))
async def list_tenants(work: MoneyWork) -> TenantList:
    """The user's own tenant and every tenant below it, with balances. Not for supervisors and agents."""
    return TenantList(items=await repository.list_tenants(work.scoped))
