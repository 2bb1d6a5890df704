"""/calls: what happened; and hanging up what happens now."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, status

from ucc.call import repository
from ucc.call.schemas import CallDetail, CallFilter, CallPage
from ucc.errors import (
    UNSAFE,
    ControllerAway,
    ControllerRefused,
    Forbidden,
    InvalidInput,
    NotFound,
    NotLoggedIn,
    documented,
)
from ucc.identity.access import AgentViewer, AnyWork
from ucc.live.controller import controller_of

router = APIRouter(prefix="/calls", tags=["calls"])


@router.get("", responses=documented(NotLoggedIn, InvalidInput))
async def list_calls(work: AnyWork, wanted: Annotated[CallFilter, Query()]) -> CallPage:
    """Finished calls, newest first. Agents see their own."""
    return await repository.list_calls(work, wanted)


@router.get("/{call_id}", responses=documented(NotLoggedIn, NotFound, InvalidInput))
async def get_call(work: AnyWork, call_id: UUID) -> CallDetail:
    """One finished call with every leg, and what each visible level paid for it."""
    return await repository.get_call(work, call_id)


@router.post(
    "/{call_id}/hang-up",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(NotLoggedIn, Forbidden, NotFound, ControllerRefused, ControllerAway, *UNSAFE),
)
async def hang_up(call_id: UUID, viewer: AgentViewer, request: Request) -> None:
    """The agent ends its own live call."""
    controller = controller_of(request)
    snapshot = await controller.snapshot(viewer.scope.tenant_id)
    calls = (call for call in snapshot["calls"] if call["call_id"] == str(call_id))
    if not any(viewer.require_agent() in call["agent_ids"] for call in calls):
        raise NotFound
    await controller.hang_up(call_id)
