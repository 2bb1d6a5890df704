"""Recording policies as the API shows them."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ucc.engine.target import RecordingMode, RecordingStart
from ucc.identity.schemas import RowId


class RecordingPolicyBody(BaseModel):
    """Of the enterprise, of one queue or of one agent; a call takes the most particular: agent, queue, enterprise."""

    model_config = ConfigDict(extra="forbid")

    queue_id: RowId | None = None
    agent_id: RowId | None = None
    mode: RecordingMode = RecordingMode.AUTOMATIC
    starts_at: RecordingStart = RecordingStart.ANSWER
    can_pause: bool = Field(True, description="Whether the agent may pause it, as for card numbers")

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if self.queue_id is not None and self.agent_id is not None:
            raise ValueError("a policy is of a queue or of an agent, not of both")
        return self


class RecordingPolicyView(RecordingPolicyBody):
    id: int


class RecordingPolicyList(BaseModel):
    items: list[RecordingPolicyView] = Field(description="Without one of the enterprise: automatic, from answer")
