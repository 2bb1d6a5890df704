"""A small client of UCC's own API, as a logged-in user: what the demo uses to place calls and to look at what came of
them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

import aiohttp

T = TypeVar("T")


class ApiRefused(Exception):
    """The API answered with an error; `status` and `code` are its own."""

    def __init__(self, request: str, status: int, body: Any) -> None:
        self.status = status
        self.code = body.get("code") if isinstance(body, dict) else None
        super().__init__(f"{request} answered {status}: {body}")


class ApiClient:
    """Use through `log_in`."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session = session
        self._base = base

    async def request(self, method: str, path: str, **options: Any) -> Any:
        """The decoded JSON answer (None when empty). Raises ApiRefused, or aiohttp.ClientError."""
        async with self._session.request(method, f"{self._base}{path}", **options) as response:
            body = await response.json(content_type=None) if response.content_length != 0 else None
            if response.status >= 400:
                raise ApiRefused(f"{method} {path}", response.status, body)
            return body

    async def get(self, path: str, **params: str | int) -> Any:
        return await self.request("GET", path, params=params)

    def open_socket(self, path: str) -> AbstractAsyncContextManager[aiohttp.ClientWebSocketResponse]:
        """A WebSocket of the API. Raises aiohttp.ClientError when it is refused."""
        return self._session.ws_connect(f"{self._base}{path}", heartbeat=10)

    async def download(self, path: str) -> bytes:
        """The bytes of a media answer. Raises ApiRefused."""
        async with self._session.get(f"{self._base}{path}") as response:
            if response.status >= 400:
                raise ApiRefused(f"GET {path}", response.status, await response.text())
            return await response.read()


@asynccontextmanager
async def log_in(url: str, username: str, password: str) -> AsyncIterator[ApiClient]:
    """A client of the API at `url` (such as http://127.0.0.1:8080). Raises ApiRefused for a wrong password."""
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address, not of a name
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=15)) as session:
        client = ApiClient(session, f"{url}/api/v1")
        await client.request("POST", "/session", json={"username": username, "password": password})
        yield client


async def wait_for(look: Callable[[], Awaitable[T | None]], what: str, timeout_s: float) -> T:
    """What `look` finds, asked every 0.2 s. Raises TimeoutError that names `what`."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = await look()
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout_s:g} s")
        await asyncio.sleep(0.2)
