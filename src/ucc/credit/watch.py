"""What the worker does about money: counts what was spent lately, alerts, finds what is held for nobody."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.kit.logging import get_logger
from ucc.kit.money import format_yuan

log = get_logger("credit")
WARNING_PERCENT = 80
"""From so much of a limit on people are warned, before it blocks."""
BASE_EVERY = timedelta(minutes=5)
LOST_AFTER = timedelta(hours=1)

_COUNT_DAY = text(
    """
    INSERT INTO tenant_spend AS t (tenant_id, hour_micros, day_micros, base_micros, base_at, counted_at)
    SELECT a.tenant_id, 0, 0, coalesce(sum(-p.amount_micros), 0), :now, :now
    FROM spend_rule r JOIN account a ON a.tenant_id = r.tenant_id AND a.kind = 'balance'
    LEFT JOIN posting_set s ON s.kind = 'call' AND s.created_at > :now - interval '24 hours' AND s.created_at <= :now
    LEFT JOIN posting p ON p.posting_set_id = s.id AND p.account_id = a.id
    WHERE coalesce(r.hourly_micros, r.daily_micros) IS NOT NULL
      AND NOT EXISTS (SELECT FROM tenant_spend k WHERE k.tenant_id = r.tenant_id AND k.base_at > :base_after)
    GROUP BY a.tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET base_micros = excluded.base_micros, base_at = excluded.base_at
    """
)
_COUNT_HOUR = text(
    """
    UPDATE tenant_spend t
    SET hour_micros = c.hour_micros, day_micros = t.base_micros + c.since_micros, counted_at = :now
    FROM (
      SELECT a.tenant_id, coalesce(sum(-p.amount_micros), 0) AS hour_micros,
        coalesce(sum(-p.amount_micros) FILTER (WHERE s.created_at > k.base_at), 0) AS since_micros
      FROM tenant_spend k JOIN account a ON a.tenant_id = k.tenant_id AND a.kind = 'balance'
      LEFT JOIN posting_set s ON s.kind = 'call' AND s.created_at > :now - interval '1 hour'
      LEFT JOIN posting p ON p.posting_set_id = s.id AND p.account_id = a.id
      GROUP BY a.tenant_id
    ) c WHERE c.tenant_id = t.tenant_id
    """
)
_STANDING = text(
    """
    SELECT r.tenant_id, 'low_balance' AS kind, false AS is_spend, r.low_balance_micros AS limit_micros,
      b.balance_micros - b.reserved_micros + b.limit_micros AS amount_micros
    FROM spend_rule r JOIN account_balance b ON b.tenant_id = r.tenant_id AND b.kind = 'balance'
    WHERE r.low_balance_micros IS NOT NULL AND b.limit_micros IS NOT NULL
    UNION ALL
    SELECT r.tenant_id, 'suspension', false, r.suspend_below_micros, b.balance_micros + b.limit_micros
    FROM spend_rule r JOIN account_balance b ON b.tenant_id = r.tenant_id AND b.kind = 'balance'
    WHERE r.suspend_below_micros IS NOT NULL AND b.limit_micros IS NOT NULL
    UNION ALL
    SELECT r.tenant_id, x.kind, true, x.most, x.spent + a.reserved_micros
    FROM spend_rule r JOIN account a ON a.tenant_id = r.tenant_id AND a.kind = 'balance'
    LEFT JOIN tenant_spend s ON s.tenant_id = r.tenant_id
    CROSS JOIN LATERAL (VALUES
      ('hourly_spend', r.hourly_micros, coalesce(s.hour_micros, 0)),
      ('daily_spend', r.daily_micros, coalesce(s.day_micros, 0))
    ) AS x (kind, most, spent)
    WHERE x.most IS NOT NULL
    """
)
_OPEN = text("SELECT id, tenant_id, kind, severity FROM alert WHERE ended_at IS NULL AND kind <> 'ledger'")
_RAISE = text(
    """
    INSERT INTO alert (tenant_id, kind, severity, amount_micros, limit_micros)
    VALUES (:tenant_id, :kind, :severity, :amount, :limit)
    ON CONFLICT (tenant_id, kind) WHERE ended_at IS NULL
    DO UPDATE SET severity = excluded.severity, amount_micros = excluded.amount_micros
    """
)
_END = text("UPDATE alert SET ended_at = now() WHERE id = :id")
_SUSPEND = text(
    """
    UPDATE tenant t SET is_balance_suspended = NOT t.is_balance_suspended
    WHERE t.is_balance_suspended
      <> EXISTS (SELECT FROM alert a WHERE a.tenant_id = t.id AND a.kind = 'suspension' AND a.ended_at IS NULL)
    """
)


_LOST = text(
    """
    SELECT r.call_id FROM (SELECT call_id, max(updated_at) AS held_at FROM reservation GROUP BY call_id) r
    WHERE EXISTS (SELECT FROM call_record c WHERE c.id = r.call_id)
      OR (r.held_at < :before AND NOT EXISTS (SELECT FROM call_state s WHERE s.call_id = r.call_id))
    LIMIT :most
    """
)


async def count_spend(session: AsyncSession, at: datetime) -> None:
    """What finished calls of the last hour and day cost each tenant that has such a limit."""
    await session.execute(_COUNT_DAY, {"now": at, "base_after": at - BASE_EVERY})
    await session.execute(_COUNT_HOUR, {"now": at})


async def watch_money(session: AsyncSession) -> None:
    """Raise what should be known, and end what is over. Spending warns at 80 % of a limit, and blocks at all of it; a
    low balance only warns: a used up one refuses calls by itself. Below another sum the tenant is suspended."""
    opened = {(row.tenant_id, row.kind): row for row in await session.execute(_OPEN)}
    standing = set()
    for row in (await session.execute(_STANDING)).all():
        key, amount, limit = (row.tenant_id, row.kind), int(row.amount_micros), int(row.limit_micros)
        severity = severity_of(amount, limit, is_spend=row.is_spend)
        if severity is not None and row.kind == "suspension":
            severity = "blocking"
        if severity is None:
            continue
        standing.add(key)
        if key in opened and opened[key].severity == severity:
            continue
        values = {"tenant_id": key[0], "kind": key[1], "severity": severity, "amount": amount, "limit": limit}
        await session.execute(_RAISE, values)
        log.warning("a limit of money is near or reached", tenant=key[0], kind=key[1], severity=severity,
                    amount=format_yuan(amount), limit=format_yuan(limit))  # fmt: skip
    for key, row in opened.items():
        if key not in standing:
            await session.execute(_END, {"id": row.id})
            log.info("an alert of money is over", tenant=key[0], kind=key[1])
    await session.execute(_SUSPEND)


def severity_of(amount: int, limit: int, *, is_spend: bool) -> str | None:
    """warning, blocking, or None: all is well."""
    if not is_spend:
        return "warning" if amount < limit else None
    if amount >= limit:
        return "blocking"
    return "warning" if amount * 100 >= limit * WARNING_PERCENT else None


async def note_proof(session: AsyncSession, wrong: int) -> None:
    """An open alert of the operator while the ledger does not hold; `wrong`: how many sets and accounts."""
    operator_id = await session.scalar(text("SELECT id FROM tenant WHERE kind = 'operator'"))
    if operator_id is None:
        return
    if wrong:
        values = {"tenant_id": operator_id, "kind": "ledger", "severity": "blocking", "amount": wrong, "limit": 0}
        await session.execute(_RAISE, values)
    else:
        await session.execute(text("UPDATE alert SET ended_at = now() WHERE kind = 'ledger' AND ended_at IS NULL"))


async def list_lost(session: AsyncSession, at: datetime, most: int = 500) -> list[UUID]:
    """Calls that hold money although they have their record already, or that nobody has known of for an hour."""
    found = await session.scalars(_LOST, {"before": at - LOST_AFTER, "most": most})
    return list(found)
