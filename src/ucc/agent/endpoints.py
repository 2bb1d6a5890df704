"""/agents: who works here. /agent: what the logged-in agent asks for; call control decides."""

from __future__ import annotations

from fastapi import APIRouter, Request, status

from ucc.agent import repository
from ucc.agent.schemas import AgentList, CallRequest, CallStarted, PhoneView, PresenceRequest
from ucc.errors import (
    UNSAFE,
    CallRefused,
    ControllerAway,
    ControllerRefused,
    Forbidden,
    NotFound,
    NotLoggedIn,
    UnknownPauseReason,
    documented,
)
from ucc.identity.access import AgentViewer, AnyWork, database_of
from ucc.live.controller import controller_of
from ucc.pause.service import require_reason

router = APIRouter(tags=["agents"])
CONTROL_ERRORS = (NotLoggedIn, Forbidden, NotFound, ControllerRefused, CallRefused, ControllerAway, *UNSAFE)


@router.get("/agents", responses=documented(NotLoggedIn))
async def list_agents(work: AnyWork) -> AgentList:
    """The agents of every enterprise that the user may see."""
    return AgentList(items=await repository.list_agents(work.scoped))


@router.put(
    "/agent/presence",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(*CONTROL_ERRORS, UnknownPauseReason),
)
async def set_presence(body: PresenceRequest, viewer: AgentViewer, request: Request) -> None:
    """Ask for a presence. During a call it takes effect after it; the last request wins."""
    if body.presence == "paused":
        async with database_of(request).begin_scoped(viewer.scope) as scoped:
            await require_reason(scoped.session, viewer.scope.tenant_id, body.reason)
    await controller_of(request).set_presence(viewer.require_agent(), body.presence, body.reason)


@router.post("/agent/calls", status_code=status.HTTP_201_CREATED, responses=documented(*CONTROL_ERRORS))
async def place_call(body: CallRequest, viewer: AgentViewer, request: Request) -> CallStarted:
    """Call a number: the agent's own phone rings first, then the customer's."""
    call_id = await controller_of(request).place_call(viewer.require_agent(), body.callee, body.caller_id)
    return CallStarted(call_id=call_id)


@router.get("/agent/phone", responses=documented(NotLoggedIn, Forbidden, NotFound))
async def get_phone(work: AnyWork, request: Request) -> PhoneView:
    """The agent's phone account, for the phone in the page."""
    return await repository.get_phone(work.scoped, request.app.state.settings, work.viewer.require_agent())
