"""Pause reasons as the API shows them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ucc.identity.schemas import PRINTABLE

Label = Annotated[str, Field(min_length=1, max_length=32, pattern=PRINTABLE)]


class PauseReasonChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    label_zh: Label = Field(examples=["小休"])
    label_en: Label = Field(examples=["Break"])
    max_s: Annotated[int, Field(ge=1, le=86400)] | None = Field(None, description="Longer is overdue; null: never")
    position: Annotated[int, Field(ge=0, le=1000)] = 0
    is_active: bool = True


class PauseReasonBody(PauseReasonChange):
    code: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,32}$", examples=["break"])] = Field(
        description="What presences and reports keep; never changes"
    )


class PauseReasonView(PauseReasonBody):
    id: int


class PauseReasonList(BaseModel):
    items: list[PauseReasonView]
