"""Prices one call at every level of a chain of tenants, by the plan and version in force when it was answered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.kit.logging import get_logger
from ucc.rating.models import StoredRate
from ucc.rating.price import Area, Charge, NoRate, Rate, RateKind, RateTable, Service, Usage, cost_of
from ucc.tenant.service import Level

log = get_logger("rating")
NO_CHARGE = Charge(None, 0, 0)
KEPT_TABLES = 512
_tables: WeakKeyDictionary[Engine | Connection, OrderedDict[int, RateTable]] = WeakKeyDictionary()
"""The newest used rate tables of each database by version: published versions never change."""

_TERMS = text(
    """
    SELECT t.id AS tenant_id, v.rate_plan_id, v.id, v.number, v.minimum_spend_micros, v.free_s, v.commission_ppm
    FROM unnest(CAST(:tenant_ids AS bigint[])) AS t(id)
    CROSS JOIN LATERAL (
        SELECT a.rate_plan_id FROM rate_plan_assignment a
        WHERE a.tenant_id = t.id AND a.effective_from <= :at ORDER BY a.effective_from DESC LIMIT 1
    ) a
    CROSS JOIN LATERAL (
        SELECT v.* FROM rate_plan_version v
        WHERE v.rate_plan_id = a.rate_plan_id AND v.state = 'published' AND v.effective_from <= :at
        ORDER BY v.effective_from DESC LIMIT 1
    ) v
    """
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a tenant is charged by at some moment. Seconds and money are for a month."""

    tenant_id: int
    rate_plan_id: int
    version_id: int
    number: int
    minimum_spend_micros: int
    free_s: int
    commission_ppm: int


@dataclass(frozen=True, slots=True)
class LevelPrice:
    """By which rate one level pays its parent (None: the carrier)."""

    tenant_id: int
    payee_tenant_id: int | None
    rate: Rate
    version_id: int


@dataclass(frozen=True, slots=True)
class LevelCharge:
    """What one level pays its parent (None: the carrier)."""

    tenant_id: int
    payee_tenant_id: int | None
    charge: Charge


async def find_terms(session: AsyncSession, tenant_ids: Iterable[int], at: datetime) -> dict[int, Terms]:
    """By tenant: the plan that it was charged by at this moment, in the version in force then. Without one: absent."""
    rows = await session.execute(_TERMS, {"tenant_ids": list(tenant_ids), "at": at})
    return {row[0]: Terms(*row) for row in rows}


async def load_table(session: AsyncSession, version_id: int) -> RateTable:
    """The rates of one published version."""
    return (await load_tables(session, (version_id,)))[version_id]


async def load_tables(session: AsyncSession, version_ids: Iterable[int]) -> dict[int, RateTable]:
    """The rates of published versions, kept in memory for later calls."""
    kept = _tables.setdefault(session.get_bind(), OrderedDict())
    wanted = set(version_ids)
    found = {version_id: kept[version_id] for version_id in wanted if version_id in kept}
    missing = wanted - found.keys()
    if missing:
        rows = await session.scalars(select(StoredRate).where(StoredRate.version_id.in_(missing)))
        rates: dict[int, list[Rate]] = {version_id: [] for version_id in missing}
        for row in rows:
            rates[row.version_id].append(to_rate(row))
        found |= {version_id: RateTable(items) for version_id, items in rates.items()}
    for version_id in wanted:
        kept[version_id] = found[version_id]
        kept.move_to_end(version_id)
    while len(kept) > KEPT_TABLES:
        kept.popitem(last=False)
    return found


def to_rate(row: StoredRate) -> Rate:
    """A stored rate as pricing takes it."""
    return Rate(
        id=row.id,
        service=Service(row.service),
        kind=RateKind(row.kind),
        prefix=row.prefix,
        area=None if row.area is None else Area(row.area),
        caller_region=row.caller_region,
        callee_region=row.callee_region,
        weekdays=row.weekdays,
        from_minute=row.from_minute,
        to_minute=row.to_minute,
        connect_micros=row.connect_micros,
        included_s=row.included_s,
        first_increment_s=row.first_increment_s,
        increment_s=row.increment_s,
        price_micros=row.price_micros,
    )


async def price_chain(session: AsyncSession, chain: Sequence[Level], usage: Usage) -> list[LevelPrice]:
    """By which rate each level pays, in the order of the chain. Raises NoRate with the tenant that has none."""
    return [_require(found) for found in await _price(session, chain, usage)]


async def price_known(session: AsyncSession, chain: Sequence[Level], usage: Usage) -> list[LevelPrice]:
    """The same for a call that was let in: a level whose rate has gone since pays nothing, as it will be charged."""
    return [found for found in await _price(session, chain, usage) if isinstance(found, LevelPrice)]


async def rate_chain(
    session: AsyncSession, chain: Sequence[Level], usage: Usage, duration_ms: int
) -> list[LevelCharge]:
    """What each level pays for a call, in the order of the chain, each by its own plan.

    A level without a price (a call without one is not let in) pays nothing, and the charge says so: its rate is None.
    """
    charges = []
    for level, found in zip(chain, await _price(session, chain, usage), strict=True):
        if isinstance(found, NoRate):
            log.error("a level has no rate for an answered call", tenant=level.tenant_id, why=str(found))
            charge = NO_CHARGE
        else:
            charge = cost_of(found.rate, duration_ms)
        charges.append(LevelCharge(level.tenant_id, level.parent_id, charge))
    return charges


async def _price(session: AsyncSession, chain: Sequence[Level], usage: Usage) -> list[LevelPrice | NoRate]:
    terms = await find_terms(session, (level.tenant_id for level in chain), usage.at)
    tables = await load_tables(session, (found.version_id for found in terms.values()))
    prices: list[LevelPrice | NoRate] = []
    for level in chain:
        found = terms.get(level.tenant_id)
        if found is None:
            prices.append(NoRate(f"tenant {level.tenant_id} is charged by no plan at that time", level.tenant_id))
            continue
        try:
            rate = tables[found.version_id].find(usage)
        except NoRate as error:
            prices.append(NoRate(str(error), level.tenant_id))
        else:
            prices.append(LevelPrice(level.tenant_id, level.parent_id, rate, found.version_id))
    return prices


def _require(found: LevelPrice | NoRate) -> LevelPrice:
    if isinstance(found, NoRate):
        raise found
    return found
