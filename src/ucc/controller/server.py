"""The controller's HTTP side: commands to the owner of a call, and the live view. For the API of this product only."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from uuid import UUID

import orjson
from aiohttp import WSMsgType, web

from ucc.controller.live import Live
from ucc.controller.office import ControllerOffice
from ucc.engine.events import HangUpRequested
from ucc.engine.floor import Presence, PresenceAsked, Work
from ucc.engine.record import EndedBy
from ucc.engine.state import Ended
from ucc.kit.clock import SteadyClock
from ucc.switch.runner import Runner

MAX_CALLEE = 32
MAX_REASON = 64
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ControllerServer:
    def __init__(
        self,
        runner: Runner,
        office: ControllerOffice,
        live: Live,
        clock: SteadyClock,
        token: str,
        health: Callable[[], dict[str, object]],
    ) -> None:
        self._runner = runner
        self._office = office
        self._live = live
        self._clock = clock
        self._token = token
        self._health = health
        self.app = web.Application(middlewares=[self._authorize], client_max_size=4096)
        self.app.add_routes(
            [
                web.post("/agents/{agent_id:\\d+}/presence", self.ask_presence),
                web.post("/agents/{agent_id:\\d+}/calls", self.place_call),
                web.post("/calls/{call_id}/hang-up", self.hang_up),
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
        return await handler(request)

    async def ask_presence(self, request: web.Request) -> web.Response:
        body = await _read(request)
        presence, reason = body.get("presence"), body.get("reason")
        if presence not in {x.value for x in Presence} or not isinstance(reason, str | None):
            return refuse(422, "invalid_presence", "presence is ready, paused or offline")
        agent_id = int(request.match_info["agent_id"])
        found = await self._office.get_agent(agent_id)
        if found is None:
            return refuse(404, "unknown_agent", "no such agent here")
        reason = reason[:MAX_REASON] if reason and presence == "paused" else None
        event = PresenceAsked(self._clock.time(), agent_id, Presence(presence), reason)
        self._runner.post_floor(found[0], event)
        return web.json_response({"presence": presence, "reason": reason})

    async def place_call(self, request: web.Request) -> web.Response:
        callee = (await _read(request)).get("callee")
        if not isinstance(callee, str) or not 0 < len(callee) <= MAX_CALLEE:
            return refuse(422, "invalid_number", "callee is a number")
        found = await self._office.get_agent(int(request.match_info["agent_id"]))
        if found is None:
            return refuse(404, "unknown_agent", "no such agent here")
        tenant_id, agent = found
        if agent.work is not Work.NONE:
            return refuse(409, "agent_busy", f"the agent is {agent.state}")
        call_id = self._runner.request_call(tenant_id, agent.target, callee)
        return web.json_response({"call_id": str(call_id)}, status=201)

    async def hang_up(self, request: web.Request) -> web.Response:
        try:
            call_id = UUID(request.match_info["call_id"])
        except ValueError:
            return refuse(404, "unknown_call", "no such call here")
        actor = self._runner.calls.get(call_id)
        if actor is None or isinstance(actor.state, Ended):
            return refuse(404, "unknown_call", "no such call here")
        by = (await _read(request)).get("by")
        ended_by = EndedBy(by) if by in {x.value for x in EndedBy} else EndedBy.AGENT
        self._runner.post(call_id, HangUpRequested(self._clock.time(), ended_by))
        return web.json_response({"call_id": str(call_id)}, status=202)

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


async def _read(request: web.Request) -> dict[str, object]:
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def refuse(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"code": code, "message": message}, status=status)
