"""Schedules: kept as people write them, handed to calls as the engine needs them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.db.scope import Scoped
from ucc.engine.hours import Hours, Schedule
from ucc.errors import NotFound
from ucc.kit.clock import now
from ucc.schedule.holidays import KNOWN_UNTIL, days_around, find_holidays
from ucc.schedule.models import StoredSchedule
from ucc.schedule.schemas import HoursBody, ScheduleBody, ScheduleView, SpecialDay

LIMIT = 500


async def list_schedules(scoped: Scoped) -> list[ScheduleView]:
    rows = await scoped.session.scalars(select(StoredSchedule).order_by(StoredSchedule.name).limit(LIMIT))
    return [_show(row) for row in rows]


async def get_schedule(scoped: Scoped, schedule_id: int) -> ScheduleView:
    """Raises NotFound."""
    return _show(await _get(scoped, schedule_id))


async def create_schedule(scoped: Scoped, body: ScheduleBody) -> ScheduleView:
    row = StoredSchedule(tenant_id=scoped.scope.tenant_id, **_values(body))
    scoped.session.add(row)
    await scoped.session.flush()
    return _show(row)


async def update_schedule(scoped: Scoped, schedule_id: int, body: ScheduleBody) -> ScheduleView:
    """Raises NotFound."""
    row = await _get(scoped, schedule_id)
    for name, value in _values(body).items():
        setattr(row, name, value)
    await scoped.session.flush()
    return _show(row)


async def delete_schedule(scoped: Scoped, schedule_id: int) -> None:
    """Raises NotFound; the database refuses when a DID uses it."""
    await scoped.session.delete(await _get(scoped, schedule_id))
    await scoped.session.flush()


async def load_schedules(
    session: AsyncSession, tenant_id: int, schedule_ids: Collection[int], at: float
) -> dict[int, Schedule]:
    """The schedules of these ids as calls need them: with the holidays of the days around `at`."""
    if not schedule_ids:
        return {}
    rows = await session.scalars(
        select(StoredSchedule).where(StoredSchedule.tenant_id == tenant_id, StoredSchedule.id.in_(schedule_ids))
    )
    return {row.id: to_schedule(row, at) for row in rows}


def to_schedule(row: StoredSchedule, at: float) -> Schedule:
    around = days_around(datetime.fromtimestamp(at, UTC).date())
    holidays, make_up = find_holidays(around) if row.keeps_holidays else (frozenset[date](), dict[date, int]())
    special = {date.fromisoformat(day): _to_hours(entry["hours"]) for day, entry in row.special.items()}
    return Schedule(
        zone=row.zone,
        weekly=tuple(_to_hours(day) for day in row.weekly),
        special={day: hours for day, hours in special.items() if around[0] <= day <= around[-1]},
        holidays=holidays,
        make_up=make_up,
    )


def _to_hours(pairs: list[list[int]]) -> tuple[Hours, ...]:
    return tuple(Hours(begin, end) for begin, end in pairs)


async def _get(scoped: Scoped, schedule_id: int) -> StoredSchedule:
    row = await scoped.session.get(StoredSchedule, schedule_id)
    if row is None:
        raise NotFound
    return row


def _values(body: ScheduleBody) -> dict[str, object]:
    special = {day.date.isoformat(): {"name": day.name, "hours": _to_minutes(day.hours)} for day in body.special}
    return {
        "name": body.name,
        "zone": body.zone,
        "weekly": [_to_minutes(day) for day in body.weekly],
        "special": special,
        "keeps_holidays": body.keeps_holidays,
    }


def _to_minutes(day: list[HoursBody]) -> list[list[int]]:
    return [[_minutes(hours.begin), _minutes(hours.end)] for hours in day]


def _minutes(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _show(row: StoredSchedule) -> ScheduleView:
    def hours(pairs: list[list[int]]) -> list[HoursBody]:
        return [HoursBody(begin=_clock(begin), end=_clock(end)) for begin, end in pairs]

    at = now().timestamp()
    return ScheduleView(
        id=row.id,
        name=row.name,
        zone=row.zone,
        weekly=[hours(day) for day in row.weekly],
        special=[
            SpecialDay(date=date.fromisoformat(day), name=entry["name"], hours=hours(entry["hours"]))
            for day, entry in sorted(row.special.items())
        ],
        keeps_holidays=row.keeps_holidays,
        opening=to_schedule(row, at).opening(at),
        holidays_known_until=KNOWN_UNTIL,
    )
