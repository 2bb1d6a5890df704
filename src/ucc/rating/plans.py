"""Makes plans and their versions: a draft that is edited, then published and never changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.kit.clock import EPOCH
from ucc.rating.models import RatePlan, RatePlanVersion, StoredRate
from ucc.rating.price import Rate


@dataclass(frozen=True, slots=True)
class VersionTerms:
    """What a version says besides its rates. `effective_from` None: from its publication."""

    effective_from: datetime | None = None
    note: str = ""
    minimum_spend_micros: int = 0
    free_s: int = 0
    commission_ppm: int = 0


async def create_plan(
    session: AsyncSession,
    owner_id: int,
    name: str,
    rates: Iterable[Rate],
    *,
    effective_from: datetime = EPOCH,
    terms: VersionTerms | None = None,
) -> int:
    """A plan whose first version is published as it is, without the checks of the API: for set-ups. Returns its id."""
    plan = RatePlan(tenant_id=owner_id, name=name)
    session.add(plan)
    await session.flush()
    await add_version(session, plan, rates, effective_from=effective_from, terms=terms)
    return plan.id


async def add_version(
    session: AsyncSession,
    plan: RatePlan,
    rates: Iterable[Rate],
    *,
    effective_from: datetime,
    terms: VersionTerms | None = None,
) -> RatePlanVersion:
    """The plan's next version, published: from that moment on exactly these rates count. Unchecked, as above."""
    version = await add_draft(session, plan, terms or VersionTerms())
    await store_rates(session, version, rates)
    version.state, version.effective_from, version.published_at = "published", effective_from, func.now()
    await session.flush()
    await session.refresh(version)
    return version


async def add_draft(session: AsyncSession, plan: RatePlan, terms: VersionTerms) -> RatePlanVersion:
    """The next version, empty. There is at most one draft of a plan: the database refuses a second one."""
    last = await session.scalar(select(func.max(RatePlanVersion.number)).where(RatePlanVersion.rate_plan_id == plan.id))
    version = RatePlanVersion(
        rate_plan_id=plan.id, tenant_id=plan.tenant_id, number=(last or 0) + 1, state="draft", **asdict(terms)
    )
    session.add(version)
    await session.flush()
    return version


async def store_rates(session: AsyncSession, version: RatePlanVersion, rates: Iterable[Rate]) -> None:
    """Add rates to a draft; the numbers they bring are not theirs yet."""
    values = [to_values(rate) | {"version_id": version.id, "tenant_id": version.tenant_id} for rate in rates]
    if values:
        await session.execute(insert(StoredRate), values)


def to_values(rate: Rate) -> dict[str, Any]:
    """A rate's columns, without its number."""
    values = asdict(rate)
    del values["id"]
    area = rate.area.value if rate.area is not None else None
    return values | {"service": rate.service.value, "kind": rate.kind.value, "area": area}
