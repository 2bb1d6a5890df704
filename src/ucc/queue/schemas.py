"""Queues as the API shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ucc.identity.schemas import PRINTABLE, RowId
from ucc.reception.destination import Choice

Strategy = Literal["longest_idle", "fewest_calls", "round_robin", "ordered", "random", "ring_all", "most_skilled"]
SkillName = Annotated[str, Field(min_length=1, max_length=40, pattern=PRINTABLE)]
Level = Annotated[int, Field(ge=1, le=10)]
Skills = Annotated[dict[SkillName, Level], Field(max_length=20)]


class QueueView(BaseModel):
    """What everybody of the enterprise may know of a queue."""

    id: int
    tenant_id: int
    name: str
    strategy: Strategy
    ring_timeout_s: int
    max_wait_s: int
    wrap_up_s: int
    agent_ids: list[int]


class QueueList(BaseModel):
    items: list[QueueView]


class RelaxStepBody(BaseModel):
    """After so long a wait every level asked for drops by `drop`; null: nothing is asked for any more."""

    model_config = ConfigDict(extra="forbid")

    after_s: int = Field(ge=1, le=7200)
    drop: Annotated[int, Field(ge=1, le=10)] | None = None


class MemberBody(BaseModel):
    """A higher penalty is offered only when nobody with a lower one is free; `order` is for the ordered strategy."""

    model_config = ConfigDict(extra="forbid")

    agent_id: RowId
    penalty: int = Field(0, ge=0, le=100)
    order: int = Field(0, ge=0, le=10000)


class QueueBody(BaseModel):
    """A limit of 0 is no limit."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)]
    strategy: Strategy = "longest_idle"
    is_open: bool = True
    ring_timeout_s: int = Field(15, ge=3, le=120)
    max_wait_s: int = Field(300, ge=1, le=7200)
    wrap_up_s: int = Field(0, ge=0, le=3600)
    weight: int = Field(0, ge=0, le=100, description="Agents of several queues take the calls of the heavier one first")
    priority: int = Field(0, ge=-100, le=100, description="Of its calls, beside those of the callers")
    priority_s: int = Field(0, ge=0, le=3600, description="Wait that one level of priority is worth; 0: strict")
    max_length: int = Field(0, ge=0, le=10000, description="Calls that may wait")
    max_estimate_s: int = Field(0, ge=0, le=7200, description="A call that would wait longer is refused")
    max_ratio: float = Field(0, ge=0, le=1000, description="Calls that may wait for each agent who serves")
    max_agents: int = Field(0, ge=0, le=10000, description="Agents whom this queue may hold at once")
    is_refused_when_paused: bool = Field(False, description="Agents who are paused do not keep it open")
    skills: Skills = {}
    relax: Annotated[list[RelaxStepBody], Field(max_length=10)] = []
    last_agent_s: int = Field(0, ge=0, le=600, description="How long a call waits for whom the caller spoke with last")
    max_no_answers: int = Field(1, ge=0, le=100, description="Offers an agent may let ring out before it is paused")
    ring_all_most: int = Field(20, ge=1, le=50)
    announce_every_s: Annotated[int, Field(ge=10, le=600)] | Literal[0] = Field(
        0, description="How often position and estimated wait are said; 0: never"
    )
    music_prompt_id: RowId | None = None
    ringback_prompt_id: RowId | None = None
    overflow: Choice | None = Field(None, description="Where calls go that nobody takes; null: they are told, and end")
    members: Annotated[list[MemberBody], Field(max_length=2000)] = []


class QueueDetail(QueueBody):
    id: int
    tenant_id: int


class AgentSkills(BaseModel):
    model_config = ConfigDict(extra="forbid")

    skills: Skills


class AgentSkillsView(AgentSkills):
    agent_id: int


class SkillList(BaseModel):
    """Every agent who has skills."""

    items: list[AgentSkillsView]
