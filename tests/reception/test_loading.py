"""What calls are told of their enterprise: where a number leads, who calls, how somebody is reached."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.call.service import finish_call
from ucc.config import Settings
from ucc.db.unit import Database
from ucc.engine.effects import AgentTarget
from ucc.engine.ivr import Exit, Run, begin
from ucc.engine.ivr_check import check_linked, check_tree
from ucc.engine.ivr_tree import Caller
from ucc.engine.record import Direction, Result
from ucc.engine.target import (
    AgentPlan,
    MenuPlan,
    QueuePlan,
    ToAgent,
    ToMenu,
    ToNumber,
    ToQueue,
    ToVoicemail,
    VoicemailPlan,
)
from ucc.reception.compile import compile_did
from ucc.reception.destination import (
    AgentChoice,
    MenuChoice,
    NumberChoice,
    QueueChoice,
    VoicemailChoice,
)
from ucc.reception.loading import CallerBlacklisted, TargetFailed, find_caller, find_inbound_plan, find_target
from ucc.reception.region import find_region
from world import NOON, Branch, World, finished_call

CALLER = "13800138000"
HOME = Settings(home=Path("/home/ucc"))
CHOICES = (
    MenuChoice(kind="menu", tree_id=1),
    QueueChoice(kind="queue", queue_id=1),
    AgentChoice(kind="agent", agent_id=1),
    NumberChoice(kind="number", number="01088880000"),
    VoicemailChoice(kind="voicemail", box_id=1),
)


async def run(session: AsyncSession, statement: str, **values: object) -> Any:
    result = await session.execute(text(statement), values)
    return result.scalar() if result.returns_rows else None


async def publish(session: AsyncSession, tenant_id: int, name: str, nodes: dict[str, Any], entry: str = "top") -> int:
    body = json.dumps({"entry": entry, "nodes": nodes})
    tree_id: int = await run(
        session,
        "INSERT INTO ivr_tree (tenant_id, name, draft, published_version) VALUES (:t, :n, :b, 1) RETURNING id",
        t=tenant_id,
        n=name,
        b=body,
    )
    await run(
        session,
        "INSERT INTO ivr_tree_version (tree_id, version, tenant_id, body) VALUES (:i, 1, :t, :b)",
        i=tree_id,
        t=tenant_id,
        b=body,
    )
    return tree_id


async def lead(session: AsyncSession, branch: Branch, **choice: Any) -> None:
    """The DID of this enterprise leads there from now on."""
    await run(session, "DELETE FROM destination WHERE did_id = :d", d=branch.did_id)
    names = ", ".join(choice)
    await run(
        session,
        f"INSERT INTO destination (tenant_id, did_id, occasion, {names}) "
        f"VALUES (:t, :d, 'open', {', '.join(':' + name for name in choice)})",
        t=branch.enterprise_id,
        d=branch.did_id,
        **choice,
    )


class TestCompiled:
    def test_every_choice_is_a_tree_that_passes_the_check(self) -> None:
        for opened in CHOICES:
            for closed in (None, *CHOICES):
                for schedule_id in (None, 3):
                    tree = compile_did(schedule_id, opened, closed)
                    assert [x.code for x in check_tree(tree) if x.code not in ("dangling", "unreachable")] == []
                    assert [x for x in check_linked(tree) if x.code == "dangling"] == []

    def test_closed_hours_are_told_when_nothing_else_is_wanted(self) -> None:
        tree = compile_did(3, CHOICES[1], None)
        assert set(tree.nodes) == {"hours", "open", "closed", "holiday", "end"}
        step = begin(tree, Caller(""), NOON)
        assert step.run.node == "end" if isinstance(step, Exit) else step.node == "closed"


@pytest.mark.db
class TestInbound:
    async def test_a_number_that_leads_to_a_queue(self, database: Database, world: World) -> None:
        async with database.begin() as session:
            plan = await find_inbound_plan(session, world.first.did, CALLER, settings=HOME)
        assert plan is not None
        assert (plan.tenant_id, plan.did_id, plan.callee) == (
            world.first.enterprise_id,
            world.first.did_id,
            world.first.did,
        )
        assert plan.caller == Caller("+8613800138000", province="北京", city="北京")
        assert (plan.language, plan.voice, plan.ringback) == ("zh-CN", "/home/ucc/prompt/zh", None)
        step = begin(plan.tree, plan.caller, NOON)
        assert isinstance(step, Exit)
        assert step.target == ToQueue(world.first.queue_id)

    async def test_nobodys_numbers(self, database: Database, world: World) -> None:
        async with database.begin() as session:
            for did in ("+861088889999", "", "anonymous"):
                assert await find_inbound_plan(session, did, CALLER) is None
            await run(session, "DELETE FROM destination")
            assert await find_inbound_plan(session, world.first.did, CALLER) is None

    async def test_a_menu_is_loaded_with_all_that_it_needs(self, database: Database, world: World) -> None:
        branch = world.first
        async with database.begin() as session:
            prompt = await run(
                session,
                "INSERT INTO prompt (tenant_id, name, sha256, duration_ms) "
                "VALUES (:t, 'hi', repeat('a', 64), 5) RETURNING id",
                t=branch.enterprise_id,
            )
            schedule = await run(
                session,
                "INSERT INTO schedule (tenant_id, name, weekly) "
                "VALUES (:t, 'always', '[[[0,0]],[[0,0]],[[0,0]],[[0,0]],[[0,0]],[[0,0]],[[0,0]]]') RETURNING id",
                t=branch.enterprise_id,
            )
            sub = await publish(
                session,
                branch.enterprise_id,
                "sub",
                {
                    "top": {"kind": "play", "sounds": [f"prompt:{prompt}", "builtin:goodbye"], "next": "back"},
                    "back": {"kind": "return"},
                },
            )
            main = await publish(
                session,
                branch.enterprise_id,
                "main",
                {
                    "top": {"kind": "time_switch", "schedule_id": schedule, "on_open": "sub", "on_closed": "end"},
                    "sub": {"kind": "sub_menu", "tree_id": sub, "next": "end"},
                    "end": {"kind": "hang_up"},
                },
            )
            await lead(session, branch, kind="menu", tree_id=main)
            await run(
                session,
                "INSERT INTO reception_setting (tenant_id, language, ringback_prompt_id) VALUES (:t, 'en', :p)",
                t=branch.enterprise_id,
                p=prompt,
            )
            plan = await find_inbound_plan(
                session, branch.did, CALLER, datetime(2026, 11, 23, 4, tzinfo=UTC).timestamp(), HOME
            )
            assert plan is not None
            step = begin(plan.tree, plan.caller, datetime(2026, 11, 23, 4, tzinfo=UTC).timestamp())
            assert isinstance(step, Run)
            file = f"/home/ucc/prompt/{branch.enterprise_id}/{prompt}-{'a' * 16}"
            assert step.sounds == (file, "/home/ucc/prompt/en/goodbye")
            assert plan.ringback == file
            assert await find_target(session, branch.enterprise_id, ToMenu(main), settings=HOME) is not None
            with pytest.raises(TargetFailed, match="invalid"):
                await find_target(session, world.second.enterprise_id, ToMenu(main))

    async def test_a_blacklisted_caller(self, database: Database, world: World) -> None:
        branch = world.first
        async with database.begin() as session:
            await run(
                session,
                "INSERT INTO blacklist_entry (tenant_id, number, direction) VALUES (:t, '+8613800138000', 'inbound')",
                t=branch.reseller_id,
            )
            with pytest.raises(CallerBlacklisted) as refused:
                await find_inbound_plan(session, branch.did, CALLER)
            assert refused.value.tenant_id == branch.enterprise_id
            assert await find_inbound_plan(session, branch.did, "13800138001") is not None
            switch = {"kind": "caller_switch", "cases": [{"next": "end", "is_blacklisted": True}], "otherwise": "end"}
            nodes = {"top": switch, "end": {"kind": "hang_up"}}
            tree = await publish(session, branch.enterprise_id, "own", nodes)
            await lead(session, branch, kind="menu", tree_id=tree)
            plan = await find_inbound_plan(session, branch.did, CALLER)
            assert plan is not None
            assert plan.caller.is_blacklisted

    async def test_what_is_known_of_a_caller(self, database: Database, world: World) -> None:
        tenant = world.first.enterprise_id
        async with database.begin() as session:
            await run(
                session,
                "INSERT INTO priority_caller (tenant_id, number, priority) VALUES (:t, '+8675588880000', 30)",
                t=tenant,
            )
            assert await find_caller(session, tenant, "075588880000") == Caller(
                "+8675588880000", is_vip=True, province="广东", city="深圳"
            )
            assert not (await find_caller(session, world.second.enterprise_id, "075588880000")).is_vip
            assert await find_caller(session, tenant, "anonymous") == Caller("")


@pytest.mark.db
class TestTargets:
    async def test_a_queue_with_everything(self, database: Database, world: World) -> None:
        branch = world.first
        tenant = branch.enterprise_id
        async with database.begin() as session:
            prompt = await run(
                session,
                "INSERT INTO prompt (tenant_id, name, sha256, duration_ms) "
                "VALUES (:t, 'm', repeat('a', 64), 5) RETURNING id",
                t=tenant,
            )
            await run(
                session,
                "UPDATE queue SET priority = 2, last_agent_s = 10, announce_every_s = 30, music_prompt_id = :p, "
                "skills = '{\"en\": 3}' WHERE id = :q",
                p=prompt,
                q=branch.queue_id,
            )
            await run(
                session,
                "INSERT INTO destination (tenant_id, of_queue_id, occasion, kind, agent_id) "
                "VALUES (:t, :q, 'overflow', 'agent', :a)",
                t=tenant,
                q=branch.queue_id,
                a=branch.agent_id,
            )
            await run(
                session,
                "INSERT INTO priority_caller (tenant_id, number, priority) VALUES (:t, '+8613800138000', 30)",
                t=tenant,
            )
            spoke = datetime.now(UTC).timestamp() - 3600
            await finish_call(session, finished_call(branch, 50, started_at=spoke))
            target = ToQueue(branch.queue_id, 5, {"en": 1, "vip": 2})
            plan = await find_target(session, tenant, target, CALLER, settings=HOME)
        assert isinstance(plan, QueuePlan)
        assert plan == QueuePlan(
            branch.queue_id,
            max_wait_s=300.0,
            ring_timeout_s=15.0,
            music=f"/home/ucc/prompt/{tenant}/{prompt}-{'a' * 16}",
            announce_every_s=30.0,
            overflow=ToAgent(branch.agent_id),
            priority=37,
            skills={"en": 3, "vip": 2},
            last_agent_id=branch.agent_id,
            recording=plan.recording,
        )
        async with database.begin() as session:
            other = await find_target(session, tenant, ToQueue(branch.queue_id), "13800138999", settings=HOME)
        assert isinstance(other, QueuePlan)
        assert (other.priority, other.last_agent_id) == (2, None)

    async def test_the_last_agent_is_the_newest_whatever_comes_late(self, database: Database, world: World) -> None:
        branch = world.first
        async with database.begin() as session:
            inbound = finished_call(
                branch,
                30,
                direction=Direction.INBOUND,
                caller="+8613800138000",
                callee=branch.did,
                queue_id=branch.queue_id,
                started_at=NOON + 500,
            )
            await finish_call(session, inbound)
            await finish_call(session, finished_call(branch, 50, agent_id=None, started_at=NOON + 900))
            await finish_call(session, finished_call(branch, None, started_at=NOON + 900, result=Result.NO_ANSWER))
            await finish_call(session, finished_call(branch, 50, started_at=NOON))
            rows = (await session.execute(text("SELECT number, agent_id, spoke_at FROM last_agent"))).all()
        assert [tuple(row) for row in rows] == [
            ("+8613800138000", branch.agent_id, datetime.fromtimestamp(NOON + 535, UTC))
        ]

    async def test_agents_work_numbers_and_extensions(self, database: Database, world: World) -> None:
        branch = world.first
        tenant = branch.enterprise_id
        agent = AgentTarget(branch.agent_id, branch.extension, "Agent1")
        async with database.begin() as session:
            for target in (ToAgent(branch.agent_id), ToNumber("1001"), ToNumber("1001", True), ToNumber("8001")):
                plan = await find_target(session, tenant, target, settings=HOME)
                assert isinstance(plan, AgentPlan)
                assert plan.agent == agent
            assert await find_target(session, tenant, ToNumber("13800138000")) is None
            for target in (
                ToAgent(world.second.agent_id),
                ToQueue(world.second.queue_id),
                ToNumber("8001", is_short=True),
                ToNumber("13800138000", is_short=True),
                ToNumber("9999", is_short=True),
            ):
                with pytest.raises(TargetFailed, match="invalid"):
                    await find_target(session, tenant, target)
            await run(session, "UPDATE app_user SET is_active = false WHERE role = 'agent'")
            with pytest.raises(TargetFailed, match="invalid"):
                await find_target(session, tenant, ToAgent(branch.agent_id))

    async def test_voicemail(self, database: Database, world: World) -> None:
        branch = world.first
        tenant = branch.enterprise_id
        async with database.begin() as session:
            box = await run(
                session,
                "INSERT INTO voicemail_box (tenant_id, name, agent_id, max_message_s, max_messages) "
                "VALUES (:t, 'b', :a, 60, 1) RETURNING id",
                t=tenant,
                a=branch.agent_id,
            )
            plan = await find_target(session, tenant, ToVoicemail(box), settings=HOME)
            assert plan == VoicemailPlan(
                box, ("/home/ucc/prompt/zh/leave_message", "/home/ucc/prompt/zh/beep"), max_s=60.0
            )
            agent = await find_target(session, tenant, ToAgent(branch.agent_id), settings=HOME)
            assert isinstance(agent, AgentPlan)
            assert agent.overflow == ToVoicemail(box)
            await run(
                session,
                "INSERT INTO recording (id, call_id, tenant_id, state, sip_call_id, started_at, ended_at) "
                "VALUES (gen_random_uuid(), gen_random_uuid(), :t, 'spooled', 'x', now(), now())",
                t=tenant,
            )
            await run(
                session,
                "INSERT INTO voicemail_message (recording_id, tenant_id, box_id, call_id, caller, received_at) "
                "SELECT id, tenant_id, :b, call_id, '', now() FROM recording",
                b=box,
            )
            with pytest.raises(TargetFailed, match="full"):
                await find_target(session, tenant, ToVoicemail(box))
            with pytest.raises(TargetFailed, match="invalid"):
                await find_target(session, world.second.enterprise_id, ToVoicemail(box))

    async def test_a_tree_is_taken_as_it_is_published(self, database: Database, world: World) -> None:
        tenant = world.first.enterprise_id
        async with database.begin() as session:
            tree_id = await publish(session, tenant, "t", {"top": {"kind": "hang_up"}})
            before = await find_target(session, tenant, ToMenu(tree_id), settings=HOME)
            await run(session, 'UPDATE ivr_tree SET draft = \'{"entry": "x", "nodes": {}}\'')
            assert await find_target(session, tenant, ToMenu(tree_id), settings=HOME) == before
            assert isinstance(before, MenuPlan)
            await run(session, "UPDATE ivr_tree SET published_version = NULL")
            with pytest.raises(TargetFailed, match="invalid"):
                await find_target(session, tenant, ToMenu(tree_id))


@pytest.mark.parametrize(
    ("number", "region"),
    [
        ("+861088880001", ("北京", "北京")),
        ("+862188888888", ("上海", "上海")),
        ("+8675588880000", ("广东", "深圳")),
        ("+864718888888", ("内蒙古", "呼和浩特")),
        ("+8613987654321", ("云南", "昆明")),
        ("+864008001234", ("", "")),
        ("+442071234567", ("", "")),
        ("nonsense", ("", "")),
    ],
)
def test_regions(number: str, region: tuple[str, str]) -> None:
    assert find_region(number) == region
