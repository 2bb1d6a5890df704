"""Rules of frequency as the API shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ucc.db.scope import TenantKind

Subject = Literal["caller_id", "callee"]
Window = Annotated[int, Field(ge=60, le=86400, description="Seconds: 60, 3600, 86400 or any between")]


class FrequencyLimit(BaseModel):
    model_config = ConfigDict(extra="forbid")

    most: Annotated[int, Field(ge=0, le=1_000_000)] | None = Field(
        description="null: no limit; only an operator says so, to take back a rule that UCC ships with"
    )


class FrequencyRuleView(BaseModel):
    """At most `most` attempts within any `window_s` seconds."""

    subject: Subject
    window_s: int
    most: int | None


class RuleAbove(FrequencyRuleView):
    """A rule of a level above, or shipped with UCC, that binds this level too."""

    level: TenantKind


class FrequencyRules(BaseModel):
    items: list[FrequencyRuleView]
    above: list[RuleAbove] = Field(description="Of all rules, own and above, the tightest wins")
