"""Rents as the API takes and shows them: text in yuan for people, micros (1/1,000,000 yuan) for programs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ucc.identity.schemas import RowId
from ucc.kit.money import parse_yuan
from ucc.rent.models import MAX_RENT_MICROS
from ucc.rent.reckoning import Basis, RentTerm

RentAmount = Annotated[str, Field(pattern=r"^[0-9]{1,7}(\.[0-9]{1,6})?$", examples=["30.00"])]
Cycle = Literal["day", "week", "month", "year"]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]


class RentBody(BaseModel):
    """For a whole day, week (from Monday), month or year: once, or for each agent, extension or DID."""

    model_config = ConfigDict(extra="forbid")

    cycle: Cycle
    basis: Basis
    amount: RentAmount

    def read(self) -> RentTerm:
        return RentTerm(self.cycle, self.basis, parse_yuan(self.amount))


class RentsBody(BaseModel):
    """All rents of the draft: at most one of each cycle and basis."""

    model_config = ConfigDict(extra="forbid")

    rents: Annotated[list[RentBody], Field(max_length=16)]

    @model_validator(mode="after")
    def _require_amounts(self) -> Self:
        if len({(rent.cycle, rent.basis) for rent in self.rents}) != len(self.rents):
            raise ValueError("one rent of each cycle and basis")
        if not all(1 <= parse_yuan(rent.amount) <= MAX_RENT_MICROS for rent in self.rents):
            raise ValueError("a rent is more than nothing, and at most 1,000,000 yuan")
        return self


class RentView(BaseModel):
    cycle: Cycle
    basis: Basis
    amount: str
    amount_micros: int


class RentList(BaseModel):
    version: int
    items: list[RentView]


class RentChargeView(BaseModel):
    """`starts_on` to `ends_on`, both included: the cycle. Of its days `days` counted, with `unit_days` in sum."""

    id: int
    tenant_id: int
    cycle: Cycle
    basis: Basis
    starts_on: date
    ends_on: date
    days: int
    unit_days: int = Field(description="3 DIDs on each of 10 days are 30")
    amount: str
    amount_micros: int
    entry_id: int = Field(description="The ledger entry")
    created_at: datetime


class RentChargeFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    tenant_id: RowId | None = None
    since: Day | None = Field(None, description="Cycles that end on this day or later")
    until: Day | None = Field(None, description="Cycles that end on this day or before")
    before_id: RowId | None = None
    limit: int = Field(100, ge=1, le=1000)


class RentChargeList(BaseModel):
    items: list[RentChargeView] = Field(description="The newest first")
    next_before: int | None = Field(description="`before_id` of the next page; null: there is none")
