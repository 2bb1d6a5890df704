"""/pause-reasons: why agents pause."""

from __future__ import annotations

from fastapi import APIRouter, status

from ucc.errors import CHANGES, Forbidden, NotFound, NotLoggedIn, documented
from ucc.identity.access import AnyWork, EditorWork
from ucc.identity.schemas import RowId
from ucc.pause import service
from ucc.pause.schemas import PauseReasonBody, PauseReasonChange, PauseReasonList, PauseReasonView

router = APIRouter(prefix="/pause-reasons", tags=["pause reasons"])


@router.get("", responses=documented(NotLoggedIn))
async def list_pause_reasons(work: AnyWork) -> PauseReasonList:
    """The enterprise's own, in its order. Agents choose among the active ones."""
    return PauseReasonList(items=await service.list_reasons(work.scoped))


@router.post("", status_code=status.HTTP_201_CREATED, responses=documented(NotLoggedIn, Forbidden, *CHANGES))
async def create_pause_reason(work: EditorWork, body: PauseReasonBody) -> PauseReasonView:
    return await service.create_reason(work.scoped, body)


@router.put("/{reason_id}", responses=documented(NotLoggedIn, Forbidden, NotFound, *CHANGES))
async def update_pause_reason(work: EditorWork, reason_id: RowId, body: PauseReasonChange) -> PauseReasonView:
    return await service.update_reason(work.scoped, reason_id, body)


@router.delete(
    "/{reason_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(NotLoggedIn, Forbidden, NotFound, *CHANGES),
)
async def delete_pause_reason(work: EditorWork, reason_id: RowId) -> None:
    """Reports keep its code."""
    await service.delete_reason(work.scoped, reason_id)
