"""Missed calls as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ucc.engine.record import Result
from ucc.identity.schemas import RowId


class MissedCallRow(BaseModel):
    """`agent_id`: who was called, if it was one agent. `message_id`: the message that the caller left."""

    call_id: UUID
    caller: str
    callee: str
    queue_id: int | None
    queue_name: str | None
    agent_id: int | None
    agent_name: str | None
    started_at: datetime
    waited_ms: int = Field(description="In the queue; of a call that was in none, from its arrival to its end")
    result: Result
    message_id: UUID | None
    note: str | None
    done_at: datetime | None
    done_how: Literal["marked", "called_back", "called_again"] | None
    done_by: int | None
    done_call_id: UUID | None


class MissedCallPage(BaseModel):
    items: list[MissedCallRow]
    next_cursor: str | None = Field(description="For the next page; null on the last")


class MissedCallFilter(BaseModel):
    """Newest first. `from` is included, `to` is not."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    is_done: bool | None = None
    queue_id: RowId | None = None
    number: Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[0-9+]+$")] | None = None
    starts_from: AwareDatetime | None = Field(None, alias="from")
    starts_before: AwareDatetime | None = Field(None, alias="to")
    cursor: Annotated[str, Field(max_length=64, pattern=r"^[0-9]{1,15}\.[0-9a-f-]{36}$")] | None = None
    limit: int = Field(50, ge=1, le=200)


class MissedCallMark(BaseModel):
    """Done, or open again."""

    model_config = ConfigDict(extra="forbid")

    is_done: bool
    note: Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")] | None = None
