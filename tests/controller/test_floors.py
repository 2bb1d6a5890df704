"""The floors of a controller beside the database: what is stored comes in, what is decided is stored."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from ucc.controller.floors import Floors
from ucc.db.unit import Database
from ucc.engine.acd import effects as ef
from ucc.engine.acd import events as ev
from ucc.engine.acd.decide import decide
from ucc.engine.acd.model import Presence
from world import World

pytestmark = pytest.mark.db


class Desk:
    """Floors, and what they are told to keep, at a time that the test sets."""

    def __init__(self, database: Database, controller: str = "one") -> None:
        self.at = 1_800_000_000.0
        self.told: list[ef.FloorEffect] = []
        self.floors = Floors(database, controller, lambda: self.at)
        self.floors.post = self.post
        self.posted: list[ev.FloorEvent] = []

    def post(self, tenant_id: int, event: ev.FloorEvent) -> None:
        self.posted.append(event)
        self.floors.floors[tenant_id], effects = decide(self.floors.floors[tenant_id], event)
        for effect in effects:
            if isinstance(effect, ef.KeepStretch):
                self.floors.keep_stretch(effect)
            else:
                self.told.append(effect)

    def ask(self, tenant_id: int, agent_id: int, presence: Presence, after_s: float) -> None:
        self.at += after_s
        self.post(tenant_id, ev.PresenceAsked(self.at, agent_id, presence))


async def test_settings_are_posted_when_they_change_and_only_then(database: Database, world: World) -> None:
    desk, first = Desk(database), world.first
    await desk.floors.load()
    assert len(desk.posted) == 2
    await desk.floors.load()
    assert len(desk.posted) == 2
    async with database.begin() as session:
        await session.execute(text("UPDATE queue SET max_length = 7 WHERE id = :id"), {"id": first.queue_id})
    await desk.floors.load()
    assert len(desk.posted) == 3
    assert desk.floors.floors[first.enterprise_id].queues[first.queue_id].policy.max_length == 7


async def test_agents_are_found(database: Database, world: World) -> None:
    desk, first = Desk(database), world.first
    found = await desk.floors.get_agent(first.agent_id)
    assert found is not None
    assert found[0] == first.enterprise_id
    assert desk.floors.find_agent_by_extension(first.extension) == found
    assert desk.floors.find_agent_by_extension("9999") is None
    assert await desk.floors.get_agent(999) is None


async def test_a_tenant_of_another_controller_is_left_alone(database: Database, world: World) -> None:
    one, other = Desk(database, "one"), Desk(database, "other")
    await one.floors.load()
    await other.floors.load()
    assert set(one.floors.floors) == {world.first.enterprise_id, world.second.enterprise_id}
    assert other.floors.floors == {}
    async with database.begin() as session:
        await session.execute(text("UPDATE tenant_lease SET expires_at = now() - interval '1 s'"))
    await other.floors.load()
    assert set(other.floors.floors) == set(one.floors.floors)


async def test_time_is_kept_without_a_gap_over_a_restart(database: Database, world: World) -> None:
    desk, first = Desk(database), world.first
    tenant_id, agent_id = first.enterprise_id, first.agent_id
    await desk.floors.load()
    desk.ask(tenant_id, agent_id, Presence.READY, 5)
    begun = desk.at
    desk.ask(tenant_id, agent_id, Presence.PAUSED, 30)
    desk.ask(tenant_id, agent_id, Presence.READY, 12.5)
    await desk.floors.write_stretches()
    async with database.begin() as session:
        await session.execute(
            text("UPDATE agent SET presence = 'ready', presence_since = to_timestamp(:at) WHERE id = :id"),
            {"at": begun, "id": agent_id},
        )
    again = Desk(database)
    again.at = desk.at + 20
    await again.floors.load()
    assert again.floors.floors[tenant_id].agents[agent_id].state == "ready"
    again.ask(tenant_id, agent_id, Presence.OFFLINE, 40)
    await again.floors.write_stretches()
    async with database.begin() as session:
        rows = await session.execute(
            text("SELECT state, extract(epoch FROM since), extract(epoch FROM until) FROM agent_stretch ORDER BY since")
        )
        kept = [(state, float(since) - begun, float(until) - begun) for state, since, until in rows]
    assert kept == [("ready", 0.0, 30.0), ("paused", 30.0, 42.5), ("ready", 42.5, 102.5)]


class AwayDatabase:
    def begin(self) -> None:
        raise OSError("connection refused")


async def test_stretches_wait_for_the_database(database: Database, world: World) -> None:
    desk, first = Desk(database), world.first
    await desk.floors.load()
    for _ in range(3):
        desk.ask(first.enterprise_id, first.agent_id, Presence.READY, 1)
        desk.ask(first.enterprise_id, first.agent_id, Presence.OFFLINE, 1)
    desk.floors._database = AwayDatabase()  # type: ignore[assignment]
    await desk.floors.write_stretches()
    desk.floors._database = database
    await desk.floors.write_stretches()
    async with database.begin() as session:
        since = list(await session.scalars(text("SELECT since FROM agent_stretch ORDER BY since")))
    assert len(since) == 3
