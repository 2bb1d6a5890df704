"""Commands to the running Kamailio, JSON-RPC over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import aiohttp

from ucc.config import Settings

TIMEOUT_S = 4.0
AT_ONCE = 8
UNKNOWN = ("AOR not found", "AOR has no contacts")
"""How Kamailio begins its answers for an extension without a phone, the second for one whose phones have ended but are
still in its memory; the code is 500, as for real faults."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A phone that the border can reach now. `source`: where its requests come from. Times are Unix seconds;
    a phone registers anew every few minutes, `refreshed_at` is the last time."""

    number: str
    source: str
    transport: str
    user_agent: str
    refreshed_at: float
    expires_at: float


class RpcError(aiohttp.ClientError):
    """Kamailio answered, but not as documented."""


async def reload_trunks(settings: Settings) -> None:
    """Let Kamailio read the trunks from the database again. Raises aiohttp.ClientError when it is away."""
    async with _open(settings) as session:
        await _call(session, "htable.reload", ["trunk"])


async def find_registrations(settings: Settings, numbers: Iterable[str]) -> list[Registration]:
    """The phones that are registered as these extensions; one may have several. Raises aiohttp.ClientError,
    TimeoutError."""
    slots = asyncio.Semaphore(AT_ONCE)
    async with _open(settings) as session:

        async def look(number: str) -> list[Registration]:
            async with slots:
                found = await _call(session, "ul.lookup", ["location", number])
            return [] if found is None else read_registrations(number, found, time.time())

        parts = await asyncio.gather(*(look(number) for number in numbers))
    return [one for part in parts for one in part]


async def end_registrations(settings: Settings, numbers: Iterable[str]) -> int:
    """Forget the phones of these extensions; they have to register again, and prove who they are. How many extensions
    had one. Raises aiohttp.ClientError, TimeoutError."""
    ended = 0
    async with _open(settings) as session:
        for number in numbers:
            if await _call(session, "ul.lookup", ["location", number]) is not None:
                await _call(session, "ul.rm", ["location", number])
                ended += 1
    return ended


def read_registrations(number: str, found: dict[str, Any], at: float) -> list[Registration]:
    """What `ul.lookup` says of one extension, without contacts that have ended. Raises RpcError."""
    registrations = []
    try:
        for wrapped in found["Contacts"]:
            contact = wrapped["Contact"]
            left_s = contact["Expires"]
            if not isinstance(left_s, int) or left_s <= 0:  # "deleted", "expired", "permanent": no phone
                continue
            received = str(contact.get("Received") or "")
            source = received if received.startswith("sip") else str(contact["Address"])
            registrations.append(
                Registration(
                    number,
                    read_source(source),
                    str(contact.get("Socket") or "").partition(":")[0],
                    str(contact.get("User-Agent") or ""),
                    float(contact["Last-Modified"]),
                    at + left_s,
                )
            )
    except (KeyError, TypeError, ValueError) as error:
        raise RpcError(f"ul.lookup answered in another form: {error!r}") from error
    return registrations


def read_source(uri: str) -> str:
    """address:port of a SIP URI."""
    host = uri.partition(":")[2].partition(";")[0]
    return host.rpartition("@")[2]


def _open(settings: Settings) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(local_addr=(settings.address, 0), limit=AT_ONCE)
    url = f"http://{settings.address}:{settings.border_rpc_port}"
    return aiohttp.ClientSession(url, connector=connector, timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))


async def _call(session: aiohttp.ClientSession, method: str, params: list[str]) -> Any:
    """The result; None when what it names is not there."""
    body = {"jsonrpc": "2.0", "method": method, "params": params, "id": 1}
    async with session.post("/RPC", json=body) as reply:
        answer = await reply.json(content_type=None)
    if "error" in answer:
        if str(answer["error"].get("message")).startswith(UNKNOWN):
            return None
        raise RpcError(f"{method}: {answer['error']}")
    return answer.get("result", {})
