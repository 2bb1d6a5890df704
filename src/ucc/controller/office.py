"""The office of the runner: routes from the database, kept calls, stored presence, floors kept up to date."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

import structlog

from ucc.agent.service import TenantFloor, load_floor, set_presence
from ucc.controller.live import Live
from ucc.controller.store import AWAY, CallStore
from ucc.db.unit import Database
from ucc.engine import events as ev
from ucc.engine.effects import AgentTarget, TrunkTarget
from ucc.engine.floor import Agent, Floor, KeepPresence, Presence, Queue
from ucc.engine.record import FinishedCall
from ucc.engine.state import CallState
from ucc.errors import CallRefused, NotFound
from ucc.tenant.service import renew_leases
from ucc.trunk.number import find_e164
from ucc.trunk.service import InboundRoute, OutboundRoute, find_inbound_route, find_outbound_route

log = structlog.get_logger("office")
T = TypeVar("T")
ROUTE_DEADLINE_S = 3.0
LEASE_S = 10.0
NOT_FOUND, REFUSED, CONGESTION = 1, 21, 34


class ControllerOffice:
    """Implements `switch.runner.Office` with the product's domains."""

    def __init__(self, database: Database, store: CallStore, live: Live, controller: str) -> None:
        self._database = database
        self._store = store
        self._live = live
        self._controller = controller
        self._presences: asyncio.Queue[KeepPresence] = asyncio.Queue()
        self.floors: dict[int, Floor] = {}
        self.unknown_dids: Counter[str] = Counter()
        self._elsewhere: set[int] = set()

    # --- routes ---------------------------------------------------------------------------------------------------

    async def find_inbound_route(self, did: str, caller: str, at: float) -> ev.InboundRouteFound | ev.RouteRefused:
        try:
            route = await _within_deadline(self._load_inbound_route(did))
        except CallRefused as refused:
            log.warning("an inbound call is refused", did=did, code=refused.refusal)
            return ev.RouteRefused(at, refused.refusal, REFUSED)
        except AWAY as error:
            log.error("no route while the database is away", did=did, why=type(error).__name__)
            return ev.RouteRefused(at, "database_unavailable", CONGESTION)
        if route is None:
            self.unknown_dids[did] += 1
            log.warning("unknown DID", did=did, times=self.unknown_dids[did])
            return ev.RouteRefused(at, "unknown_did", NOT_FOUND)
        floor = self.floors.get(route.tenant_id)
        queue = floor.queues.get(route.queue_id) if floor is not None else None
        if queue is None:
            log.error("the queue of a DID is not on this controller", did=did, queue=route.queue_id)
            return ev.RouteRefused(at, "unknown_queue", NOT_FOUND, route.tenant_id)
        return ev.InboundRouteFound(
            at=at,
            tenant_id=route.tenant_id,
            did_id=route.did_id,
            queue_id=route.queue_id,
            caller=find_e164(caller) or caller,
            callee=find_e164(did) or did,
            max_wait_s=queue.max_wait_s,
            ring_timeout_s=queue.ring_timeout_s,
        )

    async def find_outbound_route(
        self, extension: str, callee: str, at: float
    ) -> ev.OutboundRouteFound | ev.RouteRefused:
        found = self.find_agent_by_extension(extension)
        if found is None:
            log.warning("an extension of no agent dialled", extension=extension)
            return ev.RouteRefused(at, "no_agent", REFUSED)
        tenant_id, agent = found
        agent_id = agent.target.agent_id
        try:
            route = await _within_deadline(self._load_outbound_route(tenant_id, callee))
        except CallRefused as refused:
            log.info("an outbound call is refused", extension=extension, callee=callee, code=refused.refusal)
            cause = NOT_FOUND if refused.refusal == "invalid_number" else REFUSED
            return ev.RouteRefused(at, refused.refusal, cause, tenant_id, agent_id)
        except AWAY as error:
            log.error("no route while the database is away", callee=callee, why=type(error).__name__)
            return ev.RouteRefused(at, "database_unavailable", CONGESTION, tenant_id, agent_id)
        trunk = TrunkTarget(route.trunk_id, route.host, route.port, route.callee_on_trunk, route.caller_id)
        return ev.OutboundRouteFound(at, tenant_id, agent.target, find_e164(callee) or callee, trunk)

    async def _load_inbound_route(self, did: str) -> InboundRoute | None:
        async with self._database.begin() as session:
            return await find_inbound_route(session, did)

    async def _load_outbound_route(self, tenant_id: int, callee: str) -> OutboundRoute:
        async with self._database.begin() as session:
            return await find_outbound_route(session, tenant_id, callee)

    def find_agent_by_extension(self, extension: str) -> tuple[int, Agent] | None:
        for floor in self.floors.values():
            for agent in floor.agents.values():
                if agent.target.extension == extension:
                    return floor.tenant_id, agent
        return None

    def find_agent(self, agent_id: int) -> tuple[int, Agent] | None:
        for floor in self.floors.values():
            if agent_id in floor.agents:
                return floor.tenant_id, floor.agents[agent_id]
        return None

    async def get_agent(self, agent_id: int) -> tuple[int, Agent] | None:
        """The same; an agent made a moment ago is looked for in the database too."""
        if (found := self.find_agent(agent_id)) is None:
            try:
                async with asyncio.timeout(ROUTE_DEADLINE_S):
                    await self.load_floors()
            except AWAY as error:
                log.warning("an agent cannot be looked up", agent=agent_id, why=type(error).__name__)
            found = self.find_agent(agent_id)
        return found

    # --- kept -----------------------------------------------------------------------------------------------------

    def keep_state(self, state: CallState) -> None:
        self._store.keep(state)

    def finish(self, finished: FinishedCall) -> None:
        self._store.finish(finished)

    def keep_presence(self, effect: KeepPresence) -> None:
        self._presences.put_nowait(effect)

    def publish_call(self, state: CallState) -> None:
        self._live.show_call(state)

    def publish_floor(self, before: Floor, after: Floor) -> None:
        self._live.show_floor(before, after)

    async def save_presences(self) -> None:
        """Write presences as they come, in order; waits for the database when it is away."""
        while True:
            effect = await self._presences.get()
            while True:
                try:
                    async with self._database.begin() as session:
                        await set_presence(session, effect.agent_id, effect.presence.value, effect.reason)
                    break
                except NotFound:
                    break
                except AWAY:
                    await asyncio.sleep(1.0)

    # --- floors ---------------------------------------------------------------------------------------------------

    async def load_floors(self) -> None:
        """Read queues and agents anew: new ones come, gone ones leave once idle, what is going on stays."""
        async with self._database.begin() as session:
            floors = await load_floor(session)
            held = await renew_leases(session, self._controller, LEASE_S)
        self._note_leases({floor.tenant_id for floor in floors} - held)
        floors = [floor for floor in floors if floor.tenant_id in held or floor.tenant_id in self.floors]
        for new in floors:
            before = self.floors.get(new.tenant_id, Floor(new.tenant_id))
            after = merge_floor(before, new)
            if after != before:
                self.floors[new.tenant_id] = after
                self._live.show_floor(before, after)

    def _note_leases(self, elsewhere: set[int]) -> None:
        """One controller owns a tenant; what another one holds is not ours to drive until its lease runs out."""
        if elsewhere != self._elsewhere:
            log.warning("tenants that another controller owns", tenants=sorted(elsewhere))
        self._elsewhere = elsewhere

    async def refresh_floors(self, every_s: float = 2.0) -> None:
        while True:
            await asyncio.sleep(every_s)
            try:
                async with asyncio.timeout(ROUTE_DEADLINE_S):
                    await self.load_floors()
            except AWAY as error:
                log.log(logging.DEBUG, "floors keep what they have", why=type(error).__name__)


async def _within_deadline(work: Coroutine[Any, Any, T]) -> T:
    """What `work` finds within ROUTE_DEADLINE_S; raises TimeoutError, and then lets it finish by itself.

    A query that is cut off costs its connection, and the next call would wait for a new one.
    """
    task = asyncio.create_task(work)
    done, _ = await asyncio.wait({task}, timeout=ROUTE_DEADLINE_S)
    if not done:
        task.add_done_callback(lambda late: late.cancelled() or late.exception())
        raise TimeoutError(f"no route within {ROUTE_DEADLINE_S} s")
    return task.result()


def merge_floor(before: Floor, new: TenantFloor) -> Floor:
    """The stored floor over the live one: names and settings from the database, presence and work from here."""
    agents: dict[int, Agent] = {}
    for row in new.agents:
        target = AgentTarget(row.agent_id, row.extension, row.name)
        old = before.agents.get(row.agent_id)
        since = row.presence_since.timestamp()
        agents[row.agent_id] = (
            replace(old, target=target, work_number=row.work_number)
            if old is not None
            else Agent(
                target,
                row.work_number,
                Presence(row.presence),
                row.presence_reason,
                since=since,
                idle_since=since,
            )
        )
    agents |= {key: agent for key, agent in before.agents.items() if key not in agents and agent.call_id is not None}
    queues: dict[int, Queue] = {}
    for item in new.queues:
        known = before.queues.get(item.queue_id)
        queues[item.queue_id] = Queue(
            item.queue_id,
            item.name,
            frozenset(item.agent_ids),
            float(item.ring_timeout_s),
            float(item.max_wait_s),
            float(item.wrap_up_s),
            known.waiting if known is not None else (),
        )
    queues |= {key: queue for key, queue in before.queues.items() if key not in queues and queue.waiting}
    return replace(before, agents=agents, queues=queues)
