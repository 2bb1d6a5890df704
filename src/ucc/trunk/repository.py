"""Trunks with their rules and second choices, as the operator keeps them."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.db.scope import Scoped
from ucc.errors import InUse, InvalidInput, NotFound, TrunkNotGranted, UnknownReference
from ucc.resource.service import say_who
from ucc.trunk.models import Trunk, TrunkFallback, TrunkRule
from ucc.trunk.schemas import FallbackBody, TrunkBody, TrunkRuleBody, TrunkView

LIMIT = 1000
COLUMNS = frozenset(TrunkBody.model_fields) - {"rules", "fallbacks"}


async def list_trunks(scoped: Scoped) -> list[TrunkView]:
    """At most 1000, by name."""
    trunks = list(await scoped.session.scalars(select(Trunk).order_by(Trunk.name, Trunk.id).limit(LIMIT)))
    return await _show(scoped, trunks)


async def get_trunk(scoped: Scoped, trunk_id: int) -> TrunkView:
    """Raises NotFound."""
    (found,) = await _show(scoped, [await _get(scoped, trunk_id)])
    return found


async def create_trunk(scoped: Scoped, user_id: int, body: TrunkBody) -> TrunkView:
    """Shared by everybody, until it is granted."""
    await say_who(scoped.session, user_id)
    trunk = Trunk(tenant_id=scoped.scope.tenant_id, **body.model_dump(include=set(COLUMNS)))
    scoped.session.add(trunk)
    await scoped.session.flush()
    await _write_lists(scoped, trunk, body)
    return await get_trunk(scoped, trunk.id)


async def update_trunk(scoped: Scoped, trunk_id: int, body: TrunkBody) -> TrunkView:
    """Acts on the next call. Raises NotFound."""
    trunk = await _get(scoped, trunk_id)
    for name, value in body.model_dump(include=set(COLUMNS)).items():
        setattr(trunk, name, value)
    await scoped.session.flush()
    await _write_lists(scoped, trunk, body)
    return await get_trunk(scoped, trunk_id)


async def delete_trunk(scoped: Scoped, user_id: int, trunk_id: int) -> None:
    """Raises NotFound, InUse while a tenant holds it; the database refuses while a caller ID goes out on it."""
    trunk = await _get(scoped, trunk_id)
    if trunk.holder_id != trunk.tenant_id:
        raise InUse("It is granted to a tenant: take it back first.")
    await say_who(scoped.session, user_id)
    await scoped.session.delete(trunk)
    await scoped.session.flush()


async def require_trunk_for(session: AsyncSession, trunk_id: int, tenant_id: int) -> None:
    """Raises UnknownReference; TrunkNotGranted for one that is kept for tenants beside this one and those below it."""
    found = (await session.execute(select(func.may_go_out(Trunk.id, tenant_id)).where(Trunk.id == trunk_id))).scalar()
    if found is None:
        raise UnknownReference("There is no such trunk.")
    if not found:
        raise TrunkNotGranted


async def _get(scoped: Scoped, trunk_id: int) -> Trunk:
    trunk = await scoped.session.get(Trunk, trunk_id)
    if trunk is None:
        raise NotFound
    return trunk


async def _write_lists(scoped: Scoped, trunk: Trunk, body: TrunkBody) -> None:
    if any(fallback.trunk_id == trunk.id for fallback in body.fallbacks):
        raise InvalidInput("A trunk is not its own second choice.")
    session, own = scoped.session, {"tenant_id": trunk.tenant_id, "trunk_id": trunk.id}
    await session.execute(delete(TrunkRule).where(TrunkRule.trunk_id == trunk.id))
    await session.execute(delete(TrunkFallback).where(TrunkFallback.trunk_id == trunk.id))
    session.add_all(TrunkRule(**own, **rule.model_dump()) for rule in body.rules)
    session.add_all(
        TrunkFallback(**own, next_trunk_id=choice.trunk_id, priority=choice.priority, weight=choice.weight)
        for choice in body.fallbacks
    )
    await session.flush()


async def _show(scoped: Scoped, trunks: list[Trunk]) -> list[TrunkView]:
    ids = [trunk.id for trunk in trunks]
    rules: dict[int, list[TrunkRuleBody]] = defaultdict(list)
    wanted = select(TrunkRule).where(TrunkRule.trunk_id.in_(ids)).order_by(TrunkRule.kind, TrunkRule.prefix)
    for rule in await scoped.session.scalars(wanted):
        rules[rule.trunk_id].append(
            TrunkRuleBody.model_validate(
                {"kind": rule.kind, "prefix": rule.prefix, "strip": rule.strip, "prepend": rule.prepend}
            )
        )
    fallbacks: dict[int, list[FallbackBody]] = defaultdict(list)
    choices = select(TrunkFallback).where(TrunkFallback.trunk_id.in_(ids))
    for row in await scoped.session.scalars(choices.order_by(TrunkFallback.priority, TrunkFallback.next_trunk_id)):
        fallbacks[row.trunk_id].append(
            FallbackBody(trunk_id=row.next_trunk_id, priority=row.priority, weight=row.weight)
        )
    return [
        TrunkView.model_validate(
            {name: getattr(trunk, name) for name in COLUMNS}
            | {"id": trunk.id, "holder_id": trunk.holder_id, "rules": rules[trunk.id], "fallbacks": fallbacks[trunk.id]}
        )
        for trunk in trunks
    ]
