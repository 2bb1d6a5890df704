"""What a statement says besides its lines: whose it is, sums by kind, calls by day, rents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.kit.china import cycle_of
from ucc.ledger.service import find_accounts
from ucc.rent.models import RentCharge
from ucc.settlement.models import Statement, StatementTotal
from ucc.tenant.models import Tenant

KIND_ORDER = ("call", "free_rebate", "rent", "minimum", "commission", "top_up", "transfer", "reversal")


@dataclass(frozen=True, slots=True)
class KindTotal:
    kind: str
    entries: int
    amount_micros: int


@dataclass(frozen=True, slots=True)
class CallDay:
    """Calls that were posted on a day of China's clock, by direction."""

    day: date
    direction: str
    calls: int
    billed_s: int
    amount_micros: int


@dataclass(frozen=True, slots=True)
class RentLine:
    cycle: str
    basis: str
    starts_on: date
    ends_on: date
    unit_days: int
    amount_micros: int


@dataclass(frozen=True, slots=True)
class StatementContent:
    statement_id: int
    tenant_id: int
    account_id: int
    code: str
    name: str
    issuer: str | None
    period: date
    closed_at: datetime
    opening_micros: int
    closing_micros: int
    minimum_micros: int
    free_s: int
    commission_ppm: int
    totals: Sequence[KindTotal]
    days: Sequence[CallDay]
    rents: Sequence[RentLine]

    @property
    def entries(self) -> int:
        return sum(total.entries for total in self.totals)

    @property
    def change_micros(self) -> int:
        return sum(total.amount_micros for total in self.totals)

    @property
    def is_balanced(self) -> bool:
        """Opening and entries make the closing balance; calls by day and rents make their sums."""
        by_kind = {total.kind: total.amount_micros for total in self.totals}
        return (
            self.opening_micros + self.change_micros == self.closing_micros
            and sum(day.amount_micros for day in self.days) == by_kind.get("call", 0)
            and -sum(rent.amount_micros for rent in self.rents) == by_kind.get("rent", 0)
        )


_DAYS = text(
    """
    SELECT (s.created_at AT TIME ZONE 'Asia/Shanghai')::date AS day, coalesce(r.direction, '') AS direction,
      count(*) AS calls, coalesce(sum(c.billed_s), 0) AS billed_s, sum(p.amount_micros) AS amount
    FROM posting p JOIN posting_set s ON s.id = p.posting_set_id
    LEFT JOIN (
      SELECT x.posting_set_id, sum(x.billed_s) AS billed_s FROM call_charge x
      WHERE x.tenant_id = :tenant_id
        AND x.posting_set_id BETWEEN (SELECT min(id) FROM posting_set WHERE period = :period)
        AND (SELECT max(id) FROM posting_set WHERE period = :period)
      GROUP BY 1
    ) c ON c.posting_set_id = s.id
    LEFT JOIN call_record r ON r.id = s.call_id
    WHERE p.account_id = :account_id AND s.period = :period AND s.kind = 'call'
      AND p.posting_set_id BETWEEN (SELECT min(id) FROM posting_set WHERE period = :period)
        AND (SELECT max(id) FROM posting_set WHERE period = :period)
    GROUP BY 1, 2 ORDER BY 1, 2
    """
)


async def load_content(session: AsyncSession, statement: Statement) -> StatementContent:
    """All of it but the lines."""
    tenant = await session.get_one(Tenant, statement.tenant_id)
    issuer = None
    if tenant.parent_id is not None:
        issuer = await session.scalar(select(Tenant.name).where(Tenant.id == tenant.parent_id))
    account_id = (await find_accounts(session, (tenant.id,)))[tenant.id, "balance"]
    values = {"tenant_id": tenant.id, "account_id": account_id, "period": statement.period}
    days = await session.execute(_DAYS, values)
    rents = await session.scalars(
        select(RentCharge)
        .where(
            RentCharge.tenant_id == tenant.id,
            RentCharge.ends_on.between(statement.period, cycle_of("month", statement.period)[1]),
        )
        .order_by(RentCharge.posting_set_id)
    )
    return StatementContent(
        statement_id=statement.id,
        tenant_id=tenant.id,
        account_id=account_id,
        code=tenant.code,
        name=tenant.name,
        issuer=issuer,
        period=statement.period,
        closed_at=statement.closed_at,
        opening_micros=statement.opening_micros,
        closing_micros=statement.closing_micros,
        minimum_micros=statement.minimum_micros,
        free_s=statement.free_s,
        commission_ppm=statement.commission_ppm,
        totals=await load_totals(session, statement.id),
        days=[CallDay(row.day, row.direction, row.calls, int(row.billed_s), int(row.amount)) for row in days],
        rents=[
            RentLine(row.cycle, row.basis, row.starts_on, row.ends_on, row.unit_days, row.amount_micros)
            for row in rents
        ],
    )


async def load_totals(session: AsyncSession, statement_id: int) -> list[KindTotal]:
    """In the order of a statement."""
    rows = await session.scalars(select(StatementTotal).where(StatementTotal.statement_id == statement_id))
    return sort_totals(KindTotal(row.kind, row.entries, row.amount_micros) for row in rows)


def sort_totals(totals: Iterable[KindTotal]) -> list[KindTotal]:
    """Charges first, then what people moved; kinds that a later version brings come last."""
    return sorted(totals, key=lambda total: (_rank(total.kind), total.kind))


def _rank(kind: str) -> int:
    return KIND_ORDER.index(kind) if kind in KIND_ORDER else len(KIND_ORDER)
