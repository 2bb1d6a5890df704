"""/calls/{id}/watch and the like: 监听, 耳语, 三方, 抢接, 强拆, and a supervisor's hand on an agent's presence."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request, status
from pydantic import BaseModel, Field

from ucc.agent.schemas import PresenceRequest
from ucc.errors import (
    UNSAFE,
    ControllerAway,
    ControllerRefused,
    Forbidden,
    NotFound,
    NotLoggedIn,
    NotYourTeam,
    UnknownPauseReason,
    documented,
)
from ucc.identity.access import EditorWork, Work
from ucc.identity.schemas import RowId
from ucc.live.controller import Controller, controller_of
from ucc.pause.service import require_reason
from ucc.team.service import require_supervised

ERRORS = documented(NotLoggedIn, Forbidden, NotYourTeam, NotFound, ControllerRefused, ControllerAway, *UNSAFE)
DONE: dict[str, Any] = {"status_code": status.HTTP_204_NO_CONTENT, "responses": ERRORS}
router = APIRouter(tags=["supervision"])


class WatchBody(BaseModel):
    mode: Literal["listen", "whisper", "barge"] = Field(description="Asked again with another mode, it changes")


@router.post("/calls/{call_id}/watch", **DONE)
async def watch(call_id: UUID, body: WatchBody, work: EditorWork, request: Request) -> None:
    """The supervisor's own phone joins the call: 监听 listen, 耳语 whisper, 三方 barge."""
    await _require_call(controller_of(request), work, call_id)
    agent_id = work.viewer.require_agent()
    await controller_of(request).command_call(call_id, "watch", {"agent_id": agent_id, "mode": body.mode})


@router.delete("/calls/{call_id}/watch", **DONE)
async def end_watch(call_id: UUID, work: EditorWork, request: Request) -> None:
    """Leave the call; those who talk go on."""
    await _require_call(controller_of(request), work, call_id)
    await controller_of(request).command_call(call_id, "watch/end", {"agent_id": work.viewer.require_agent()})


@router.post("/calls/{call_id}/take-over", **DONE)
async def take_over(call_id: UUID, work: EditorWork, request: Request) -> None:
    """抢接: the supervisor replaces the agent; the customer stays."""
    await _require_call(controller_of(request), work, call_id)
    agent_id = work.viewer.require_agent()
    await controller_of(request).command_call(call_id, "watch", {"agent_id": agent_id, "mode": "take_over"})


@router.post("/calls/{call_id}/release", **DONE)
async def release(call_id: UUID, work: EditorWork, request: Request) -> None:
    """强拆: the call ends for everybody in it."""
    await _require_call(controller_of(request), work, call_id)
    await controller_of(request).command_call(call_id, "hang-up", {"by": "supervisor"})


@router.put(
    "/agents/{agent_id}/presence",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(
        NotLoggedIn, Forbidden, NotYourTeam, NotFound, UnknownPauseReason, ControllerRefused, ControllerAway, *UNSAFE
    ),
)
async def set_presence_of(agent_id: RowId, body: PresenceRequest, work: EditorWork, request: Request) -> None:
    """强制签出, 置忙, 置闲. During a call it takes effect after it."""
    await require_supervised(work, agent_id)
    if body.presence == "paused":
        await require_reason(work.session, work.viewer.scope.tenant_id, body.reason)
    await controller_of(request).set_presence(agent_id, body.presence, body.reason)


async def _require_call(controller: Controller, work: Work, call_id: UUID) -> None:
    """The call is one of the enterprise's, with an agent whom the viewer may act on. Raises NotFound, NotYourTeam."""
    tenant_id = work.viewer.scope.tenant_id
    snapshot = await controller.snapshot(tenant_id)
    call = next((x for x in snapshot["calls"] if x["call_id"] == str(call_id)), None)
    if call is None or call["tenant_id"] != tenant_id:
        raise NotFound
    if call["agent_id"] is not None:
        await require_supervised(work, call["agent_id"])
