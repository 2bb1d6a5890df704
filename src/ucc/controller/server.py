"""The controller's HTTP side: commands to the owner of a call, and the live view. For the API of this product only."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any
from uuid import UUID

import orjson
import structlog
from aiohttp import ClientError, WSMsgType, web

from ucc.border.rpc import end_registrations, find_registrations
from ucc.config import Settings
from ucc.controller.commands import MODES, Commands, Refusal
from ucc.controller.live import Live
from ucc.controller.verifications import Verifications
from ucc.engine.record import EndedBy

log = structlog.get_logger("controller")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ControllerServer:
    def __init__(
        self,
        commands: Commands,
        live: Live,
        verifications: Verifications,
        settings: Settings,
        token: str,
        health: Callable[[], dict[str, object]],
    ) -> None:
        self._commands = commands
        self._live = live
        self._verifications = verifications
        self._settings = settings
        self._token = token
        self._health = health
        self.app = web.Application(middlewares=[self._authorize], client_max_size=4096)
        self.app.add_routes(
            [
                web.post("/agents/{agent_id:\\d+}/presence", self.ask_presence),
                web.post("/agents/{agent_id:\\d+}/line", self.ask_line),
                web.post("/agents/{agent_id:\\d+}/wrap-up", self.ask_wrap_up),
                web.post("/agents/{agent_id:\\d+}/calls", self.place_call),
                web.post("/agents/{agent_id:\\d+}/pick-up", self.pick_up),
                web.post("/agents/{agent_id:\\d+}/retrieve", self.retrieve),
                web.post("/agents/{agent_id:\\d+}/call/{action:[a-z/]+}", self.act),
                web.post("/verification-calls/{call_id}", self.place_verification),
                web.post("/calls/{call_id}/hang-up", self.hang_up),
                web.post("/calls/{call_id}/watch", self.watch),
                web.post("/calls/{call_id}/watch/end", self.end_watch),
                web.post("/calls/end", self.end_calls),
                web.post("/registrations/find", self.find_registrations),
                web.post("/registrations/end", self.end_registrations),
                web.get("/health", self.show_health),
                web.get("/snapshot", self.show_snapshot),
                web.get("/events", self.tell_events),
            ]
        )

    async def run(self, host: str, port: int) -> None:
        site_runner = web.AppRunner(self.app, access_log=None)
        await site_runner.setup()
        try:
            await web.TCPSite(site_runner, host, port).start()
            await asyncio.Event().wait()
        finally:
            await site_runner.cleanup()

    @web.middleware
    async def _authorize(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(token.encode(), self._token.encode()):
            return refuse(401, "unauthorized", "commands come from the API only")
        try:
            return await handler(request)
        except Refusal as refusal:
            return refuse(refusal.status, refusal.code, refusal.message)

    async def ask_presence(self, request: web.Request) -> web.Response:
        body = await _read(request)
        await self._commands.ask_presence(_agent_id(request), body.get("presence"), body.get("reason"))
        return web.json_response({})

    async def ask_line(self, request: web.Request) -> web.Response:
        is_up = (await _read(request)).get("is_up")
        if not isinstance(is_up, bool):
            return refuse(422, "invalid_request", "is_up is true or false")
        await self._commands.ask_line(_agent_id(request), is_up)
        return web.json_response({})

    async def ask_wrap_up(self, request: web.Request) -> web.Response:
        await self._commands.ask_wrap_up(_agent_id(request), (await _read(request)).get("seconds"))
        return web.json_response({})

    async def place_call(self, request: web.Request) -> web.Response:
        body = await _read(request)
        call_id = await self._commands.place_call(_agent_id(request), body.get("callee"), body.get("caller_id"))
        return web.json_response({"call_id": str(call_id)}, status=201)

    async def place_verification(self, request: web.Request) -> web.Response:
        call_id = _call_id(request)
        await self._verifications.place(call_id)
        return web.json_response({"call_id": str(call_id)}, status=201)

    async def act(self, request: web.Request) -> web.Response:
        """Hold, mute, transfer and the like: what an agent does with the call it is in."""
        body = await _read(request)
        return web.json_response(await self._commands.act(_agent_id(request), request.match_info["action"], body))

    async def retrieve(self, request: web.Request) -> web.Response:
        await self._commands.retrieve(_agent_id(request), (await _read(request)).get("slot"))
        return web.json_response({})

    async def pick_up(self, request: web.Request) -> web.Response:
        await self._commands.pick_up(_agent_id(request), (await _read(request)).get("agent_id"))
        return web.json_response({})

    async def hang_up(self, request: web.Request) -> web.Response:
        by = (await _read(request)).get("by")
        ended_by = EndedBy(by) if by in {x.value for x in EndedBy} else EndedBy.AGENT
        call_id = _call_id(request)
        self._commands.hang_up(call_id, ended_by)
        return web.json_response({"call_id": str(call_id)}, status=202)

    async def end_calls(self, request: web.Request) -> web.Response:
        """Every call of some enterprises: they, or a level above them, were suspended."""
        tenant_ids = (await _read(request)).get("tenant_ids")
        if not isinstance(tenant_ids, list) or not all(isinstance(x, int) for x in tenant_ids):
            return refuse(422, "invalid_request", "tenant_ids are numbers")
        return web.json_response({"count": self._commands.end_calls(frozenset(tenant_ids))}, status=202)

    async def watch(self, request: web.Request) -> web.Response:
        body = await _read(request)
        agent_id, mode = body.get("agent_id"), body.get("mode")
        if not isinstance(agent_id, int) or mode not in (*MODES, "take_over"):
            return refuse(422, "invalid_mode", "mode is listen, whisper, barge or take_over")
        await self._commands.watch(_call_id(request), agent_id, str(mode))
        return web.json_response({})

    async def end_watch(self, request: web.Request) -> web.Response:
        agent_id = (await _read(request)).get("agent_id")
        if not isinstance(agent_id, int):
            return refuse(422, "invalid_request", "agent_id is missing")
        self._commands.end_watch(_call_id(request), agent_id)
        return web.json_response({})

    async def find_registrations(self, request: web.Request) -> web.Response:
        """Which phones are registered as some extensions."""
        try:
            found = await find_registrations(self._settings, await _read_numbers(request))
        except (ClientError, TimeoutError) as error:
            log.warning("the border does not say who is registered", why=repr(error))
            return refuse(503, "border_away", "the border does not answer")
        return web.json_response({"items": [asdict(one) for one in found]})

    async def end_registrations(self, request: web.Request) -> web.Response:
        """Forget the phones of some extensions: whose they are has changed."""
        try:
            count = await end_registrations(self._settings, await _read_numbers(request))
        except (ClientError, TimeoutError) as error:
            log.warning("the border does not forget registrations", why=repr(error))
            return refuse(503, "border_away", "the border does not answer")
        return web.json_response({"count": count})

    async def show_health(self, _: web.Request) -> web.Response:
        return web.json_response(self._health())

    async def show_snapshot(self, request: web.Request) -> web.Response:
        tenant = request.query.get("tenant_id", "")
        tenant_ids = {int(tenant)} if tenant.isdigit() else None
        return web.json_response(self._live.snapshot(tenant_ids))

    async def tell_events(self, request: web.Request) -> web.WebSocketResponse:
        """Every event from now on; the first message is the snapshot they follow."""
        socket = web.WebSocketResponse(heartbeat=10)
        await socket.prepare(request)
        queue = self._live.listen()
        first = {"kind": "snapshot"} | self._live.snapshot()
        reader = asyncio.create_task(_drain(socket))
        try:
            await socket.send_str(orjson.dumps(first).decode())
            while not reader.done():
                getter = asyncio.create_task(queue.get())
                await asyncio.wait({getter, reader}, return_when=asyncio.FIRST_COMPLETED)
                if not getter.done() or (message := getter.result()) is None:
                    getter.cancel()
                    break
                await socket.send_str(orjson.dumps(message).decode())
        except ConnectionError:
            pass
        finally:
            self._live.forget(queue)
            reader.cancel()
            await socket.close()
        return socket


async def _drain(socket: web.WebSocketResponse) -> None:
    """Read until the other side is gone, so that its going is noticed."""
    async for message in socket:
        if message.type in (WSMsgType.CLOSE, WSMsgType.ERROR):
            return


def _agent_id(request: web.Request) -> int:
    return int(request.match_info["agent_id"])


def _call_id(request: web.Request) -> UUID:
    try:
        return UUID(request.match_info["call_id"])
    except ValueError:
        raise Refusal(404, "unknown_call", "no such call here") from None


async def _read_numbers(request: web.Request) -> list[str]:
    numbers = (await _read(request)).get("numbers")
    if not isinstance(numbers, list) or not all(isinstance(x, str) and x.isdecimal() for x in numbers):
        raise Refusal(422, "invalid_request", "numbers are those of extensions")
    return numbers


async def _read(request: web.Request) -> dict[str, Any]:
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def refuse(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"code": code, "message": message}, status=status)
