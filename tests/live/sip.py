"""A few lines of SIP by hand, for what no well-behaved phone would send."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self
from uuid import uuid4

from sqlalchemy import text

from live.house import House
from ucc.border.rpc import reload_trunks


class _Answers(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.queue: asyncio.Queue[str] = asyncio.Queue()

    def datagram_received(self, data: bytes, _: object) -> None:
        self.queue.put_nowait(data.decode(errors="replace"))


class Trunk:
    """A second trunk at the emulator's address and a port of its own, known to the border while the block lasts."""

    def __init__(self, house: House, port: int, codec: str = "PCMA") -> None:
        self._codec = codec
        self.house = house
        self.address = (house.settings.emulator_address, port)
        self.answers = _Answers()
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        async with self.house.database.begin() as session:
            await session.execute(
                text(
                    "INSERT INTO trunk (tenant_id, name, host, port, codec, is_active)"
                    " SELECT id, 'test', :host, :port, :codec, true FROM tenant WHERE kind = 'operator'"
                ),
                {"host": self.address[0], "port": self.address[1], "codec": self._codec},
            )
        await reload_trunks(self.house.settings)
        await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        async with self.house.database.begin() as session:
            values = {"host": self.address[0], "port": self.address[1]}
            await session.execute(text("DELETE FROM trunk WHERE host = :host AND port = :port"), values)
        await reload_trunks(self.house.settings)

    @asynccontextmanager
    async def as_stranger(self) -> AsyncIterator[None]:
        """The same socket, but nobody knows it."""
        await self._open()
        try:
            yield
        finally:
            self.close()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def request(self, method: str, domain: str, user: str = "100", body: str = "") -> str:
        host, port = self.address
        lines = [
            f"{method} sip:{domain if method == 'REGISTER' else f'{user}@{domain}'} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{uuid4().hex};rport",
            "Max-Forwards: 70",
            f"From: <sip:{user}@{domain}>;tag={uuid4().hex[:8]}",
            f"To: <sip:{user}@{domain}>",
            f"Call-ID: {uuid4()}",
            f"CSeq: 1 {method}",
            f"Contact: <sip:{user}@{host}:{port}>",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join([*lines, "", body])

    async def offer(self, payloads: str) -> list[str]:
        """Call the DID offering these payload types; the payload types of the answer. The call is hung up."""
        invite = self.invite(self.house.demo.did, "a=ptime:20", payloads)
        answer = await self.ask_whole(invite)
        assert answer is not None
        assert answer.startswith("SIP/2.0 200"), answer.split("\r\n")[0]
        self.send(self._in_dialog("ACK", 1, invite, answer))
        bye = await self.ask_whole(self._in_dialog("BYE", 2, invite, answer))
        assert bye is not None
        assert bye.startswith("SIP/2.0 200"), bye
        media = next(line for line in answer.split("\r\n") if line.startswith("m=audio"))
        return media.split(" ")[3:]

    def _in_dialog(self, method: str, number: int, invite: str, answer: str) -> str:
        lines = answer.split("\r\n\r\n")[0].split("\r\n")
        found = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        routes = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("record-route:")]
        target = found["contact"].partition("<")[2].partition(">")[0]
        host, port = self.address
        head = [
            f"{method} {target} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{uuid4().hex};rport",
            "Max-Forwards: 70",
            *(f"Route: {route}" for route in reversed(routes)),
            next(line for line in invite.split("\r\n") if line.startswith("From:")),
            f"To: {found['to']}",
            f"Call-ID: {found['call-id']}",
            f"CSeq: {number} {method}",
            "Content-Length: 0",
        ]
        return "\r\n".join([*head, "", ""])

    def invite(self, did: str, rtpmap: str, payload: str) -> str:
        host = self.address[0]
        sdp = ["v=0", f"o=- 1 1 IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0", f"m=audio 40000 RTP/AVP {payload}"]
        body = "\r\n".join([*sdp, rtpmap, ""])
        return self.request("INVITE", self.house.settings.address, user=did, body=body)

    def send(self, message: str) -> None:
        assert self._transport is not None
        settings = self.house.settings
        self._transport.sendto(message.encode(), (settings.address, settings.sip_port))

    async def ask_whole(self, message: str, within_s: float = 3.0) -> str | None:
        """The first final answer to a request; None when none comes."""
        while not self.answers.queue.empty():
            self.answers.queue.get_nowait()
        self.send(message)
        try:
            async with asyncio.timeout(within_s):
                while (answer := await self.answers.queue.get()).startswith("SIP/2.0 1"):
                    pass
                return answer
        except TimeoutError:
            return None

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self.answers, local_addr=self.address)


async def ask(message: str, trunk: Trunk, within_s: float = 3.0) -> int | None:
    """The status of the first final answer."""
    answer = await trunk.ask_whole(message, within_s)
    return int(answer.split(" ")[1]) if answer is not None else None
