"""Where a call goes: an inbound number to its tenant and queue, an outbound one to a caller ID and a trunk."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.kit.clock import now
from ucc.reception.models import Destination
from ucc.resource.models import Did
from ucc.tenant.service import load_chain
from ucc.trunk.credit import require_credit
from ucc.trunk.number import find_e164
from ucc.trunk.plan import find_outbound_plan


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
    if did is None:
        return None
    open_queue = (Destination.did_id == did.id, Destination.occasion == "open", Destination.kind == "queue")
    queue_id = await session.scalar(select(Destination.queue_id).where(*open_queue))
    if queue_id is None:
        return None
    await require_credit(session, await load_chain(session, did.tenant_id), "inbound", did.number, now())
    return InboundRoute(did.tenant_id, did.id, queue_id)


async def find_outbound_route(
    session: AsyncSession, tenant_id: int, callee: str, caller_id: str | None = None
) -> OutboundRoute:
    """The first trunk of `find_outbound_plan`, which raises CallRefused."""
    plan = await find_outbound_plan(session, tenant_id, None, callee, caller_id, now().timestamp())
    trunk = plan.routes[0]
    return OutboundRoute(trunk.trunk_id, trunk.host, trunk.port, trunk.caller_id, trunk.number)
