"""The customer tree and the leases of controllers."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from ucc.db.unit import Database
from ucc.tenant.service import load_chain, renew_leases
from world import World, add_tenant

pytestmark = pytest.mark.db


async def test_the_chain_of_an_enterprise(database: Database, world: World) -> None:
    async with database.begin() as session:
        chain = await load_chain(session, world.first.enterprise_id)
    assert [level.tenant_id for level in chain] == [
        world.first.enterprise_id,
        world.first.reseller_id,
        world.operator_id,
    ]
    assert [level.parent_id for level in chain] == [world.first.reseller_id, world.operator_id, None]


async def test_resellers_of_any_depth(database: Database, world: World) -> None:
    async with database.begin() as session:
        parent = world.first.reseller_id
        for depth in range(4):
            parent = await add_tenant(session, f"deep{depth}", "reseller", parent)
        enterprise = await add_tenant(session, "deep", "enterprise", parent)
        assert len(await load_chain(session, enterprise)) == 7


async def test_no_chain_of_nobody(database: Database, world: World) -> None:
    async with database.begin() as session:
        with pytest.raises(LookupError):
            await load_chain(session, 999)


async def test_one_controller_holds_a_tenant(database: Database, world: World) -> None:
    enterprises = {world.first.enterprise_id, world.second.enterprise_id}

    async def renew(controller: str) -> set[int]:
        async with database.begin() as session:
            return await renew_leases(session, controller, 5)

    assert await renew("one") == enterprises
    assert await renew("two") == set()
    assert await renew("one") == enterprises
    async with database.begin() as session:
        await session.execute(text("UPDATE tenant_lease SET expires_at = now() - interval '1 second'"))
    assert await renew("two") == enterprises
    assert await renew("one") == set()
