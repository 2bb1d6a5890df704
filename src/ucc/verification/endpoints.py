"""/verification-calls: 语音验证码, a call that reads a code aloud."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request, Response, status

from ucc.errors import (
    UNSAFE,
    CallRefused,
    ControllerAway,
    ControllerRefused,
    Forbidden,
    IdempotencyKeyReused,
    InvalidInput,
    NotFound,
    NotLoggedIn,
    documented,
)
from ucc.identity.access import AdminViewer, AdminWork, database_of
from ucc.live.controller import controller_of
from ucc.verification import service
from ucc.verification.schemas import CodeTry, TryResult, VerificationRequest, VerificationView

router = APIRouter(prefix="/verification-calls", tags=["verification calls"])
READ = (NotLoggedIn, Forbidden)
PLACED = (*READ, CallRefused, IdempotencyKeyReused, ControllerRefused, ControllerAway, *UNSAFE)


@router.post("", status_code=status.HTTP_201_CREATED, responses=documented(*PLACED))
async def place_verification_call(
    viewer: AdminViewer, body: VerificationRequest, request: Request, response: Response
) -> VerificationView:
    """Calls the number and reads a code of four digits aloud, twice, and again on key 1. 200: the key was known."""
    database = database_of(request)
    async with database.begin_scoped(viewer.scope) as scoped:
        found, is_new = await service.create_verification(scoped, request.app.state.secrets, body)
    if not is_new:
        response.status_code = status.HTTP_200_OK
        return found
    try:
        await controller_of(request).place_verification(found.id)
    except (ControllerAway, ControllerRefused) as error:
        async with database.begin_scoped(viewer.scope) as scoped:
            await service.fail_verification(scoped.session, found.id, error.reason)
        raise
    return found


@router.get("/{verification_id}", responses=documented(*READ, NotFound, InvalidInput))
async def get_verification_call(work: AdminWork, verification_id: UUID) -> VerificationView:
    """How far it is, and how it ended."""
    return await service.get_verification(work.scoped, verification_id)


@router.post("/{verification_id}/verify", responses=documented(*READ, NotFound, *UNSAFE))
async def try_verification_code(work: AdminWork, verification_id: UUID, body: CodeTry, request: Request) -> TryResult:
    """Whether the callee typed what it heard. Five tries; right once only."""
    return await service.try_code(work.scoped, request.app.state.secrets, verification_id, body.code)
