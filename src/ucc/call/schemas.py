"""Call records as the API shows them. Amounts are text in yuan for people and micros for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ucc.engine.record import Direction, EndedBy, LegKind, Party, Result


class RecordingView(BaseModel):
    id: UUID
    state: Literal["spooled", "encoding", "ready", "failed"]
    duration_ms: int | None
    bytes: int | None
    failure: str | None = Field(description="Why it failed, a stable code: disk_full, border_away, no_audio ...")
    will_retry: bool = Field(description="It failed for a cause that may go away, and is tried again by itself")


class CallRow(BaseModel):
    """`cost` is what the viewer's own tenant paid, or the enterprise when the viewer's paid nothing of its own."""

    id: UUID
    tenant_id: int
    tenant_name: str
    direction: Direction
    caller: str
    callee: str
    queue_name: str | None
    agent_name: str | None
    started_at: datetime
    answered_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime
    talk_ms: int
    held_ms: int = Field(description="How long the customer was held, consultations included")
    waited_ms: int = Field(description="How long the customer waited for somebody")
    cause: int = Field(description="Q.850")
    ended_by: EndedBy
    result: Result
    refusal: str | None
    recording: RecordingView | None
    cost_micros: int | None = Field(description="null: not charged, or the viewer may not see money")
    cost: str | None


class LegView(BaseModel):
    id: UUID
    kind: LegKind
    party: Party
    address: str
    number: str | None = Field(description="What a leg to the outside dialled, in E.164")
    agent_id: int | None
    agent_name: str | None
    started_at: datetime
    ringing_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime
    cause: int


class ChargeView(BaseModel):
    """What one level of the chain paid for one leg of the call."""

    leg_id: UUID | None
    tenant_id: int
    tenant_name: str
    billed_s: int
    amount_micros: int
    amount: str


class CallDetail(CallRow):
    legs: list[LegView]
    charges: list[ChargeView] = Field(description="The viewer's level and those below it, the enterprise first")


class CallPage(BaseModel):
    items: list[CallRow]
    next_cursor: str | None = Field(description="For the next page; null on the last")


class CallFilter(BaseModel):
    """Newest calls first. `from` is included, `to` is not; both name the start of the call."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    direction: Direction | None = None
    number: Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[0-9+]+$")] | None = None
    result: Result | None = None
    starts_from: AwareDatetime | None = Field(None, alias="from")
    starts_before: AwareDatetime | None = Field(None, alias="to")
    cursor: Annotated[str, Field(max_length=64, pattern=r"^[0-9]{1,15}\.[0-9a-f-]{36}$")] | None = None
    limit: int = Field(50, ge=1, le=200)
