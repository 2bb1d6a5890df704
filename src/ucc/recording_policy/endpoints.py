"""/recording-policies: 强制录音, 禁止录音, 录音时机."""

from __future__ import annotations

from fastapi import APIRouter, status

from ucc.errors import CHANGES, Forbidden, NotFound, NotLoggedIn, documented
from ucc.identity.access import AdminWork, EditorWork
from ucc.identity.schemas import RowId
from ucc.recording_policy import repository
from ucc.recording_policy.schemas import RecordingPolicyBody, RecordingPolicyList, RecordingPolicyView

router = APIRouter(prefix="/recording-policies", tags=["recording policies"])


@router.get("", responses=documented(NotLoggedIn, Forbidden))
async def list_recording_policies(work: EditorWork) -> RecordingPolicyList:
    return RecordingPolicyList(items=await repository.list_policies(work.scoped))


@router.put("", responses=documented(NotLoggedIn, Forbidden, *CHANGES))
async def set_recording_policy(work: AdminWork, body: RecordingPolicyBody) -> RecordingPolicyView:
    """Of the enterprise, or of the queue or agent that is named. Acts on the next call."""
    return await repository.set_policy(work.scoped, body)


@router.delete(
    "/{policy_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(NotLoggedIn, Forbidden, NotFound, *CHANGES),
)
async def delete_recording_policy(work: AdminWork, policy_id: RowId) -> None:
    await repository.delete_policy(work.scoped, policy_id)
