"""/tenants/{id}/spend-rule and /alerts: limits against fraud, and what people should know about money."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from ucc.credit import repository
from ucc.credit.schemas import AlertFilter, AlertList, SpendRuleBody, SpendRuleView
from ucc.db.scope import TenantKind
from ucc.errors import UNSAFE, Forbidden, InvalidInput, NotFound, NotInThisEdition, NotLoggedIn, documented
from ucc.identity.access import MoneyWork, SellerWork
from ucc.identity.schemas import RowId
from ucc.ledger.repository import is_direct_customer

router = APIRouter(tags=["credit"])
READ = (NotLoggedIn, Forbidden, NotInThisEdition)


@router.get("/tenants/{tenant_id}/spend-rule", responses=documented(*READ, NotFound, InvalidInput))
async def get_spend_rule(work: MoneyWork, tenant_id: RowId) -> SpendRuleView:
    """Limits of the user's own tenant, or of one below; where nobody has set any: the defaults."""
    return await repository.show_rule(work.scoped, tenant_id)


@router.put("/tenants/{tenant_id}/spend-rule", responses=documented(*READ, NotFound, *UNSAFE))
async def set_spend_rule(work: SellerWork, tenant_id: RowId, body: SpendRuleBody) -> SpendRuleView:
    """Limits of a direct customer, or of the operator itself, as a whole. Acts on the next call; alerts follow within
    10 s."""
    scope = work.scoped.scope
    is_own = tenant_id == scope.tenant_id and scope.kind is TenantKind.OPERATOR
    if not is_own and not await is_direct_customer(work.scoped, tenant_id):
        raise NotFound
    await repository.store_rule(work.scoped, tenant_id, body)
    return await repository.show_rule(work.scoped, tenant_id)


@router.get("/alerts", responses=documented(*READ, InvalidInput))
async def list_alerts(work: MoneyWork, wanted: Annotated[AlertFilter, Query()]) -> AlertList:
    """Open and past alerts of the user's own tenant and all below it, the newest first."""
    return await repository.list_alerts(work.scoped, wanted)
