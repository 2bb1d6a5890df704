"""Plans, versions, rates and the price finder as the API shows them. Amounts: micros, and text in yuan beside them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from fastapi import Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from ucc.identity.schemas import PRINTABLE, RowId
from ucc.rating.check import FaultCode
from ucc.rating.margin import WarningCode
from ucc.rating.models import MAX_INCREMENT_S, MAX_PRICE_MICROS, MAX_STRETCH_S
from ucc.rating.price import Area, RateKind, Service

MAX_RATES_IN_BODY = 300
MAX_RATES = 20_000
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)]
Price = Annotated[int, Field(ge=0, le=MAX_PRICE_MICROS)]
Stretch = Annotated[int, Field(ge=0, le=MAX_STRETCH_S)]
Region = Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE, description="广东, or 广东/深圳")]
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _require_near(at: datetime) -> datetime:
    if not EARLIEST <= at < LATEST:
        raise ValueError("a moment of this or the next century")
    return at


AtMoment = Annotated[AwareDatetime, AfterValidator(_require_near)]
Weekday = Annotated[int, Field(ge=1, le=7)]
Why = Literal["prefix", "callee_region", "caller_region", "area", "window", "age"]


class RateBody(BaseModel):
    """One price, and what it is for; what is null or empty is for all."""

    model_config = ConfigDict(extra="forbid")

    service: Service
    kind: RateKind = RateKind.DURATION
    prefix: Annotated[str, Field(max_length=20, description="Of the number dialled: +86755, 0755, +1")] = ""
    area: Area | None = None
    caller_region: Region | None = None
    callee_region: Region | None = None
    weekdays: Annotated[list[Weekday], Field(min_length=1, max_length=7, description="1 is Monday")] = [
        1,
        2,
        3,
        4,
        5,
        6,
        7,
    ]
    from_minute: Annotated[int, Field(ge=0, le=1439, description="Of the day, on China's clock")] = 0
    to_minute: Annotated[int, Field(ge=1, le=1440, description="Not after from_minute: on the next day")] = 1440
    connect_micros: Price = 0
    included_s: Stretch = 0
    first_increment_s: Annotated[Stretch | None, Field(description="null: one increment; per call: none")] = None
    increment_s: Annotated[int, Field(ge=1, le=MAX_INCREMENT_S)] = 60
    price_micros: Price


class RateView(RateBody):
    id: int
    first_increment_s: int
    connect: str
    price: str


class VersionBody(BaseModel):
    """A draft as a whole."""

    model_config = ConfigDict(extra="forbid")

    effective_from: AtMoment | None = Field(None, description="null: from its publication")
    note: Annotated[str, Field(max_length=500)] = ""
    minimum_spend_micros: Annotated[int, Field(ge=0, le=10**15, description="Of a month")] = 0
    free_s: Annotated[int, Field(ge=0, le=10**9, description="Of a month")] = 0
    commission_ppm: Annotated[int, Field(ge=0, le=1_000_000, description="Millionths of what was spent")] = 0
    rates: Annotated[list[RateBody], Field(max_length=MAX_RATES_IN_BODY)] | None = Field(
        None, description="null: those of the draft, or of the newest version, stay; larger lists are uploaded"
    )


Revision = Annotated[
    int | None,
    Query(
        ge=0, le=2**31 - 1, description="Of the draft as the user has read it, 0: there was none. Refused for another"
    ),
]


class PublishBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    effective_from: AtMoment | None = Field(None, description="null: as the draft says, else at once")


class PlanBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name


class VersionView(BaseModel):
    id: int
    number: int
    state: Literal["draft", "published"]
    is_current: bool
    effective_from: datetime | None
    note: str | None = Field(description="null: for those who are charged by the plan")
    minimum_spend: str
    minimum_spend_micros: int
    free_s: int
    commission_ppm: int
    rate_count: int
    revision: int = Field(description="How often the draft was saved")
    created_at: datetime
    published_at: datetime | None


class PlanSummary(BaseModel):
    id: int
    tenant_id: int
    name: str
    current_version: int | None = Field(description="null: none is in force yet")
    draft_version: int | None
    next_effective_from: datetime | None = Field(description="When the next published version takes over")
    tenant_count: int = Field(description="How many tenants, of those the viewer sees, are charged by it")


class PlanList(BaseModel):
    items: list[PlanSummary]
    charged_by_plan_id: int | None = Field(description="The plan by which the viewer's own tenant is charged")


class PlanView(PlanSummary):
    versions: list[VersionView] = Field(description="The newest first; at most 200")


class CautionView(BaseModel):
    """Something that does not keep a plan from being published."""

    code: WarningCode
    message: str
    rate_position: int | None = Field(description="In the version's list, from 0")
    duration_s: int | None
    sells_micros: int | None
    pays_micros: int | None


class FaultView(BaseModel):
    code: FaultCode
    rate_positions: list[int]
    message: str
    area: Area | None = Field(description="Of a gap: calls that have no price")
    from_minute: int | None = Field(description="Of a gap: since which minute of the week, on China's clock")
    to_minute: int | None = Field(description="Of a gap: until before this minute; 10080 is the week's end")


class CheckView(BaseModel):
    """At most 100 of each are listed."""

    faults: list[FaultView]
    fault_count: int
    warnings: list[CautionView]
    warning_count: int


class VersionDetail(VersionView):
    rates: list[RateView] = Field(description="The first 1000; all of them in the CSV")
    warnings: list[CautionView] = Field(description="At most 100; empty for those who are charged by the plan")
    warning_count: int


class RegionList(BaseModel):
    provinces: dict[str, list[str]]


class FinderQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    caller: Annotated[str, Field(max_length=32)] = ""
    callee: Annotated[str, Field(min_length=1, max_length=32)]
    service: Service = Service.OUTBOUND
    at: AtMoment | None = Field(None, description="The moment of answer; null: now")
    tenant_id: RowId | None = Field(None, description="Who makes or takes the call; null: the viewer's own tenant")
    seconds: Annotated[int, Field(ge=0, le=86_400)] = 60

    @model_validator(mode="after")
    def _require_printable(self) -> Self:
        if not (self.caller + self.callee).isprintable():
            raise ValueError("numbers are printable")
        return self


class OtherRate(BaseModel):
    rate: RateView
    lost_by: Why = Field(description="Where the chosen rate is more precise; age: both are equal")


class FinderLevel(BaseModel):
    """What one level pays for the call, and why."""

    tenant_id: int
    code: str
    name: str
    refusal: Literal["no_plan", "no_version", "no_rate"] | None = Field(description="Why there is no price")
    plan_id: int | None
    plan_name: str | None
    version: int | None
    effective_from: datetime | None
    rate: RateView | None
    why: list[Why] = Field(description="What the rate was chosen by; empty: it is the rate for all calls")
    others: list[OtherRate] = Field(description="Other rates that fit, the most precise first; at most 50")
    billed_s: int | None
    amount: str | None
    amount_micros: int | None


class FinderView(BaseModel):
    """Levels from the caller's tenant up to the viewer's own; what is above is not the viewer's affair."""

    caller: str
    callee: str
    caller_region: str | None
    callee_region: str | None
    area: Area
    at: datetime
    seconds: int
    levels: list[FinderLevel]
