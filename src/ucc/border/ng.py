"""The client of rtpengine's control protocol (NG): bencoded dictionaries over UDP, matched by cookie."""

from __future__ import annotations

import asyncio
import os
from itertools import count

from ucc.border import bencode
from ucc.border.bencode import Decoded, Value

DEADLINE_S = 1.0
TRIES = 3


class NgError(Exception):
    """rtpengine refused, or did not answer."""


class NgRefused(NgError):
    """It answered, and said no: mostly because it knows no such call."""


class _Replies(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.pending: dict[bytes, asyncio.Future[bytes]] = {}

    def datagram_received(self, data: bytes, _: object) -> None:
        cookie, _, body = data.partition(b" ")
        reply = self.pending.get(cookie)
        if reply is not None and not reply.done():
            reply.set_result(body)

    def error_received(self, error: Exception) -> None:
        for reply in self.pending.values():
            if not reply.done():
                reply.set_exception(NgError(f"rtpengine is not there: {error}"))


class NgClient:
    """One socket, any number of requests at once. Cookies are unique over clients: a repeated one would be answered
    from rtpengine's cache, which is also what makes a repeated request safe."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._prefix = os.urandom(6).hex()
        self._numbers = count(1)
        self._replies: _Replies | None = None
        self._transport: asyncio.DatagramTransport | None = None

    async def request(self, command: str, **values: Value) -> dict[str, Decoded]:
        """Send a command and return the reply. Raises NgError when refused or after three tries of a second."""
        transport, replies = await self._open()
        cookie = f"{self._prefix}_{next(self._numbers)}".encode()
        message: dict[str, Value] = {"command": command} | {key.replace("_", "-"): x for key, x in values.items()}
        packet = cookie + b" " + bencode.encode(message)
        try:
            for _ in range(TRIES):
                future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
                replies.pending[cookie] = future
                transport.sendto(packet)
                try:
                    answer = bencode.decode(await asyncio.wait_for(future, DEADLINE_S))
                except TimeoutError:
                    continue
                if not isinstance(answer, dict) or answer.get("result") == "error":
                    raise NgRefused(str(answer.get("error-reason") if isinstance(answer, dict) else answer))
                return answer
        finally:
            replies.pending.pop(cookie, None)
        raise NgError(f"no answer to {command!r} in {TRIES * DEADLINE_S:.0f} s")

    async def ping(self) -> None:
        await self.request("ping")

    async def start_recording(self, sip_call_id: str) -> None:
        """Also goes on after a pause, in the same file; after a stop a new file begins."""
        await self.request("start recording", call_id=sip_call_id)

    async def stop_recording(self, sip_call_id: str) -> None:
        await self.request("stop recording", call_id=sip_call_id)

    async def pause_recording(self, sip_call_id: str) -> None:
        await self.request("pause recording", call_id=sip_call_id)

    async def query(self, sip_call_id: str) -> dict[str, Decoded]:
        return await self.request("query", call_id=sip_call_id)

    async def delete(self, sip_call_id: str) -> None:
        await self.request("delete", call_id=sip_call_id)

    async def list_calls(self, limit: int = 10000) -> list[str]:
        """The SIP Call-IDs of the sessions there are."""
        calls = (await self.request("list", limit=limit)).get("calls")
        return [str(x) for x in calls] if isinstance(calls, list) else []

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    async def _open(self) -> tuple[asyncio.DatagramTransport, _Replies]:
        if self._transport is None or self._transport.is_closing() or self._replies is None:
            loop = asyncio.get_running_loop()
            self._transport, self._replies = await loop.create_datagram_endpoint(_Replies, remote_addr=self._address)
        return self._transport, self._replies
