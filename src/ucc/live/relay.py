"""One event socket to the controller for all browsers of this process. A browser that reads too slowly is cut off: it
reconnects and begins from a snapshot, so nothing is ever skipped silently."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from enum import Enum
from typing import Any

import aiohttp
import orjson

from ucc.kit.logging import get_logger
from ucc.live.controller import Controller

log = get_logger("live")
RETRY_S = 1.0
HEARTBEAT_S = 10.0
BACKLOG = 2000

Event = dict[str, Any]


class Signal(Enum):
    """What a subscriber hears besides events."""

    BACK = "back"
    AWAY = "away"
    LOST = "lost"


class Subscription:
    """One browser's bounded queue."""

    def __init__(self) -> None:
        self._items: asyncio.Queue[Event | Signal] = asyncio.Queue(BACKLOG)
        self._is_lost = False

    def put(self, item: Event | Signal) -> None:
        """Never waits: what does not fit ends the subscription."""
        if self._is_lost:
            return
        try:
            self._items.put_nowait(item)
        except asyncio.QueueFull:
            self._is_lost = True

    async def next(self) -> Event | Signal:
        """The next item; Signal.LOST once something could not be kept."""
        return Signal.LOST if self._is_lost else await self._items.get()


class Relay:
    """Reconnects every second for as long as it runs. Start it with `run()` in a task."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._subscriptions: set[Subscription] = set()
        self.is_connected = False

    @contextlib.contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        """Events from now on; the first item says whether the controller is there."""
        subscription = Subscription()
        subscription.put(Signal.BACK if self.is_connected else Signal.AWAY)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    async def run(self) -> None:
        while True:
            try:
                await self._follow()
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                reason = str(error)
            else:
                reason = "it closed the event socket"
            if self.is_connected:
                self.is_connected = False
                log.warning("the controller is away", why=reason)
                self._tell(Signal.AWAY)
            await asyncio.sleep(RETRY_S)

    async def _follow(self) -> None:
        async with self._controller.http.ws_connect("/events", heartbeat=HEARTBEAT_S) as socket:
            self.is_connected = True
            log.info("the controller is there")
            self._tell(Signal.BACK)
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._tell(orjson.loads(message.data))

    def _tell(self, item: Event | Signal) -> None:
        for subscription in self._subscriptions:
            subscription.put(item)
