"""/missed-calls: inbound calls that nobody answered, until they are done with."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, status

from ucc.agent.schemas import CallStarted
from ucc.errors import (
    UNSAFE,
    CallRefused,
    ControllerAway,
    ControllerRefused,
    Forbidden,
    InvalidInput,
    NotFound,
    NotLoggedIn,
    documented,
)
from ucc.identity.access import AnyWork
from ucc.live.controller import controller_of
from ucc.missed import service
from ucc.missed.schemas import MissedCallFilter, MissedCallMark, MissedCallPage, MissedCallRow

router = APIRouter(prefix="/missed-calls", tags=["missed calls"])


@router.get("", responses=documented(NotLoggedIn, InvalidInput))
async def list_missed_calls(work: AnyWork, wanted: Annotated[MissedCallFilter, Query()]) -> MissedCallPage:
    """Newest first. Agents see those of their queues, and those to themselves."""
    return await service.list_missed_calls(work, wanted)


@router.put("/{call_id}", responses=documented(NotLoggedIn, NotFound, *UNSAFE))
async def mark_missed_call(work: AnyWork, call_id: UUID, body: MissedCallMark) -> MissedCallRow:
    """Done with, or open again; with a note of what came of it."""
    return await service.mark_missed_call(work, call_id, body)


@router.post(
    "/{call_id}/call-back",
    status_code=status.HTTP_201_CREATED,
    responses=documented(NotLoggedIn, Forbidden, NotFound, ControllerRefused, CallRefused, ControllerAway, *UNSAFE),
)
async def call_back(work: AnyWork, call_id: UUID, request: Request) -> CallStarted:
    """The agent's own phone rings, then the caller's. It is done as soon as the caller is reached."""
    agent_id = work.viewer.require_agent()
    missed = await service.get_missed_call(work, call_id)
    return CallStarted(call_id=await controller_of(request).place_call(agent_id, missed.caller))
