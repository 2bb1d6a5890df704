"""Follows the live calls of a user over the API's WebSocket, from snapshot and events, as a browser does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from ucc.stack.api_client import ApiClient

WITHIN_S = 20.0


class LiveCalls:
    """The live calls that a user sees, from snapshot and events, as a browser does."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._calls: dict[str, dict[str, Any]] = {}
        self._seen: set[str] = set()
        self._ended: set[str] = set()
        self._has_snapshot = False
        self._changed = asyncio.Condition()

    @classmethod
    @asynccontextmanager
    async def watch(cls, api: ApiClient) -> AsyncIterator[LiveCalls]:
        async with api.open_socket("/live") as socket:
            live = cls(socket)
            reader = asyncio.create_task(live._read())
            try:
                await live._wait(lambda: "" if live._has_snapshot else None, "the live page shows nothing")
                yield live
            finally:
                reader.cancel()

    async def _read(self) -> None:
        async for message in self._socket:
            event = message.json()
            async with self._changed:
                if event["kind"] == "snapshot":
                    self._calls = {call["call_id"]: call for call in event["calls"]}
                    self._seen |= set(self._calls)
                    self._has_snapshot = True
                elif event["kind"] == "call.changed":
                    self._calls[event["call"]["call_id"]] = event["call"]
                elif event["kind"] == "call.ended":
                    self._ended.add(event["call"]["call_id"])
                    self._calls[event["call"]["call_id"]] = event["call"]
                self._changed.notify_all()

    async def wait_talking(self, direction: str, call_id: str | None = None) -> str:
        """The id of the call of that direction (or of that id) that talks. Raises RuntimeError when it ended first."""

        def find() -> str | None:
            for key, call in self._calls.items():
                is_wanted = key == call_id if call_id else call["direction"] == direction and key not in self._seen
                if is_wanted and key in self._ended:
                    raise RuntimeError(f"the {direction} call {key} ended before anybody talked")
                if is_wanted and call["state"] == "talking":
                    return key
            return None

        return await self._wait(find, f"the {direction} call is not answered")

    async def wait_ended(self, call_id: str) -> None:
        await self._wait(lambda: call_id if call_id in self._ended else None, f"the call {call_id} does not end")

    async def _wait(self, find: Callable[[], str | None], trouble: str) -> str:
        found: str | None = None
        try:
            async with asyncio.timeout(WITHIN_S), self._changed:
                while (found := find()) is None:
                    await self._changed.wait()
        except TimeoutError:
            states = {key: call["state"] for key, call in self._calls.items()}
            raise TimeoutError(f"{trouble} within {WITHIN_S:g} s; live calls: {states or 'none'}") from None
        return found
