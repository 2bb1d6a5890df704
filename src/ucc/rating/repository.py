"""Plans and versions as a scope sees them: its own and those below whole, the one it is charged by without the owner's
notes and drafts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from ucc.db.scope import Scoped
from ucc.errors import NotFound
from ucc.kit.clock import now
from ucc.kit.money import format_yuan
from ucc.rating.check import Fault
from ucc.rating.editing import find_plan_cautions, list_weekdays, load_rates
from ucc.rating.margin import Caution
from ucc.rating.models import RatePlan, RatePlanVersion, StoredRate
from ucc.rating.price import Rate
from ucc.rating.schemas import (
    CautionView,
    CheckView,
    FaultView,
    PlanList,
    PlanSummary,
    PlanView,
    RateView,
    VersionDetail,
    VersionView,
)
from ucc.tenant.models import Tenant, TenantTree

LIMIT = 500
VERSION_LIMIT = 200
RATE_LIMIT = 1000
SAID = 100


async def list_plans(scoped: Scoped, owner_id: int | None) -> PlanList:
    """The plans that a tenant of the scope owns, by name; at most 500. Raises NotFound for a tenant out of sight."""
    owner_id = scoped.scope.tenant_id if owner_id is None else owner_id
    if not await _is_below(scoped, owner_id):
        raise NotFound
    plans = await scoped.session.scalars(
        select(RatePlan).where(RatePlan.tenant_id == owner_id).order_by(RatePlan.name, RatePlan.id).limit(LIMIT)
    )
    charged_by = select(Tenant.rate_plan_id).where(Tenant.id == scoped.scope.tenant_id)
    items = await _summarize(scoped, list(plans))
    return PlanList(items=items, charged_by_plan_id=await scoped.session.scalar(charged_by))


async def get_plan(scoped: Scoped, plan_id: int) -> PlanView:
    """Raises NotFound."""
    plan = await _get(scoped, plan_id)
    (summary,) = await _summarize(scoped, [plan])
    with_notes = await _is_below(scoped, plan.tenant_id)
    counts = select(func.count()).where(StoredRate.version_id == RatePlanVersion.id).scalar_subquery()
    rows = await scoped.session.execute(
        select(RatePlanVersion, counts)
        .where(RatePlanVersion.rate_plan_id == plan_id)
        .order_by(RatePlanVersion.number.desc())
        .limit(VERSION_LIMIT)
    )
    versions = [_show(row, count, summary.current_version, with_note=with_notes) for row, count in rows]
    return PlanView(**summary.model_dump(), versions=versions)


async def get_version(scoped: Scoped, plan_id: int, number: int) -> VersionDetail:
    """With its first rates, and what its owner should know of its margin. Raises NotFound."""
    plan, version = await find_version(scoped, plan_id, number)
    return await show_version(scoped, plan, version)


async def find_version(scoped: Scoped, plan_id: int, number: int) -> tuple[RatePlan, RatePlanVersion]:
    """Raises NotFound."""
    plan = await _get(scoped, plan_id)
    version = await scoped.session.scalar(
        select(RatePlanVersion).where(RatePlanVersion.rate_plan_id == plan_id, RatePlanVersion.number == number)
    )
    if version is None:
        raise NotFound
    return plan, version


async def show_version(scoped: Scoped, plan: RatePlan, version: RatePlanVersion) -> VersionDetail:
    await scoped.session.refresh(version)
    rates = await load_rates(scoped.session, version.id)
    is_owner = plan.tenant_id == scoped.scope.tenant_id
    cautions: list[Caution] = []
    if is_owner:
        cautions = await find_plan_cautions(scoped.session, plan.tenant_id, rates, version.effective_from)
    (summary,) = await _summarize(scoped, [plan])
    with_note = is_owner or await _is_below(scoped, plan.tenant_id)
    view = _show(version, len(rates), summary.current_version, with_note=with_note)
    return VersionDetail(
        **view.model_dump(),
        rates=[show_rate(rate) for rate in rates[:RATE_LIMIT]],
        warnings=_show_cautions(cautions, rates),
        warning_count=len(cautions),
    )


def show_check(rates: Sequence[Rate], faults: Sequence[Fault], cautions: Sequence[Caution]) -> CheckView:
    return CheckView(
        faults=[
            FaultView(
                code=fault.code,
                rate_positions=list(fault.positions),
                message=fault.message,
                area=fault.area,
                from_minute=fault.begin,
                to_minute=fault.end,
            )
            for fault in faults[:SAID]
        ],
        fault_count=len(faults),
        warnings=_show_cautions(cautions, rates),
        warning_count=len(cautions),
    )


def show_rate(rate: Rate) -> RateView:
    return RateView(
        id=rate.id,
        service=rate.service,
        kind=rate.kind,
        prefix=rate.prefix,
        area=rate.area,
        caller_region=rate.caller_region,
        callee_region=rate.callee_region,
        weekdays=list_weekdays(rate.weekdays),
        from_minute=rate.from_minute,
        to_minute=rate.to_minute,
        connect_micros=rate.connect_micros,
        included_s=rate.included_s,
        first_increment_s=rate.first_increment_s,
        increment_s=rate.increment_s,
        price_micros=rate.price_micros,
        connect=format_yuan(rate.connect_micros),
        price=format_yuan(rate.price_micros),
    )


def _show_cautions(cautions: Iterable[Caution], rates: Sequence[Rate]) -> list[CautionView]:
    positions = {id(rate): position for position, rate in enumerate(rates)}
    return [
        CautionView(
            code=found.code,
            message=found.message,
            rate_position=positions.get(id(found.rate)),
            duration_s=found.duration_s,
            sells_micros=found.sells_micros,
            pays_micros=found.pays_micros,
        )
        for found in list(cautions)[:SAID]
    ]


async def _summarize(scoped: Scoped, plans: Sequence[RatePlan]) -> list[PlanSummary]:
    ids, at = [plan.id for plan in plans], now()
    versions = await scoped.session.scalars(
        select(RatePlanVersion).where(RatePlanVersion.rate_plan_id.in_(ids)).order_by(RatePlanVersion.effective_from)
    )
    counts = await scoped.session.execute(
        select(Tenant.rate_plan_id, func.count()).where(Tenant.rate_plan_id.in_(ids)).group_by(Tenant.rate_plan_id)
    )
    tenant_counts = {row[0]: row[1] for row in counts}
    by_plan: dict[int, list[RatePlanVersion]] = {plan_id: [] for plan_id in ids}
    for row in versions:
        by_plan[row.rate_plan_id].append(row)
    summaries = []
    for plan in plans:
        published = [row for row in by_plan[plan.id] if row.state == "published"]
        past = [row.number for row in published if row.effective_from is not None and row.effective_from <= at]
        future = [row.effective_from for row in published if row.effective_from is not None and row.effective_from > at]
        summaries.append(
            PlanSummary(
                id=plan.id,
                tenant_id=plan.tenant_id,
                name=plan.name,
                current_version=past[-1] if past else None,
                draft_version=next((row.number for row in by_plan[plan.id] if row.state == "draft"), None),
                next_effective_from=future[0] if future else None,
                tenant_count=tenant_counts.get(plan.id, 0),
            )
        )
    return summaries


def _show(row: RatePlanVersion, rate_count: int, current: int | None, *, with_note: bool) -> VersionView:
    return VersionView(
        id=row.id,
        number=row.number,
        state="published" if row.state == "published" else "draft",
        is_current=row.number == current,
        effective_from=row.effective_from,
        note=row.note if with_note else None,
        minimum_spend=format_yuan(row.minimum_spend_micros),
        minimum_spend_micros=row.minimum_spend_micros,
        free_s=row.free_s,
        commission_ppm=row.commission_ppm,
        rate_count=rate_count,
        revision=row.revision,
        created_at=row.created_at,
        published_at=row.published_at,
    )


async def _get(scoped: Scoped, plan_id: int) -> RatePlan:
    """One that the scope may see. Raises NotFound."""
    plan = await scoped.session.get(RatePlan, plan_id)
    if plan is None:
        raise NotFound
    return plan


async def _is_below(scoped: Scoped, tenant_id: int) -> bool:
    """Whether a tenant is the scope's own or below it."""
    tree = aliased(TenantTree)
    wanted = select(tree.depth).where(tree.ancestor_id == scoped.scope.tenant_id, tree.descendant_id == tenant_id)
    return await scoped.session.scalar(wanted) is not None
