"""Statements as the API shows them: text in yuan for people, micros (1/1,000,000 yuan) for programs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ucc.identity.schemas import RowId

Month = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31), description="Any day of it")]
FileState = Literal["waiting", "making", "ready", "failed"]


class StatementFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    tenant_id: RowId | None = None
    period: Month | None = None
    before_id: RowId | None = None
    limit: int = Field(100, ge=1, le=500)


class TotalView(BaseModel):
    kind: str
    entries: int
    amount: str
    amount_micros: int


class StatementView(BaseModel):
    """opening + totals = closing. `id` and `closed_at` null: of a month that is not closed yet, as it is now."""

    id: int | None
    tenant_id: int
    period: date = Field(description="The first day of the month, on China's clock")
    opening: str
    opening_micros: int
    closing: str
    closing_micros: int
    minimum: str = Field(description="The month's minimum spend, by the days on which it was agreed")
    minimum_micros: int
    free_s: int
    commission_ppm: int
    closed_at: datetime | None
    totals: list[TotalView]


class StatementList(BaseModel):
    items: list[StatementView] = Field(description="The newest first")
    next_before: int | None = Field(description="`before_id` of the next page; null: there is none")


class LineFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    after_id: Annotated[int, Field(ge=0, le=2**53)] = 0
    limit: int = Field(100, ge=1, le=1000)


class LineView(BaseModel):
    entry_id: int
    kind: str
    at: datetime
    amount: str
    amount_micros: int
    reason: str | None
    reverses_id: int | None
    call_id: str | None
    direction: str | None
    caller: str | None
    callee: str | None
    answered_at: datetime | None
    billed_s: int | None


class LineList(BaseModel):
    items: list[LineView] = Field(description="In the order of the ledger")
    next_after: int | None = Field(description="`after_id` of the next page; null: there is none")


class FileBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Literal["pdf", "xlsx"]
    language: Literal["zh-CN", "en"] = "zh-CN"


class FileView(BaseModel):
    id: int
    statement_id: int
    format: Literal["pdf", "xlsx"]
    language: Literal["zh-CN", "en"]
    state: FileState
    lines_done: int
    lines_total: int | None = Field(description="null: not counted yet")
    size_bytes: int | None
    failure: str | None
    created_at: datetime
