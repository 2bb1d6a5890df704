"""What tests of outbound rules share: people who may set them, a trunk that refuses, rules that are gone afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self
from uuid import uuid4

from sqlalchemy import text

from live.house import House, until
from ucc.border.rpc import reload_trunks
from ucc.stack.api_client import ApiClient, log_in

Address = tuple[str, int]


async def log_in_as(house: House, username: str) -> ApiClient:
    url = f"http://{house.settings.address}:{house.settings.api_port}"
    return await house.exits.enter_async_context(log_in(url, username, house.secrets.demo_password))


async def get_trunk(house: House, name: str = "emulator") -> dict[str, Any]:
    items = (await house.operator.get("/trunks"))["items"]
    return next(item for item in items if item["name"] == name)


@asynccontextmanager
async def changed_trunk(house: House, name: str = "emulator", **changes: Any) -> AsyncIterator[dict[str, Any]]:
    """The trunk with these settings while the block lasts."""
    before = await get_trunk(house, name)
    trunk_id = before.pop("id")
    before.pop("holder_id")
    yield await house.operator.request("PUT", f"/trunks/{trunk_id}", json=before | changes)
    await house.operator.request("PUT", f"/trunks/{trunk_id}", json=before)


@asynccontextmanager
async def first_choice(house: House, trunk_id: int) -> AsyncIterator[None]:
    """The enterprise's caller ID goes out on this trunk first."""
    (caller_id,) = (await house.operator.get("/caller-ids"))["items"]
    path = f"/caller-ids/{caller_id['id']}"
    await house.operator.request("PUT", path, json={"trunk_id": trunk_id})
    yield
    await house.operator.request("PUT", path, json={"trunk_id": caller_id["trunk_id"]})


@asynccontextmanager
async def tenant_limit(house: House, tenant_id: int, max_calls: int) -> AsyncIterator[None]:
    path = f"/tenants/{tenant_id}/max-calls"
    await house.operator.request("PUT", path, json={"max_calls": max_calls})
    yield
    await house.operator.request("PUT", path, json={"max_calls": None})


class RefusingTrunk(asyncio.DatagramProtocol):
    """A trunk in service whose gateway answers every INVITE with `refusal`, such as "503 Service Unavailable"."""

    def __init__(self, house: House, port: int, refusal: str) -> None:
        self.house = house
        self.address = (house.settings.emulator_address, port)
        self.invited: list[str] = []
        """The numbers it was asked for, as it was asked."""
        self._refusal = refusal
        self._seen: set[str] = set()
        self._transport: asyncio.DatagramTransport | None = None
        self.trunk_id = 0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=self.address)
        fallback = [{"trunk_id": (await get_trunk(self.house))["id"]}]
        body = {"name": f"refusing {uuid4()}", "host": self.address[0], "port": self.address[1], "fallbacks": fallback}
        self.trunk_id = (await self.house.operator.request("POST", "/trunks", json=body))["id"]
        await reload_trunks(self.house.settings)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.house.operator.request("DELETE", f"/trunks/{self.trunk_id}")
        await reload_trunks(self.house.settings)
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, source: Address) -> None:
        message = data.decode(errors="replace")
        method, _, rest = message.partition(" ")
        lines = message.split("\r\n\r\n")[0].split("\r\n")
        kept = ("via:", "from:", "to:", "call-id:", "cseq:", "record-route:")
        head = [line for line in lines[1:] if line.lower().startswith(kept)]
        if method not in ("INVITE", "OPTIONS", "CANCEL") or self._transport is None:
            return
        status = "200 OK"
        if method == "INVITE":
            status = self._refusal
            call_id = next(line for line in head if line.lower().startswith("call-id:"))
            if call_id not in self._seen:  # not a retransmission
                self._seen.add(call_id)
                self.invited.append(rest.split("@")[0].removeprefix("sip:"))
        head = [
            f"{line};tag=refusing" if line.lower().startswith("to:") and "tag=" not in line else line for line in head
        ]
        reply = "\r\n".join([f"SIP/2.0 {status}", *head, "Content-Length: 0", "", ""])
        self._transport.sendto(reply.encode(), source)


async def call_by_page(house: House, callee: str, **options: Any) -> str:
    """Agent 1 clicks; the call's id."""
    answer = await house.agents["agent1"].request("POST", "/agent/calls", json={"callee": callee} | options)
    return str(answer["call_id"])


async def live_calls(house: House) -> list[dict[str, Any]]:
    return list((await house.snapshot())["calls"])


async def end_all(house: House) -> None:
    """Hang up whatever is live, and wait until it is over."""
    for call in await live_calls(house):
        async with house.controller.post(f"/calls/{call['call_id']}/hang-up", json={"by": "system"}):
            pass

    async def is_over() -> bool | None:
        return True if not await live_calls(house) else None

    await until(is_over, "all calls to be over")


async def forget_attempts(house: House) -> None:
    async with house.database.begin() as session:
        await session.execute(text("DELETE FROM dial_attempt"))
