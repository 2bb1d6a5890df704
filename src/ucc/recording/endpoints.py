"""/recordings: the audio of a call."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse
from sqlalchemy import select

from ucc.call.models import CallRecord
from ucc.config import Settings
from ucc.errors import InvalidInput, NotFound, NotLoggedIn, RecordingNotReady, documented
from ucc.identity.access import AnyWork, Work
from ucc.kit.logging import get_logger
from ucc.recording.models import Recording

log = get_logger("api")
router = APIRouter(prefix="/recordings", tags=["recordings"])


@router.get(
    "/{recording_id}/audio",
    response_class=FileResponse,
    responses={
        200: {"content": {"audio/mpeg": {}}, "description": "The whole file"},
        206: {"content": {"audio/mpeg": {}}, "description": "The part that `Range` asks for"},
        **documented(NotLoggedIn, NotFound, RecordingNotReady, InvalidInput),
    },
)
async def get_audio(work: AnyWork, recording_id: UUID, request: Request) -> FileResponse:
    """The MP3, whole or in parts."""
    recording = await _get_recording(work, recording_id)
    if recording.state != "ready" or recording.path is None:
        raise RecordingNotReady(recording.failure)
    settings: Settings = request.app.state.settings
    folder = settings.recording_dir.resolve()
    path = (folder / recording.path).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        log.error("the file of a recording is gone", recording=recording_id, path=recording.path)
        raise NotFound
    return FileResponse(
        path,
        media_type="audio/mpeg",
        filename=f"{recording_id}.mp3",
        content_disposition_type="inline",
        headers={"Cache-Control": "private, no-cache"},
    )


async def _get_recording(work: Work, recording_id: UUID) -> Recording:
    """Raises NotFound, also for recordings of others."""
    query = select(Recording).where(Recording.id == recording_id)
    if work.viewer.own_calls_only:
        query = query.join(CallRecord, CallRecord.id == Recording.call_id).where(
            CallRecord.agent_id == work.viewer.own_calls_of
        )
    recording = await work.session.scalar(query)
    if recording is None:
        raise NotFound
    return recording
