"""The presence that an agent asked for, as it is kept."""

from __future__ import annotations

import pytest

from ucc.agent.models import Agent
from ucc.agent.service import set_presence
from ucc.db.unit import Database
from ucc.errors import NotFound
from world import World

pytestmark = pytest.mark.db


async def test_presence_is_kept_with_its_reason_only_while_paused(database: Database, world: World) -> None:
    for presence, reason, kept in (("paused", "lunch", "lunch"), ("ready", "lunch", None), ("offline", None, None)):
        async with database.begin() as session:
            await set_presence(session, world.first.agent_id, presence, reason)
        async with database.begin() as session:
            agent = await session.get_one(Agent, world.first.agent_id)
        assert (agent.presence, agent.presence_reason) == (presence, kept)


async def test_presence_of_nobody(database: Database, world: World) -> None:
    async with database.begin() as session:
        with pytest.raises(NotFound):
            await set_presence(session, 999, "ready", None)
        with pytest.raises(ValueError, match="presence"):
            await set_presence(session, world.first.agent_id, "asleep", None)
