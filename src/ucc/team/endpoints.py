"""/teams: 班组, and the supervisors who lead them."""

from __future__ import annotations

from fastapi import APIRouter, status

from ucc.errors import CHANGES, Forbidden, NotFound, NotLoggedIn, documented
from ucc.identity.access import AdminWork, EditorWork
from ucc.identity.schemas import RowId
from ucc.team import service
from ucc.team.schemas import SupervisorList, TeamBody, TeamList, TeamView

router = APIRouter(tags=["teams"])


@router.get("/teams", responses=documented(NotLoggedIn, Forbidden))
async def list_teams(work: EditorWork) -> TeamList:
    """Without teams every supervisor acts on every agent; with teams, on those of its own."""
    return TeamList(items=await service.list_teams(work.scoped))


@router.get("/supervisors", responses=documented(NotLoggedIn, Forbidden))
async def list_supervisors(work: EditorWork) -> SupervisorList:
    return SupervisorList(items=await service.list_supervisors(work.scoped))


@router.post("/teams", status_code=status.HTTP_201_CREATED, responses=documented(NotLoggedIn, Forbidden, *CHANGES))
async def create_team(work: AdminWork, body: TeamBody) -> TeamView:
    return await service.create_team(work.scoped, body)


@router.put("/teams/{team_id}", responses=documented(NotLoggedIn, Forbidden, NotFound, *CHANGES))
async def update_team(work: AdminWork, team_id: RowId, body: TeamBody) -> TeamView:
    """The lists replace the former ones; rights change at once."""
    return await service.update_team(work.scoped, team_id, body)


@router.delete(
    "/teams/{team_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(NotLoggedIn, Forbidden, NotFound, *CHANGES),
)
async def delete_team(work: AdminWork, team_id: RowId) -> None:
    await service.delete_team(work.scoped, team_id)
