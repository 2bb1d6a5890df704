"""A level edits its own plans: one draft at a time, checked whenever it is saved, published for good."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.db.scope import Scoped
from ucc.errors import DraftChanged, InUse, InvalidPlan, NotFound
from ucc.kit.clock import now
from ucc.rating.check import Fault, find_faults
from ucc.rating.margin import Caution, find_cautions
from ucc.rating.models import RatePlan, RatePlanVersion, StoredRate
from ucc.rating.plans import VersionTerms, add_draft, store_rates
from ucc.rating.price import ALL_DAYS, Rate, RateKind
from ucc.rating.schemas import MAX_RATES, RateBody, VersionBody
from ucc.rating.service import find_terms, load_table, to_rate
from ucc.rent.service import copy_rents
from ucc.trunk.number import find_prefix

MOST_FAULTS_SAID = 5


def read_rate(body: RateBody) -> Rate:
    """A rate as it was sent, its prefix in E.164. Raises InvalidPlan for a prefix that no number has."""
    prefix = find_prefix(body.prefix) if body.prefix else ""
    if prefix is None:
        raise InvalidPlan(f"no number begins with {body.prefix}")
    first_s = body.first_increment_s
    is_per_call = body.kind is RateKind.PER_CALL
    weekdays = sum(1 << day - 1 for day in set(body.weekdays))
    copied = body.model_dump(exclude={"prefix", "weekdays", "first_increment_s", "increment_s"})
    increment_s = 1 if is_per_call else body.increment_s
    if first_s is None:
        first_s = 0 if is_per_call else increment_s
    return Rate(prefix=prefix, weekdays=weekdays, first_increment_s=first_s, increment_s=increment_s, **copied)


def list_weekdays(mask: int) -> list[int]:
    """1 is Monday."""
    return [day + 1 for day in range(7) if mask & ALL_DAYS & 1 << day]


async def create_plan(scoped: Scoped, name: str) -> RatePlan:
    """A plan without any version: nobody can be charged by it before one is published."""
    plan = RatePlan(tenant_id=scoped.scope.tenant_id, name=name)
    scoped.session.add(plan)
    await scoped.session.flush()
    return plan


async def rename_plan(scoped: Scoped, plan_id: int, name: str) -> None:
    """Raises NotFound."""
    (await lock_plan(scoped, plan_id)).name = name
    await scoped.session.flush()


async def delete_plan(scoped: Scoped, plan_id: int) -> None:
    """Raises NotFound, InUse: a version was published, so calls may have been priced by it."""
    plan = await lock_plan(scoped, plan_id)
    published = select(RatePlanVersion.id).where(
        RatePlanVersion.rate_plan_id == plan_id, RatePlanVersion.state == "published"
    )
    if await scoped.session.scalar(published.limit(1)) is not None:
        raise InUse("A plan of which a version was published stays.")
    await scoped.session.execute(delete(RatePlanVersion).where(RatePlanVersion.rate_plan_id == plan_id))
    await scoped.session.delete(plan)
    await scoped.session.flush()


async def lock_plan(scoped: Scoped, plan_id: int) -> RatePlan:
    """One of the level's own plans, until the transaction ends. Raises NotFound."""
    wanted = select(RatePlan).where(RatePlan.id == plan_id, RatePlan.tenant_id == scoped.scope.tenant_id)
    plan = await scoped.session.scalar(wanted.with_for_update(key_share=True))
    if plan is None:
        raise NotFound
    return plan


async def find_draft(session: AsyncSession, plan_id: int) -> RatePlanVersion | None:
    wanted = select(RatePlanVersion).where(RatePlanVersion.rate_plan_id == plan_id, RatePlanVersion.state == "draft")
    found: RatePlanVersion | None = await session.scalar(wanted)
    return found


async def require_revision(session: AsyncSession, plan_id: int, revision: int | None) -> None:
    """`revision` of the draft that the user has read; 0: there was none; None: whatever it is. Raises DraftChanged."""
    draft = await find_draft(session, plan_id)
    if revision is not None and revision != (0 if draft is None else draft.revision):
        raise DraftChanged


async def open_draft(session: AsyncSession, plan: RatePlan, revision: int | None = None) -> RatePlanVersion:
    """The plan's draft, to be saved once more; a new one begins as a copy of the newest version. Raises
    DraftChanged."""
    await require_revision(session, plan.id, revision)
    draft = await _open_draft(session, plan)
    draft.revision += 1
    await session.flush()
    return draft


async def _open_draft(session: AsyncSession, plan: RatePlan) -> RatePlanVersion:
    draft = await find_draft(session, plan.id)
    if draft is not None:
        return draft
    newest = await session.scalar(
        select(RatePlanVersion)
        .where(RatePlanVersion.rate_plan_id == plan.id)
        .order_by(RatePlanVersion.number.desc())
        .limit(1)
    )
    if newest is None:
        return await add_draft(session, plan, VersionTerms())
    terms = VersionTerms(
        minimum_spend_micros=newest.minimum_spend_micros, free_s=newest.free_s, commission_ppm=newest.commission_ppm
    )
    draft = await add_draft(session, plan, terms)
    await store_rates(session, draft, await load_rates(session, newest.id))
    await copy_rents(session, newest.id, draft)
    return draft


async def load_rates(session: AsyncSession, version_id: int) -> list[Rate]:
    """In the order in which they were saved."""
    rows = await session.scalars(select(StoredRate).where(StoredRate.version_id == version_id).order_by(StoredRate.id))
    return [to_rate(row) for row in rows]


async def save_draft(scoped: Scoped, plan_id: int, body: VersionBody, revision: int | None = None) -> RatePlanVersion:
    """The draft as a whole. Raises NotFound, DraftChanged, InvalidPlan with what is wrong."""
    plan = await lock_plan(scoped, plan_id)
    draft = await open_draft(scoped.session, plan, revision)
    for name in ("effective_from", "note", "minimum_spend_micros", "free_s", "commission_ppm"):
        setattr(draft, name, getattr(body, name))
    if body.rates is not None:
        await _replace_rates(scoped.session, draft, [read_rate(rate) for rate in body.rates])
    await scoped.session.flush()
    return draft


async def upload_rates(
    scoped: Scoped, plan_id: int, bodies: Sequence[RateBody], revision: int | None = None
) -> RatePlanVersion:
    """Put these rates in place of the draft's. Raises NotFound, DraftChanged, InvalidPlan."""
    plan = await lock_plan(scoped, plan_id)
    draft = await open_draft(scoped.session, plan, revision)
    await _replace_rates(scoped.session, draft, [read_rate(rate) for rate in bodies])
    return draft


async def delete_draft(scoped: Scoped, plan_id: int, revision: int | None = None) -> None:
    """Raises NotFound, DraftChanged."""
    plan = await lock_plan(scoped, plan_id)
    await require_revision(scoped.session, plan.id, revision)
    draft = await find_draft(scoped.session, plan.id)
    if draft is None:
        raise NotFound
    await scoped.session.delete(draft)
    await scoped.session.flush()


async def publish_draft(
    scoped: Scoped, plan_id: int, effective_from: datetime | None, user_id: int | None, revision: int | None = None
) -> RatePlanVersion:
    """The draft never changes again, and counts from its moment on: not one that has passed, except for the first
    version. Raises NotFound, DraftChanged, InvalidPlan."""
    plan, at = await lock_plan(scoped, plan_id), now()
    await require_revision(scoped.session, plan.id, revision)
    draft = await find_draft(scoped.session, plan.id)
    if draft is None:
        raise NotFound
    faults = await asyncio.to_thread(find_faults, await load_rates(scoped.session, draft.id))
    if faults:
        raise InvalidPlan(say_faults(faults))
    moment = effective_from or draft.effective_from or at
    is_first = await scoped.session.scalar(
        select(func.count()).where(RatePlanVersion.rate_plan_id == plan.id, RatePlanVersion.state == "published")
    )
    if moment < at and is_first != 0:
        raise InvalidPlan("A version cannot count from a moment that has passed: calls have been priced since.")
    draft.state, draft.effective_from, draft.published_at, draft.published_by = "published", moment, at, user_id
    await scoped.session.flush()
    return draft


async def _replace_rates(session: AsyncSession, draft: RatePlanVersion, rates: Sequence[Rate]) -> None:
    if len(rates) > MAX_RATES:
        raise InvalidPlan(f"A version has at most {MAX_RATES} rates.")
    faults = await asyncio.to_thread(find_faults, rates)
    if faults:
        raise InvalidPlan(say_faults(faults))
    await session.execute(delete(StoredRate).where(StoredRate.version_id == draft.id))
    await store_rates(session, draft, rates)


def say_faults(faults: Sequence[Fault]) -> str:
    said = [f"{fault.code}: {fault.message}" for fault in faults[:MOST_FAULTS_SAID]]
    more = len(faults) - len(said)
    return "; ".join(said) + (f"; and {more} more" if more else "")


async def find_plan_cautions(
    session: AsyncSession, owner_id: int, rates: Sequence[Rate], effective_from: datetime | None
) -> list[Caution]:
    """Beside what the owner pays when the version begins, or now if that has passed."""
    at = max(effective_from or now(), now())
    terms = (await find_terms(session, (owner_id,), at)).get(owner_id)
    paying = (await load_table(session, terms.version_id)).rates if terms is not None else None
    return await asyncio.to_thread(find_cautions, rates, paying)
