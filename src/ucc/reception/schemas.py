"""Numbers, callers who come first, and what all callers hear, as the API shows them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ucc.identity.schemas import RowId
from ucc.reception.destination import Choice


class DidReception(BaseModel):
    """Where a number leads. Without a schedule it is always open; closed without a destination, callers are told so."""

    model_config = ConfigDict(extra="forbid")

    schedule_id: RowId | None = None
    open: Choice | None = Field(None, description="null: calls are refused")
    closed: Choice | None = None


class DidView(DidReception):
    id: int
    number: str


class DidList(BaseModel):
    items: list[DidView]


class PriorityCallerBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: str = Field(min_length=3, max_length=32, pattern=r"^[0-9+() -]+$", examples=["13800138000"])
    priority: int = Field(10, ge=1, le=100, description="The higher, the further ahead in every queue")
    note: str = Field("", max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")


class PriorityCallerView(PriorityCallerBody):
    id: int


class PriorityCallerList(BaseModel):
    items: list[PriorityCallerView]


class ReceptionBody(BaseModel):
    """What all inbound calls have in common: the language that is spoken, own ring-back (彩铃), own music."""

    model_config = ConfigDict(extra="forbid")

    language: Literal["zh-CN", "en"] = "zh-CN"
    ringback_prompt_id: RowId | None = None
    music_prompt_id: RowId | None = None
