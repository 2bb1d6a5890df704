"""Commands of an agent, as the API takes them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ucc.identity.schemas import RowId

DIALLED = r"^[0-9+*#() -]+$"


class AgentTargetBody(BaseModel):
    kind: Literal["agent"]
    agent_id: RowId


class QueueTargetBody(BaseModel):
    kind: Literal["queue"]
    queue_id: RowId


class NumberTargetBody(BaseModel):
    """A work number, an extension or an outside number."""

    kind: Literal["number"]
    number: str = Field(min_length=1, max_length=32, pattern=DIALLED, examples=["8002"])


TargetBody = Annotated[AgentTargetBody | QueueTargetBody | NumberTargetBody, Field(discriminator="kind")]


class LineBody(BaseModel):
    is_up: bool = Field(description="Ring the phone once and keep the leg (长签), or give it up")


class HoldBody(BaseModel):
    is_held: bool


class MuteBody(BaseModel):
    is_muted: bool


class TransferBody(BaseModel):
    target: TargetBody
    mode: Literal["blind", "attended"]


class DropBody(BaseModel):
    leg: str = Field(min_length=1, max_length=128, description="A participant's leg, from the live view")


class ParkView(BaseModel):
    slot: str


class RetrieveBody(BaseModel):
    slot: str = Field(min_length=1, max_length=4, pattern=r"^[0-9]+$")


class KeysBody(BaseModel):
    keys: str = Field(min_length=1, max_length=32, pattern=r"^[0-9*#A-D]+$")


class RecordingBody(BaseModel):
    action: Literal["start", "stop", "pause", "resume"]


class PickUpBody(BaseModel):
    agent_id: RowId | None = Field(None, description="Whose ringing call; nobody named: any colleague's")


class WrapUpBody(BaseModel):
    seconds: int = Field(ge=0, le=3600, description="0 ends it; else it lasts so many seconds from now")
