"""Asks the servers of enterprises for IVR trees. An enterprise may name any address, so none of ours may be reached:
only public ones, and the private networks that the setting `ivr_http_networks` opens."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Any

import aiohttp
import orjson
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from ucc.config import Settings
from ucc.engine.ivr import HttpQuestion
from ucc.kit.logging import get_logger

log = get_logger("ivr")
MAX_ANSWER_BYTES = 64 * 1024
MAX_CONNECTIONS = 100
FAILED = 0
"""The status of a question that could not be asked."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ForbiddenAddress(OSError):
    """The address is one of ours, or of a network that is not opened."""


class HttpAsker:
    """One client for all calls of a controller."""

    def __init__(self, settings: Settings) -> None:
        self._networks = [ipaddress.ip_network(text) for text in settings.ivr_http_networks]
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, question: HttpQuestion) -> tuple[int, dict[str, Any]]:
        """Status and JSON object of the answer; status 0 when there is none in time. Never raises."""
        try:
            async with asyncio.timeout(question.timeout_s):
                return await self._ask(question)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            log.warning("an IVR question failed", url=question.url, error=type(error).__name__, why=str(error))
            return FAILED, {}

    async def _ask(self, question: HttpQuestion) -> tuple[int, dict[str, Any]]:
        url = URL(question.url)
        require_allowed(url.host or "", self._networks)
        body = question.body if question.method == "POST" else None
        async with self._client().request(
            question.method, url.update_query(question.body) if body is None else url, json=body, allow_redirects=False
        ) as response:
            answer = await response.content.read(MAX_ANSWER_BYTES + 1)
            if len(answer) > MAX_ANSWER_BYTES:
                raise ValueError("the answer is too long")
            if not 200 <= response.status < 300:
                return response.status, {}
            found = orjson.loads(answer) if answer else {}
            return response.status, found if isinstance(found, dict) else {"items": found}

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(resolver=_GuardedResolver(self._networks), limit=MAX_CONNECTIONS)
            self._session = aiohttp.ClientSession(connector=connector, headers={"User-Agent": "ucc-ivr"})
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


class _GuardedResolver(AbstractResolver):
    """Names that lead to an address of ours are refused, whatever they led to when they were checked before."""

    def __init__(self, networks: list[Network]) -> None:
        self._networks = networks
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        for one in found:
            require_allowed(one["host"], self._networks)
        return found

    async def close(self) -> None:
        await self._resolver.close()


def require_allowed(host: str, networks: list[Network]) -> None:
    """Raises ForbiddenAddress for an address (not a name) that may not be reached."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return
    address = getattr(address, "ipv4_mapped", None) or address
    is_public = address.is_global and not address.is_multicast
    if not is_public and not any(address in network for network in networks):
        raise ForbiddenAddress(f"{address} may not be asked")
