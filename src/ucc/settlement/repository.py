"""Statements and their files as a scope sees them: its own and those below."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select

from ucc.db.scope import Scoped
from ucc.errors import NotFound
from ucc.kit.china import day_of, month_of
from ucc.kit.clock import now
from ucc.kit.money import format_yuan
from ucc.ledger.models import Account
from ucc.rent.reckoning import MonthTerms, reckon_month
from ucc.rent.repository import load_history
from ucc.settlement.content import KindTotal, load_totals, sort_totals
from ucc.settlement.lines import StatementLine, list_lines
from ucc.settlement.models import Statement, StatementFile, StatementTotal
from ucc.settlement.schemas import (
    FileView,
    LineFilter,
    LineList,
    LineView,
    StatementFilter,
    StatementList,
    StatementView,
    TotalView,
)
from ucc.settlement.service import find_opening, sum_by_kind
from ucc.tenant.models import Tenant


async def list_statements(scoped: Scoped, wanted: StatementFilter) -> StatementList:
    """The newest first."""
    query = select(Statement).order_by(Statement.id.desc()).limit(wanted.limit + 1)
    if wanted.tenant_id is not None:
        query = query.where(Statement.tenant_id == wanted.tenant_id)
    if wanted.period is not None:
        query = query.where(Statement.period == month_of(wanted.period))
    if wanted.before_id is not None:
        query = query.where(Statement.id < wanted.before_id)
    rows = list(await scoped.session.scalars(query))
    shown = rows[: wanted.limit]
    found = await scoped.session.scalars(
        select(StatementTotal).where(StatementTotal.statement_id.in_([row.id for row in shown]))
    )
    totals: dict[int, list[KindTotal]] = defaultdict(list)
    for total in found:
        totals[total.statement_id].append(KindTotal(total.kind, total.entries, total.amount_micros))
    items = [_show(row, sort_totals(totals[row.id])) for row in shown]
    return StatementList(items=items, next_before=shown[-1].id if len(rows) > wanted.limit else None)


async def get_statement(scoped: Scoped, statement_id: int) -> Statement:
    """Raises NotFound."""
    found = await scoped.session.get(Statement, statement_id)
    if found is None:
        raise NotFound
    return found


async def show_statement(scoped: Scoped, statement_id: int) -> StatementView:
    """Raises NotFound."""
    statement = await get_statement(scoped, statement_id)
    return _show(statement, await load_totals(scoped.session, statement.id))


async def show_open(scoped: Scoped, tenant_id: int) -> StatementView:
    """What a statement of this month would say now, without what is reckoned at its end. Raises NotFound."""
    session, period = scoped.session, month_of(day_of(now()))
    tenant = await session.get(Tenant, tenant_id)
    if tenant is None:
        raise NotFound
    account_id = await _get_balance_account(scoped, tenant_id)
    sums = await sum_by_kind(session, account_id, period)
    opening = await find_opening(session, tenant_id, account_id, period)
    terms: MonthTerms = reckon_month(await load_history(session, tenant_id), day_of(tenant.created_at), period)
    statement = Statement(
        tenant_id=tenant_id,
        period=period,
        opening_micros=opening,
        closing_micros=opening + sum(amount for _, amount in sums.values()),
        minimum_micros=terms.minimum_spend_micros,
        free_s=terms.free_s,
        commission_ppm=terms.commission_ppm,
    )
    return _show(statement, sort_totals(KindTotal(kind, *found) for kind, found in sums.items()))


async def show_lines(scoped: Scoped, statement_id: int, wanted: LineFilter) -> LineList:
    """Raises NotFound."""
    statement = await get_statement(scoped, statement_id)
    account_id = await _get_balance_account(scoped, statement.tenant_id)
    lines = await list_lines(
        scoped.session, statement.tenant_id, account_id, statement.period, wanted.after_id, wanted.limit + 1
    )
    items = [_show_line(line) for line in lines[: wanted.limit]]
    return LineList(items=items, next_after=items[-1].entry_id if len(lines) > wanted.limit else None)


async def get_file(scoped: Scoped, file_id: int) -> StatementFile:
    """Raises NotFound."""
    found = await scoped.session.get(StatementFile, file_id)
    if found is None:
        raise NotFound
    return found


def show_file(file: StatementFile) -> FileView:
    names = ("id", "statement_id", "format", "language", "state", "lines_done", "lines_total", "size_bytes", "failure")
    return FileView.model_validate({name: getattr(file, name) for name in (*names, "created_at")})


async def _get_balance_account(scoped: Scoped, tenant_id: int) -> int:
    wanted = select(Account.id).where(Account.tenant_id == tenant_id, Account.kind == "balance")
    found: int | None = await scoped.session.scalar(wanted)
    if found is None:
        raise NotFound
    return found


def _show(row: Statement, totals: Iterable[KindTotal]) -> StatementView:
    return StatementView(
        id=row.id,
        tenant_id=row.tenant_id,
        period=row.period,
        opening=format_yuan(row.opening_micros),
        opening_micros=row.opening_micros,
        closing=format_yuan(row.closing_micros),
        closing_micros=row.closing_micros,
        minimum=format_yuan(row.minimum_micros),
        minimum_micros=row.minimum_micros,
        free_s=row.free_s,
        commission_ppm=row.commission_ppm,
        closed_at=row.closed_at,
        totals=[
            TotalView(
                kind=one.kind,
                entries=one.entries,
                amount=format_yuan(one.amount_micros),
                amount_micros=one.amount_micros,
            )
            for one in totals
        ],
    )


def _show_line(line: StatementLine) -> LineView:
    return LineView(
        entry_id=line.entry_id,
        kind=line.kind,
        at=line.at,
        amount=format_yuan(line.amount_micros),
        amount_micros=line.amount_micros,
        reason=line.reason,
        reverses_id=line.reverses_id,
        call_id=line.call_id,
        direction=line.direction,
        caller=line.caller,
        callee=line.callee,
        answered_at=line.answered_at,
        billed_s=line.billed_s,
    )
