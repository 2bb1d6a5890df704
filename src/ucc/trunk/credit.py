"""Whether a call may be let in at all: nobody above is suspended or without money, and every level has a price."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.errors import CallRefused
from ucc.ledger.models import Account
from ucc.rating.price import Usage
from ucc.rating.service import has_rates
from ucc.tenant.service import Level


async def require_credit(session: AsyncSession, chain: Sequence[Level], usage: Usage) -> None:
    """Raises CallRefused: tenant_suspended, balance_exhausted, no_rate."""
    if any(level.is_suspended for level in chain):
        raise CallRefused("tenant_suspended")
    exhausted = await session.scalar(
        select(Account.id)
        .where(
            Account.tenant_id.in_([level.tenant_id for level in chain]),
            Account.kind == "balance",
            Account.balance_micros <= -Account.limit_micros,
        )
        .limit(1)
    )
    if exhausted is not None:
        raise CallRefused("balance_exhausted")
    if not await has_rates(session, chain, usage):
        raise CallRefused("no_rate")
