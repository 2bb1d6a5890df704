"""What rents are reckoned from: who was charged by which plan, and how much a tenant and all below it had each day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.kit.china import DAY, begin_of
from ucc.rating.models import RatePlanAssignment, RatePlanVersion
from ucc.rent.models import Rent
from ucc.rent.reckoning import Basis, Counts, MonthTerms, PlanHistory, PlanState, RentTerm

_GRANTS = """
    SELECT sum(CASE WHEN g.to_tenant_id IN (SELECT id FROM below) THEN 1 ELSE 0 END
             - CASE WHEN g.from_tenant_id IN (SELECT id FROM below) THEN 1 ELSE 0 END) AS change,
      (g.granted_at AT TIME ZONE 'Asia/Shanghai')::date AS day
    FROM resource_grant g
    WHERE g.kind = :kind AND g.granted_at < :until
      AND (g.to_tenant_id IN (SELECT id FROM below) OR g.from_tenant_id IN (SELECT id FROM below))
    GROUP BY day
"""
_AGENTS = """
    SELECT sum(c.change) AS change, (c.changed_at AT TIME ZONE 'Asia/Shanghai')::date AS day
    FROM agent_change c WHERE c.tenant_id IN (SELECT id FROM below) AND c.changed_at < :until GROUP BY day
"""
_BELOW = "WITH below AS (SELECT descendant_id AS id FROM tenant_tree WHERE ancestor_id = :tenant_id)"


async def load_history(session: AsyncSession, tenant_id: int) -> PlanHistory:
    """By which plans a tenant is charged since when. A plan's rents count from its assignment and the version's
    publication on, also where its prices of calls count from earlier."""
    assignments = (
        await session.execute(
            select(RatePlanAssignment.effective_from, RatePlanAssignment.assigned_at, RatePlanAssignment.rate_plan_id)
            .where(RatePlanAssignment.tenant_id == tenant_id)
            .order_by(RatePlanAssignment.effective_from)
        )
    ).all()
    plan_ids = {row.rate_plan_id for row in assignments if row.rate_plan_id is not None}
    versions = list(
        await session.scalars(
            select(RatePlanVersion).where(
                RatePlanVersion.rate_plan_id.in_(plan_ids), RatePlanVersion.state == "published"
            )
        )
    )
    rents = await load_rents(session, [version.id for version in versions])
    states: dict[int, list[PlanState]] = defaultdict(list)
    for version in versions:
        assert version.effective_from is not None
        assert version.published_at is not None
        state = PlanState(
            effective_from=version.effective_from,
            counts_from=max(version.effective_from, version.published_at),
            terms=MonthTerms(version.minimum_spend_micros, version.free_s, version.commission_ppm),
            rents=rents.get(version.id, ()),
        )
        states[version.rate_plan_id].append(state)
    return PlanHistory(
        tuple((max(row.effective_from, row.assigned_at), row.rate_plan_id) for row in assignments),
        {plan_id: tuple(found) for plan_id, found in states.items()},
    )


async def load_rents(session: AsyncSession, version_ids: Iterable[int]) -> dict[int, tuple[RentTerm, ...]]:
    """By version; in the order of cycles and bases."""
    rows = await session.scalars(
        select(Rent).where(Rent.version_id.in_(list(version_ids))).order_by(Rent.version_id, Rent.cycle, Rent.basis)
    )
    found: dict[int, list[RentTerm]] = defaultdict(list)
    for row in rows:
        found[row.version_id].append(to_term(row))
    return {version_id: tuple(terms) for version_id, terms in found.items()}


def to_term(row: Rent) -> RentTerm:
    """A stored rent as reckoning takes it."""
    match row.cycle:
        case "day" | "week" | "month" | "year":
            return RentTerm(row.cycle, Basis(row.basis), row.amount_micros)
    raise ValueError(f"there is no cycle {row.cycle}")


async def load_counts(session: AsyncSession, tenant_id: int, last: date) -> dict[Basis, Counts]:
    """How many agents, extensions and DIDs a tenant and all below it had at the end of each day up to the last."""
    values = {"tenant_id": tenant_id, "until": begin_of(last + DAY)}
    counts = {}
    for basis in (Basis.AGENT, Basis.EXTENSION, Basis.DID):
        source = _AGENTS if basis is Basis.AGENT else _GRANTS
        rows = await session.execute(text(f"{_BELOW} {source}"), values | {"kind": basis.value})
        counts[basis] = Counts((row.day, int(row.change)) for row in rows)
    return counts
