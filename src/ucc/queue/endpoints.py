"""/queues: where inbound calls wait."""

from __future__ import annotations

from fastapi import APIRouter

from ucc.errors import NotLoggedIn, documented
from ucc.identity.access import AnyWork
from ucc.queue import service
from ucc.queue.schemas import QueueList

router = APIRouter(prefix="/queues", tags=["queues"])


@router.get("", responses=documented(NotLoggedIn))
async def list_queues(work: AnyWork) -> QueueList:
    """The queues of every enterprise that the user may see."""
    return QueueList(items=await service.list_queues(work.scoped))
