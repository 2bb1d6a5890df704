"""A trunk that a tenant holds is for that tenant and those below it: what call control looks up, and what the database
lets the API do."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from database_fixtures import TestDatabase
from ucc.db.scope import TenantKind, TenantScope
from ucc.db.unit import Database
from ucc.errors import CallRefused
from ucc.trunk.plan import find_inbound_limits, find_outbound_plan
from world import NOON, Branch, World

pytestmark = pytest.mark.db
MOBILE = "13800138000"


async def run(database: Database, statement: str, **values: object) -> Any:
    async with database.begin() as session:
        result = await session.execute(text(statement), values)
        return result.scalar() if result.returns_rows else None


async def hold(database: Database, trunk_id: int, holder_id: int) -> None:
    await run(database, "UPDATE trunk SET holder_id = :holder WHERE id = :id", holder=holder_id, id=trunk_id)


async def add_trunk(database: Database, world: World, name: str, port: int, *, is_second: bool = True) -> int:
    add = "INSERT INTO trunk (tenant_id, name, host, port) VALUES (:t, :name, '192.0.2.2', :port) RETURNING id"
    trunk_id = int(await run(database, add, t=world.operator_id, name=name, port=port))
    if is_second:
        second = "INSERT INTO trunk_fallback (tenant_id, trunk_id, next_trunk_id) VALUES (:t, :first, :next)"
        await run(database, second, t=world.operator_id, first=world.trunk_id, next=trunk_id)
    return trunk_id


async def routes(database: Database, branch: Branch) -> list[int] | str:
    """The trunks that a call of this enterprise tries, or why it is refused."""
    async with database.begin() as session:
        try:
            plan = await find_outbound_plan(session, branch.enterprise_id, branch.agent_id, MOBILE, None, NOON)
        except CallRefused as refused:
            return refused.refusal
    return [route.trunk_id for route in plan.routes]


async def test_a_new_trunk_is_everybodys(database: Database, world: World) -> None:
    trunk_id = await add_trunk(database, world, "new", 5061, is_second=False)
    holder = await run(database, "SELECT holder_id FROM trunk WHERE id = :id", id=trunk_id)
    assert holder == world.operator_id
    assert await routes(database, world.first) == await routes(database, world.second) == [world.trunk_id]


@pytest.mark.parametrize("level", ["reseller_id", "enterprise_id"])
async def test_only_the_holder_and_those_below_it_go_out_on_it(database: Database, world: World, level: str) -> None:
    await hold(database, world.trunk_id, getattr(world.first, level))
    assert await routes(database, world.first) == [world.trunk_id]
    assert await routes(database, world.second) == "trunk_not_granted"
    await hold(database, world.trunk_id, world.operator_id)
    assert await routes(database, world.second) == [world.trunk_id]


async def test_a_second_choice_of_others_is_passed_over(database: Database, world: World) -> None:
    second = await add_trunk(database, world, "second", 5061)
    await hold(database, second, world.first.enterprise_id)
    assert await routes(database, world.first) == [world.trunk_id, second]
    assert await routes(database, world.second) == [world.trunk_id]


async def test_a_first_choice_of_others_leaves_the_second(database: Database, world: World) -> None:
    second = await add_trunk(database, world, "second", 5061)
    await hold(database, world.trunk_id, world.first.reseller_id)
    assert await routes(database, world.first) == [world.trunk_id, second]
    assert await routes(database, world.second) == [second]
    await run(database, "UPDATE trunk SET is_active = false WHERE id = :id", id=second)
    assert await routes(database, world.second) == "no_trunk"


async def test_a_caller_id_with_an_open_trunk_comes_before_an_older_one(database: Database, world: World) -> None:
    other = await add_trunk(database, world, "other", 5061, is_second=False)
    add = "INSERT INTO caller_id (tenant_id, number, trunk_id) VALUES (:tenant, '+861088887777', :trunk)"
    await run(database, add, tenant=world.second.enterprise_id, trunk=other)
    assert await routes(database, world.second) == [world.trunk_id]
    await hold(database, world.trunk_id, world.first.enterprise_id)
    assert await routes(database, world.second) == [other]


async def test_inbound_calls_come_in_on_any_trunk(database: Database, world: World) -> None:
    await run(database, "UPDATE trunk SET max_calls = 3")
    await hold(database, world.trunk_id, world.first.enterprise_id)
    async with database.begin() as session:
        limits = await find_inbound_limits(session, world.second.enterprise_id, "192.0.2.1:5060")
    assert [(key.id, key.most) for key in limits if key.kind == "trunk"] == [(world.trunk_id, 3)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trunk SET holder_id = tenant_id",
        "UPDATE trunk SET tenant_id = tenant_id",
        "INSERT INTO trunk (tenant_id, holder_id, name, host) VALUES (1, 1, 'x', 'x')",
        "SELECT is_on_one_line(1, 1)",
        "SELECT * FROM lock_numbers('did', '{1}')",
        "SELECT * FROM list_number_uses('did', '{1}')",
        "SELECT move_numbers('did', '{1}', 1, 1)",
    ],
)
async def test_the_api_moves_trunks_through_the_door_only(
    shared_database: TestDatabase, world: World, statement: str
) -> None:
    async with shared_database.open("api") as api:
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with api.begin_scoped(TenantScope(world.operator_id, TenantKind.OPERATOR)) as scoped:
                await scoped.session.execute(text(statement))


async def test_the_door_knows_the_scope(fresh_database: TestDatabase, database: Database, world: World) -> None:
    """Nobody takes a trunk that is not held by itself or below; nor shows one, nor asks what depends on it."""
    await hold(database, world.trunk_id, world.first.enterprise_id)
    first, second, ids = world.first.reseller_id, world.second.reseller_id, [world.trunk_id]
    move = text("SELECT move_resources('trunk', :ids, :to, NULL)")
    async with fresh_database.open("api") as api:
        for scope_id, seen in ((second, 0), (first, 1), (world.operator_id, 1)):
            async with api.begin_scoped(TenantScope(scope_id, TenantKind.RESELLER)) as scoped:
                for question in (
                    "SELECT count(*) FROM held_trunk",
                    "SELECT count(*) FROM lock_resources('trunk', :ids)",
                    "SELECT count(*) FROM list_resource_uses('trunk', :ids, NULL)",
                ):
                    values = {"ids": ids} if ":ids" in question else {}
                    assert await scoped.session.scalar(text(question), values) == seen, (scope_id, question)
                if scope_id != world.operator_id:
                    assert await scoped.session.scalar(text("SELECT count(*) FROM trunk")) == 0
        async with api.begin_scoped(TenantScope(second, TenantKind.RESELLER)) as scoped:
            assert await scoped.session.scalar(move, {"ids": ids, "to": second}) == 0
        with pytest.raises(Exception, match="no such tenant below"):
            async with api.begin_scoped(TenantScope(first, TenantKind.RESELLER)) as scoped:
                await scoped.session.execute(move, {"ids": ids, "to": world.operator_id})
    assert await run(database, "SELECT holder_id FROM trunk") == world.first.enterprise_id
