"""Settles tenants day by day: rents as their cycles end, and the month as it ends. Every day once, in order.

A month closes with the free seconds, then the minimum spend, then the commission, then the statement. All of it stands
in the closed month, and nothing else may be posted there any more: settling begins an hour after a day is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.db.unit import Database
from ucc.kit.china import DAY, cycle_of, day_of, list_days, month_of, next_month
from ucc.ledger.models import Account, Posting, PostingSet
from ucc.ledger.service import Fact, Line, find_accounts, post
from ucc.rent.models import SettledDay
from ucc.rent.reckoning import MonthTerms, PlanHistory, list_due, reckon_month
from ucc.rent.repository import load_counts, load_history
from ucc.rent.service import charge, next_day
from ucc.settlement.free import reckon_free
from ucc.settlement.models import Statement, StatementTotal
from ucc.tenant.models import Tenant

GRACE = timedelta(hours=1)
"""So long after its last day a month still takes what was begun in it."""
PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Settled:
    """What one run did."""

    days: int = 0
    rents: int = 0
    statements: int = 0

    def __add__(self, other: Settled) -> Settled:
        return Settled(self.days + other.days, self.rents + other.rents, self.statements + other.statements)


def last_day(now: datetime) -> date:
    """The newest day that can be settled."""
    return day_of(now - GRACE) - DAY


async def settle(database: Database, last: date, tenant_ids: Sequence[int] | None = None) -> Settled:
    """Settle every tenant (or these) up to and including a day, whatever was missed first. Run again, or twice at once,
    it does nothing more. One that fails does not hold up the others: raises ExceptionGroup when all are through."""
    async with database.begin() as session:
        is_due = func.coalesce(SettledDay.day, date.min) < last
        wanted = select(Tenant.id).outerjoin(SettledDay, SettledDay.tenant_id == Tenant.id).where(is_due)
        if tenant_ids is not None:
            wanted = wanted.where(Tenant.id.in_(tenant_ids))
        found = list(await session.scalars(wanted.order_by(Tenant.id)))
    total, failures = Settled(), []
    for tenant_id in found:
        try:
            total += await _settle_tenant(database, tenant_id, last)
        except Exception as error:
            error.add_note(f"while settling tenant {tenant_id}")
            failures.append(error)
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {len(found)} tenants could not be settled", failures)
    return total


async def _settle_tenant(database: Database, tenant_id: int, last: date) -> Settled:
    total = Settled()
    while True:
        async with database.begin() as session:
            done = await settle_stretch(session, tenant_id, last)
        if done.days == 0:
            return total
        total += done


async def settle_stretch(session: AsyncSession, tenant_id: int, last: date) -> Settled:
    """The next days of one tenant, at most to the end of their month, in one transaction."""
    tenant = await session.get_one(Tenant, tenant_id)
    created_on = day_of(tenant.created_at)
    row = upsert(SettledDay).values(tenant_id=tenant_id, day=created_on - DAY)
    await session.execute(row.on_conflict_do_nothing())
    locked = select(SettledDay).where(SettledDay.tenant_id == tenant_id).with_for_update()
    settled = (await session.scalars(locked)).one()
    first = next_day(settled.day, created_on)
    last = min(last, cycle_of("month", first)[1])
    if first > last:
        return Settled()
    history = await load_history(session, tenant_id)
    rents = 0
    if history.has_rents:
        counts = await load_counts(session, tenant_id, last)
        for day in list_days(first, last):
            for due in list_due(history, counts, created_on, day):
                await charge(session, tenant_id, tenant.parent_id, due)
                rents += 1
    statements = 0
    if last == cycle_of("month", last)[1]:
        await close_month(session, tenant, history, month_of(last))
        statements = 1
    settled.day = last
    await session.flush()
    return Settled((last - first).days + 1, rents, statements)


async def close_month(session: AsyncSession, tenant: Tenant, history: PlanHistory, period: date) -> Statement:
    """Post what is reckoned by the month, and write its statement."""
    terms = reckon_month(history, day_of(tenant.created_at), period)
    account_id = (await find_accounts(session, (tenant.id,)))[tenant.id, "balance"]
    free_micros = await reckon_free(session, tenant.id, period, terms.free_s)
    before = await sum_by_kind(session, account_id, period)
    spent = -sum(before[kind][1] for kind in ("call", "rent") if kind in before) - free_micros
    short = max(0, terms.minimum_spend_micros - spent)
    back = (spent + short) * terms.commission_ppm // PPM
    for kind, amount, reason in (
        ("free_rebate", free_micros, f"{terms.free_s} s"),
        ("minimum", -short, f"{terms.minimum_spend_micros} - {spent}"),
        ("commission", back, f"{terms.commission_ppm} ppm of {spent + short}"),
    ):
        if amount:
            await _post(session, tenant, period, kind, amount, reason)
    return await _write_statement(session, tenant.id, account_id, period, terms)


async def sum_by_kind(session: AsyncSession, account_id: int, period: date) -> dict[str, tuple[int, int]]:
    """By kind of entry: how many changed the account in a month, and by how much in sum."""
    rows = await session.execute(_SUMS, {"account_id": account_id, "period": period})
    return {row.kind: (int(row.entries), int(row.amount)) for row in rows}


_SUMS = text(
    """
    WITH span AS (SELECT min(id) AS least, max(id) AS most FROM posting_set WHERE period = :period)
    SELECT s.kind, count(*) AS entries, sum(p.amount_micros) AS amount
    FROM posting p JOIN posting_set s ON s.id = p.posting_set_id
    WHERE p.account_id = :account_id AND s.period = :period
      AND p.posting_set_id BETWEEN (SELECT least FROM span) AND (SELECT most FROM span)
    GROUP BY s.kind ORDER BY s.kind
    """
)


async def find_opening(session: AsyncSession, tenant_id: int, account_id: int, period: date) -> int:
    """The balance that a month begins with: that of the statement before, else all that was posted before."""
    before = select(Statement.closing_micros, Statement.period).where(
        Statement.tenant_id == tenant_id, Statement.period < period
    )
    known = (await session.execute(before.order_by(Statement.period.desc()).limit(1))).first()
    if known is not None and next_month(known.period) == period:
        return int(known.closing_micros)
    total = await session.scalar(
        select(func.sum(Posting.amount_micros))
        .join(PostingSet, PostingSet.id == Posting.posting_set_id)
        .where(Posting.account_id == account_id, PostingSet.period < period)
    )
    return int(total or 0)


async def _write_statement(
    session: AsyncSession, tenant_id: int, account_id: int, period: date, terms: MonthTerms
) -> Statement:
    totals = await sum_by_kind(session, account_id, period)
    opening = await find_opening(session, tenant_id, account_id, period)
    statement = Statement(
        tenant_id=tenant_id,
        period=period,
        opening_micros=opening,
        closing_micros=opening + sum(amount for _, amount in totals.values()),
        minimum_micros=terms.minimum_spend_micros,
        free_s=terms.free_s,
        commission_ppm=terms.commission_ppm,
    )
    session.add(statement)
    await session.flush()
    values = [
        {"statement_id": statement.id, "kind": kind, "tenant_id": tenant_id, "entries": count, "amount_micros": amount}
        for kind, (count, amount) in totals.items()
    ]
    if values:
        await session.execute(insert(StatementTotal), values)
    return statement


async def _post(session: AsyncSession, tenant: Tenant, period: date, kind: str, amount: int, reason: str) -> None:
    """What the tenant gets from (or pays, below zero) the level above for a month, once."""
    parties = {tenant.id} if tenant.parent_id is None else {tenant.id, tenant.parent_id}
    accounts = await find_accounts(session, parties)
    other = (tenant.id, "carrier") if tenant.parent_id is None else (tenant.parent_id, "income")
    lines = (Line(accounts[tenant.id, "balance"], amount), Line(accounts[other], -amount))
    fact = Fact(f"{kind}:{tenant.id}:{period}", kind, tenant.id, reason=reason, period=period)
    await post(session, fact, lines)


@dataclass(frozen=True, slots=True)
class Difference:
    """A statement that is not what the ledger says."""

    statement_id: int
    tenant_id: int
    period: date


async def find_differences(session: AsyncSession, tenant_id: int | None = None) -> list[Difference]:
    """Statements whose totals, opening or closing balance are not those of the postings. None, when all is well."""
    wanted = select(Statement).order_by(Statement.tenant_id, Statement.period)
    if tenant_id is not None:
        wanted = wanted.where(Statement.tenant_id == tenant_id)
    wrong = []
    for statement in list(await session.scalars(wanted)):
        account = select(Account.id).where(Account.tenant_id == statement.tenant_id, Account.kind == "balance")
        account_id = (await session.scalars(account)).one()
        rows = await session.execute(
            select(StatementTotal.kind, StatementTotal.entries, StatementTotal.amount_micros).where(
                StatementTotal.statement_id == statement.id
            )
        )
        totals = {kind: (entries, amount) for kind, entries, amount in rows}
        posted = await session.scalar(
            select(func.sum(Posting.amount_micros))
            .join(PostingSet, PostingSet.id == Posting.posting_set_id)
            .where(Posting.account_id == account_id, PostingSet.period <= statement.period)
        )
        moved = sum(amount for _, amount in totals.values())
        is_right = (
            totals == await sum_by_kind(session, account_id, statement.period)
            and statement.closing_micros == int(posted or 0)
            and statement.closing_micros - statement.opening_micros == moved
        )
        if not is_right:
            wrong.append(Difference(statement.id, statement.tenant_id, statement.period))
    return wrong
