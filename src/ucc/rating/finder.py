"""The price finder: what a call costs at every level, by which rate, and why by that one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.db.scope import Scoped
from ucc.errors import NotFound
from ucc.kit.clock import now
from ucc.kit.money import format_yuan
from ucc.rating.models import RatePlan, RatePlanAssignment, RatePlanVersion
from ucc.rating.price import Rate, Usage, area_of, cost_of, rank_of
from ucc.rating.repository import show_rate
from ucc.rating.schemas import FinderLevel, FinderQuery, FinderView, OtherRate, Why
from ucc.rating.service import find_terms, load_tables
from ucc.rating.usage import make_usage

OTHERS = 50
_CHAIN = text(
    """
    WITH RECURSIVE chain AS (
        SELECT t.id, t.parent_id, t.code, t.name, 0 AS depth FROM tenant t WHERE t.id = :tenant_id
        UNION ALL
        SELECT t.id, t.parent_id, t.code, t.name, c.depth + 1
        FROM chain c JOIN tenant t ON t.id = c.parent_id WHERE c.id <> :top_id
    )
    SELECT id, code, name FROM chain ORDER BY depth
    """
)
_WHY: tuple[Why, ...] = ("prefix", "callee_region", "caller_region", "area", "window")
"""In the order of `rank_of`."""


@dataclass(frozen=True, slots=True)
class _Level:
    id: int
    code: str
    name: str


async def find_prices(scoped: Scoped, wanted: FinderQuery) -> FinderView:
    """The levels from the tenant up to the scope's own. Raises NotFound for a tenant that is not in the scope."""
    top_id = scoped.scope.tenant_id
    rows = await scoped.session.execute(_CHAIN, {"tenant_id": wanted.tenant_id or top_id, "top_id": top_id})
    chain = [_Level(*row) for row in rows]
    if not chain:
        raise NotFound
    return await find_chain_prices(scoped.session, chain, wanted)


async def find_whole_chain_prices(session: AsyncSession, tenant_id: int, wanted: FinderQuery) -> FinderView:
    """The same for all levels up to the operator, in a session that sees everything. Raises NotFound."""
    rows = await session.execute(_CHAIN, {"tenant_id": tenant_id, "top_id": 0})
    chain = [_Level(*row) for row in rows]
    if not chain:
        raise NotFound
    return await find_chain_prices(session, chain, wanted)


async def find_chain_prices(session: AsyncSession, chain: list[_Level], wanted: FinderQuery) -> FinderView:
    usage = make_usage(wanted.service, wanted.caller, wanted.callee, wanted.at or now())
    levels = [await _price(session, level, usage, wanted.seconds) for level in chain]
    return FinderView(
        caller=usage.caller,
        callee=usage.callee,
        caller_region=usage.caller_region,
        callee_region=usage.callee_region,
        area=area_of(usage),
        at=usage.at,
        seconds=wanted.seconds,
        levels=levels,
    )


async def _price(session: AsyncSession, level: _Level, usage: Usage, seconds: int) -> FinderLevel:
    found = FinderLevel(
        tenant_id=level.id,
        code=level.code,
        name=level.name,
        refusal=None,
        plan_id=None,
        plan_name=None,
        version=None,
        effective_from=None,
        rate=None,
        why=[],
        others=[],
        billed_s=None,
        amount=None,
        amount_micros=None,
    )
    plan = await _find_plan(session, level.id, usage.at)
    if plan is None:
        return found.model_copy(update={"refusal": "no_plan"})
    found.plan_id, found.plan_name = plan.id, plan.name
    terms = (await find_terms(session, (level.id,), usage.at)).get(level.id)
    if terms is None:
        return found.model_copy(update={"refusal": "no_version"})
    version = await session.get_one(RatePlanVersion, terms.version_id)
    found.version, found.effective_from = version.number, version.effective_from
    matches = (await load_tables(session, (terms.version_id,)))[terms.version_id].list_matches(usage)
    if not matches:
        return found.model_copy(update={"refusal": "no_rate"})
    chosen, *others = matches
    charge = cost_of(chosen, seconds * 1000)
    return found.model_copy(
        update={
            "rate": show_rate(chosen),
            "why": [why for why, part in zip(_WHY, rank_of(chosen), strict=True) if part],
            "others": [OtherRate(rate=show_rate(rate), lost_by=lost_by(chosen, rate)) for rate in others[:OTHERS]],
            "billed_s": charge.billed_s,
            "amount": format_yuan(charge.amount_micros),
            "amount_micros": charge.amount_micros,
        }
    )


async def _find_plan(session: AsyncSession, tenant_id: int, at: datetime) -> RatePlan | None:
    """By which the tenant was charged then."""
    assigned = select(RatePlanAssignment.rate_plan_id).where(
        RatePlanAssignment.tenant_id == tenant_id, RatePlanAssignment.effective_from <= at
    )
    plan_id = await session.scalar(assigned.order_by(RatePlanAssignment.effective_from.desc()).limit(1))
    return None if plan_id is None else await session.get(RatePlan, plan_id)


def lost_by(chosen: Rate, other: Rate) -> Why:
    """The first thing that the chosen rate says more precisely."""
    pairs = zip(_WHY, rank_of(chosen), rank_of(other), strict=True)
    return next((why for why, more, less in pairs if more > less), "age")
