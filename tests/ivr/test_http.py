"""Questions of IVR trees to servers: answers, failures, and what may not be asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from ucc.config import Settings
from ucc.engine.ivr import HttpQuestion
from ucc.ivr.http import HttpAsker, require_allowed


class Server:
    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else None
        self.asked.append((request.method, dict(request.query), body))
        match request.path:
            case "/ok":
                return web.json_response({"level": 3})
            case "/list":
                return web.json_response([1, 2])
            case "/long":
                return web.Response(body=b"x" * 200_000)
            case "/slow":
                await asyncio.sleep(5)
                return web.json_response({})
            case "/moved":
                raise web.HTTPFound("http://127.0.0.1:1/secret")
            case "/text":
                return web.Response(text="hello")
            case "/empty":
                return web.Response(status=204)
            case _:
                return web.json_response({"level": 9}, status=500)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    found, app = Server(), web.Application()
    app.router.add_route("*", "/{path:.*}", found.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    found.url = f"http://127.0.0.1:{port}"
    yield found
    await runner.cleanup()


@pytest_asyncio.fixture
async def asker() -> AsyncIterator[HttpAsker]:
    found = HttpAsker(Settings(home=Path("/nowhere"), ivr_http_networks=["127.0.0.0/8"]))
    yield found
    await found.close()


def question(url: str, method: Any = "GET", timeout_s: float = 2.0, **body: str) -> HttpQuestion:
    return HttpQuestion(1, method, url, body, timeout_s)


async def test_answers(server: Server, asker: HttpAsker) -> None:
    assert await asker.ask(question(f"{server.url}/ok", n="+86", x="a b")) == (200, {"level": 3})
    assert await asker.ask(question(f"{server.url}/ok", "POST", n="+86")) == (200, {"level": 3})
    assert server.asked == [("GET", {"n": "+86", "x": "a b"}, None), ("POST", {}, {"n": "+86"})]
    assert await asker.ask(question(f"{server.url}/list")) == (200, {"items": [1, 2]})
    assert await asker.ask(question(f"{server.url}/empty")) == (204, {})


async def test_failures_are_failures(server: Server, asker: HttpAsker) -> None:
    assert await asker.ask(question(f"{server.url}/broken")) == (500, {})
    assert (await asker.ask(question(f"{server.url}/moved")))[0] == 302
    for url in (f"{server.url}/long", f"{server.url}/text", "http://127.0.0.1:1/", "http://no.such.host.invalid/"):
        assert await asker.ask(question(url)) == (0, {}), url
    before = asyncio.get_running_loop().time()
    assert await asker.ask(question(f"{server.url}/slow", timeout_s=0.2)) == (0, {})
    assert asyncio.get_running_loop().time() - before < 1.0


async def test_our_own_networks_are_not_asked(server: Server) -> None:
    closed = HttpAsker(Settings(home=Path("/nowhere"), ivr_http_networks=[]))
    for host in (
        server.url,
        server.url.replace("127.0.0.1", "localhost"),
        server.url.replace("127.0.0.1", "2130706433"),
    ):
        assert await closed.ask(question(f"{host}/ok")) == (0, {}), host
    await closed.close()
    assert server.asked == []


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "::1",
        "fe80::1",
        "::ffff:127.0.0.1",
        "224.0.0.1",
    ],
)
def test_addresses_that_are_never_public(host: str) -> None:
    with pytest.raises(OSError, match="may not be asked"):
        require_allowed(host, [])
    require_allowed("8.8.8.8", [])
