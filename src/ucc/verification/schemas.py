"""Verification calls as the API shows them. Nobody is shown a code."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from ucc.engine.spoken import Language
from ucc.identity.schemas import PRINTABLE

State = Literal["calling", "answered", "heard", "failed"]
Code = Annotated[str, Field(pattern=r"^[0-9]{4}$", examples=["0815"])]


class VerificationRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    callee: Annotated[str, Field(min_length=3, max_length=32, pattern=r"^[0-9+() .-]+$", examples=["13800138000"])]
    code: Code | None = Field(None, description="null: UCC makes one")
    language: Language = "zh-CN"
    idempotency_key: Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)] = Field(
        description="A second request with the same key places no second call"
    )
    expires_in_s: Annotated[int, Field(ge=60, le=1800)] = 300


class VerificationView(BaseModel):
    """heard: the code was read to its end. failed: `cause` is a refusal's code, `hung_up`, `lost` or `q850_<cause>`."""

    id: UUID = Field(description="Also that of its call record")
    callee: str
    language: Language
    state: State
    cause: str | None
    created_at: datetime
    expires_at: datetime
    verified_at: datetime | None


class CodeTry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: Code


class TryResult(BaseModel):
    is_right: bool
    why: Literal["wrong", "expired", "used", "too_many_tries", "not_answered"] | None = Field(
        description="null when right"
    )
    tries_left: int
