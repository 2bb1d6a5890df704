"""The database itself keeps tenants apart, whatever a query forgets."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from database_fixtures import TestDatabase
from ucc.call.models import CallRecord
from ucc.call.service import finish_call
from ucc.db.models import metadata
from ucc.db.scope import TenantKind, TenantScope
from ucc.db.unit import Database
from ucc.tenant.models import Tenant, TenantTree
from world import World, finished_call

pytestmark = pytest.mark.db
OUTSIDE_THE_TREE = {"border_setting"}


async def test_every_table_of_a_tenant_is_protected(database: Database) -> None:
    async with database.begin() as session:
        rows = await session.execute(
            text(
                """
                SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,
                    EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)
                FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
                """
            )
        )
        protected = {name for name, is_forced, has_policy in rows if is_forced and has_policy}
    assert set(metadata.tables) - protected == OUTSIDE_THE_TREE


OWN_PRICES = {"rate_plan", "rate_plan_version", "rate"}
"""A tenant sees the prices that its parent charges it by."""


async def test_a_scope_sees_itself_and_below(fresh_database: TestDatabase, database: Database, world: World) -> None:
    for branch in (world.first, world.second):
        async with database.begin() as session:
            await finish_call(session, finished_call(branch, 50))
    first, second = world.first, world.second
    everybody = {world.operator_id} | {x for b in (first, second) for x in (b.reseller_id, b.enterprise_id)}
    expected = {
        TenantScope(world.operator_id, TenantKind.OPERATOR): everybody,
        TenantScope(first.reseller_id, TenantKind.RESELLER): {first.reseller_id, first.enterprise_id},
        TenantScope(second.enterprise_id, TenantKind.ENTERPRISE): {second.enterprise_id},
    }
    parents = {first.reseller_id: {world.operator_id}, second.enterprise_id: {second.reseller_id}}
    tables = [
        name for name, table in metadata.tables.items() if "tenant_id" in table.columns and name not in UNREADABLE
    ]
    async with fresh_database.open("api") as api:
        for scope, visible in expected.items():
            async with api.begin_scoped(scope) as scoped:
                session = scoped.session
                payees = parents.get(scope.tenant_id, set())
                assert set(await session.scalars(select(Tenant.id))) == visible
                assert set(await session.scalars(select(TenantTree.descendant_id))) == visible
                for table in tables:
                    found = set(await session.scalars(text(f"SELECT tenant_id FROM {table}")))
                    assert found <= visible | (payees if table in OWN_PRICES else set()), table
                calls = set(await session.scalars(select(CallRecord.tenant_id)))
                assert calls == visible & {first.enterprise_id, second.enterprise_id}


UNREADABLE = {"call_state", "tenant_lease", "dial_attempt", "last_agent"}


async def test_without_a_scope_nothing_is_seen(shared_database: TestDatabase, world: World) -> None:
    async with shared_database.open("api") as api, api.begin() as session:
        for table in ("tenant", "tenant_tree", "agent", "account", "posting", "call_record", "user_session"):
            assert (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0, table


async def test_a_scope_ends_with_its_transaction(shared_database: TestDatabase, world: World) -> None:
    scope = TenantScope(world.operator_id, TenantKind.OPERATOR)
    async with shared_database.open("api") as api:
        for _ in range(3):
            async with api.begin_scoped(scope) as scoped:
                assert len(list(await scoped.session.scalars(select(Tenant.id)))) == 5
            async with api.begin() as session:
                assert list(await session.scalars(select(Tenant.id))) == []


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT password_hash FROM app_user",
        "SELECT ha1 FROM extension",
        "SELECT * FROM call_state",
        "SELECT * FROM border_subscriber",
        "SELECT * FROM procrastinate_jobs",
        "UPDATE account SET balance_micros = 0",
        "UPDATE call_record SET talk_ms = 0",
        "DELETE FROM call_record",
        "INSERT INTO posting_set (idempotency_key, kind, tenant_id) VALUES ('x', 'x', 1)",
        "INSERT INTO tenant (code, name, kind) VALUES ('x', 'x', 'operator')",
        "UPDATE app_user SET role = 'operator'",
        "SELECT ensure_call_record_partitions()",
        "SELECT procrastinate_register_worker_v1()",
        "SELECT * FROM call_record_default",
        "CREATE TABLE own (id int)",
    ],
)
async def test_what_the_api_may_not_do(shared_database: TestDatabase, world: World, statement: str) -> None:
    scope = TenantScope(world.operator_id, TenantKind.OPERATOR)
    async with shared_database.open("api") as api:
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with api.begin_scoped(scope) as scoped:
                await scoped.session.execute(text(statement))


async def test_a_session_of_another_tenant_cannot_be_made(shared_database: TestDatabase, world: World) -> None:
    scope = TenantScope(world.first.enterprise_id, TenantKind.ENTERPRISE)
    insert = text(
        "INSERT INTO user_session (token_hash, user_id, tenant_id, expires_at, source_address) "
        "VALUES ('\\x00', :user, :tenant, now(), '')"
    )
    values = {"user": world.second.users["agent2"], "tenant": world.second.enterprise_id}
    async with shared_database.open("api") as api:
        with pytest.raises(ProgrammingError, match="row-level security"):
            async with api.begin_scoped(scope) as scoped:
                await scoped.session.execute(insert, values)


async def test_the_border_reads_two_views_and_nothing_else(shared_database: TestDatabase, world: World) -> None:
    async with shared_database.open("border") as border:
        async with border.begin() as session:
            subscribers = (await session.execute(text("SELECT * FROM border_subscriber ORDER BY username"))).all()
            assert subscribers == [("8001", "ucc.local", "1" * 32), ("8002", "ucc.local", "2" * 32)]
            trunks = (await session.execute(text("SELECT * FROM border_trunk"))).all()
            assert trunks == [("192.0.2.1:5060", 0, 0, "PCMA")]
        for table in ("extension", "app_user", "trunk", "border_setting", "call_record"):
            with pytest.raises(ProgrammingError, match="permission denied"):
                async with border.begin() as session:
                    await session.execute(text(f"SELECT * FROM {table}"))


async def test_a_trunk_out_of_service_is_unknown_at_the_border(database: Database, world: World) -> None:
    async with database.begin() as session:
        await session.execute(text("UPDATE trunk SET is_active = false"))
        assert (await session.execute(text("SELECT * FROM border_trunk"))).all() == []


async def test_a_tenant_keeps_its_place_in_the_tree(database: Database, world: World) -> None:
    with pytest.raises(Exception, match="keeps its parent"):
        async with database.begin() as session:
            await session.execute(
                text("UPDATE tenant SET parent_id = :to WHERE id = :id"),
                {"to": world.second.reseller_id, "id": world.first.enterprise_id},
            )


async def test_the_second_operator_is_refused(database: Database, world: World) -> None:
    with pytest.raises(Exception, match="uq_tenant_one_operator"):
        async with database.begin() as session:
            await session.execute(text("INSERT INTO tenant (code, name, kind) VALUES ('x', 'x', 'operator')"))


async def test_resources_cannot_point_across_tenants(database: Database, world: World) -> None:
    """A DID of one enterprise never leads to the queue of another."""
    with pytest.raises(Exception, match="fk_destination_tenant_id_queue_id"):
        async with database.begin() as session:
            await session.execute(
                text("UPDATE destination SET queue_id = :queue WHERE did_id = :did"),
                {"queue": world.second.queue_id, "did": world.first.did_id},
            )
