"""/caller-ids: what an enterprise may show and does show; and how many calls a tenant may have at once."""

from __future__ import annotations

from fastapi import APIRouter, status

from ucc.caller_id import service
from ucc.caller_id.schemas import (
    CallerIdChange,
    CallerIdChoice,
    CallerIdGrant,
    CallerIdList,
    CallerIdView,
    MaxCallsBody,
)
from ucc.errors import CHANGES, Forbidden, NotFound, NotLoggedIn, TrunkNotGranted, documented
from ucc.identity.access import AnyWork, EditorWork, OperatorWork, SellerWork
from ucc.identity.schemas import RowId

router = APIRouter(tags=["caller IDs"])
READ = (NotLoggedIn, Forbidden)


@router.get("/caller-ids", responses=documented(NotLoggedIn))
async def list_caller_ids(work: AnyWork) -> CallerIdList:
    """The caller IDs of every enterprise that the user may see; agents choose among them for a call."""
    return CallerIdList(items=await service.list_caller_ids(work.scoped))


@router.post("/caller-ids", status_code=status.HTTP_201_CREATED, responses=documented(*READ, TrunkNotGranted, *CHANGES))
async def grant_caller_id(work: OperatorWork, body: CallerIdGrant) -> CallerIdView:
    return await service.grant_caller_id(work.scoped, body)


@router.put(
    "/caller-ids/default", status_code=status.HTTP_204_NO_CONTENT, responses=documented(*READ, NotFound, *CHANGES)
)
async def choose_default_caller_id(work: EditorWork, body: CallerIdChoice) -> None:
    """What calls show when neither the call nor its agent has chosen."""
    await service.choose_default(work.scoped, body.caller_id_id)


@router.put("/caller-ids/{caller_id_id}", responses=documented(*READ, NotFound, TrunkNotGranted, *CHANGES))
async def update_caller_id(work: OperatorWork, caller_id_id: RowId, body: CallerIdChange) -> CallerIdView:
    return await service.update_caller_id(work.scoped, caller_id_id, body)


@router.delete(
    "/caller-ids/{caller_id_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(*READ, NotFound, *CHANGES),
)
async def take_back_caller_id(work: OperatorWork, caller_id_id: RowId) -> None:
    """Calls in progress go on; the next one cannot show it."""
    await service.take_back(work.scoped, caller_id_id)


@router.put(
    "/agents/{agent_id}/caller-id",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(*READ, NotFound, *CHANGES),
)
async def choose_agent_caller_id(work: EditorWork, agent_id: RowId, body: CallerIdChoice) -> None:
    """What an agent's calls show unless the agent chooses another."""
    await service.choose_for_agent(work.scoped, agent_id, body.caller_id_id)


@router.put(
    "/tenants/{tenant_id}/max-calls",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(*READ, NotFound, *CHANGES),
)
async def limit_tenant(work: SellerWork, tenant_id: RowId, body: MaxCallsBody) -> None:
    """并发: how many calls the tenant and all below it may have at once."""
    await service.limit_tenant(work.scoped, tenant_id, body.max_calls)
