"""/prompts: what callers hear, uploaded as WAV or MP3 or spoken by the synthesiser."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, status
from fastapi.responses import FileResponse

from ucc.config import Settings
from ucc.errors import (
    CHANGES,
    Forbidden,
    InvalidInput,
    NotFound,
    NotLoggedIn,
    SpeechFailed,
    UnsupportedAudio,
    documented,
)
from ucc.identity.access import EditorWork
from ucc.identity.schemas import RowId
from ucc.ivr.uses import require_unused
from ucc.prompt import files, service
from ucc.prompt.audio import convert
from ucc.prompt.builtin import NAMES
from ucc.prompt.schemas import Language, Name, PromptList, PromptRename, PromptView, SpeechRequest
from ucc.prompt.speech import synthesise

router = APIRouter(prefix="/prompts", tags=["prompts"])
READ = (NotLoggedIn, Forbidden)
BY_ID = (*READ, NotFound, InvalidInput)
_WAV = {"schema": {"type": "string", "format": "binary"}}
UPLOAD: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"audio/wav": _WAV, "audio/mpeg": _WAV}},
}


def _settings(request: Request) -> Settings:
    found: Settings = request.app.state.settings
    return found


@router.get("", responses=documented(*READ))
async def list_prompts(work: EditorWork) -> PromptList:
    """The enterprise's prompts, and the names of the built-in ones."""
    return PromptList(items=await service.list_prompts(work.scoped), builtin=sorted(NAMES))


@router.post(
    "/upload",
    status_code=status.HTTP_201_CREATED,
    openapi_extra=UPLOAD,
    responses=documented(*READ, UnsupportedAudio, *CHANGES),
)
async def upload_prompt(
    work: EditorWork,
    request: Request,
    name: Annotated[Name, Query()],
    language: Annotated[Language, Query()] = "zh-CN",
) -> PromptView:
    """A WAV or MP3 file of at most 20 MB and 10 minutes as the body."""
    wav = await convert(await request.body())
    return service.show(await service.create_prompt(work.scoped, _settings(request), name, language, wav, None))


@router.post("/speech", status_code=status.HTTP_201_CREATED, responses=documented(*READ, SpeechFailed, *CHANGES))
async def speak_prompt(work: EditorWork, request: Request, body: SpeechRequest) -> PromptView:
    """A prompt from text."""
    settings = _settings(request)
    wav = await synthesise(settings, body.text, body.language)
    return service.show(await service.create_prompt(work.scoped, settings, body.name, body.language, wav, body.text))


@router.patch("/{prompt_id}", responses=documented(*BY_ID, *CHANGES))
async def rename_prompt(work: EditorWork, prompt_id: RowId, body: PromptRename) -> PromptView:
    return service.show(await service.rename_prompt(work.scoped, prompt_id, body.name))


@router.put("/{prompt_id}/upload", openapi_extra=UPLOAD, responses=documented(*BY_ID, UnsupportedAudio, *CHANGES))
async def replace_by_upload(work: EditorWork, request: Request, prompt_id: RowId) -> PromptView:
    """Another sound for the same prompt; calls in progress keep the old one."""
    await service.get_prompt(work.scoped, prompt_id)
    wav = await convert(await request.body())
    return service.show(await service.replace_sound(work.scoped, _settings(request), prompt_id, wav, None))


@router.put("/{prompt_id}/speech", responses=documented(*BY_ID, SpeechFailed, *CHANGES))
async def replace_by_speech(work: EditorWork, request: Request, prompt_id: RowId, body: SpeechRequest) -> PromptView:
    """Another text for the same prompt; calls in progress keep the old one."""
    settings = _settings(request)
    await service.rename_prompt(work.scoped, prompt_id, body.name)
    wav = await synthesise(settings, body.text, body.language)
    row = await service.replace_sound(work.scoped, settings, prompt_id, wav, body.text, body.language)
    return service.show(row)


@router.get(
    "/{prompt_id}/audio",
    response_class=FileResponse,
    responses={
        200: {"content": {"audio/wav": {}}, "description": "The whole file"},
        206: {"content": {"audio/wav": {}}, "description": "The part that `Range` asks for"},
        **documented(*BY_ID),
    },
)
async def get_prompt_audio(work: EditorWork, request: Request, prompt_id: RowId) -> FileResponse:
    """The prompt as callers hear it: WAV, 8 kHz, mono."""
    path = files.path_of(_settings(request), await service.get_prompt(work.scoped, prompt_id))
    if not path.is_file():
        raise NotFound
    return FileResponse(path, media_type="audio/wav", headers={"Cache-Control": "private, no-cache"})


@router.delete("/{prompt_id}", status_code=status.HTTP_204_NO_CONTENT, responses=documented(*BY_ID, *CHANGES))
async def delete_prompt(work: EditorWork, prompt_id: RowId) -> None:
    """Refused while an IVR tree, a queue, a voicemail box or the reception plays it."""
    await require_unused(work.scoped, "prompt", prompt_id)
    await service.delete_prompt(work.scoped, prompt_id)
