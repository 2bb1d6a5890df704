"""The API on a port of its own, on a test's database and beside a fake controller that behaves."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import orjson
import pytest_asyncio
import uvicorn
from aiohttp import web

from database_fixtures import TestDatabase
from ucc.app import create_app
from ucc.config import Edition, Settings
from ucc.secrets import Secrets
from world import PASSWORD

HOST = "127.0.0.1"


def bind(port: int = 0) -> socket.socket:
    """A listening socket on a free port. Made for TCP by name, else asyncio leaves Nagle's delay on."""
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind((HOST, port))
    found.listen(64)
    found.setblocking(False)
    return found


class FakeController:
    """Keeps presence and calls, tells every change, refuses strangers. `agents` are (tenant, agent) pairs."""

    def __init__(self, token: str, agents: list[tuple[int, int]]) -> None:
        self._token = token
        self.seq = 0
        self.agents: dict[int, dict[str, Any]] = {
            agent_id: {"agent_id": agent_id, "tenant_id": tenant_id, "presence": "offline", "state": "offline"}
            for tenant_id, agent_id in agents
        }
        self.calls: dict[str, dict[str, Any]] = {}
        self.verifications: list[str] = []
        self.registrations: dict[str, dict[str, Any]] = {}
        """By extension: what the border knows of its phone."""
        self.commands: list[tuple[str, str, Any]] = []
        """(agent or call id, command, body) of whatever else was asked."""
        self._sockets: set[web.WebSocketResponse] = set()
        self._runner: web.AppRunner | None = None

    async def start(self, listener: socket.socket) -> None:
        app = web.Application(middlewares=[self._authorize])
        app.add_routes(
            [
                web.post("/agents/{id}/presence", self._set_presence),
                web.post("/agents/{id}/calls", self._place_call),
                web.post("/registrations/{command:find|end}", self._answer_for_border),
                web.post("/calls/end", self._end_calls),
                web.post("/calls/{id}/hang-up", self._hang_up),
                web.post("/{kind:agents|calls}/{id}/{command:[a-z/-]+}", self._take_command),
                web.post("/verification-calls/{id}", self._place_verification),
                web.get("/snapshot", self._snapshot),
                web.get("/events", self._events),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()

    async def stop(self) -> None:
        for found in list(self._sockets):
            await found.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def tell(self, kind: str, tenant_id: int, **subject: dict[str, Any]) -> None:
        self.seq += 1
        message = orjson.dumps({"seq": self.seq, "tenant_id": tenant_id, "kind": kind, **subject}).decode()
        for found in list(self._sockets):
            await found.send_str(message)

    async def show_call(self, tenant_id: int, agent_id: int | None, state: str, call_id: str | None = None) -> str:
        call_id = call_id or str(uuid4())
        agent_ids = [] if agent_id is None else [agent_id]
        call = {
            "call_id": call_id,
            "tenant_id": tenant_id,
            "agent_id": agent_id,
            "agent_ids": agent_ids,
            "state": state,
        }
        if state == "ended":
            self.calls.pop(call_id, None)
        else:
            self.calls[call_id] = call
        await self.tell("call.ended" if state == "ended" else "call.changed", tenant_id, call=call)
        return call_id

    @web.middleware
    async def _authorize(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self._token}":
            return web.json_response({"code": "unauthorized", "message": ""}, status=401)
        found: web.StreamResponse = await handler(request)
        return found

    async def _set_presence(self, request: web.Request) -> web.Response:
        agent, body = self.agents[int(request.match_info["id"])], await request.json()
        agent |= {"presence": body["presence"], "state": body["presence"], "reason": body["reason"]}
        await self.tell("agent.changed", agent["tenant_id"], agent=agent)
        return web.json_response({"presence": body["presence"]})

    async def _place_call(self, request: web.Request) -> web.Response:
        agent, callee = self.agents[int(request.match_info["id"])], (await request.json())["callee"]
        if callee == "10000":
            return web.json_response({"code": "agent_busy", "message": "the agent is on_call"}, status=409)
        if callee == "10001":
            return web.json_response({"trouble": True}, status=500)
        call_id = await self.show_call(agent["tenant_id"], agent["agent_id"], "dialing")
        return web.json_response({"call_id": call_id}, status=201)

    async def _take_command(self, request: web.Request) -> web.Response:
        found, command = request.match_info["id"], request.match_info["command"]
        self.commands.append((found, command, await request.json()))
        return web.json_response({"slot": "7"} if command == "call/park" else {})

    async def _place_verification(self, request: web.Request) -> web.Response:
        self.verifications.append(request.match_info["id"])
        return web.json_response({}, status=201)

    async def _hang_up(self, request: web.Request) -> web.Response:
        call = self.calls[str(UUID(request.match_info["id"]))]
        await self.show_call(call["tenant_id"], call["agent_id"], "ended", call["call_id"])
        return web.json_response({}, status=202)

    async def _answer_for_border(self, request: web.Request) -> web.Response:
        numbers = (await request.json())["numbers"]
        found = [number for number in numbers if number in self.registrations]
        if request.match_info["command"] == "find":
            return web.json_response({"items": [{"number": number} | self.registrations[number] for number in found]})
        for number in found:
            del self.registrations[number]
        return web.json_response({"count": len(found)})

    async def _end_calls(self, request: web.Request) -> web.Response:
        tenant_ids = (await request.json())["tenant_ids"]
        ending = [call for call in self.calls.values() if call["tenant_id"] in tenant_ids]
        for call in ending:
            await self.show_call(call["tenant_id"], call["agent_id"], "ended", call["call_id"])
        return web.json_response({"count": len(ending)}, status=202)

    async def _snapshot(self, request: web.Request) -> web.Response:
        wanted = request.query.get("tenant_id")

        def visible(items: Any) -> list[dict[str, Any]]:
            return [item for item in items if wanted is None or item["tenant_id"] == int(wanted)]

        agents, calls = visible(self.agents.values()), visible(self.calls.values())
        return web.json_response({"seq": self.seq, "agents": agents, "calls": calls, "queues": []})

    async def _events(self, request: web.Request) -> web.WebSocketResponse:
        found = web.WebSocketResponse()
        await found.prepare(request)
        await found.send_str(orjson.dumps({"kind": "snapshot", "seq": self.seq}).decode())
        self._sockets.add(found)
        async for _ in found:
            pass
        self._sockets.discard(found)
        return found


class Api:
    """The running API, and browsers for it."""

    def __init__(self, url: str, settings: Settings, secrets: Secrets, app: Any) -> None:
        self.url = url
        self.settings = settings
        self.secrets = secrets
        self.app = app
        self._stack = contextlib.AsyncExitStack()

    async def browser(self, username: str | None = None) -> aiohttp.ClientSession:
        """A client with its own cookies, logged in when a user is named."""
        jar = aiohttp.CookieJar(unsafe=True)
        session = aiohttp.ClientSession(f"{self.url}/api/v1/", cookie_jar=jar)
        await self._stack.enter_async_context(session)
        if username is not None:
            credentials = {"username": username, "password": PASSWORD}
            async with session.post("session", json=credentials) as response:
                assert response.status == 200, await response.text()
        return session

    async def close(self) -> None:
        await self._stack.aclose()


@contextlib.asynccontextmanager
async def run_api(
    database: TestDatabase, home: Path, controller_port: int, edition: Edition = "cloud"
) -> AsyncIterator[Api]:
    settings = Settings(home=home, address=HOST, controller_port=controller_port, edition=edition)
    secrets = Secrets()
    console = home / "console"
    (console / "assets").mkdir(parents=True)
    (console / "index.html").write_text("<!doctype html><title>UCC</title>")
    (console / "assets" / "app-1234.js").write_text("export {}")
    app = create_app(settings, secrets, database.open("api"), console_dir=console)
    listener = bind()
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    server.force_exit = True  # waits for no connection
    api = Api(f"http://{HOST}:{listener.getsockname()[1]}", settings, secrets, app)
    await server.startup(sockets=[listener])
    try:
        yield api
    finally:
        await api.close()
        await server.shutdown(sockets=[listener])


@pytest_asyncio.fixture
async def controller(world: Any) -> AsyncIterator[FakeController]:
    """A fake controller that has not been started; `port` is where it would listen."""
    agents = [(branch.enterprise_id, branch.agent_id) for branch in (world.first, world.second)]
    found = FakeController("", agents)
    yield found
    await found.stop()


@pytest_asyncio.fixture
async def api(fresh_database: TestDatabase, controller: FakeController, tmp_path: Path) -> AsyncIterator[Api]:
    """The API with its controller running, on a fresh database."""
    listener = bind()
    async with run_api(fresh_database, tmp_path, listener.getsockname()[1]) as running:
        controller._token = running.secrets.controller_token
        await controller.start(listener)
        yield running
        await controller.stop()
