"""Prompts as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ucc.identity.schemas import PRINTABLE

Name = Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)]
Language = Literal["zh-CN", "en"]


class SpeechRequest(BaseModel):
    """A prompt that the synthesiser speaks."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    text: str = Field(min_length=1, max_length=2000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]+$")
    language: Language = "zh-CN"


class PromptRename(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name


class PromptView(BaseModel):
    id: int
    name: str
    text: str | None = Field(description="What was synthesised; null: uploaded")
    language: Language
    duration_ms: int
    updated_at: datetime


class PromptList(BaseModel):
    items: list[PromptView]
    builtin: list[str] = Field(description="Names of built-in sounds: `builtin:NAME` in an IVR tree")
