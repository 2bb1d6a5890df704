"""Trunks as the API shows them: to the operator only."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ucc.identity.schemas import PRINTABLE, RowId

Codec = Literal["PCMA", "PCMU", "G729", "G723"]
Prefix = Annotated[str, Field(max_length=16, pattern=r"^(\+[0-9]{0,15})?$", examples=["+86"])]
Most = Annotated[int, Field(ge=1, le=100_000)]


class TrunkRuleBody(BaseModel):
    """Of the rules whose prefix an E.164 number has, the longest writes it for the trunk."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["callee", "caller_id"]
    prefix: Prefix = ""
    strip: Annotated[int, Field(ge=0, le=16, description="Characters taken from the left; the + is one")] = 0
    prepend: Annotated[str, Field(max_length=21, pattern=r"^\+?[0-9*#]{0,20}$")] = ""


class FallbackBody(BaseModel):
    """Tried when the trunk fails (中继二次选路): lower priorities first, equals by weight."""

    model_config = ConfigDict(extra="forbid")

    trunk_id: RowId
    priority: Annotated[int, Field(ge=1, le=100)] = 1
    weight: Annotated[int, Field(ge=1, le=100)] = 1


class TrunkBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)]
    host: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[0-9A-Za-z.:-]+$")]
    port: Annotated[int, Field(ge=1, le=65535)] = 5060
    codec: Codec = "PCMA"
    is_active: bool = True
    max_calls: Most | None = Field(None, description="Live calls; null: any number")
    calls_per_second: Most | None = Field(None, description="New calls; null: any number")
    allowed_prefixes: Annotated[list[Prefix], Field(max_length=200, description="Empty: every number")] = []
    rules: Annotated[list[TrunkRuleBody], Field(max_length=200)] = []
    fallbacks: Annotated[list[FallbackBody], Field(max_length=20)] = []


class TrunkView(TrunkBody):
    id: int
    holder_id: int = Field(description="Who may go out on it, with all below: the operator, so everybody, or a tenant")


class TrunkList(BaseModel):
    items: list[TrunkView]
