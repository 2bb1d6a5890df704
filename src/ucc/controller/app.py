"""Puts the controller together and runs it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from pathlib import Path

import aiohttp
import structlog
from sqlalchemy import text

from ucc.border.dtmf import parse_key
from ucc.border.ng import NgClient, NgError
from ucc.border.rpc import reload_trunks
from ucc.config import Settings
from ucc.controller.commands import Commands
from ucc.controller.features import Features
from ucc.controller.floors import Floors
from ucc.controller.live import Live
from ucc.controller.media import MediaKeeper
from ucc.controller.metering import Metering
from ucc.controller.office import ControllerOffice
from ucc.controller.pages import PageWatch
from ucc.controller.recorder import BorderRecorder
from ucc.controller.routes import Routes
from ucc.controller.server import ControllerServer
from ucc.controller.store import AWAY, CallStore
from ucc.controller.verifications import Verifications
from ucc.db.unit import Database
from ucc.engine.acd.events import FloorEvent
from ucc.engine.state import Ended, New
from ucc.kit.clock import SteadyClock
from ucc.reception.region import preload
from ucc.secrets import Secrets
from ucc.switch.asterisk import Asterisk
from ucc.switch.conf.sound import silence_path
from ucc.switch.lines import LineWatch
from ucc.switch.port import SwitchError
from ucc.switch.runner import Runner

log = structlog.get_logger("controller")
SETTLE_S = 0.3
SWEEP_S = 5.0
POOL_SIZE = 16
TRUNKS = text("SELECT string_agg(key_name || ' ' || key_value, ',' ORDER BY key_name) FROM border_trunk")


class Controller:
    """One controller process: it can be killed at any moment, and adopts its calls when it is back."""

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self._settings = settings
        self._clock = SteadyClock()
        self._name = f"{socket.gethostname()}:{settings.controller_port}:{settings.address}"
        self._database = Database.of_role("system", pool_size=POOL_SIZE)
        self._live = Live()
        self._store = CallStore(self._database, settings.spool_dir, self._name)
        self._floors = Floors(self._database, self._name, self._clock.time)
        self._ng = NgClient(settings.address, settings.ng_port)
        self._asterisk = Asterisk(
            settings.address,
            ari_port=settings.ari_port,
            event_port=settings.ari_event_port,
            password=secrets.ari,
            sip_domain=settings.sip_domain,
            clock=self._clock,
            on_event=lambda leg, event: self._runner.take_event(leg, event),
            on_connect=self._note_connected,
        )
        recorder = BorderRecorder(self._ng, settings.capture_dir)
        prompts = str(settings.home / "prompt")
        features = Features(self._database, self._floors, self._post_floor, lambda: self._commands)
        self._routes = Routes(self._database, self._floors, features)
        self._verifications = Verifications(self._database, secrets, self._routes, self._store, self._clock.time)
        self._metering = Metering(self._database, self._clock.time)
        self._office = ControllerOffice(
            self._store, self._live, self._routes, self._floors, self._verifications, self._metering
        )
        self._runner = Runner(self._asterisk, recorder, self._office, self._clock, prompts)
        self._media = MediaKeeper(self._runner, self._asterisk, self._ng, recorder, silence_path(settings))
        self._lines = LineWatch(self._runner, self._asterisk)
        self._pages = PageWatch(self._runner, self._asterisk, self._ng)
        self._runner.floors = self._floors.floors
        self._floors.post = self._runner.post_floor
        self._commands = Commands(self._runner, self._floors, self._clock)
        self._verifications.begin = self._runner.begin
        self._metering.post = self._runner.post
        self._server = ControllerServer(
            self._commands, self._live, self._verifications, settings, secrets.controller_token, self.health
        )
        self._heartbeat = settings.spool_dir / "heartbeat"
        self._last_seen = self._read_heartbeat()
        self._is_reconciled = False
        self._reconcile_due = asyncio.Event()

    def health(self) -> dict[str, object]:
        return {
            "is_healthy": self._asterisk.is_connected and not self._store.is_database_away,
            "switch_connected": self._asterisk.is_connected,
            "reconciled": self._is_reconciled,
            "database_away": self._store.is_database_away,
            "calls": sum(1 for actor in self._runner.calls.values() if not isinstance(actor.state, New | Ended)),
            "unsaved_calls": self._store.pending,
            "unknown_dids": sum(self._routes.unknown_dids.values()),
        }

    async def run(self) -> None:
        await self._wait_for_floors()
        states = await self._store.load()
        self._routes.rebuild(states)
        await self._verifications.adopt(states)
        for state in states:
            self._runner.adopt(state)
            self._office.publish_call(state)
        if states:
            log.info("calls of before are adopted", calls=len(states))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._asterisk.run())
            group.create_task(self._store.run())
            group.create_task(self._floors.run())
            group.create_task(self._verifications.run())
            group.create_task(self._server.run(self._settings.address, self._settings.controller_port))
            group.create_task(self._keep_reconciled())
            group.create_task(self._sweep())
            group.create_task(self._media.run())
            group.create_task(self._listen_keys())
            group.create_task(self._lines.run())
            group.create_task(self._pages.run())
            group.create_task(self._keep_trunks_known())
            group.create_task(asyncio.to_thread(preload))

    async def close(self) -> None:
        await self._runner.close()
        await self._metering.close()
        await self._routes.close()
        await self._database.close()

    def _post_floor(self, tenant_id: int, event: FloorEvent) -> None:
        self._runner.post_floor(tenant_id, event)

    async def _wait_for_floors(self) -> None:
        is_told = False
        while True:
            try:
                await self._floors.load()
                return
            except AWAY as error:
                if not is_told:
                    log.warning("waiting for the database", why=str(error).splitlines()[0])
                is_told = True
                await asyncio.sleep(0.5)

    def _note_connected(self) -> None:
        self._is_reconciled = False
        self._reconcile_due.set()

    async def _keep_reconciled(self) -> None:
        """After every (re)connect: first the events that the switch had queued, then what it really has."""
        while True:
            await self._reconcile_due.wait()
            self._reconcile_due.clear()
            await asyncio.sleep(SETTLE_S)
            try:
                await self._runner.reconcile(max(self._last_seen, self._asterisk.last_seen))
                self._is_reconciled = True
                log.info("reconciled with the switch", calls=len(self._runner.calls))
            except SwitchError as error:
                log.warning("reconcile is tried again", why=str(error))
                self._reconcile_due.set()

    async def _sweep(self) -> None:
        """Keep the heartbeat, and end legs and media that twice in a row belonged to no call."""
        strays: set[str] = set()
        sessions: set[str] = set()
        while True:
            for _ in range(int(SWEEP_S)):
                await asyncio.sleep(1.0)
                if self._asterisk.is_connected:
                    self._last_seen = self._clock.time()
                    self._heartbeat.touch()
            if not self._is_reconciled:
                continue
            with contextlib.suppress(SwitchError):
                found = await self._runner.find_strays()
                await self._runner.hang_up_strays(strays & found)
                strays = found - strays
            with contextlib.suppress(NgError, OSError):
                left = set(await self._ng.list_calls()) - self._runner.sip_call_ids()
                for sip_call_id in sessions & left:
                    log.warning("media of no call is ended", sip_call_id=sip_call_id)
                    await self._ng.delete(sip_call_id)
                sessions = left

    async def _keep_trunks_known(self) -> None:
        """The border holds the trunks in memory: let it read them again whenever they change."""
        known: str | None = None
        while True:
            with contextlib.suppress(*AWAY, aiohttp.ClientError):
                async with self._database.begin() as session:
                    now = str(await session.scalar(TRUNKS))
                if now != known:
                    await reload_trunks(self._settings)
                    known = now
            await asyncio.sleep(1.0)

    def _read_heartbeat(self) -> float:
        """When a controller last heard the switch; now, when there was none before."""
        Path(self._settings.spool_dir).mkdir(parents=True, exist_ok=True)
        return self._heartbeat.stat().st_mtime if self._heartbeat.exists() else time.time()

    async def _listen_keys(self) -> None:
        """Keys come from rtpengine: while two parties talk, the switch does not see the media."""
        loop = asyncio.get_running_loop()
        runner, clock = self._runner, self._clock

        class Keys(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, _: object) -> None:
                if (key := parse_key(data)) is not None:
                    runner.take_key(key.sip_call_id, key.key, clock.time(), is_near=key.is_near)

        transport, _ = await loop.create_datagram_endpoint(
            Keys, local_addr=(self._settings.address, self._settings.dtmf_port)
        )
        try:
            await asyncio.Event().wait()
        finally:
            transport.close()
