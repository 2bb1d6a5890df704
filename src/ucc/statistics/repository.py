"""Sums of postings: what tenants spent, were topped up, earned and transferred. A reversal counts against the kind of
entry that it takes back, at its own time. One statement each; row-level security says which postings there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from sqlalchemy import text

from ucc.db.scope import Scoped


class Subject(StrEnum):
    """What is summed up, and whose postings with which sign:

    spend: what balances paid for calls, rents and minimum spend, less what they got back (free seconds, commission);
    top-ups: what balances were topped up by; profit: what incomes received less what the same tenants' balances paid
    (at the operator, less what it owes carriers); transfers: what balances received from others, less what they gave.
    """

    SPEND = "spend"
    TOP_UPS = "top-ups"
    PROFIT = "profit"
    TRANSFERS = "transfers"


class By(StrEnum):
    DAY = "day"
    MONTH = "month"
    TENANT = "tenant"
    KIND = "kind"


SPENDING = ("call", "rent", "minimum", "free_rebate", "commission")


@dataclass(frozen=True, slots=True)
class Filter:
    """`tenant_id` None: every tenant in sight; `with_below`: also those below it. `since` <= at < `until`."""

    since: datetime
    until: datetime
    tenant_id: int | None = None
    with_below: bool = False


@dataclass(frozen=True, slots=True)
class Sum:
    """What came in and what went out, neither below zero, and the difference (spend: what went out, less what came)."""

    key: str
    name: str | None
    entries: int
    received_micros: int
    paid_micros: int
    amount_micros: int


_KEYS = {
    By.DAY: ("to_char(s.created_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD')", "NULL::text"),
    By.MONTH: ("to_char(s.created_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM')", "NULL::text"),
    By.TENANT: ("p.tenant_id::text", "t.name"),
    By.KIND: ("coalesce(o.kind, s.kind)", "NULL::text"),
}


def _conditions(subject: Subject) -> str:
    spending = ", ".join(f"'{kind}'" for kind in SPENDING)
    match subject:
        case Subject.SPEND:
            return f"a.kind = 'balance' AND coalesce(o.kind, s.kind) IN ({spending})"
        case Subject.TOP_UPS:
            return "a.kind = 'balance' AND coalesce(o.kind, s.kind) = 'top_up'"
        case Subject.PROFIT:
            return f"a.kind IN ('income', 'balance') AND coalesce(o.kind, s.kind) IN ({spending})"
        case Subject.TRANSFERS:
            return "a.kind = 'balance' AND coalesce(o.kind, s.kind) = 'transfer'"
    assert_never(subject)


def _statement(subject: Subject, by: By, wanted: Filter) -> str:
    key, name = _KEYS[by]
    below, tenant = "", ""
    if wanted.tenant_id is not None and wanted.with_below:
        below = """
        WITH RECURSIVE below AS (
          SELECT id FROM tenant WHERE id = :tenant_id UNION ALL
          SELECT c.id FROM tenant c JOIN below ON c.parent_id = below.id
        )"""
        tenant = "AND p.tenant_id IN (SELECT id FROM below)"
    elif wanted.tenant_id is not None:
        tenant = "AND p.tenant_id = :tenant_id"
    if subject is Subject.PROFIT:
        tenant += " AND t.kind <> 'enterprise'"
    return f"""{below}
        SELECT {key} AS key, {name} AS name, count(DISTINCT s.id) AS entries,
          coalesce(sum(p.amount_micros) FILTER (WHERE p.amount_micros > 0), 0) AS received,
          coalesce(-sum(p.amount_micros) FILTER (WHERE p.amount_micros < 0), 0) AS paid,
          sum(sum(p.amount_micros)) OVER () AS total, count(*) OVER () AS groups
        FROM posting_set s
        JOIN posting p ON p.posting_set_id = s.id
        JOIN account a ON a.id = p.account_id
        JOIN tenant t ON t.id = p.tenant_id
        LEFT JOIN posting_set o ON o.id = s.reverses_id
        WHERE s.created_at >= :since AND s.created_at < :until AND {_conditions(subject)} {tenant}
        GROUP BY {key}, {name} {", p.tenant_id" if by is By.TENANT else ""}
        ORDER BY {"p.tenant_id" if by is By.TENANT else key} LIMIT :limit
    """  # noqa: S608  every part is written above


@dataclass(frozen=True, slots=True)
class Summary:
    """`total_micros` is over all groups, also those beyond the limit, of which there are `more`."""

    sums: tuple[Sum, ...]
    total_micros: int
    more: int


async def sum_up(scoped: Scoped, subject: Subject, by: By, wanted: Filter, limit: int) -> Summary:
    """In the order of the keys. What is spent counts as a positive amount."""
    values = {"since": wanted.since, "until": wanted.until, "tenant_id": wanted.tenant_id, "limit": limit}
    rows = (await scoped.session.execute(text(_statement(subject, by, wanted)), values)).all()
    sign = -1 if subject is Subject.SPEND else 1
    sums = tuple(
        Sum(row.key, row.name, int(row.entries), int(row.received), int(row.paid), sign * int(row.received - row.paid))
        for row in rows
    )
    total, groups = (sign * int(rows[0].total), int(rows[0].groups)) if rows else (0, 0)
    return Summary(sums, total, groups - len(sums))
