"""Money that calls in progress hold: taken ahead of the talk, given back when the call is charged or never was.

Only accounts with a limit hold anything; one without a limit cannot run out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.ledger.models import Reservation

_LOCK = text(
    """
    SELECT a.id, a.tenant_id, a.balance_micros - a.reserved_micros + a.limit_micros AS free,
      coalesce((SELECT amount_micros FROM reservation WHERE call_id = :call_id AND account_id = a.id), 0) AS held
    FROM account a WHERE a.id = ANY (CAST(:ids AS bigint[])) AND a.limit_micros IS NOT NULL
    ORDER BY a.id FOR NO KEY UPDATE
    """
)
_HOLD = text(
    """
    WITH held AS (
      INSERT INTO reservation AS r (call_id, account_id, tenant_id, amount_micros)
      SELECT :call_id, h.account_id, h.tenant_id, h.amount
      FROM unnest(CAST(:ids AS bigint[]), CAST(:tenants AS bigint[]), CAST(:amounts AS bigint[]))
        AS h (account_id, tenant_id, amount)
      ON CONFLICT (call_id, account_id)
        DO UPDATE SET amount_micros = r.amount_micros + excluded.amount_micros, updated_at = now()
    )
    UPDATE account a SET reserved_micros = a.reserved_micros + h.amount
    FROM unnest(CAST(:ids AS bigint[]), CAST(:amounts AS bigint[])) AS h (account_id, amount) WHERE a.id = h.account_id
    """
)
_RELEASE = text(
    """
    WITH gone AS (DELETE FROM reservation WHERE call_id = :call_id RETURNING account_id, amount_micros)
    UPDATE account a SET reserved_micros = a.reserved_micros - gone.amount_micros FROM gone WHERE a.id = gone.account_id
    """
)


class NotCovered(Exception):
    """An account cannot hold even the least that is asked for; nothing was held."""

    def __init__(self, account_id: int) -> None:
        super().__init__(account_id)
        self.account_id = account_id


async def hold(session: AsyncSession, call_id: UUID, wanted: Mapping[int, tuple[int, ...]]) -> dict[int, int]:
    """Let a call hold, of each account, the largest amount among those `wanted` (ascending) that it can.

    The amounts are totals: what the call holds already counts. Returns what it holds now of each account with a limit;
    accounts without one are not in it. The first amount is the least: raises NotCovered when one cannot hold it.
    """
    rows = (await session.execute(_LOCK, {"call_id": call_id, "ids": sorted(wanted)})).all()
    totals: dict[int, int] = {}
    more: list[tuple[int, int, int]] = []
    for row in rows:
        amounts = wanted[row.id]
        fitting = [amount for amount in amounts if amount <= row.held or amount - row.held <= row.free]
        if not fitting:
            raise NotCovered(row.id)
        totals[row.id] = max(fitting[-1], row.held)
        if totals[row.id] > row.held:
            more.append((row.id, row.tenant_id, totals[row.id] - row.held))
    await _take(session, call_id, more)
    return totals


async def hold_more(session: AsyncSession, call_id: UUID, amounts: Mapping[int, int]) -> None:
    """Let a call hold this much more of each account with a limit, of all of them or of none. Raises NotCovered."""
    rows = (await session.execute(_LOCK, {"call_id": call_id, "ids": sorted(amounts)})).all()
    for row in rows:
        if amounts[row.id] > row.free:
            raise NotCovered(row.id)
    await _take(session, call_id, [(row.id, row.tenant_id, amounts[row.id]) for row in rows if amounts[row.id]])


async def _take(session: AsyncSession, call_id: UUID, more: Sequence[tuple[int, int, int]]) -> None:
    if more:
        ids, tenants, amounts = zip(*more, strict=True)
        values = {"call_id": call_id, "ids": list(ids), "tenants": list(tenants), "amounts": list(amounts)}
        await session.execute(_HOLD, values)


async def release(session: AsyncSession, call_id: UUID) -> None:
    """Give back all that a call holds; told again, nothing happens."""
    held = select(Reservation.account_id).where(Reservation.call_id == call_id).order_by(Reservation.account_id)
    ids = list(await session.scalars(held))
    if ids:
        await session.execute(_LOCK, {"call_id": call_id, "ids": ids})
        await session.execute(_RELEASE, {"call_id": call_id})
