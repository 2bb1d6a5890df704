"""Caller IDs that a scope may see, who shows which, and the limits of live calls."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select, update

from ucc.agent.models import Agent
from ucc.caller_id.schemas import CallerIdChange, CallerIdGrant, CallerIdView
from ucc.db.scope import Scoped, TenantKind
from ucc.errors import Forbidden, InvalidInput, NotFound
from ucc.resource.models import CallerId
from ucc.tenant.models import Tenant
from ucc.trunk.repository import require_trunk_for

LIMIT = 5000


async def list_caller_ids(scoped: Scoped) -> list[CallerIdView]:
    """At most 5000, by tenant and number."""
    wanted = select(CallerId).order_by(CallerId.tenant_id, CallerId.number).limit(LIMIT)
    return await _show(scoped, list(await scoped.session.scalars(wanted)))


async def grant_caller_id(scoped: Scoped, body: CallerIdGrant) -> CallerIdView:
    """Raises InvalidInput when the tenant is no enterprise, UnknownReference, TrunkNotGranted."""
    tenant = await scoped.session.get(Tenant, body.tenant_id)
    if tenant is None or tenant.kind != TenantKind.ENTERPRISE.value:
        raise InvalidInput("Caller IDs are granted to enterprises.")
    await require_trunk_for(scoped.session, body.trunk_id, body.tenant_id)
    row = CallerId(**body.model_dump())
    scoped.session.add(row)
    await scoped.session.flush()
    await scoped.session.refresh(row)
    (found,) = await _show(scoped, [row])
    return found


async def update_caller_id(scoped: Scoped, caller_id_id: int, body: CallerIdChange) -> CallerIdView:
    """Raises NotFound, UnknownReference, TrunkNotGranted."""
    row = await _get(scoped, caller_id_id)
    if body.trunk_id != row.trunk_id:
        await require_trunk_for(scoped.session, body.trunk_id, row.tenant_id)
    row.trunk_id, row.max_calls = body.trunk_id, body.max_calls
    await scoped.session.flush()
    (found,) = await _show(scoped, [row])
    return found


async def take_back(scoped: Scoped, caller_id_id: int) -> None:
    """The next call cannot show it any more. Raises NotFound."""
    await scoped.session.delete(await _get(scoped, caller_id_id))
    await scoped.session.flush()


async def choose_default(scoped: Scoped, caller_id_id: int | None) -> None:
    """The enterprise's own choice. Raises NotFound."""
    session, tenant_id = scoped.session, scoped.scope.tenant_id
    own = update(CallerId).where(CallerId.tenant_id == tenant_id)
    await session.execute(own.where(CallerId.is_default).values(is_default=False))
    if caller_id_id is not None:
        chosen = await session.scalar(
            own.where(CallerId.id == caller_id_id).values(is_default=True).returning(CallerId.id)
        )
        if chosen is None:
            raise NotFound


async def choose_for_agent(scoped: Scoped, agent_id: int, caller_id_id: int | None) -> None:
    """Raises NotFound for an agent that the scope does not have; the database refuses a caller ID of others."""
    changed = await scoped.session.scalar(
        update(Agent).where(Agent.id == agent_id).values(caller_id_id=caller_id_id).returning(Agent.id)
    )
    if changed is None:
        raise NotFound


async def limit_tenant(scoped: Scoped, tenant_id: int, max_calls: int | None) -> None:
    """How many calls a tenant below may have at once. Raises NotFound, Forbidden for the scope's own tenant."""
    if tenant_id == scoped.scope.tenant_id and scoped.scope.kind is not TenantKind.OPERATOR:
        raise Forbidden("The level above sets this limit.")
    changed = await scoped.session.scalar(
        update(Tenant).where(Tenant.id == tenant_id).values(max_calls=max_calls).returning(Tenant.id)
    )
    if changed is None:
        raise NotFound


async def _get(scoped: Scoped, caller_id_id: int) -> CallerId:
    row = await scoped.session.get(CallerId, caller_id_id)
    if row is None:
        raise NotFound
    return row


async def _show(scoped: Scoped, rows: list[CallerId]) -> list[CallerIdView]:
    agents: dict[int | None, list[int]] = defaultdict(list)
    chosen = select(Agent.caller_id_id, Agent.id).where(Agent.caller_id_id.in_([row.id for row in rows]))
    for caller_id_id, agent_id in await scoped.session.execute(chosen.order_by(Agent.id)):
        agents[caller_id_id].append(agent_id)
    is_operator = scoped.scope.kind is TenantKind.OPERATOR
    return [
        CallerIdView(
            id=row.id,
            tenant_id=row.tenant_id,
            number=row.number,
            trunk_id=row.trunk_id if is_operator else None,
            max_calls=row.max_calls,
            is_default=row.is_default,
            agent_ids=agents[row.id],
        )
        for row in rows
    ]
