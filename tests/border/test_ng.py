"""The control client against a socket that behaves as rtpengine does, badly too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from ucc.border import bencode, ng
from ucc.border.bencode import Decoded, Value
from ucc.border.ng import NgClient, NgError

HOST = "127.0.0.1"


class Engine(asyncio.DatagramProtocol):
    """Answers every command with `reply`, but lets the first `lost` datagrams fall."""

    def __init__(self, reply: dict[str, Value], lost: int = 0) -> None:
        self.reply, self.lost = reply, lost
        self.cookies: list[bytes] = []
        self.commands: list[Decoded] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        cookie, _, body = data.partition(b" ")
        self.cookies.append(cookie)
        self.commands.append(bencode.decode(body))
        if self.lost > 0:
            self.lost -= 1
            return
        self.transport.sendto(b"another_cookie d6:result5:errore", address)
        self.transport.sendto(cookie + b" " + bencode.encode(self.reply), address)


@asynccontextmanager
async def running(engine: Engine) -> AsyncIterator[NgClient]:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: engine, local_addr=(HOST, 0))
    client = NgClient(*transport.get_extra_info("sockname"))
    try:
        yield client
    finally:
        client.close()
        transport.close()


async def test_commands_carry_the_call_and_cookies_of_their_own() -> None:
    engine, second = Engine({"result": "ok"}), Engine({"result": "ok"})
    async with running(engine) as client, running(second) as other:
        await asyncio.gather(client.ping(), client.start_recording("a@b"), client.pause_recording("a@b"))
        await client.stop_recording("a@b")
        await client.delete("a@b")
        await other.ping()
    cookies = engine.cookies + second.cookies
    assert len(set(cookies)) == len(cookies) == 6
    assert {"command": "start recording", "call-id": "a@b"} in engine.commands
    assert engine.commands[3:5] == [
        {"command": "stop recording", "call-id": "a@b"},
        {"command": "delete", "call-id": "a@b"},
    ]


async def test_a_lost_datagram_is_sent_again_under_the_same_cookie(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ng, "DEADLINE_S", 0.05)
    engine = Engine({"result": "pong"}, lost=2)
    async with running(engine) as client:
        await client.ping()
    assert len(engine.cookies) == 3
    assert len(set(engine.cookies)) == 1, "or a repeated `start recording` would begin a second file"


async def test_silence_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ng, "DEADLINE_S", 0.02)
    async with running(Engine({"result": "pong"}, lost=99)) as client:
        with pytest.raises(NgError, match="no answer to 'ping'"):
            await client.ping()


async def test_a_refusal_says_why() -> None:
    async with running(Engine({"result": "error", "error-reason": "Unknown call-id"})) as client:
        with pytest.raises(NgError, match="Unknown call-id"):
            await client.query("x")


async def test_nobody_there_is_said_at_once() -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=(HOST, 0)
    )
    host, port = transport.get_extra_info("sockname")
    transport.close()
    await asyncio.sleep(0)
    client = NgClient(host, port)
    async with asyncio.timeout(1):
        with pytest.raises(NgError):
            await client.ping()
    client.close()


async def test_the_list_of_calls() -> None:
    async with running(Engine({"result": "ok", "calls": ["a", "b"]})) as client:
        assert await client.list_calls() == ["a", "b"]
