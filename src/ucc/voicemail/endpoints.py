"""/voicemail-boxes and /voicemail-messages."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Query, Request, status
from fastapi.responses import FileResponse

from ucc.config import Settings
from ucc.errors import (
    CHANGES,
    UNSAFE,
    Forbidden,
    InvalidInput,
    NotFound,
    NotLoggedIn,
    RecordingNotReady,
    documented,
)
from ucc.identity.access import AnyWork, EditorWork
from ucc.identity.schemas import RowId
from ucc.ivr.uses import require_unused
from ucc.voicemail import service
from ucc.voicemail.schemas import BoxBody, BoxList, BoxView, MessageFilter, MessageList, MessageMark, MessageView

router = APIRouter(tags=["voicemail"])
READ = (NotLoggedIn, Forbidden)
BY_ID = (*READ, NotFound, InvalidInput)


@router.get("/voicemail-boxes", responses=documented(*READ))
async def list_voicemail_boxes(work: EditorWork) -> BoxList:
    return BoxList(items=await service.list_boxes(work.scoped))


@router.post("/voicemail-boxes", status_code=status.HTTP_201_CREATED, responses=documented(*READ, *CHANGES))
async def create_voicemail_box(work: EditorWork, body: BoxBody) -> BoxView:
    return await service.create_box(work.scoped, body)


@router.put("/voicemail-boxes/{box_id}", responses=documented(*BY_ID, *CHANGES))
async def update_voicemail_box(work: EditorWork, box_id: RowId, body: BoxBody) -> BoxView:
    return await service.update_box(work.scoped, box_id, body)


@router.delete(
    "/voicemail-boxes/{box_id}", status_code=status.HTTP_204_NO_CONTENT, responses=documented(*BY_ID, *CHANGES)
)
async def delete_voicemail_box(work: EditorWork, box_id: RowId) -> None:
    """Refused while there are messages in it, or something leads to it."""
    await require_unused(work.scoped, "box", box_id)
    await service.delete_box(work.scoped, box_id)


@router.get("/voicemail-messages", responses=documented(NotLoggedIn, InvalidInput))
async def list_voicemail_messages(work: AnyWork, wanted: Annotated[MessageFilter, Query()]) -> MessageList:
    """Newest first. Agents see those in their own box."""
    return MessageList(items=await service.list_messages(work, wanted))


@router.get(
    "/voicemail-messages/{message_id}/audio",
    response_class=FileResponse,
    responses={
        200: {"content": {"audio/mpeg": {}}, "description": "The whole file"},
        206: {"content": {"audio/mpeg": {}}, "description": "The part that `Range` asks for"},
        **documented(NotLoggedIn, NotFound, RecordingNotReady, InvalidInput),
    },
)
async def get_voicemail_audio(work: AnyWork, request: Request, message_id: UUID) -> FileResponse:
    """The MP3, whole or in parts. Whether it is heard is said separately."""
    _, recording = await service.get_message(work, message_id)
    if recording.state != "ready" or recording.path is None:
        raise RecordingNotReady(recording.failure)
    settings: Settings = request.app.state.settings
    folder = settings.recording_dir.resolve()
    path = (folder / recording.path).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise NotFound
    return FileResponse(path, media_type="audio/mpeg", headers={"Cache-Control": "private, no-cache"})


@router.put("/voicemail-messages/{message_id}", responses=documented(NotLoggedIn, NotFound, *UNSAFE))
async def mark_voicemail_message(work: AnyWork, message_id: UUID, body: MessageMark) -> MessageView:
    return await service.mark_message(work, message_id, body)


@router.delete(
    "/voicemail-messages/{message_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(NotLoggedIn, NotFound, RecordingNotReady, *UNSAFE),
)
async def delete_voicemail_message(
    work: AnyWork, request: Request, message_id: UUID, afterwards: BackgroundTasks
) -> None:
    """The message and its sound, for good."""
    settings: Settings = request.app.state.settings
    path = await service.delete_message(work, message_id)
    if path:
        afterwards.add_task((settings.recording_dir / path).unlink, missing_ok=True)
