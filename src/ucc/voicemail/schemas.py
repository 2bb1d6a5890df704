"""Voicemail as the API shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from ucc.identity.schemas import PRINTABLE, RowId


class BoxBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)]
    agent_id: RowId | None = Field(None, description="The one agent whose box it is, who is then not missed without it")
    greeting_prompt_id: RowId | None = Field(None, description="null: the standard greeting")
    max_message_s: int = Field(180, ge=5, le=600)
    max_messages: int = Field(200, ge=1, le=10000)


class BoxView(BoxBody):
    id: int
    messages: int
    unheard: int


class BoxList(BaseModel):
    items: list[BoxView]


class MessageView(BaseModel):
    id: UUID
    box_id: int
    call_id: UUID
    caller: str
    received_at: datetime
    state: Literal["spooled", "encoding", "ready", "failed"]
    duration_ms: int | None
    is_heard: bool
    heard_at: datetime | None


class MessageList(BaseModel):
    items: list[MessageView]


class MessageMark(BaseModel):
    model_config = ConfigDict(extra="forbid")

    is_heard: bool


class MessageFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    box_id: RowId | None = None
    is_heard: bool | None = None
    limit: int = Field(200, ge=1, le=1000)
