"""Extensions, DIDs, caller IDs and trunks as the API shows them, and what is done with many at once."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ucc.identity.schemas import PRINTABLE, RowId

MOST = 1000
"""How many are made or moved in one request; a file may bring MOST_LINES."""
MOST_LINES = 20_000
MOST_PASSWORDS = 200
TRUNKS_ARE_ELSEWHERE = "trunks are made and deleted by /trunks; here they are granted and taken back"


class ResourceKind(StrEnum):
    EXTENSION = "extension"
    DID = "did"
    CALLER_ID = "caller_id"
    TRUNK = "trunk"


Ids = Annotated[list[RowId], Field(min_length=1, max_length=MOST)]
Text = Annotated[str, Field(min_length=2, max_length=32, pattern=PRINTABLE)]


class NewResources(BaseModel):
    """Either `numbers`, or `first` and `last` of a range: of the same length, both included."""

    model_config = ConfigDict(extra="forbid")

    kind: ResourceKind
    numbers: Annotated[list[Text], Field(min_length=1, max_length=MOST)] | None = None
    first: Text | None = Field(None, examples=["01088880000"])
    last: Text | None = Field(None, examples=["01088880099"])
    trunk_id: RowId | None = Field(None, description="Caller IDs only: the trunk they go out on first")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.kind is ResourceKind.TRUNK:
            raise ValueError(TRUNKS_ARE_ELSEWHERE)
        if (self.numbers is None) == (self.first is None) or (self.first is None) != (self.last is None):
            raise ValueError("either numbers, or first and last")
        if (self.kind is ResourceKind.CALLER_ID) != (self.trunk_id is not None):
            raise ValueError("trunk_id belongs to caller IDs, and they need one")
        return self


class ResourceView(BaseModel):
    id: int
    kind: ResourceKind
    number: str = Field(description="A trunk's is its name")
    tenant_id: int = Field(description="Who has it now. A trunk of the operator is shared by everybody")
    is_in_use: bool = Field(description="An agent, a destination or a caller ID depends on it")


class ResourceList(BaseModel):
    items: list[ResourceView]
    total: int = Field(description="How many fit the filter")
    next_after_id: int | None = Field(description="`after_id` of the next page; null: this is the last")


class Created(BaseModel):
    count: int
    ids: list[int] = Field(description="The first 1000 of them")


class GrantBody(BaseModel):
    """Down one level: what the user's own tenant has goes to a direct customer."""

    model_config = ConfigDict(extra="forbid")

    kind: ResourceKind
    ids: Ids
    to_tenant_id: RowId
    confirm: bool = Field(False, description="The impact is known: grant what others depend on too (trunks)")


class TakeBackBody(BaseModel):
    """Up to the user's own tenant, from whoever below has it."""

    model_config = ConfigDict(extra="forbid")

    kind: ResourceKind
    ids: Ids
    confirm: bool = Field(False, description="The impact is known: take back what is in use too")


class IdsBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: ResourceKind
    ids: Ids


class ImpactBody(IdsBody):
    to_tenant_id: RowId | None = Field(None, description="Of granting them to this one; null: of taking them back")


class PasswordsBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[RowId], Field(min_length=1, max_length=MOST_PASSWORDS)]


class Moved(BaseModel):
    count: int


class MovedAway(Moved):
    ended_registrations: int | None = Field(
        description="Extensions whose phones were signed off. null: the border is away, so phones stay until they "
        "register anew, within the hour"
    )


class UseView(BaseModel):
    """`use`: agent_phone (the agent has no phone any more), destination (calls to the number lead nowhere),
    default_caller_id, agent_caller_id (calls show another, or are refused), caller_id_trunk (calls that show the caller
    ID take a second choice, or are refused)."""

    id: int
    number: str
    use: str
    label: str = Field(description="The agent's work number, the destination's occasion, the caller ID; else empty")


class ImpactView(BaseModel):
    uses: list[UseView] = Field(description="The first 1000")
    use_count: int
    in_use_count: int = Field(description="How many of the resources are in use")


class PhonePassword(BaseModel):
    number: str
    password: str


class RegistrationView(BaseModel):
    """A phone that can be reached now. It registers anew every few minutes; `refreshed_at` was the last time."""

    source: str = Field(description="Address and port that its requests come from")
    transport: str
    user_agent: str
    refreshed_at: datetime
    expires_at: datetime


class ExtensionState(BaseModel):
    extension_id: int
    number: str
    tenant_id: int
    registrations: list[RegistrationView] = Field(description="Empty: no phone is registered")


class ExtensionStates(BaseModel):
    items: list[ExtensionState]
    next_after_id: int | None = Field(description="`after_id` of the next page; null: this is the last")


class PhonePasswords(BaseModel):
    """Shown this once; the ones before are good no longer."""

    items: list[PhonePassword]


class GrantView(BaseModel):
    """null: it was made (from) or deleted (to), or the tenant is out of the user's sight."""

    granted_at: datetime
    from_tenant_id: int | None
    to_tenant_id: int | None
    from_name: str | None
    to_name: str | None
    username: str | None


class GrantHistory(BaseModel):
    items: list[GrantView]
