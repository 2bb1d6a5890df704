"""The supervisor's control socket: one JSON request and one JSON reply per connection, on a unix socket in the run
folder.

Only root can open it. Tests use it to kill and stop services of the running stack.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ucc.config import Settings

Reply = dict[str, Any]
Dispatch = Callable[[dict[str, Any]], Awaitable[Reply]]


def socket_path(settings: Settings) -> Path:
    return settings.run_dir / "supervisor.sock"


@contextmanager
def short_path(path: Path) -> Iterator[str]:
    """A name of `path` that fits in a socket address (107 bytes), however deep the folder is."""
    descriptor = os.open(path.parent, os.O_PATH)
    try:
        yield f"/proc/self/fd/{descriptor}/{path.name}"
    finally:
        os.close(descriptor)


@contextlib.asynccontextmanager
async def serve(settings: Settings, dispatch: Dispatch) -> AsyncIterator[None]:
    """Answers requests while the context is open."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = json.loads(await reader.readline())
            reply = await dispatch(request)
        except (ValueError, LookupError, RuntimeError) as error:
            reply = {"error": str(error)}
        with contextlib.suppress(ConnectionError):
            writer.write(json.dumps(reply).encode() + b"\n")
            await writer.drain()
        writer.close()

    path = socket_path(settings)
    path.unlink(missing_ok=True)
    with short_path(path) as name:
        server = await asyncio.start_unix_server(answer, name)
    path.chmod(0o600)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)
