"""Free seconds: the first so many billed seconds of a month cost nothing, in the order in which calls were answered."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_CHARGES = text(
    """
    WITH charge AS (
      SELECT c.billed_s, c.amount_micros, sum(c.billed_s) OVER (
        ORDER BY coalesce(l.answered_at, r.answered_at, r.started_at), c.call_id, c.leg_id ROWS UNBOUNDED PRECEDING
      ) - c.billed_s AS before_s
      FROM call_charge c
      JOIN posting_set s ON s.id = c.posting_set_id
      LEFT JOIN call_leg l ON l.id = c.leg_id
      LEFT JOIN call_record r ON r.id = c.call_id AND l.id IS NULL
      WHERE c.tenant_id = :tenant_id AND s.period = :period AND c.billed_s > 0 AND c.amount_micros > 0
    )
    SELECT coalesce(sum(CASE
      WHEN before_s + billed_s <= :free_s THEN amount_micros
      ELSE div(amount_micros::numeric * (:free_s - before_s), billed_s)
    END), 0) FROM charge WHERE before_s < :free_s
    """
)


async def reckon_free(session: AsyncSession, tenant_id: int, period: date, free_s: int) -> int:
    """What the first `free_s` billed seconds of a month's calls cost a tenant, in micros. A call in which they end is
    free by its share, rounded down. When, or in which order, calls were told makes no difference."""
    if free_s == 0:
        return 0
    values = {"tenant_id": tenant_id, "period": period, "free_s": free_s}
    return int(await session.scalar(_CHARGES, values) or 0)
