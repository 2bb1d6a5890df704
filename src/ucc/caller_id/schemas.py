"""Caller IDs as the API shows them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ucc.identity.schemas import RowId
from ucc.trunk.number import find_e164
from ucc.trunk.schemas import Most


def require_e164(text: str) -> str:
    number = find_e164(text)
    if number is None:
        raise ValueError("no such number")
    return number


Number = Annotated[str, Field(min_length=3, max_length=32), AfterValidator(require_e164)]
MaxCalls = Annotated[Most | None, Field(description="Live calls; null: any number")]


class CallerIdGrant(BaseModel):
    """The operator lets an enterprise show a number."""

    model_config = ConfigDict(extra="forbid")

    number: Number = Field(examples=["01088880001"])
    tenant_id: RowId
    trunk_id: RowId
    max_calls: MaxCalls = None


class CallerIdChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    trunk_id: RowId
    max_calls: MaxCalls = None


class CallerIdChoice(BaseModel):
    """null: none; the level above decides."""

    model_config = ConfigDict(extra="forbid")

    caller_id_id: RowId | None


class CallerIdView(BaseModel):
    id: int
    tenant_id: int
    number: str
    trunk_id: int | None = Field(description="null for all but the operator")
    max_calls: int | None
    is_default: bool
    agent_ids: list[int] = Field(description="Agents whose calls show it unless they choose another")


class CallerIdList(BaseModel):
    items: list[CallerIdView]


class MaxCallsBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    max_calls: MaxCalls
