"""The live tests' world: the running stack, its API, desk phones, the carrier; and the proof that nothing is left."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
from sqlalchemy import text

from ucc.border.ng import NgClient
from ucc.config import Settings
from ucc.db.unit import Database
from ucc.demo import Demo
from ucc.emulator import PlacedCall, hang_up, place_call
from ucc.secrets import Secrets
from ucc.softphone import SoftPhone
from ucc.stack.api_client import ApiClient, ApiRefused, log_in
from ucc.stack.client import StackClient

T = TypeVar("T")
AGENT_TONE_HZ, CARRIER_TONE_HZ = 1004, 425
SWITCH_PORTS = range(20000, 30000)


async def until(look: Callable[[], Awaitable[T | None]], what: str, within_s: float = 10.0) -> T:
    """What `look` finds; fails naming `what` when it finds nothing in time."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            if (found := await look()) is not None:
                return found
        except (aiohttp.ClientError, OSError):
            pass
        assert time.monotonic() < deadline, f"waited {within_s} s for {what}"
        await asyncio.sleep(0.1)


@dataclass
class House:
    settings: Settings
    secrets: Secrets
    stack: StackClient
    demo: Demo
    operator: ApiClient
    agents: dict[str, ApiClient]
    database: Database
    ng: NgClient
    switch: aiohttp.ClientSession
    controller: aiohttp.ClientSession
    exits: AsyncExitStack = field(default_factory=AsyncExitStack)

    def number(self, last_digit: str) -> str:
        """A mobile number that no other test used; its last digit tells the carrier what to do."""
        return f"139{random.randrange(10**7):07d}{last_digit}"

    # --- doing ----------------------------------------------------------------------------------------------------

    async def phone(self, number: str = "8001", **options: Any) -> SoftPhone:
        """A registered desk phone, closed after the test."""
        phone = SoftPhone(self.settings, number, self.demo.phone_passwords[number], **options)
        return await self.exits.enter_async_context(phone)

    async def sign_in(self, agent: str, presence: str = "ready", reason: str | None = None) -> None:
        await self.agents[agent].request("PUT", "/agent/presence", json={"presence": presence, "reason": reason})

    async def call_in(self, did: str | None = None, caller: str | None = None, **options: Any) -> PlacedCall:
        """A customer with a number of its own calls; the call is hung up after the test."""
        caller = caller or f"+86139{random.randrange(10**8):08d}"
        call = await place_call(self.settings, self.secrets, caller, did or self.demo.did, **options)
        self.exits.push_async_callback(hang_up, self.settings, self.secrets, call)
        return call

    async def settle_border(self) -> None:
        """After rtpengine was away: until twelve calls in a row are let in. Kamailio asks for it every second."""
        in_a_row = 0
        for _ in range(400):
            call = await place_call(self.settings, self.secrets, "+8613700137000", self.demo.did, answered_within_s=5)
            in_a_row = in_a_row + 1 if call.is_answered else 0
            await hang_up(self.settings, self.secrets, call)
            if in_a_row == 12:
                return
            await asyncio.sleep(0.1)
        raise AssertionError("the border did not come back")

    async def hang_up(self, call: PlacedCall) -> None:
        await hang_up(self.settings, self.secrets, call)

    # --- seeing ---------------------------------------------------------------------------------------------------

    async def snapshot(self) -> dict[str, Any]:
        async with self.controller.get("/snapshot") as reply:
            found: dict[str, Any] = await reply.json()
            return found

    async def live_call(self, number: str, state: str, within_s: float = 10.0) -> dict[str, Any]:
        """The live call with this caller or callee, once it is in `state`."""

        async def look() -> dict[str, Any] | None:
            calls = (await self.snapshot())["calls"]
            mine = [x for x in calls if x["caller"].endswith(number) or x["callee"].endswith(number)]
            return next((x for x in mine if x["state"] == state), None)

        try:
            return await until(look, f"a call of {number} to be {state}", within_s)
        except AssertionError as error:
            error.add_note(f"there is: {await self.snapshot()}")
            raise

    async def waiting(self, callers: int, within_s: float = 5.0) -> None:
        """Once so many callers wait in queues: a call that looks for its queue is not among them yet."""

        async def look() -> bool | None:
            return sum(x["waiting"] for x in (await self.snapshot())["queues"]) == callers or None

        await until(look, f"{callers} callers to wait", within_s)

    async def agent(self, number: str) -> dict[str, Any]:
        agents = (await self.snapshot())["agents"]
        return next(x for x in agents if x["extension"] == number)

    async def agent_is(self, number: str, state: str, within_s: float = 5.0) -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            agent = await self.agent(number)
            return agent if agent["state"] == state else None

        try:
            return await until(look, f"agent {number} to be {state}", within_s)
        except AssertionError as error:
            error.add_note(f"there is: {await self.snapshot()}")
            raise

    async def record(self, number: str, within_s: float = 10.0) -> dict[str, Any]:
        """The call record of this caller or callee, with its legs and charges. There is never more than one."""

        async def look() -> str | None:
            items = (await self.operator.get("/calls", number=number.lstrip("+")))["items"]
            assert len(items) <= 1, "one call, one record"
            return items[0]["id"] if items else None

        call_id = await until(look, f"the record of {number}", within_s)
        found: dict[str, Any] = await self.operator.get(f"/calls/{call_id}")
        return found

    async def recorded(self, number: str, within_s: float = 20.0) -> dict[str, Any]:
        """The same, once its recording is ready or failed."""

        async def look() -> dict[str, Any] | None:
            record = await self.record(number, within_s)
            recording = record["recording"]
            return record if recording is not None and recording["state"] in ("ready", "failed") else None

        return await until(look, f"the recording of {number}", within_s)

    async def postings(self, call_id: str) -> tuple[int, int, int]:
        """(posting sets, postings, their sum) of a call."""
        async with self.database.begin() as session:
            row = (
                await session.execute(
                    text(
                        "SELECT count(DISTINCT s.id), count(p.account_id), coalesce(sum(p.amount_micros), 0)"
                        " FROM posting_set s JOIN posting p ON p.posting_set_id = s.id WHERE s.call_id = :id"
                    ),
                    {"id": call_id},
                )
            ).one()
            return int(row[0]), int(row[1]), int(row[2])

    async def is_switch_in_media_path(self, sip_call_id: str) -> bool:
        """Whether the switch sends or receives RTP of the leg with this SIP Call-ID, by where its media really goes."""
        return any(port in SWITCH_PORTS for port in _ports(await self.ng.query(sip_call_id)))

    async def assert_nothing_left(self) -> None:
        """No channel, no bridge, no media session, no busy agent, no unsaved call."""

        async def channels() -> bool | None:
            async with self.switch.get("/ari/channels") as reply:
                return True if await reply.json() == [] else None

        async def bridges() -> bool | None:
            async with self.switch.get("/ari/bridges") as reply:
                return True if await reply.json() == [] else None

        async def sessions() -> bool | None:
            return True if await self.ng.list_calls() == [] else None

        async def health() -> bool | None:
            async with self.controller.get("/health") as reply:
                seen = await reply.json()
                return True if seen["is_healthy"] and seen["calls"] == 0 and seen["unsaved_calls"] == 0 else None

        async def agents() -> bool | None:
            snapshot = await self.snapshot()
            busy = [x for x in snapshot["agents"] if x["call_id"] is not None]
            return True if not busy and not snapshot["calls"] else None

        await until(health, "the controller to be idle")
        await until(channels, "no channel in the switch")
        await until(bridges, "no bridge in the switch")
        await until(sessions, "no session in rtpengine")
        await until(agents, "every agent to be free")


def _ports(value: object) -> set[int]:
    """Every remote port that rtpengine names in a query."""
    found: set[int] = set()
    if isinstance(value, dict):
        endpoint = value.get("endpoint")
        if isinstance(endpoint, dict) and "port" in endpoint:
            found.add(int(endpoint["port"]))
        for child in value.values():
            found |= _ports(child)
    elif isinstance(value, list):
        for child in value:
            found |= _ports(child)
    return found


@asynccontextmanager
async def open_house(settings: Settings, secrets: Secrets, stack: StackClient, demo: Demo) -> AsyncIterator[House]:
    url = f"http://{settings.address}:{settings.api_port}"
    switch = aiohttp.ClientSession(
        f"http://{settings.address}:{settings.ari_port}",
        headers={"Authorization": aiohttp.encode_basic_auth("ucc", secrets.ari)},
    )
    controller = aiohttp.ClientSession(
        f"http://{settings.address}:{settings.controller_port}",
        headers={"Authorization": f"Bearer {secrets.controller_token}"},
    )
    ng = NgClient(settings.address, settings.ng_port)
    async with (
        switch,
        controller,
        log_in(url, "operator", secrets.demo_password) as operator,
        log_in(url, "agent1", secrets.demo_password) as agent1,
        log_in(url, "agent2", secrets.demo_password) as agent2,
        log_in(url, "supervisor", secrets.demo_password) as supervisor,
        Database.of_role("system", pool_size=2) as database,
    ):
        house = House(
            settings,
            secrets,
            stack,
            demo,
            operator,
            {"agent1": agent1, "agent2": agent2, "supervisor": supervisor},
            database,
            ng,
            switch,
            controller,
        )
        try:
            async with house.exits:
                yield house
        finally:
            for agent in house.agents:
                with suppress(ApiRefused, aiohttp.ClientError):
                    await house.sign_in(agent, "offline")
            ng.close()
