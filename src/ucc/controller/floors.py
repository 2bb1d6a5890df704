"""The floors of the tenants that this controller owns: settings come from the database, what they decide goes there."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import replace

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.agent.service import set_presence
from ucc.controller.store import AWAY
from ucc.db.unit import Database
from ucc.engine.acd.effects import KeepPresence, KeepStretch
from ucc.engine.acd.events import FloorEvent, SettingsRead, TimePassed
from ucc.engine.acd.model import Agent, Floor
from ucc.errors import NotFound
from ucc.floor.loading import load_floors, load_last_moments
from ucc.floor.service import save_stretches
from ucc.tenant.service import renew_leases

log = structlog.get_logger("floors")
LEASE_S = 10.0
DEADLINE_S = 3.0
REFRESH_S = 2.0
WRITE_S = 1.0
MOST_UNWRITTEN = 200_000
BATCH = 5_000


class Floors:
    """`floors` is what is live; every change of it goes through `post`, which decides an event at once."""

    def __init__(self, database: Database, controller: str, time: Callable[[], float]) -> None:
        self._database = database
        self._controller = controller
        self._time = time
        self.floors: dict[int, Floor] = {}
        self.post: Callable[[int, FloorEvent], None] = _not_yet
        self._read: dict[int, SettingsRead] = {}
        self._by_extension: dict[str, tuple[int, int]] = {}
        self._elsewhere: set[int] = set()
        self._presences: asyncio.Queue[KeepPresence] = asyncio.Queue()
        self._stretches: deque[KeepStretch] = deque(maxlen=MOST_UNWRITTEN)

    # --- who is where ---------------------------------------------------------------------------------------------

    def find_agent(self, agent_id: int) -> tuple[int, Agent] | None:
        for tenant_id, floor in self.floors.items():
            if (agent := floor.agents.get(agent_id)) is not None:
                return tenant_id, agent
        return None

    def find_agent_by_extension(self, extension: str) -> tuple[int, Agent] | None:
        found = self._by_extension.get(extension)
        return self.find_agent(found[1]) if found is not None else None

    def find_colleague(self, tenant_id: int, number: str) -> Agent | None:
        """By work number, then by extension."""
        floor = self.floors.get(tenant_id)
        agents = list(floor.agents.values()) if floor is not None else []
        by_work_number = next((x for x in agents if x.work_number == number), None)
        return by_work_number or next((x for x in agents if x.target.extension == number), None)

    async def get_agent(self, agent_id: int) -> tuple[int, Agent] | None:
        """The same as `find_agent`; one made a moment ago is looked for in the database too."""
        if (found := self.find_agent(agent_id)) is None:
            try:
                async with asyncio.timeout(DEADLINE_S):
                    await self.load()
            except AWAY as error:
                log.warning("an agent cannot be looked up", agent=agent_id, why=type(error).__name__)
            found = self.find_agent(agent_id)
        return found

    # --- settings -------------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Read all settings anew. What is going on stays; a floor that is new here begins with the stored presences."""
        async with self._database.begin() as session:
            read = await load_floors(session, self._time())
            held = await renew_leases(session, self._controller, LEASE_S)
            new = [tenant_id for tenant_id in read if tenant_id in held and tenant_id not in self.floors]
            for tenant_id in new:
                read[tenant_id] = await _go_on(session, tenant_id, read[tenant_id])
        self._note_leases(set(read) - held)
        for tenant_id in new:
            self.floors[tenant_id] = Floor(tenant_id)
        for tenant_id in self.floors.keys() & read.keys():
            event = read[tenant_id]
            if not _is_same(self._read.get(tenant_id), event):
                self._read[tenant_id] = event
                self.post(tenant_id, event)
        self._by_extension = {
            agent.profile.target.extension: (tenant_id, agent.profile.target.agent_id)
            for tenant_id in self.floors.keys() & read.keys()
            for agent in read[tenant_id].agents
        }

    def _note_leases(self, elsewhere: set[int]) -> None:
        """One controller owns a tenant; what another one holds is not ours to drive until its lease runs out."""
        if elsewhere != self._elsewhere:
            log.warning("tenants that another controller owns", tenants=sorted(elsewhere))
        self._elsewhere = elsewhere

    # --- what floors want kept ------------------------------------------------------------------------------------

    def keep_presence(self, effect: KeepPresence) -> None:
        self._presences.put_nowait(effect)

    def keep_stretch(self, effect: KeepStretch) -> None:
        """With the database away for long, the oldest are lost first."""
        self._stretches.append(effect)

    # --- duties ---------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._refresh())
            group.create_task(self._tick())
            group.create_task(self._save_presences())
            group.create_task(self._save_stretches())

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                async with asyncio.timeout(DEADLINE_S):
                    await self.load()
            except AWAY as error:
                log.log(logging.DEBUG, "floors keep what they have", why=type(error).__name__)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            for tenant_id in list(self.floors):
                self.post(tenant_id, TimePassed(self._time()))

    async def _save_presences(self) -> None:
        """Write presences as they come, in order; waits for the database when it is away."""
        while True:
            effect = await self._presences.get()
            while not await self._has_saved(effect):  # noqa: ASYNC110 - the database tells nobody that it is back
                await asyncio.sleep(1.0)

    async def _has_saved(self, effect: KeepPresence) -> bool:
        try:
            async with self._database.begin() as session:
                await set_presence(session, effect.agent_id, effect.presence.value, effect.reason)
        except NotFound:
            return True
        except AWAY:
            return False
        return True

    async def _save_stretches(self) -> None:
        while True:
            await asyncio.sleep(WRITE_S)
            await self.write_stretches()

    async def write_stretches(self) -> None:
        """Write what there is, in batches; what could not be written is tried again with the next."""
        while self._stretches:
            batch = [self._stretches.popleft() for _ in range(min(BATCH, len(self._stretches)))]
            try:
                async with self._database.begin() as session:
                    await save_stretches(session, batch)
            except AWAY as error:
                self._stretches.extendleft(reversed(batch))
                log.log(logging.DEBUG, "stretches wait for the database", why=type(error).__name__)
                return


async def _go_on(session: AsyncSession, tenant_id: int, read: SettingsRead) -> SettingsRead:
    """A floor that begins anew counts its agents' time from where the last kept stretch ends."""
    last = await load_last_moments(session, tenant_id)
    agents = tuple(replace(x, since=max(x.since, last.get(x.profile.target.agent_id, 0.0))) for x in read.agents)
    return replace(read, agents=agents)


def _is_same(old: SettingsRead | None, new: SettingsRead) -> bool:
    return old is not None and replace(old, at=new.at) == new


def _not_yet(tenant_id: int, event: FloorEvent) -> None:
    raise RuntimeError("the floors have no runner yet")
