"""Routes: a DID to its queue, a number to a caller ID and a trunk, and every reason to refuse."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from ucc.db.unit import Database
from ucc.engine.effects import TrunkTarget
from ucc.engine.ivr_tree import GoQueue
from ucc.engine.target import TrunkPlan
from ucc.errors import REFUSALS, CallRefused
from ucc.kit.clock import now
from ucc.reception.loading import find_inbound_plan
from ucc.trunk.number import find_e164
from ucc.trunk.plan import find_outbound_plan
from world import World

MOBILE = "13800138000"


@pytest.mark.parametrize(
    ("written", "e164"),
    [
        ("01088880001", "+861088880001"),
        ("010-8888 0001", "+861088880001"),
        ("+86 10 8888 0001", "+861088880001"),
        ("13800138000", "+8613800138000"),
        ("008613800138000", "+8613800138000"),
        ("+14155552671", "+14155552671"),
        ("4008123123", "+864008123123"),
        ("", None),
        ("12", None),
        ("abc", None),
        ("1" * 33, None),
        ("+999123456789", None),
        ("anonymous", None),
        ("021-6123 4567", "+862161234567"),
        ("0755 2677 0000", "+8675526770000"),
        ("05911234567", None),
        ("0591 8123456", "+865918123456"),
        ("+86 021 6123 4567", "+862161234567"),
        ("013800138000", "+8613800138000"),
        ("95588", "+8695588"),
        ("10086", "+8610086"),
        ("110", "+86110"),
        ("12345", "+8612345"),
        ("8001", None),
        ("88880001", None),
        ("1380013800", None),
        ("138001380000", None),
        ("12800138000", None),
        ("010888800012", None),
        ("12345678901234567", None),
        ("+86 12345678901234567", None),
        ("1800FLOWERS", None),
        ("+44 20 7946 0018", "+442079460018"),
        ("+1415555", None),
        ("+85223456789", "+85223456789"),
    ],
)
def test_numbers(written: str, e164: str | None) -> None:
    assert find_e164(written) == e164


@pytest.mark.db
class TestInbound:
    @pytest.mark.parametrize("written", ["+861088880001", "01088880001", "861088880001"])
    async def test_found(self, database: Database, world: World, written: str) -> None:
        branch = world.first
        async with database.begin() as session:
            plan = await find_inbound_plan(session, written, MOBILE)
        assert plan is not None
        assert (plan.tenant_id, plan.did_id, plan.callee) == (branch.enterprise_id, branch.did_id, branch.did)
        assert plan.tree.nodes["open"] == GoQueue(branch.queue_id)

    @pytest.mark.parametrize("written", ["+861099999999", "8001", "", "x" * 500, "'; DROP TABLE did; --"])
    async def test_unknown(self, database: Database, world: World, written: str) -> None:
        async with database.begin() as session:
            assert await find_inbound_plan(session, written, MOBILE) is None

    async def test_a_did_without_a_queue_leads_nowhere(self, database: Database, world: World) -> None:
        async with database.begin() as session:
            await session.execute(text("DELETE FROM destination"))
            assert await find_inbound_plan(session, world.first.did, MOBILE) is None

    async def test_refused_like_outbound_calls(self, database: Database, world: World) -> None:
        async with database.begin() as session:
            await session.execute(text("UPDATE tenant SET is_suspended = true WHERE kind = 'operator'"))
            with pytest.raises(CallRefused) as refused:
                await find_inbound_plan(session, world.first.did, MOBILE)
        assert refused.value.refusal == "tenant_suspended"


async def outbound(database: Database, world: World, callee: str = MOBILE, caller_id: str | None = None) -> TrunkPlan:
    async with database.begin() as session:
        at = now().timestamp()
        return await find_outbound_plan(session, world.first.enterprise_id, None, callee, caller_id, at)


async def execute(database: Database, statement: str, **values: object) -> None:
    async with database.begin() as session:
        await session.execute(text(statement), values)


@pytest.mark.db
class TestOutbound:
    async def test_found(self, database: Database, world: World) -> None:
        plan = await outbound(database, world)
        did = world.first.did
        assert plan.routes == (TrunkTarget(world.trunk_id, "192.0.2.1", 5060, "+8613800138000", did),)

    @pytest.mark.parametrize(
        ("statement", "refusal"),
        [
            ("UPDATE tenant SET is_suspended = true WHERE id = :enterprise", "tenant_suspended"),
            ("UPDATE tenant SET is_suspended = true WHERE id = :reseller", "tenant_suspended"),
            ("UPDATE account SET balance_micros = 0 WHERE tenant_id = :enterprise", "balance_exhausted"),
            ("UPDATE account SET balance_micros = -1 WHERE tenant_id = :reseller", "balance_exhausted"),
            ("UPDATE tenant SET rate_plan_id = NULL WHERE kind = 'operator'", "no_rate"),
            ("DELETE FROM caller_id WHERE tenant_id = :enterprise", "no_caller_id"),
            ("UPDATE trunk SET is_active = false", "no_trunk"),
        ],
    )
    async def test_refused(self, database: Database, world: World, statement: str, refusal: str) -> None:
        ids = {"enterprise": world.first.enterprise_id, "reseller": world.first.reseller_id}
        await execute(database, statement, **{key: value for key, value in ids.items() if f":{key}" in statement})
        with pytest.raises(CallRefused) as refused:
            await outbound(database, world)
        assert refused.value.refusal == refusal
        assert str(refused.value) == REFUSALS[refusal]

    @pytest.mark.parametrize("callee", ["", "1", "abc", "+999123", "8" * 40])
    async def test_invalid_numbers(self, database: Database, world: World, callee: str) -> None:
        with pytest.raises(CallRefused) as refused:
            await outbound(database, world, callee)
        assert refused.value.refusal == "invalid_number"

    async def test_only_granted_caller_ids(self, database: Database, world: World) -> None:
        assert (await outbound(database, world, caller_id=world.first.did)).caller_id == world.first.did
        with pytest.raises(CallRefused) as refused:
            await outbound(database, world, caller_id=world.second.did)
        assert refused.value.refusal == "caller_id_not_granted"

    async def test_a_credit_limit_lets_a_balance_fall_below_zero(self, database: Database, world: World) -> None:
        await execute(
            database, "UPDATE account SET balance_micros = -100000, limit_micros = 200000 WHERE kind = 'balance'"
        )
        await outbound(database, world)
        await execute(database, "UPDATE account SET balance_micros = -100001 WHERE kind = 'balance'")
        with pytest.raises(CallRefused):
            await outbound(database, world)

    async def test_another_enterprise_is_not_affected(self, database: Database, world: World) -> None:
        await execute(database, "UPDATE tenant SET is_suspended = true WHERE id = :id", id=world.second.enterprise_id)
        await outbound(database, world)
