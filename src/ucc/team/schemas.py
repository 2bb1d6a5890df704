"""Teams as the API shows them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ucc.identity.schemas import PRINTABLE, RowId


class TeamBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)]
    agent_ids: Annotated[list[RowId], Field(max_length=2000)] = []
    supervisor_ids: Annotated[list[RowId], Field(max_length=100)] = Field([], description="Users who are supervisors")


class TeamView(TeamBody):
    id: int


class TeamList(BaseModel):
    items: list[TeamView]


class SupervisorView(BaseModel):
    user_id: int
    name: str
    username: str
    team_ids: list[int]


class SupervisorList(BaseModel):
    items: list[SupervisorView]
