"""Tenants as the API shows them."""

from __future__ import annotations

from pydantic import BaseModel, Field

from ucc.db.scope import TenantKind


class TenantView(BaseModel):
    """A tenant with its money: text in yuan for people, micros (1/1,000,000 yuan) for programs."""

    id: int
    parent_id: int | None = Field(description="None also when the viewer may not see the parent")
    kind: TenantKind
    code: str
    name: str
    is_suspended: bool
    max_calls: int | None = Field(description="Calls of it and all below it that may be live at once; null: any number")
    balance: str
    balance_micros: int
    limit_micros: int | None = Field(description="How far the balance may fall below zero; null: without limit")
    income: str
    income_micros: int


class TenantList(BaseModel):
    items: list[TenantView]
