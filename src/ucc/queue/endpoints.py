"""/queues: where inbound calls wait, and who takes them. Changes reach waiting calls' queues within seconds."""

from __future__ import annotations

from fastapi import APIRouter, status

from ucc.errors import CHANGES, Forbidden, InvalidInput, NotFound, NotLoggedIn, documented
from ucc.identity.access import AnyWork, EditorWork
from ucc.identity.schemas import RowId
from ucc.ivr.uses import require_unused
from ucc.queue import service
from ucc.queue.schemas import AgentSkills, AgentSkillsView, QueueBody, QueueDetail, QueueList, SkillList

router = APIRouter(tags=["queues"])
READ = (NotLoggedIn, Forbidden)
BY_ID = (*READ, NotFound, InvalidInput)


@router.get("/queues", responses=documented(NotLoggedIn))
async def list_queues(work: AnyWork) -> QueueList:
    """The queues of every enterprise that the user may see."""
    return QueueList(items=await service.list_queues(work.scoped))


@router.post("/queues", status_code=status.HTTP_201_CREATED, responses=documented(*READ, *CHANGES))
async def create_queue(work: EditorWork, body: QueueBody) -> QueueDetail:
    return await service.create_queue(work.scoped, body)


@router.get("/queues/{queue_id}", responses=documented(*BY_ID))
async def get_queue(work: EditorWork, queue_id: RowId) -> QueueDetail:
    """All its settings and its members."""
    return await service.get_queue(work.scoped, queue_id)


@router.put("/queues/{queue_id}", responses=documented(*BY_ID, *CHANGES))
async def update_queue(work: EditorWork, queue_id: RowId, body: QueueBody) -> QueueDetail:
    """All its settings and its members at once."""
    return await service.update_queue(work.scoped, queue_id, body)


@router.delete("/queues/{queue_id}", status_code=status.HTTP_204_NO_CONTENT, responses=documented(*BY_ID, *CHANGES))
async def delete_queue(work: EditorWork, queue_id: RowId) -> None:
    """Refused while a number, an IVR tree or another queue leads to it."""
    await require_unused(work.scoped, "queue", queue_id)
    await service.delete_queue(work.scoped, queue_id)


@router.get("/skills", responses=documented(*READ))
async def list_skills(work: EditorWork) -> SkillList:
    return SkillList(items=await service.list_skills(work.scoped))


@router.put("/agents/{agent_id}/skills", responses=documented(*BY_ID, *CHANGES))
async def set_agent_skills(work: EditorWork, agent_id: RowId, body: AgentSkills) -> AgentSkillsView:
    """What an agent can do, and how well: 1 to 10."""
    return await service.set_skills(work.scoped, agent_id, body.skills)
