"""Schedules as the API shows them: hours as people write them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ucc.engine.hours import Opening, is_zone
from ucc.identity.schemas import PRINTABLE

Name = Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)]
Clock = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", examples=["09:00"])]


def _require_zone(zone: str) -> str:
    if not is_zone(zone):
        raise ValueError("no IANA time zone")
    return zone


class HoursBody(BaseModel):
    """From `begin` until `end`; an end that is not after the begin is on the next day."""

    begin: Clock
    end: Clock


Day = Annotated[list[HoursBody], Field(max_length=8)]


class SpecialDay(BaseModel):
    """A date with its own hours; none: closed all day."""

    date: dt.date
    name: Annotated[str, Field(max_length=64, pattern=PRINTABLE)] | None = None
    hours: Day = []


class ScheduleBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name
    zone: Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_require_zone)] = "Asia/Shanghai"
    weekly: Annotated[list[Day], Field(min_length=7, max_length=7, description="Monday first")]
    special: Annotated[list[SpecialDay], Field(max_length=500)] = []
    keeps_holidays: bool = Field(
        True, description="Closed on Chinese statutory holidays, open on the days worked in their stead"
    )


class ScheduleView(ScheduleBody):
    id: int
    opening: Opening = Field(description="What it says at this moment")
    holidays_known_until: dt.date = Field(
        description="Later years have only the holidays that the law fixes by date, until an update of UCC"
    )


class ScheduleList(BaseModel):
    items: list[ScheduleView]
