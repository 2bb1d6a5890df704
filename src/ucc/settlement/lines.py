"""The lines of a statement: every entry of the month that changed the tenant's balance, calls with their numbers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.kit.china import begin_of, next_month

CALLS_FROM = timedelta(days=62)
"""So long before its month a call may have begun that was told in it, and still be shown with its numbers."""
BATCH = 5000

_SELECT = """
    SELECT s.id, s.kind, s.created_at, s.reason, s.reverses_id, p.amount_micros,
      s.call_id, r.direction, r.caller, r.callee, r.answered_at, c.billed_s
    FROM posting p JOIN posting_set s ON s.id = p.posting_set_id
"""
_WHERE = """
    WHERE p.account_id = :account_id AND s.period = :period
      AND p.posting_set_id BETWEEN (SELECT min(id) FROM posting_set WHERE period = :period)
        AND (SELECT max(id) FROM posting_set WHERE period = :period)
"""
_PAGE = text(
    f"""{_SELECT}
    LEFT JOIN LATERAL (
      SELECT sum(billed_s)::bigint AS billed_s FROM call_charge x
      WHERE x.posting_set_id = s.id AND x.tenant_id = :tenant_id
    ) c ON s.call_id IS NOT NULL
    LEFT JOIN call_record r ON r.id = s.call_id AND r.started_at >= :since AND r.started_at < :until
    {_WHERE} AND p.posting_set_id > :after_id ORDER BY p.posting_set_id LIMIT :limit
    """  # noqa: S608
)
ALL_LINES = f"""{_SELECT}
    LEFT JOIN (
      SELECT x.posting_set_id, sum(x.billed_s)::bigint AS billed_s FROM call_charge x
      WHERE x.tenant_id = :tenant_id
        AND x.posting_set_id BETWEEN (SELECT min(id) FROM posting_set WHERE period = :period)
        AND (SELECT max(id) FROM posting_set WHERE period = :period)
      GROUP BY 1
    ) c ON c.posting_set_id = s.id
    LEFT JOIN call_record r ON r.id = s.call_id AND r.started_at >= :since AND r.started_at < :until
    {_WHERE} ORDER BY p.posting_set_id
    """  # noqa: S608
"""Every line of a month, in the order of entries; `line_values` fills it in."""


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One entry. Of a call: who called whom, and the seconds it was billed for; those of one that began more than
    62 days before the month are not looked for."""

    entry_id: int
    kind: str
    at: datetime
    reason: str | None
    reverses_id: int | None
    amount_micros: int
    call_id: str | None
    direction: str | None
    caller: str | None
    callee: str | None
    answered_at: datetime | None
    billed_s: int | None


def line_values(tenant_id: int, account_id: int, period: date) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "account_id": account_id,
        "period": period,
        "since": begin_of(period) - CALLS_FROM,
        "until": begin_of(next_month(period)) + timedelta(days=1),
    }


async def list_lines(
    session: AsyncSession, tenant_id: int, account_id: int, period: date, after_id: int, limit: int
) -> list[StatementLine]:
    """A page, in the order of entries."""
    values = line_values(tenant_id, account_id, period) | {"after_id": after_id, "limit": limit}
    return [_read(row) for row in await session.execute(_PAGE, values)]


async def stream_lines(
    session: AsyncSession, tenant_id: int, account_id: int, period: date
) -> AsyncIterator[Sequence[StatementLine]]:
    """All of them by the thousand, however many there are."""
    options = {"yield_per": BATCH}
    rows = await session.stream(text(ALL_LINES), line_values(tenant_id, account_id, period), execution_options=options)
    async for part in rows.partitions(BATCH):
        yield [_read(row) for row in part]


def _read(row: Any) -> StatementLine:
    call_id = None if row[6] is None else str(row[6])
    return StatementLine(
        row[0], row[1], row[2], row[3], row[4], row[5], call_id, row[7], row[8], row[9], row[10], row[11]
    )
