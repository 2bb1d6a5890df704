"""Login and the logged-in user, as the API shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ucc.config import Edition
from ucc.db.scope import TenantKind
from ucc.identity.access import UserRole
from ucc.identity.password import MAX_LENGTH, MIN_LENGTH

PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]
"""The number of a row, in a path or a body."""


class Credentials(BaseModel):
    username: str = Field(min_length=1, max_length=64, pattern=PRINTABLE)
    password: str = Field(min_length=1, max_length=MAX_LENGTH)


class PasswordChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    current_password: str = Field(min_length=1, max_length=MAX_LENGTH)
    new_password: str = Field(min_length=MIN_LENGTH, max_length=MAX_LENGTH, description="Not the current one")


class SessionUser(BaseModel):
    id: int
    username: str
    display_name: str
    role: UserRole
    language: Literal["zh-CN", "en"]
    must_change_password: bool = Field(description="Nothing else is possible before PUT /session/password")


class SessionTenant(BaseModel):
    id: int
    code: str
    name: str
    kind: TenantKind


class SessionAgent(BaseModel):
    agent_id: int
    work_number: str
    extension: str


class SessionView(BaseModel):
    user: SessionUser
    tenant: SessionTenant
    agent: SessionAgent | None
    edition: Edition = Field(description="`single`: one enterprise, nothing about money")
