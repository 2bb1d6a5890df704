"""What the supervisor knows of one service, and probes that say in words why a service does not answer."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

Probe = Callable[[], Awaitable[str | None]]
"""Why the service cannot be used now, in words; None when it can."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """One process group that is started, watched and stopped."""

    name: str
    prepare: Callable[[], list[str]]
    """Renders what it reads and gives the command to run; called before every start, in a thread."""
    find_trouble: Probe
    needs: tuple[str, ...] = ()
    """Services that must have been ready before the first start."""
    after_ready: Callable[[], Awaitable[None]] | None = None
    """Done once, when it is ready for the first time, before those that need it start."""
    stop_signal: signal.Signals = signal.SIGTERM
    stops_last: bool = False
    """Stopped after all others have ended."""
    consequence: str = ""
    """What callers and users notice while it is away."""
    cwd: Path | None = None


def http_probe(url: str, *, timeout_s: float = 2.0) -> Probe:
    """Ready when `url` answers below 500."""

    async def find_trouble() -> str | None:
        try:
            timeout = aiohttp.ClientTimeout(total=timeout_s)
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
                if response.status < 500:
                    return None
                return f"{url} answers {response.status}: {(await response.text())[:200]}"
        except TimeoutError:
            return f"{url} does not answer within {timeout_s:g} s"
        except (aiohttp.ClientError, OSError) as error:
            return f"{url} does not answer: {error}"

    return find_trouble


class _OneReply(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not self.reply.done():
            self.reply.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.reply.done():
            self.reply.set_exception(exc)


async def exchange_datagram(address: str, port: int, message: bytes, *, timeout_s: float = 1.0) -> bytes:
    """The first reply to one datagram. Raises TimeoutError or OSError."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        _OneReply, local_addr=(address, 0), remote_addr=(address, port)
    )
    try:
        transport.sendto(message)
        return await asyncio.wait_for(protocol.reply, timeout_s)
    finally:
        transport.close()
        with contextlib.suppress(asyncio.CancelledError):
            protocol.reply.cancel()
