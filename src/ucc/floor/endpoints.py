"""/floor-setting: what holds for every agent of the enterprise."""

from __future__ import annotations

from fastapi import APIRouter

from ucc.errors import UNSAFE, Forbidden, NotLoggedIn, documented
from ucc.floor import service
from ucc.floor.schemas import FloorSettingBody
from ucc.identity.access import EditorWork

router = APIRouter(prefix="/floor-setting", tags=["queues"])


@router.get("", responses=documented(NotLoggedIn, Forbidden))
async def get_floor_setting(work: EditorWork) -> FloorSettingBody:
    return await service.get_setting(work.scoped)


@router.put("", responses=documented(NotLoggedIn, Forbidden, *UNSAFE))
async def update_floor_setting(work: EditorWork, body: FloorSettingBody) -> FloorSettingBody:
    """Acts within two seconds; a wrap-up that has begun keeps its end."""
    return await service.update_setting(work.scoped, body)
