"""Prices one call at every level of a chain of tenants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.kit.logging import get_logger
from ucc.rating.by_prefix import Charge, NoRate, choose_rate, rate_call
from ucc.rating.models import Rate
from ucc.tenant.service import Level

log = get_logger("rating")
NO_CHARGE = Charge(None, 0, 0)


@dataclass(frozen=True, slots=True)
class LevelCharge:
    """What one level pays its parent (None: the carrier)."""

    tenant_id: int
    payee_tenant_id: int | None
    charge: Charge


async def load_rates(
    session: AsyncSession, chain: Sequence[Level], direction: str, number: str, at: datetime
) -> dict[int, list[Rate]]:
    """For each level of the chain the rates of its plan that could fit."""
    plans = {level.rate_plan_id for level in chain if level.rate_plan_id is not None}
    rows = await session.scalars(
        select(Rate).where(
            Rate.rate_plan_id.in_(plans),
            Rate.direction == direction,
            Rate.effective_from <= at,
            func.starts_with(literal(number), Rate.prefix),
        )
    )
    by_plan: dict[int | None, list[Rate]] = defaultdict(list)
    for rate in rows:
        by_plan[rate.rate_plan_id].append(rate)
    return {level.tenant_id: by_plan[level.rate_plan_id] for level in chain}


async def has_rates(session: AsyncSession, chain: Sequence[Level], direction: str, number: str, at: datetime) -> bool:
    """Whether every level of the chain has a price for this number."""
    rates = await load_rates(session, chain, direction, number, at)
    try:
        for level in chain:
            choose_rate(rates[level.tenant_id], direction, number, at)
    except NoRate:
        return False
    return True


async def rate_chain(
    session: AsyncSession, chain: Sequence[Level], direction: str, number: str, at: datetime, duration_ms: int
) -> list[LevelCharge]:
    """What each level pays for a call, lowest level first, each by its own plan.

    A level without a price (its plan changed during the call; a call without one is not let in) pays nothing, and the
    charge says so: its rate is None.
    """
    rates = await load_rates(session, chain, direction, number, at)
    charges = []
    for level in chain:
        try:
            charge = rate_call(rates[level.tenant_id], direction, number, at, duration_ms)
        except NoRate:
            log.error("a level has no rate for an answered call", tenant=level.tenant_id, number=number)
            charge = NO_CHARGE
        charges.append(LevelCharge(level.tenant_id, level.parent_id, charge))
    return charges
