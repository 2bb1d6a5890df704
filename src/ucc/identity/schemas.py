"""Login and the logged-in user, as the API shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ucc.db.scope import TenantKind
from ucc.identity.access import UserRole
from ucc.identity.password import MAX_LENGTH

PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]
"""The number of a row, in a path or a body."""


class Credentials(BaseModel):
    username: str = Field(min_length=1, max_length=64, pattern=PRINTABLE)
    password: str = Field(min_length=1, max_length=MAX_LENGTH)


class SessionUser(BaseModel):
    id: int
    username: str
    display_name: str
    role: UserRole
    language: Literal["zh-CN", "en"]


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
