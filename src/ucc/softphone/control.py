"""The control socket of baresip: JSON in netstrings over TCP; commands with their responses, and events."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import Callable
from typing import Any, Self

Event = dict[str, Any]


class ControlError(Exception):
    """A command failed, or the phone is gone; the text says which."""


class Control:
    """One connection. `on_event` gets each event as it comes; `on_lost` is called once, when the connection ends."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        on_event: Callable[[Event], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._on_event = on_event
        self._on_lost = on_lost
        self._tokens = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[Event]] = {}
        self._task = asyncio.create_task(self._read(), name="softphone control")

    @classmethod
    async def connect(
        cls, host: str, port: int, on_event: Callable[[Event], None], on_lost: Callable[[], None]
    ) -> Self:
        """Raises OSError."""
        reader, writer = await asyncio.open_connection(host, port)
        return cls(reader, writer, on_event, on_lost)

    async def command(self, name: str, params: str = "") -> str:
        """The text that the command answers. Raises ControlError."""
        token = str(next(self._tokens))
        message = json.dumps({"command": name, "params": params, "token": token}).encode()
        answer: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._waiting[token] = answer
        try:
            self._writer.write(b"%d:%s," % (len(message), message))
            async with asyncio.timeout(5):
                await self._writer.drain()
                response = await answer
        except (TimeoutError, OSError) as error:
            raise ControlError(f"{name}: no answer ({error or 'deadline'})") from error
        finally:
            self._waiting.pop(token, None)
        text = str(response.get("data", "")).strip()
        if not response.get("ok"):
            raise ControlError(f"{name} {params}: {text or 'failed'}")
        return text

    async def close(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _read(self) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                length = int((await self._reader.readuntil(b":"))[:-1])
                body = (await self._reader.readexactly(length + 1))[:-1]
                message = json.loads(body.decode(errors="replace"))
                if message.get("response"):
                    waiting = self._waiting.get(str(message.get("token")))
                    if waiting is not None and not waiting.done():
                        waiting.set_result(message)
                elif message.get("event"):
                    self._on_event(message)
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ControlError("the phone is gone"))
        self._on_lost()
