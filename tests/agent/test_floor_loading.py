"""The floor as the controller loads it."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from ucc.agent.service import load_floor, set_presence
from ucc.db.unit import Database
from ucc.errors import NotFound
from world import World

pytestmark = pytest.mark.db


async def test_every_enterprise_with_its_queues_and_agents(database: Database, world: World) -> None:
    async with database.begin() as session:
        floors = await load_floor(session)
    assert [floor.tenant_id for floor in floors] == [world.first.enterprise_id, world.second.enterprise_id]
    for floor, branch in zip(floors, (world.first, world.second), strict=True):
        (queue,), (agent,) = floor.queues, floor.agents
        assert (queue.queue_id, queue.agent_ids) == (branch.queue_id, (branch.agent_id,))
        assert (queue.ring_timeout_s, queue.max_wait_s, queue.wrap_up_s) == (15, 300, 0)
        assert (agent.agent_id, agent.extension, agent.presence) == (branch.agent_id, branch.extension, "offline")


async def test_one_enterprise(database: Database, world: World) -> None:
    async with database.begin() as session:
        (floor,) = await load_floor(session, world.second.enterprise_id)
    assert floor.tenant_id == world.second.enterprise_id


async def test_users_who_left_are_not_on_the_floor(database: Database, world: World) -> None:
    async with database.begin() as session:
        await session.execute(text("UPDATE app_user SET is_active = false WHERE username = 'agent1'"))
        floors = await load_floor(session)
    assert [len(floor.agents) for floor in floors] == [0, 1]


async def test_presence_is_kept_with_its_reason_only_while_paused(database: Database, world: World) -> None:
    for presence, reason, kept in (("paused", "lunch", "lunch"), ("ready", "lunch", None), ("offline", None, None)):
        async with database.begin() as session:
            await set_presence(session, world.first.agent_id, presence, reason)
        async with database.begin() as session:
            agent = (await load_floor(session))[0].agents[0]
        assert (agent.presence, agent.presence_reason) == (presence, kept)


async def test_presence_of_nobody(database: Database, world: World) -> None:
    async with database.begin() as session:
        with pytest.raises(NotFound):
            await set_presence(session, 999, "ready", None)
        with pytest.raises(ValueError, match="presence"):
            await set_presence(session, world.first.agent_id, "asleep", None)
