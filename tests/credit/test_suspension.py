"""A tenant without enough money is suspended by itself, with all below it, and is back once it has more."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from credit.test_admission import execute, let_in, set_balance
from ucc.credit.watch import watch_money
from ucc.db.unit import Database
from ucc.ledger.service import top_up
from world import YUAN, World

pytestmark = pytest.mark.db


async def watch(database: Database) -> list[tuple[int, str, str]]:
    """The open alerts afterwards."""
    async with database.begin() as session:
        await watch_money(session)
        found: Any = await session.execute(
            text("SELECT tenant_id, kind, severity FROM alert WHERE ended_at IS NULL ORDER BY tenant_id, kind")
        )
        return [tuple(row) for row in found]


async def limit(database: Database, tenant_id: int, suspend_below: int) -> None:
    await execute(
        database,
        "INSERT INTO spend_rule (tenant_id, suspend_below_micros) VALUES (:id, :below)",
        id=tenant_id,
        below=suspend_below,
    )


@pytest.mark.parametrize("level", ["reseller", "enterprise"])
async def test_below_the_sum_nothing_works_until_there_is_more(database: Database, world: World, level: str) -> None:
    tenant_id = world.first.reseller_id if level == "reseller" else world.first.enterprise_id
    parent_id = world.operator_id if level == "reseller" else world.first.reseller_id
    await limit(database, tenant_id, 5 * YUAN)
    await set_balance(database, tenant_id, 5 * YUAN)
    assert await watch(database) == []
    assert await let_in(database, world) == ""
    await set_balance(database, tenant_id, 5 * YUAN - 1)
    assert await watch(database) == [(tenant_id, "suspension", "blocking")]
    assert await let_in(database, world) == "tenant_suspended"
    async with database.begin() as session:
        await top_up(session, tenant_id, parent_id, 1, "one micro", "x")
    assert await watch(database) == []
    assert await let_in(database, world) == ""


async def test_what_people_suspended_stays_so(database: Database, world: World) -> None:
    tenant_id = world.first.enterprise_id
    await execute(database, "UPDATE tenant SET is_suspended = true WHERE id = :id", id=tenant_id)
    await limit(database, tenant_id, YUAN)
    await set_balance(database, tenant_id, 0)
    assert await watch(database) == [(tenant_id, "suspension", "blocking")]
    await set_balance(database, tenant_id, 9 * YUAN)
    assert await watch(database) == []
    assert await let_in(database, world) == "tenant_suspended"


async def test_a_rule_that_goes_takes_its_suspension_along(database: Database, world: World) -> None:
    tenant_id = world.first.enterprise_id
    await limit(database, tenant_id, YUAN)
    await set_balance(database, tenant_id, 0)
    assert len(await watch(database)) == 1
    await set_balance(database, tenant_id, YUAN - 1)
    assert await let_in(database, world) == "tenant_suspended"
    await execute(database, "DELETE FROM spend_rule WHERE tenant_id = :id", id=tenant_id)
    assert await watch(database) == []
    assert await let_in(database, world) == ""
