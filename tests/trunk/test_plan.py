"""An outbound plan: caller ID, trunks and their numbers, limits, recording, and every refusal on the way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from ucc.db.unit import Database
from ucc.engine.limits import LimitCounter, refusal_code
from ucc.engine.target import LimitKey, RecordingMode, RecordingPolicy, RecordingStart, TrunkPlan
from ucc.errors import REFUSALS, CallRefused
from ucc.kit.ids import new_id
from ucc.trunk.plan import find_inbound_limits, find_outbound_plan
from world import NOON, World

pytestmark = pytest.mark.db
MOBILE = "13800138000"


async def plan(
    database: Database, world: World, callee: str = MOBILE, caller_id: str | None = None, **options: Any
) -> TrunkPlan:
    agent_id = options.pop("agent_id", world.first.agent_id)
    at = options.pop("at", NOON)
    async with database.begin() as session:
        return await find_outbound_plan(session, world.first.enterprise_id, agent_id, callee, caller_id, at, **options)


async def refusal(
    database: Database, world: World, callee: str = MOBILE, caller_id: str | None = None, **options: Any
) -> str:
    with pytest.raises(CallRefused) as refused:
        await plan(database, world, callee, caller_id, **options)
    assert refused.value.refusal in REFUSALS
    return refused.value.refusal


async def run(database: Database, statement: str, **values: object) -> Any:
    async with database.begin() as session:
        result = await session.execute(text(statement), values)
        return result.scalar() if result.returns_rows else None


async def add_trunk(database: Database, world: World, name: str, **columns: object) -> int:
    values = {"is_active": True, "port": 5061, "max_calls": None, "prefixes": []} | columns
    statement = (
        "INSERT INTO trunk (tenant_id, name, host, port, is_active, max_calls, allowed_prefixes)"
        " VALUES (:operator, :name, '192.0.2.2', :port, :is_active, :max_calls, :prefixes) RETURNING id"
    )
    return int(await run(database, statement, operator=world.operator_id, name=name, **values))


async def add_fallback(database: Database, world: World, trunk_id: int, priority: int = 1) -> None:
    await run(
        database,
        "INSERT INTO trunk_fallback (tenant_id, trunk_id, next_trunk_id, priority)"
        " VALUES (:tenant, :first, :next, :at)",
        tenant=world.operator_id, first=world.trunk_id, next=trunk_id, at=priority,
    )  # fmt: skip


async def add_caller_id(database: Database, world: World, number: str, **columns: object) -> int:
    values = {"tenant": world.first.enterprise_id, "trunk": world.trunk_id, "is_default": False} | columns
    statement = (
        "INSERT INTO caller_id (tenant_id, number, trunk_id, is_default) VALUES (:tenant, :number, :trunk, :is_default)"
        " RETURNING id"
    )
    return int(await run(database, statement, number=number, **values))


class TestCallerId:
    async def test_the_oldest_when_nobody_chose(self, database: Database, world: World) -> None:
        await add_caller_id(database, world, "+861088889999")
        found = await plan(database, world)
        assert (found.caller_id, found.callee) == (world.first.did, "+8613800138000")
        assert found.routes[0].caller_id == world.first.did

    async def test_default_agent_and_choice(self, database: Database, world: World) -> None:
        await add_caller_id(database, world, "+861088887777", is_default=True)
        own = await add_caller_id(database, world, "+861088888888")
        assert (await plan(database, world)).caller_id == "+861088887777"
        await run(database, "UPDATE agent SET caller_id_id = :own WHERE id = :id", own=own, id=world.first.agent_id)
        assert (await plan(database, world)).caller_id == "+861088888888"
        assert (await plan(database, world, agent_id=None)).caller_id == "+861088887777"
        assert (
            await plan(database, world, caller_id="010-8888 0001", callee="13900139000")
        ).caller_id == world.first.did

    @pytest.mark.parametrize("asked", ["+861088880002", "13800138000", "", "x"])
    async def test_only_granted_ones(self, database: Database, world: World, asked: str) -> None:
        assert await refusal(database, world, caller_id=asked) == "caller_id_not_granted"

    async def test_one_default_per_tenant(self, database: Database, world: World) -> None:
        await add_caller_id(database, world, "+861088887777", is_default=True)
        with pytest.raises(Exception, match="uq_caller_id_one_default"):
            await add_caller_id(database, world, "+861088887778", is_default=True)

    async def test_an_agent_has_none_of_another_enterprise(self, database: Database, world: World) -> None:
        foreign = await run(database, "SELECT id FROM caller_id WHERE tenant_id = :id", id=world.second.enterprise_id)
        with pytest.raises(Exception, match="fk_agent_tenant_id_caller_id_id"):
            await run(database, "UPDATE agent SET caller_id_id = :c WHERE id = :id", c=foreign, id=world.first.agent_id)

    async def test_a_caller_id_taken_back_leaves_its_agents_without(self, database: Database, world: World) -> None:
        own = await add_caller_id(database, world, "+861088888888")
        await run(database, "UPDATE agent SET caller_id_id = :own WHERE id = :id", own=own, id=world.first.agent_id)
        await run(database, "DELETE FROM caller_id WHERE id = :own", own=own)
        assert (await plan(database, world)).caller_id == world.first.did


class TestTrunks:
    async def test_numbers_as_each_trunk_wants_them(self, database: Database, world: World) -> None:
        second = await add_trunk(database, world, "second")
        await add_fallback(database, world, second)
        rule = (
            "INSERT INTO trunk_rule (tenant_id, trunk_id, kind, prefix, strip, prepend)"
            " VALUES (:t, :k, :kind, :p, :s, :a)"
        )
        for trunk_id, kind, prefix, strip, prepend in (
            (world.trunk_id, "callee", "+86", 3, ""),
            (second, "callee", "+861", 3, "0"),
            (second, "caller_id", "+86", 3, "0"),
        ):
            await run(database, rule, t=world.operator_id, k=trunk_id, kind=kind, p=prefix, s=strip, a=prepend)
        found = await plan(database, world)
        written = [(route.trunk_id, route.host, route.number, route.caller_id) for route in found.routes]
        assert written == [
            (world.trunk_id, "192.0.2.1", "13800138000", world.first.did),
            (second, "192.0.2.2", "013800138000", "01088880001"),
        ]

    async def test_second_choices_in_order(self, database: Database, world: World) -> None:
        trunks = [await add_trunk(database, world, f"t{n}", port=5100 + n) for n in range(3)]
        for number, trunk_id in enumerate(trunks):
            await add_fallback(database, world, trunk_id, priority=3 - number)
        found = await plan(database, world)
        assert [route.trunk_id for route in found.routes] == [world.trunk_id, *reversed(trunks)]

    async def test_out_of_service(self, database: Database, world: World) -> None:
        second = await add_trunk(database, world, "second")
        await add_fallback(database, world, second)
        await run(database, "UPDATE trunk SET is_active = false WHERE id = :id", id=world.trunk_id)
        assert [route.trunk_id for route in (await plan(database, world)).routes] == [second]
        await run(database, "UPDATE trunk SET is_active = false")
        assert await refusal(database, world) == "no_trunk"

    async def test_only_trunks_that_carry_the_number(self, database: Database, world: World) -> None:
        second = await add_trunk(database, world, "abroad", prefixes=["+1", "+44"])
        await add_fallback(database, world, second)
        await run(database, "UPDATE trunk SET allowed_prefixes = '{+86}' WHERE id = :id", id=world.trunk_id)
        assert [route.trunk_id for route in (await plan(database, world)).routes] == [world.trunk_id]
        assert await refusal(database, world, "+14155552671") == "country_not_allowed"
        await run(database, "INSERT INTO spend_rule (tenant_id, destinations) SELECT id, '{+}' FROM tenant")
        abroad = await plan(database, world, "+14155552671")
        assert [route.trunk_id for route in abroad.routes] == [second]
        assert await refusal(database, world, "+33140205050") == "destination_not_allowed"


class TestLimits:
    async def test_of_every_level_and_trunk(self, database: Database, world: World) -> None:
        second = await add_trunk(database, world, "second", max_calls=9)
        await add_fallback(database, world, second)
        first = world.first
        await run(database, "UPDATE trunk SET max_calls = 8, calls_per_second = 2 WHERE id = :id", id=world.trunk_id)
        await run(database, "UPDATE caller_id SET max_calls = 4 WHERE tenant_id = :id", id=first.enterprise_id)
        limits = {first.enterprise_id: 10, first.reseller_id: 20, world.operator_id: 1000}
        for tenant_id, most in limits.items():
            await run(database, "UPDATE tenant SET max_calls = :most WHERE id = :id", most=most, id=tenant_id)
        caller_id = await run(database, "SELECT id FROM caller_id WHERE tenant_id = :id", id=first.enterprise_id)
        assert (await plan(database, world)).limits == (
            LimitKey("tenant", first.enterprise_id, 10),
            LimitKey("reseller", first.reseller_id, 20),
            LimitKey("reseller", world.operator_id, 1000),
            LimitKey("caller_id", caller_id, 4),
            LimitKey("trunk", world.trunk_id, 8),
            LimitKey("calls_per_second", world.trunk_id, 2),
            LimitKey("trunk", second, 9),
        )
        async with database.begin() as session:
            inbound = await find_inbound_limits(session, first.enterprise_id, "192.0.2.1:5060")
            unknown = await find_inbound_limits(session, first.enterprise_id)
        assert inbound == (*unknown, LimitKey("trunk", world.trunk_id, 8))
        assert len(unknown) == 3

    async def test_a_call_that_a_limit_refuses_is_no_attempt(self, database: Database, world: World) -> None:
        await run(database, "UPDATE tenant SET max_calls = 1 WHERE id = :id", id=world.first.enterprise_id)
        counter = LimitCounter()

        def admit(found: TrunkPlan) -> TrunkPlan:
            admitted = counter.admit(new_id(), found, NOON)
            if isinstance(admitted, LimitKey):
                raise CallRefused(refusal_code(admitted))
            return admitted

        await plan(database, world, admit=admit)
        assert await refusal(database, world, admit=admit) == "tenant_limit"
        assert await run(database, "SELECT count(*) FROM dial_attempt") == 1


class TestRecording:
    async def test_the_most_particular_policy(self, database: Database, world: World) -> None:
        first = world.first
        assert (await plan(database, world)).recording == RecordingPolicy()
        add = (
            "INSERT INTO recording_policy (tenant_id, agent_id, mode, starts_at, can_pause)"
            " VALUES (:tenant, :agent, :mode, :starts, false)"
        )
        await run(database, add, tenant=first.enterprise_id, agent=None, mode="forced", starts="ringback")
        forced = RecordingPolicy(RecordingMode.FORCED, RecordingStart.RINGBACK, False)
        assert (await plan(database, world)).recording == forced
        await run(database, add, tenant=first.enterprise_id, agent=first.agent_id, mode="forbidden", starts="answer")
        forbidden = RecordingPolicy(RecordingMode.FORBIDDEN, RecordingStart.ANSWER, False)
        assert (await plan(database, world)).recording == forbidden
        assert (await plan(database, world, callee="13900139000", agent_id=None)).recording == forced

    async def test_one_policy_per_subject(self, database: Database, world: World) -> None:
        add = "INSERT INTO recording_policy (tenant_id) VALUES (:tenant)"
        await run(database, add, tenant=world.first.enterprise_id)
        with pytest.raises(Exception, match="uq_recording_policy"):
            await run(database, add, tenant=world.first.enterprise_id)


class TestBlacklist:
    @pytest.mark.parametrize("level", ["operator_id", "reseller_id", "enterprise_id"])
    @pytest.mark.parametrize(
        ("number", "is_prefix"), [("+8613800138000", False), ("+86138", True), ("+8613800138000", True)]
    )
    async def test_at_three_levels(
        self, database: Database, world: World, level: str, number: str, is_prefix: bool
    ) -> None:
        tenant_id = world.operator_id if level == "operator_id" else getattr(world.first, level)
        await list_number(database, tenant_id, number, is_prefix)
        assert await refusal(database, world) == "blacklisted"
        await plan(database, world, "13900139000")

    async def test_lists_of_others_and_other_directions(self, database: Database, world: World) -> None:
        await list_number(database, world.second.enterprise_id, "+8613800138000")
        await list_number(database, world.second.reseller_id, "+86", True)
        await list_number(database, world.first.enterprise_id, "+8613800138000", direction="inbound")
        await list_number(database, world.first.enterprise_id, "+861380013800")
        await plan(database, world)


async def list_number(
    database: Database, tenant_id: int, number: str, is_prefix: bool = False, direction: str = "outbound"
) -> None:
    await run(
        database,
        "INSERT INTO blacklist_entry (tenant_id, number, is_prefix, direction)"
        " VALUES (:tenant, :number, :prefix, :dir)",
        tenant=tenant_id, number=number, prefix=is_prefix, dir=direction,
    )  # fmt: skip


class TestFrequency:
    async def test_the_shipped_rule(self, database: Database, world: World) -> None:
        """3 per 5 minutes and 5 per 24 hours for one callee."""
        for at in (0, 10, 299):
            await plan(database, world, at=NOON + at)
        assert await refusal(database, world, at=NOON + 299.9) == "callee_rate_exceeded"
        await plan(database, world, "13900139000", at=NOON + 299.9)
        await plan(database, world, at=NOON + 300)
        await plan(database, world, at=NOON + 600)
        assert await refusal(database, world, at=NOON + 86399) == "callee_rate_exceeded"
        await plan(database, world, at=NOON + 86401)

    async def test_the_operator_says_otherwise(self, database: Database, world: World) -> None:
        add = (
            "INSERT INTO frequency_rule (tenant_id, subject, window_s, most) VALUES (:tenant, 'callee', :window, :most)"
        )
        await run(database, add, tenant=world.operator_id, window=300, most=None)
        await run(database, add, tenant=world.operator_id, window=86400, most=7)
        for _ in range(7):
            await plan(database, world)
        assert await refusal(database, world) == "callee_rate_exceeded"

    async def test_the_tightest_level_wins(self, database: Database, world: World) -> None:
        add = (
            "INSERT INTO frequency_rule (tenant_id, subject, window_s, most) VALUES (:tenant, :subject, :window, :most)"
        )
        await run(database, add, tenant=world.first.enterprise_id, subject="callee", window=3600, most=100)
        await run(database, add, tenant=world.first.reseller_id, subject="callee", window=3600, most=1)
        await plan(database, world)
        assert await refusal(database, world) == "callee_rate_exceeded"

    async def test_a_caller_id(self, database: Database, world: World) -> None:
        add = "INSERT INTO frequency_rule (tenant_id, subject, window_s, most) VALUES (:tenant, 'caller_id', 60, 2)"
        await run(database, add, tenant=world.first.enterprise_id)
        await add_caller_id(database, world, "+861088888888")
        for number in range(2):
            await plan(database, world, f"1380013800{number}")
        assert await refusal(database, world, "13800138009") == "caller_id_rate_exceeded"
        await plan(database, world, "13800138009", caller_id="+861088888888")
        await plan(database, world, "13800138009", at=NOON + 60)

    async def test_a_level_counts_all_below_it_and_nobody_else(self, database: Database, world: World) -> None:
        add = "INSERT INTO frequency_rule (tenant_id, subject, window_s, most) VALUES (:tenant, 'callee', 3600, 1)"
        await run(database, add, tenant=world.first.reseller_id)
        async with database.begin() as session:
            await find_outbound_plan(session, world.second.enterprise_id, None, MOBILE, None, NOON)
        await plan(database, world)
        assert await refusal(database, world) == "callee_rate_exceeded"

    async def test_forwarding_counts_the_caller_id_only(self, database: Database, world: World) -> None:
        for _ in range(6):
            await plan(database, world, is_forwarded=True)
        add = "INSERT INTO frequency_rule (tenant_id, subject, window_s, most) VALUES (:tenant, 'caller_id', 3600, 6)"
        await run(database, add, tenant=world.first.enterprise_id)
        assert await refusal(database, world, is_forwarded=True) == "caller_id_rate_exceeded"

    async def test_twenty_at_once(self, database: Database, world: World) -> None:
        """However they race, exactly three get through."""
        results = await asyncio.gather(*(plan(database, world) for _ in range(20)), return_exceptions=True)
        refused = [result for result in results if isinstance(result, CallRefused)]
        assert len([result for result in results if isinstance(result, TrunkPlan)]) == 3
        assert {found.refusal for found in refused} == {"callee_rate_exceeded"}
        assert len(refused) == 17

    async def test_both_numbers_at_once_never_wait_for_each_other(self, database: Database, world: World) -> None:
        add = "INSERT INTO frequency_rule (tenant_id, subject, window_s, most) VALUES (:tenant, 'caller_id', 3600, 15)"
        await run(database, add, tenant=world.operator_id)
        calls = [plan(database, world, f"1380013800{number % 10}") for number in range(40)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert len([result for result in results if isinstance(result, TrunkPlan)]) == 15
        assert all(isinstance(result, TrunkPlan | CallRefused) for result in results)
