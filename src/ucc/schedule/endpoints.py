"""/schedules: business hours of the enterprise."""

from __future__ import annotations

from fastapi import APIRouter, status

from ucc.errors import CHANGES, Forbidden, InvalidInput, NotFound, NotLoggedIn, documented
from ucc.identity.access import EditorWork
from ucc.identity.schemas import RowId
from ucc.ivr.uses import require_unused
from ucc.schedule import service
from ucc.schedule.schemas import ScheduleBody, ScheduleList, ScheduleView

router = APIRouter(prefix="/schedules", tags=["schedules"])
READ = (NotLoggedIn, Forbidden)
BY_ID = (*READ, NotFound, InvalidInput)


@router.get("", responses=documented(*READ))
async def list_schedules(work: EditorWork) -> ScheduleList:
    """The enterprise's schedules, each with what it says now."""
    return ScheduleList(items=await service.list_schedules(work.scoped))


@router.post("", status_code=status.HTTP_201_CREATED, responses=documented(*READ, *CHANGES))
async def create_schedule(work: EditorWork, body: ScheduleBody) -> ScheduleView:
    return await service.create_schedule(work.scoped, body)


@router.get("/{schedule_id}", responses=documented(*BY_ID))
async def get_schedule(work: EditorWork, schedule_id: RowId) -> ScheduleView:
    return await service.get_schedule(work.scoped, schedule_id)


@router.put("/{schedule_id}", responses=documented(*BY_ID, *CHANGES))
async def update_schedule(work: EditorWork, schedule_id: RowId, body: ScheduleBody) -> ScheduleView:
    """Acts on the next call."""
    return await service.update_schedule(work.scoped, schedule_id, body)


@router.delete("/{schedule_id}", status_code=status.HTTP_204_NO_CONTENT, responses=documented(*BY_ID, *CHANGES))
async def delete_schedule(work: EditorWork, schedule_id: RowId) -> None:
    """Refused while an IVR tree or a DID uses it."""
    await require_unused(work.scoped, "schedule", schedule_id)
    await service.delete_schedule(work.scoped, schedule_id)
