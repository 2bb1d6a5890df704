"""/dids, /priority-callers, /reception: how an enterprise receives calls. Changes act on the next call."""

from __future__ import annotations

from fastapi import APIRouter, status

from ucc.errors import CHANGES, Forbidden, InvalidInput, NotFound, NotLoggedIn, documented
from ucc.identity.access import EditorWork
from ucc.identity.schemas import RowId
from ucc.reception import service
from ucc.reception.schemas import (
    DidList,
    DidReception,
    DidView,
    PriorityCallerBody,
    PriorityCallerList,
    PriorityCallerView,
    ReceptionBody,
)

router = APIRouter(tags=["reception"])
READ = (NotLoggedIn, Forbidden)
BY_ID = (*READ, NotFound, InvalidInput)


@router.get("/dids", responses=documented(*READ))
async def list_dids(work: EditorWork) -> DidList:
    """The enterprise's numbers, and where each leads."""
    return DidList(items=await service.list_dids(work.scoped))


@router.put("/dids/{did_id}/reception", responses=documented(*BY_ID, *CHANGES))
async def set_did_reception(work: EditorWork, did_id: RowId, body: DidReception) -> DidView:
    """Where a number leads: to a menu, a queue, an agent, an outside number or a voicemail box."""
    return await service.set_reception(work.scoped, did_id, body)


@router.get("/priority-callers", responses=documented(*READ))
async def list_priority_callers(work: EditorWork) -> PriorityCallerList:
    """VIP: callers who go before others."""
    return PriorityCallerList(items=await service.list_priority_callers(work.scoped))


@router.post("/priority-callers", status_code=status.HTTP_201_CREATED, responses=documented(*READ, *CHANGES))
async def create_priority_caller(work: EditorWork, body: PriorityCallerBody) -> PriorityCallerView:
    return await service.create_priority_caller(work.scoped, body)


@router.put("/priority-callers/{priority_caller_id}", responses=documented(*BY_ID, *CHANGES))
async def update_priority_caller(
    work: EditorWork, priority_caller_id: RowId, body: PriorityCallerBody
) -> PriorityCallerView:
    return await service.update_priority_caller(work.scoped, priority_caller_id, body)


@router.delete(
    "/priority-callers/{priority_caller_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(*BY_ID, *CHANGES),
)
async def delete_priority_caller(work: EditorWork, priority_caller_id: RowId) -> None:
    await service.delete_priority_caller(work.scoped, priority_caller_id)


@router.get("/reception", responses=documented(*READ))
async def get_reception(work: EditorWork) -> ReceptionBody:
    """What all inbound calls have in common."""
    return await service.get_reception(work.scoped)


@router.put("/reception", responses=documented(*READ, *CHANGES))
async def update_reception(work: EditorWork, body: ReceptionBody) -> ReceptionBody:
    return await service.update_reception(work.scoped, body)
