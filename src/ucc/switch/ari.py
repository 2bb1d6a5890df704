"""ARI's two kinds of socket: one that Asterisk opens and delivers events on, and several that only carry requests.

Lists are read over plain HTTP: Asterisk puts each reply on a socket whole on the stack of one thread, and a list of
about 1,000 channels ends the process.

Requests on one socket run one after the other, so that requests of one call, always sent on the same socket, keep their
order; several sockets keep calls from waiting for each other. Asterisk sets no deadline: every request has one here.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from base64 import b64decode
from collections.abc import Callable
from itertools import count
from typing import Any
from zlib import crc32

import aiohttp
import orjson
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from ucc.switch.port import LegGone, SwitchError

log = structlog.get_logger("ari")
DEADLINE_S = 5.0
RETRY_S = 0.3
Json = dict[str, Any]


class AriRequests:
    """Request sockets to one Asterisk, reconnected for ever until `close`."""

    def __init__(self, host: str, port: int, password: str, sockets: int = 4) -> None:
        self._url = f"ws://{host}:{port}/ari/events?app=cmd%d&api_key=ucc:{password}"
        self._connections: list[ClientConnection | None] = [None] * sockets
        self._pending: dict[str, asyncio.Future[Json]] = {}
        self._numbers = count(1)
        self._tasks = [asyncio.create_task(self._keep(index)) for index in range(sockets)]

    @property
    def is_connected(self) -> bool:
        return all(self._connections)

    async def request(self, method: str, uri: str, key: str = "", body: Json | None = None, **query: str) -> Any:
        """Send one request and return its decoded reply.

        `key` names what must stay in order (a leg). Raises LegGone for 404 and for 409, 412, 422 (a leg that is going),
        SwitchError for any other refusal, a lost socket or a missed deadline.
        """
        connection = self._connections[crc32(key.encode()) % len(self._connections)]
        if connection is None:
            raise SwitchError("the switch is not connected")
        number = str(next(self._numbers))
        message: Json = {"type": "RESTRequest", "request_id": number, "method": method, "uri": uri}
        if query:
            message["query_strings"] = [{"name": name, "value": value} for name, value in query.items()]
        if body is not None:
            message["content_type"] = "application/json"
            message["message_body"] = orjson.dumps(body).decode()
        reply: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._pending[number] = reply
        try:
            await connection.send(orjson.dumps(message).decode())
            answer = await asyncio.wait_for(reply, DEADLINE_S)
        except TimeoutError:
            raise SwitchError(f"no reply to {method} {uri} in {DEADLINE_S} s") from None
        except WebSocketException as error:
            raise SwitchError(f"the switch went away: {error}") from None
        finally:
            self._pending.pop(number, None)
        return _read_reply(method, uri, answer)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep(self, index: int) -> None:
        while True:
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                async with connect(self._url % index, subprotocols=[Subprotocol("ari")], ping_interval=5) as connection:
                    self._connections[index] = connection
                    try:
                        async for text in connection:
                            self._take_reply(text)
                    finally:
                        self._connections[index] = None
            await asyncio.sleep(RETRY_S)

    def _take_reply(self, text: str | bytes) -> None:
        message = orjson.loads(text)
        if message.get("type") == "RESTResponse":
            reply = self._pending.get(message["request_id"])
            if reply is not None and not reply.done():
                reply.set_result(message)


def _read_reply(method: str, uri: str, answer: Json) -> Any:
    status = answer["status_code"]
    if status < 300:
        body = answer.get("message_body")
        return orjson.loads(body) if body else None
    reason = f"{method} {uri}: {status} {answer.get('reason_phrase', '')} {answer.get('message_body', '')}"
    is_gone = status in (404, 409, 412, 422) or (status == 400 and "not found" in reason)
    raise LegGone(reason) if is_gone else SwitchError(reason)


class AriLists:
    """Reads lists of any length from one Asterisk."""

    def __init__(self, host: str, port: int, password: str) -> None:
        self._url = f"http://{host}:{port}/ari/"
        self._auth = aiohttp.BasicAuth("ucc", password)

    async def read(self, uri: str) -> list[Json]:
        """What `uri` lists. Raises SwitchError."""
        timeout = aiohttp.ClientTimeout(total=DEADLINE_S)
        try:
            async with (
                aiohttp.ClientSession(auth=self._auth, timeout=timeout) as session,
                session.get(self._url + uri) as reply,
            ):
                reply.raise_for_status()
                listed: list[Json] = orjson.loads(await reply.read())
                return listed
        except (aiohttp.ClientError, TimeoutError) as error:
            raise SwitchError(f"no list of {uri}: {error!r}") from None


class AriEvents:
    """Listens for Asterisk, which connects by itself and delivers what it queued while nobody listened."""

    def __init__(
        self, host: str, port: int, password: str, on_event: Callable[[Json], None], on_connect: Callable[[], None]
    ) -> None:
        self._address = (host, port)
        self._password = password
        self._on_event = on_event
        self._on_connect = on_connect
        self._connections = 0

    @property
    def is_connected(self) -> bool:
        return self._connections > 0

    async def run(self) -> None:
        """Serve until cancelled."""
        host, port = self._address
        async with serve(
            self._serve,
            host,
            port,
            subprotocols=[Subprotocol("ari")],
            process_request=self._check,
            max_queue=None,
            ping_interval=10,
        ) as server:
            await server.serve_forever()

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        """Only Asterisk, by the secret that both were given, may deliver events."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        with contextlib.suppress(ValueError):
            if kind == "Basic" and b64decode(token).decode() == f"ucc:{self._password}":
                return None
        return connection.respond(401, "events come from the switch only\n")

    async def _serve(self, connection: ServerConnection) -> None:
        raw: socket.socket = connection.transport.get_extra_info("socket")
        self._connections += 1
        log.info("the switch delivers events")
        self._on_connect()
        try:
            async for text in connection:
                # Asterisk's socket waits for acknowledgements (no TCP_NODELAY): acknowledge at once or wait 41 ms.
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                self._on_event(orjson.loads(text))
        except ConnectionClosed:
            pass
        finally:
            self._connections -= 1
            log.warning("the switch stopped delivering events")
