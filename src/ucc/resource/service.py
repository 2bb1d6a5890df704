"""Makes resources, moves them along the tree of tenants, and deletes them: all of a request, or nothing of it.

Everything moves through the database's own doors, which also free what depends on it: an enterprise's settings are not
for the levels above to read or write.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import FromClause, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.db.scope import Scoped
from ucc.errors import AlreadyExists, InvalidInput, NotFound, ResourcesInUse, TrunkNotGranted, UnknownReference
from ucc.identity.password import make_password
from ucc.resource.models import HELD_TRUNK, CallerId, Did, Extension
from ucc.resource.numbers import say
from ucc.resource.schemas import MOST, TRUNKS_ARE_ELSEWHERE, ImpactView, ResourceKind, UseView
from ucc.tenant.models import Tenant
from ucc.trunk.models import Trunk

MODELS: Mapping[ResourceKind, type[Extension] | type[Did] | type[CallerId]] = {
    ResourceKind.EXTENSION: Extension,
    ResourceKind.DID: Did,
    ResourceKind.CALLER_ID: CallerId,
}
"""What is made here; trunks are made by `ucc.trunk`."""
SHOWN: Mapping[ResourceKind, FromClause] = {kind: model.__table__ for kind, model in MODELS.items()} | {
    ResourceKind.TRUNK: HELD_TRUNK
}


@dataclass(frozen=True, slots=True)
class Held:
    """A resource, and who has it now."""

    id: int
    number: str
    tenant_id: int


def compute_ha1(extension: str, sip_domain: str, password: str) -> str:
    """The digest that SIP authentication (RFC 2617) needs in place of the password."""
    return hashlib.md5(f"{extension}:{sip_domain}:{password}".encode(), usedforsecurity=False).hexdigest()


def require_made_here(kind: ResourceKind) -> None:
    """Raises InvalidInput for trunks."""
    if kind not in MODELS:
        raise InvalidInput(TRUNKS_ARE_ELSEWHERE)


async def create(
    scoped: Scoped, user_id: int | None, kind: ResourceKind, numbers: Sequence[str], trunk_id: int | None
) -> list[int]:
    """All of them, for the scope's own tenant, in the order given. Extensions have no password that anybody knows.

    Raises AlreadyExists, which names up to ten that are taken; UnknownReference for a trunk that is not there;
    InvalidInput for trunks.
    """
    require_made_here(kind)
    session, tenant_id, model = scoped.session, scoped.scope.tenant_id, MODELS[kind]
    await say_who(session, user_id)
    taken_where = select(model.number).where(model.number.in_(numbers))
    if kind is ResourceKind.CALLER_ID:
        taken_where = taken_where.where(model.tenant_id == tenant_id)
        if await session.scalar(select(Trunk.id).where(Trunk.id == trunk_id)) is None:
            raise UnknownReference("There is no such trunk.")
    taken = sorted(await session.scalars(taken_where))
    if taken:
        raise AlreadyExists(f"There are already: {say(taken)}")
    rows = [_new_row(kind, tenant_id, number, trunk_id) for number in numbers]
    made = await session.scalars(insert(model).returning(model.id, sort_by_parameter_order=True), rows)
    return list(made)


def _new_row(kind: ResourceKind, tenant_id: int, number: str, trunk_id: int | None) -> dict[str, object]:
    row: dict[str, object] = {"tenant_id": tenant_id, "number": number}
    match kind:
        case ResourceKind.EXTENSION:
            row["ha1"] = secrets.token_hex(16)
        case ResourceKind.CALLER_ID:
            row["trunk_id"] = trunk_id
        case ResourceKind.DID | ResourceKind.TRUNK:
            pass
    return row


async def grant(
    scoped: Scoped,
    user_id: int | None,
    kind: ResourceKind,
    ids: Sequence[int],
    to_tenant_id: int,
    *,
    confirm: bool = False,
) -> list[str]:
    """To a direct customer; the numbers.

    Raises NotFound for other tenants, and for what the own tenant has not; TrunkNotGranted for caller IDs whose trunk
    is kept for others; ResourcesInUse when others depend on a trunk that they lose, and `confirm` is not said.
    """
    own = scoped.scope.tenant_id
    parent_id = await scoped.session.scalar(select(Tenant.parent_id).where(Tenant.id == to_tenant_id))
    if parent_id != own:
        raise NotFound("There is no such tenant directly below yours.")
    held = await _lock(scoped.session, kind, ids)
    if elsewhere := [one.number for one in held if one.tenant_id != own]:
        raise NotFound(f"Not with your own tenant: {say(elsewhere)}")
    if kind is ResourceKind.CALLER_ID:
        await _require_trunks(scoped.session, ids, to_tenant_id)
    if not confirm:
        await _require_unused(scoped.session, kind, held, to_tenant_id)
    await _move(scoped.session, kind, ids, to_tenant_id, user_id)
    return [one.number for one in held]


async def take_back(
    scoped: Scoped, user_id: int | None, kind: ResourceKind, ids: Sequence[int], *, confirm: bool
) -> list[str]:
    """From whoever below has them; the numbers. What depends on them is freed: agents lose their phone,
    numbers lead nowhere.

    Raises NotFound; ResourcesInUse when something depends on them and `confirm` is not said.
    """
    own = scoped.scope.tenant_id
    held = await _lock(scoped.session, kind, ids)
    if here := [one.number for one in held if one.tenant_id == own]:
        raise NotFound(f"With your own tenant already: {say(here)}")
    if not confirm:
        await _require_unused(scoped.session, kind, held, own)
    await _move(scoped.session, kind, ids, own, user_id)
    return [one.number for one in held]


async def find_impact(
    scoped: Scoped, kind: ResourceKind, ids: Sequence[int], to_tenant_id: int | None = None
) -> ImpactView:
    """What would break if they were granted to this tenant; None: if they were taken back. Raises NotFound."""
    target = scoped.scope.tenant_id if to_tenant_id is None else to_tenant_id
    if await scoped.session.scalar(select(Tenant.id).where(Tenant.id == target)) is None:
        raise NotFound("There is no such tenant below yours.")
    return await _find_uses(scoped.session, kind, await _lock(scoped.session, kind, ids), target)


async def delete_resources(scoped: Scoped, user_id: int | None, kind: ResourceKind, ids: Sequence[int]) -> int:
    """For good; only what the scope's own tenant has, so take it back first. Raises NotFound, ResourcesInUse;
    InvalidInput for trunks."""
    require_made_here(kind)
    held = await _lock(scoped.session, kind, ids)
    if elsewhere := [one.number for one in held if one.tenant_id != scoped.scope.tenant_id]:
        raise NotFound(f"Take back first: {say(elsewhere)}")
    impact = await _find_uses(scoped.session, kind, held, scoped.scope.tenant_id)
    if impact.use_count:
        raise ResourcesInUse
    model = MODELS[kind]
    await say_who(scoped.session, user_id)
    await scoped.session.execute(delete(model).where(model.id.in_([one.id for one in held])))
    return len(held)


async def renew_phone_passwords(scoped: Scoped, sip_domain: str, ids: Sequence[int]) -> list[tuple[str, str]]:
    """(number, password) of each; the ones before are good no longer. Raises NotFound."""
    held = await _lock(scoped.session, ResourceKind.EXTENSION, ids)
    found = [(one, make_password(20)) for one in held]
    for one, password in found:
        ha1 = compute_ha1(one.number, sip_domain, password)
        await scoped.session.execute(update(Extension).where(Extension.id == one.id).values(ha1=ha1))
    return [(one.number, password) for one, password in found]


async def _lock(session: AsyncSession, kind: ResourceKind, ids: Sequence[int]) -> list[Held]:
    """Raises NotFound when the scope does not see them all."""
    wanted = sorted(set(ids))
    rows = await session.execute(
        text("SELECT id, number, tenant_id FROM lock_resources(:kind, :ids)"), {"kind": kind.value, "ids": wanted}
    )
    held = [Held(*row) for row in rows]
    if len(held) < len(wanted):
        raise NotFound
    return held


async def _require_trunks(session: AsyncSession, ids: Sequence[int], tenant_id: int) -> None:
    may_not = ~func.may_go_out(CallerId.trunk_id, tenant_id)
    wrong = await session.scalars(
        select(CallerId.number).where(CallerId.id.in_(ids), may_not).order_by(CallerId.number)
    )
    if numbers := list(wrong):
        raise TrunkNotGranted(f"Their trunk is kept for another tenant: {say(numbers)}")


async def _require_unused(session: AsyncSession, kind: ResourceKind, held: Sequence[Held], to_tenant_id: int) -> None:
    impact = await _find_uses(session, kind, held, to_tenant_id)
    if impact.use_count:
        raise ResourcesInUse(f"In use: {say(sorted({use.number for use in impact.uses}))}")


async def _find_uses(session: AsyncSession, kind: ResourceKind, held: Sequence[Held], to_tenant_id: int) -> ImpactView:
    """What depends on them and is lost when that tenant has them."""
    numbers = {one.id: one.number for one in held}
    rows = await session.execute(
        text("SELECT id, use, label FROM list_resource_uses(:kind, :ids, :to_id)"),
        {"kind": kind.value, "ids": list(numbers), "to_id": to_tenant_id},
    )
    uses = [UseView(id=row.id, number=numbers[row.id], use=row.use, label=row.label) for row in rows]
    return ImpactView(uses=uses[:MOST], use_count=len(uses), in_use_count=len({use.id for use in uses}))


async def _move(session: AsyncSession, kind: ResourceKind, ids: Sequence[int], to_id: int, user_id: int | None) -> None:
    await session.execute(
        text("SELECT move_resources(:kind, :ids, :to_id, :user_id)"),
        {"kind": kind.value, "ids": sorted(set(ids)), "to_id": to_id, "user_id": user_id},
    )
    session.expire_all()


async def say_who(session: AsyncSession, user_id: int | None) -> None:
    """For the history, which a trigger keeps."""
    who = "" if user_id is None else str(user_id)
    await session.execute(text("SELECT set_config('ucc.user_id', :who, true)"), {"who": who})
