"""Where a call goes: an inbound number to its tenant and queue, an outbound one to a caller ID and a trunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.errors import CallRefused
from ucc.kit.clock import now
from ucc.ledger.models import Account
from ucc.rating.service import has_rates
from ucc.resource.models import CallerId, Did
from ucc.tenant.service import Level, load_chain
from ucc.trunk.models import Trunk
from ucc.trunk.number import find_e164


@dataclass(frozen=True, slots=True)
class InboundRoute:
    tenant_id: int
    did_id: int
    queue_id: int


@dataclass(frozen=True, slots=True)
class OutboundRoute:
    """`callee_on_trunk` is the number as this trunk wants it."""

    trunk_id: int
    host: str
    port: int
    caller_id: str
    callee_on_trunk: str


async def find_inbound_route(session: AsyncSession, did_number: str) -> InboundRoute | None:
    """The queue of a DID; None when the number is nobody's, or leads nowhere.

    Raises CallRefused: tenant_suspended, balance_exhausted, no_rate.
    """
    number = find_e164(did_number)
    did = await session.scalar(select(Did).where(Did.number == number)) if number is not None else None
    if did is None or did.queue_id is None:
        return None
    await _require_credit(session, await load_chain(session, did.tenant_id), "inbound", did.number, now())
    return InboundRoute(did.tenant_id, did.id, did.queue_id)


async def find_outbound_route(
    session: AsyncSession, tenant_id: int, callee: str, caller_id: str | None = None
) -> OutboundRoute:
    """The trunk and the caller ID for a call; `caller_id` asks for one of the tenant's own.

    Raises CallRefused: invalid_number, tenant_suspended, balance_exhausted, no_rate, no_caller_id, no_trunk.
    """
    number = find_e164(callee)
    if number is None:
        raise CallRefused("invalid_number")
    await _require_credit(session, await load_chain(session, tenant_id), "outbound", number, now())
    wanted = select(CallerId.number, Trunk).outerjoin(Trunk, (Trunk.id == CallerId.trunk_id) & Trunk.is_active)
    wanted = wanted.where(CallerId.tenant_id == tenant_id).order_by(Trunk.id.is_(None), CallerId.id)
    if caller_id is not None:
        wanted = wanted.where(CallerId.number == caller_id)
    row = (await session.execute(wanted.limit(1))).first()
    if row is None:
        raise CallRefused("no_caller_id")
    trunk: Trunk | None = row[1]
    if trunk is None:
        raise CallRefused("no_trunk")
    return OutboundRoute(trunk.id, trunk.host, trunk.port, row[0], number)


async def _require_credit(
    session: AsyncSession, chain: Sequence[Level], direction: str, number: str, at: datetime
) -> None:
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
    if not await has_rates(session, chain, direction, number, at):
        raise CallRefused("no_rate")
