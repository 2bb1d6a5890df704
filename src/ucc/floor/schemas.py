"""The setting of a floor as the API shows it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class FloorSettingBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    outbound_wrap_up_s: int = Field(0, ge=0, le=3600, description="Wrap-up after a call that an agent placed; 0: none")
