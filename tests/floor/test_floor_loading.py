"""The floor as the controller loads it, and the time of its agents as it is kept."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text

from ucc.db.unit import Database
from ucc.engine.acd.effects import KeepStretch
from ucc.engine.acd.model import Member, Presence, RelaxStep, Strategy
from ucc.floor.loading import load_floors, load_last_moments
from ucc.floor.service import save_stretches
from world import NOON, World

pytestmark = pytest.mark.db
CALL = UUID(int=7)


async def test_every_enterprise_with_its_queues_and_agents(database: Database, world: World) -> None:
    async with database.begin() as session:
        floors = await load_floors(session, NOON)
    assert set(floors) == {world.first.enterprise_id, world.second.enterprise_id}
    for branch in (world.first, world.second):
        floor = floors[branch.enterprise_id]
        (queue,), (agent,) = floor.queues, floor.agents
        assert floor.at == NOON
        assert (queue.queue_id, queue.members) == (branch.queue_id, {branch.agent_id: Member(branch.agent_id)})
        assert (queue.ring_timeout_s, queue.max_wait_s, queue.strategy) == (15.0, 300.0, Strategy.LONGEST_IDLE)
        target = agent.profile.target
        assert (target.agent_id, target.extension, agent.presence) == (
            branch.agent_id,
            branch.extension,
            Presence.OFFLINE,
        )


async def test_every_setting_reaches_the_floor(database: Database, world: World) -> None:
    first = world.first
    async with database.begin() as session:
        await session.execute(
            text(
                "UPDATE queue SET strategy = 'ring_all', is_open = false, wrap_up_s = 9, weight = 2, priority_s = 60, "
                "max_length = 5, max_estimate_s = 90, max_ratio = 1.5, max_agents = 3, is_refused_when_paused = true, "
                "relax = '[[60, null], [20, 2]]', last_agent_s = 30, max_no_answers = 0, ring_all_most = 4 "
                "WHERE id = :id"
            ),
            {"id": first.queue_id},
        )
        await session.execute(text('UPDATE queue_member SET penalty = 1, "order" = 7'))
        await session.execute(
            text("INSERT INTO agent_skill (agent_id, tenant_id, skill, level) VALUES (:a, :t, 'english', 4)"),
            {"a": first.agent_id, "t": first.enterprise_id},
        )
        await session.execute(
            text("INSERT INTO floor_setting VALUES (:t, 12)"),
            {"t": first.enterprise_id},
        )
        floors = await load_floors(session, NOON)
    floor = floors[first.enterprise_id]
    (queue,), (agent,) = floor.queues, floor.agents
    assert queue.members == {first.agent_id: Member(first.agent_id, 1, 7)}
    assert (queue.strategy, queue.is_open, queue.wrap_up_s, queue.weight) == (Strategy.RING_ALL, False, 9.0, 2)
    assert (queue.priority_s, queue.max_length, queue.max_estimate_s, queue.max_ratio) == (60.0, 5, 90.0, 1.5)
    assert (queue.max_agents, queue.is_refused_when_paused, queue.last_agent_s) == (3, True, 30.0)
    assert (queue.relax, queue.max_no_answers) == ((RelaxStep(20.0, 2), RelaxStep(60.0, None)), 0)
    assert queue.ring_all_most == 4
    assert (agent.profile.skills, floor.outbound_wrap_up_s) == ({"english": 4}, 12.0)
    assert floors[world.second.enterprise_id].outbound_wrap_up_s == 0.0


async def test_users_who_left_are_not_on_the_floor(database: Database, world: World) -> None:
    async with database.begin() as session:
        await session.execute(text("UPDATE app_user SET is_active = false WHERE username = 'agent1'"))
        floors = await load_floors(session, NOON)
    counts = [(len(x.agents), len(x.queues[0].members)) for _, x in sorted(floors.items())]
    assert counts == [(0, 0), (1, 1)]


async def test_stretches_are_kept_once_and_counting_goes_on_from_the_last(database: Database, world: World) -> None:
    agent_id = world.first.agent_id
    stretches = [
        KeepStretch(agent_id, "ready", NOON, NOON + 10.0004),
        KeepStretch(agent_id, "talk", NOON + 10.0004, NOON + 70.5, None, CALL, world.first.queue_id),
        KeepStretch(agent_id, "paused", NOON + 70.5, NOON + 80, "tea"),
        KeepStretch(agent_id, "ready", NOON + 80, NOON + 80.0001),
        KeepStretch(999, "ready", NOON, NOON + 1),
    ]
    for _ in range(2):
        async with database.begin() as session:
            await save_stretches(session, stretches)
    async with database.begin() as session:
        rows = (await session.execute(text("SELECT * FROM agent_stretch ORDER BY since"))).mappings().all()
        last = await load_last_moments(session, world.first.enterprise_id)
    assert [(x["state"], x["reason"], x["call_id"]) for x in rows] == [
        ("ready", None, None),
        ("talk", None, CALL),
        ("paused", "tea", None),
    ]
    assert [x["until"] for x in rows[:-1]] == [x["since"] for x in rows[1:]]
    assert {x["tenant_id"] for x in rows} == {world.first.enterprise_id}
    assert last == {agent_id: NOON + 80}
