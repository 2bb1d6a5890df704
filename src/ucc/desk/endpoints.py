"""/agent/...: the soft-phone bar. Each command acts on the call that the agent is in, or is refused with a code."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, status

from ucc.desk.schemas import (
    DropBody,
    HoldBody,
    KeysBody,
    LineBody,
    MuteBody,
    ParkView,
    PickUpBody,
    RecordingBody,
    RetrieveBody,
    TransferBody,
    WrapUpBody,
)
from ucc.errors import (
    UNSAFE,
    ControllerAway,
    ControllerRefused,
    Forbidden,
    NotFound,
    NotLoggedIn,
    documented,
)
from ucc.identity.access import AgentViewer
from ucc.live.controller import controller_of

ERRORS = documented(NotLoggedIn, Forbidden, NotFound, ControllerRefused, ControllerAway, *UNSAFE)
DONE: dict[str, Any] = {"status_code": status.HTTP_204_NO_CONTENT, "responses": ERRORS}
router = APIRouter(prefix="/agent", tags=["agent's desk"])


@router.put("/line", **DONE)
async def set_line(body: LineBody, viewer: AgentViewer, request: Request) -> None:
    """长签: one leg that stays; calls are bridged to it with a beep and without ringing."""
    await controller_of(request).command_agent(viewer.require_agent(), "line", body.model_dump())


@router.post("/wrap-up", **DONE)
async def set_wrap_up(body: WrapUpBody, viewer: AgentViewer, request: Request) -> None:
    """End the wrap-up, or extend it."""
    await controller_of(request).command_agent(viewer.require_agent(), "wrap-up", body.model_dump())


@router.post("/pick-up", **DONE)
async def pick_up(body: PickUpBody, viewer: AgentViewer, request: Request) -> None:
    """Take a call that rings at a colleague."""
    await controller_of(request).command_agent(viewer.require_agent(), "pick-up", body.model_dump())


@router.post("/call/hold", **DONE)
async def hold(body: HoldBody, viewer: AgentViewer, request: Request) -> None:
    """The customer hears music, or the agent again."""
    await controller_of(request).command_agent(viewer.require_agent(), "call/hold", body.model_dump())


@router.post("/call/mute", **DONE)
async def mute(body: MuteBody, viewer: AgentViewer, request: Request) -> None:
    """Nobody hears the agent."""
    await controller_of(request).command_agent(viewer.require_agent(), "call/mute", body.model_dump())


@router.post("/call/transfer", **DONE)
async def transfer(body: TransferBody, viewer: AgentViewer, request: Request) -> None:
    """Blind: the target gets the customer when it answers. Attended: the agent speaks with the target first."""
    await controller_of(request).command_agent(viewer.require_agent(), "call/transfer", body.model_dump())


@router.post("/call/transfer/complete", **DONE)
async def complete_transfer(viewer: AgentViewer, request: Request) -> None:
    await controller_of(request).command_agent(viewer.require_agent(), "call/transfer/complete", {})


@router.post("/call/transfer/cancel", **DONE)
async def cancel_transfer(viewer: AgentViewer, request: Request) -> None:
    """Back to the customer."""
    await controller_of(request).command_agent(viewer.require_agent(), "call/transfer/cancel", {})


@router.post("/call/conference", **DONE)
async def confer(viewer: AgentViewer, request: Request) -> None:
    """All three talk."""
    await controller_of(request).command_agent(viewer.require_agent(), "call/conference", {})


@router.post("/call/conference/drop", **DONE)
async def drop_participant(body: DropBody, viewer: AgentViewer, request: Request) -> None:
    await controller_of(request).command_agent(viewer.require_agent(), "call/conference/drop", body.model_dump())


@router.post("/call/park", responses=ERRORS)
async def park(viewer: AgentViewer, request: Request) -> ParkView:
    """The customer waits in a slot for whoever fetches it; after two minutes the agent is rung again."""
    answer = await controller_of(request).command_agent(viewer.require_agent(), "call/park", {})
    return ParkView(slot=answer["slot"])


@router.post("/call/retrieve", **DONE)
async def retrieve(body: RetrieveBody, viewer: AgentViewer, request: Request) -> None:
    """Fetch a parked customer."""
    await controller_of(request).command_agent(viewer.require_agent(), "retrieve", body.model_dump())


@router.post("/call/keys", **DONE)
async def send_keys(body: KeysBody, viewer: AgentViewer, request: Request) -> None:
    """DTMF to the customer's side."""
    await controller_of(request).command_agent(viewer.require_agent(), "call/keys", body.model_dump())


@router.put("/call/recording", **DONE)
async def set_recording(body: RecordingBody, viewer: AgentViewer, request: Request) -> None:
    """As far as the recording policy lets the agent."""
    await controller_of(request).command_agent(viewer.require_agent(), "call/recording", body.model_dump())
