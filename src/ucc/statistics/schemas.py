"""Statistics of money as the API shows them: text in yuan for people, micros (1/1,000,000 yuan) for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ucc.identity.schemas import RowId
from ucc.rating.schemas import AtMoment
from ucc.statistics.repository import By


class StatisticsFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    since: AtMoment
    until: AtMoment = Field(description="Not included")
    by: By = Field(By.DAY, description="Days and months on China's clock")
    tenant_id: RowId | None = Field(None, description="null: the user's own tenant and all below it")
    with_below: bool = Field(False, description="With `tenant_id`: also every tenant below it")
    limit: int = Field(1000, ge=1, le=5000)

    @model_validator(mode="after")
    def _require_order(self) -> Self:
        if self.until <= self.since:
            raise ValueError("`until` is after `since`")
        return self


class StatisticsRow(BaseModel):
    """`amount`: what came in less what went out; of spend, what went out less what came back."""

    key: str = Field(description="2026-11-23, 2026-11, a tenant's id, or a kind of ledger entry")
    name: str | None = Field(description="The tenant's")
    entries: int = Field(description="Ledger entries that it is the sum of")
    received: str
    received_micros: int
    paid: str
    paid_micros: int
    amount: str
    amount_micros: int


class StatisticsView(BaseModel):
    since: datetime
    until: datetime
    items: list[StatisticsRow]
    more: int = Field(description="How many rows there are beyond `limit`")
    total: str = Field(description="Of all rows, also those beyond `limit`")
    total_micros: int
