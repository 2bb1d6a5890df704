"""Blacklists as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ucc.identity.schemas import PRINTABLE

Direction = Literal["outbound", "inbound", "both"]
MAX_BATCH = 2000


class BlacklistBatch(BaseModel):
    """Numbers as people write them; `is_prefix`: each stands for all numbers that begin so (+86138, 0755)."""

    model_config = ConfigDict(extra="forbid")

    numbers: Annotated[list[Annotated[str, Field(max_length=32)]], Field(min_length=1, max_length=MAX_BATCH)]
    is_prefix: bool = False
    direction: Direction = "both"
    reason: Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE)] | None = None


class RejectedNumber(BaseModel):
    position: int = Field(description="In the batch, from 0")
    text: str


class BatchResult(BaseModel):
    added: int
    changed: int = Field(description="Were listed before; direction and reason are as given now")
    rejected: list[RejectedNumber]


class BlacklistEntryView(BaseModel):
    id: int
    number: str
    is_prefix: bool
    direction: Direction
    reason: str | None
    created_at: datetime


class BlacklistPage(BaseModel):
    items: list[BlacklistEntryView]
    total: int
    next_after: int | None = Field(description="`after` of the next page; null on the last")


class BlacklistFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[0-9+]+$")] | None = None
    after: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
