"""Tenants as the API shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ucc.db.scope import TenantKind
from ucc.identity.schemas import PRINTABLE, RowId
from ucc.trunk.schemas import Most

Name = Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)]
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{1,31}$", examples=["acme"])]
Username = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{1,63}$", examples=["acme-admin"])]
MaxCalls = Annotated[Most | None, Field(description="Calls of it and all below it at once; null: any number")]


class TenantView(BaseModel):
    """A tenant with its money: text in yuan for people, micros (1/1,000,000 yuan) for programs."""

    id: int
    parent_id: int | None = Field(description="None also when the viewer may not see the parent")
    kind: TenantKind
    code: str
    name: str
    is_suspended: bool
    is_balance_suspended: bool = Field(description="For want of money, by its limits; more money ends it")
    is_suspended_above: bool = Field(description="A level above is suspended: nothing works here either")
    rate_plan_id: int | None = Field(description="What it is charged by; null: it cannot call")
    max_calls: int | None = Field(description="Calls of it and all below it that may be live at once; null: any number")
    balance: str
    balance_micros: int
    limit_micros: int | None = Field(description="How far the balance may fall below zero; null: without limit")
    income: str
    income_micros: int


class TenantList(BaseModel):
    items: list[TenantView]


class FirstUser(BaseModel):
    """Who administers the new tenant; gets a one-time password."""

    model_config = ConfigDict(extra="forbid")

    username: Username
    display_name: Name
    language: Literal["zh-CN", "en"] = "zh-CN"


class TenantBody(BaseModel):
    """`parent_id` null: below the user's own tenant."""

    model_config = ConfigDict(extra="forbid")

    parent_id: RowId | None = None
    kind: Literal["reseller", "enterprise"]
    code: Code
    name: Name
    max_calls: MaxCalls = None
    rate_plan_id: RowId | None = Field(None, description="A published plan of the parent")
    admin: FirstUser


class OneTimePassword(BaseModel):
    """Shown this once, kept nowhere. Good for three days, and for nothing but choosing another."""

    username: str
    one_time_password: str


class TenantOpened(BaseModel):
    tenant: TenantView
    admin: OneTimePassword


class TenantChange(BaseModel):
    """What is absent stays."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    max_calls: MaxCalls = None


class PlanChoice(BaseModel):
    """null: charged by none, so it cannot call."""

    model_config = ConfigDict(extra="forbid")

    rate_plan_id: RowId | None


class SuspensionBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    end_calls: bool = Field(False, description="Also end the calls in progress, of everything below")


class SuspensionView(BaseModel):
    tenant: TenantView
    ended_calls: int | None = Field(description="Calls in progress that were ended; null: they go on")


class TenantUserView(BaseModel):
    """Who administers a tenant."""

    id: int
    username: str
    display_name: str
    is_active: bool
    has_one_time_password: bool = Field(description="Has not chosen a password yet")


class TenantUserList(BaseModel):
    items: list[TenantUserView]
