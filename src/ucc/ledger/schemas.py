"""Money as the API moves and shows it: text in yuan for people, micros (1/1,000,000 yuan) for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ucc.identity.schemas import PRINTABLE, RowId

Yuan = Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?$", examples=["100.00"])]
Reason = Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE)]
Key = Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)]
KEY_MEANING = "A second request with the same key moves nothing, and answers the same"


class TopUpBody(BaseModel):
    """充值: money that a direct customer paid."""

    model_config = ConfigDict(extra="forbid")

    tenant_id: RowId
    amount: Yuan
    reason: Reason
    idempotency_key: Key = Field(description=KEY_MEANING)


class MoneyTransferBody(BaseModel):
    """转账: between the user's own tenant and a direct customer, either way."""

    model_config = ConfigDict(extra="forbid")

    from_tenant_id: RowId
    to_tenant_id: RowId
    amount: Yuan
    reason: Reason
    idempotency_key: Key = Field(description=KEY_MEANING)


class ReversalBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason


class CreditLimitBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: Yuan | None = Field(description="How far the balance may fall below zero; null: without limit")


class PostingView(BaseModel):
    tenant_id: int
    account: Literal["balance", "income", "carrier", "cash"]
    amount: str
    amount_micros: int


class EntryView(BaseModel):
    """One posting set: of its postings those of the viewer's scope."""

    id: int
    kind: str
    tenant_id: int
    call_id: str | None
    reason: str | None
    user_id: int | None
    reverses_id: int | None
    is_reversed: bool
    created_at: datetime
    postings: list[PostingView]


class EntryFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    tenant_id: RowId | None = Field(None, description="Entries that move money of this tenant")
    kind: Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")] | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    before_id: RowId | None = None
    limit: int = Field(100, ge=1, le=1000)


class EntryList(BaseModel):
    items: list[EntryView]
    next_before: int | None = Field(description="`before_id` of the next page; null: there is none")


class ProofView(BaseModel):
    """What is wrong in the ledger: nothing, when it holds."""

    holds: bool
    unbalanced_sets: list[int]
    drifted_accounts: list[int]
    misreserved_accounts: list[int]
