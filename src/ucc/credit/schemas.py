"""Limits against fraud and alerts about money, as the API shows them: text in yuan for people, micros for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ucc.identity.schemas import RowId
from ucc.ledger.schemas import Yuan

MOST_DESTINATIONS = 300
Prefix = Annotated[str, Field(pattern=r"^\+[0-9]{0,14}$", examples=["+86"])]
AlertKind = Literal["low_balance", "hourly_spend", "daily_spend", "suspension", "ledger"]


class SpendRuleBody(BaseModel):
    """All limits of a tenant, as a whole; null: none."""

    model_config = ConfigDict(extra="forbid")

    hourly: Yuan | None = Field(None, description="What calls of 60 minutes may cost, those in progress included")
    daily: Yuan | None = Field(None, description="What calls of 24 hours may cost, those in progress included")
    calls_per_second: int | None = Field(None, ge=1, le=1000, description="Outbound calls of it and all below")
    low_balance: Yuan | None = Field(None, description="Below this much to spend an alert is raised")
    suspend_below: Yuan | None = Field(
        None, description="Below this much it is suspended with all below it, until there is more"
    )
    destinations: list[Prefix] = Field(
        ["+86"], max_length=MOST_DESTINATIONS, description="What it and all below may call; + is the whole world"
    )


class SpendRuleView(SpendRuleBody):
    tenant_id: int
    is_default: bool = Field(description="Nobody has set any: the home country only, no other limit")
    spent_hour: str
    spent_hour_micros: int
    spent_day: str
    spent_day_micros: int
    counted_at: datetime | None = Field(description="When the worker counted finished calls last; null: not yet")


class AlertFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    tenant_id: RowId | None = None
    kind: AlertKind | None = None
    is_open: bool | None = None
    before_id: RowId | None = None
    limit: int = Field(100, ge=1, le=1000)


class AlertView(BaseModel):
    id: int
    tenant_id: int
    tenant_code: str
    tenant_name: str
    kind: AlertKind
    severity: Literal["warning", "blocking"] = Field(description="blocking: calls are refused")
    amount: str = Field(description="What there was, or was spent, when it was raised; of `ledger`: how many faults")
    amount_micros: int
    limit: str
    limit_micros: int
    raised_at: datetime
    ended_at: datetime | None


class AlertList(BaseModel):
    items: list[AlertView]
    open_count: int = Field(description="Of all alerts in sight, how many are open")
    next_before: int | None = Field(description="`before_id` of the next page; null: there is none")
