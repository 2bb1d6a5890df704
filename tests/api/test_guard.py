"""What surrounds every route: origins, sizes, headers, the console's files, errors in one form."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from api_fixtures import Api, bind, run_api
from database_fixtures import TestDatabase
from ucc.app import create_app
from ucc.config import Settings
from ucc.errors import UccError
from ucc.secrets import Secrets
from world import PASSWORD

CREDENTIALS = {"username": "operator", "password": PASSWORD}
OTHER_SITES = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]
BAD_BODIES: list[Any] = [
    {},
    {"username": "", "password": "x"},
    {"username": "x" * 65, "password": "x"},
    {"username": "x", "password": "x" * 257},
    {"username": ["x"], "password": {"x": 1}},
    {"username": "x\0", "password": "x"},
    [],
    "text",
]


@pytest.mark.db
class TestOrigin:
    async def test_other_sites(self, api: Api) -> None:
        browser = await api.browser("operator")
        for headers in OTHER_SITES:
            for method, path in (("POST", "session"), ("DELETE", "session"), ("PUT", "agent/presence")):
                async with browser.request(method, path, json=CREDENTIALS, headers=headers) as response:
                    assert (response.status, (await response.json())["code"]) == (403, "foreign_origin"), headers
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await browser.ws_connect("live", headers=headers)
        async with browser.get("session") as response:
            assert response.status == 200

    async def test_our_own_page(self, api: Api) -> None:
        browser = await api.browser()
        headers = {"Origin": api.url, "Sec-Fetch-Site": "same-origin"}
        async with browser.post("session", json=CREDENTIALS, headers=headers) as response:
            assert response.status == 200
        async with browser.ws_connect("live", headers={"Origin": api.url}) as socket:
            assert (await socket.receive_json())["kind"] in ("snapshot", "controller.away")


@pytest.mark.db
class TestBounds:
    async def test_a_large_body(self, api: Api) -> None:
        browser = await api.browser()
        async with browser.post("session", data=b"x" * 70_000) as response:
            assert (response.status, (await response.json())["code"]) == (413, "request_too_large")

    async def test_a_large_body_of_unknown_length(self, api: Api) -> None:
        async def endless() -> Any:
            for _ in range(100):
                yield b"x" * 10_000
                await asyncio.sleep(0)

        browser = await api.browser()
        try:
            async with browser.post("session", data=endless()) as response:
                assert response.status >= 400
        except aiohttp.ClientError:
            pass
        async with browser.get("health") as response:
            assert response.status == 200

    async def test_bad_bodies(self, api: Api) -> None:
        browser = await api.browser()
        for body in BAD_BODIES:
            async with browser.post("session", json=body) as response:
                answer = await response.json()
                assert (response.status, answer["code"]) == (422, "invalid_input"), body

    async def test_a_password_is_never_repeated(self, api: Api) -> None:
        browser = await api.browser()
        async with browser.post("session", json={"username": 5, "password": "hunter2" * 50}) as response:
            assert "hunter2" not in await response.text()


@pytest.mark.db
async def test_headers_on_everything(api: Api) -> None:
    browser = await api.browser()
    for path in ("/", "/calls", "/assets/app-1234.js", "/api/v1/health", "/api/v1/session", "/api/v1/none"):
        async with browser.get(api.url + path) as response:
            assert "default-src 'self'" in response.headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
            assert "ws://127.0.0.1:8060" in response.headers["Content-Security-Policy"]
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["X-Frame-Options"] == "DENY"
            assert "Server" not in response.headers or "uvicorn" not in response.headers["Server"]


@pytest.mark.db
async def test_the_console(api: Api) -> None:
    browser = await api.browser()

    async def fetch(path: str) -> tuple[int, str, str]:
        async with browser.get(api.url + path) as response:
            return response.status, await response.text(), response.headers.get("Cache-Control", "")

    page = (200, "<!doctype html><title>UCC</title>", "no-cache")
    for path in (
        "/",
        "/index.html",
        "/calls/5",
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2fsecrets.toml",
    ):
        assert await fetch(path) == page, path
    assert await fetch("/assets/app-1234.js") == (200, "export {}", "public, max-age=31536000, immutable")
    assert (await fetch("/assets/gone.js"))[0] == 404
    for path in ("/api/v1/none", "/api/v2/session"):
        status, body, _ = await fetch(path)
        assert status == 404
        assert '"not_found"' in body


@pytest.mark.db
async def test_a_method_that_is_not_there(api: Api) -> None:
    browser = await api.browser("operator")
    async with browser.patch("calls") as response:
        assert (response.status, (await response.json())["code"]) == (405, "method_not_allowed")


@pytest.mark.db
async def test_health(api: Api) -> None:
    browser = await api.browser()
    for _ in range(100):
        async with browser.get("health") as response:
            assert response.status == 200
            body = await response.json()
        if body["has_controller"]:
            break
        await asyncio.sleep(0.02)
    assert body == {"is_healthy": True, "has_database": True, "has_controller": True}


@pytest.mark.db
async def test_without_a_database(database_server: Any, tmp_path: Path) -> None:
    listener = bind()
    gone = TestDatabase(database_server.set(database="ucc_test_gone"))
    async with run_api(gone, tmp_path, listener.getsockname()[1]) as api:
        browser = await api.browser()
        async with browser.get("health") as response:
            assert response.status == 503
            assert (await response.json())["has_database"] is False
        async with browser.post("session", json=CREDENTIALS) as response:
            assert (response.status, (await response.json())["code"]) == (503, "database_away")
        async with browser.ws_connect("live", headers={"Cookie": "ucc_session=x"}) as socket:
            assert (await socket.receive()).data == 1013
    listener.close()


def test_every_error_is_documented() -> None:
    document = create_app(Settings(home=Path("/nowhere")), Secrets()).openapi()
    known = {error.status for error in _subclasses(UccError)} | {200, 201, 202, 204, 206, 503}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            statuses = {int(status) for status in operation["responses"]}
            assert statuses <= known, (path, method)
            for status in statuses:
                if status >= 400 and path != "/api/v1/health":
                    content = operation["responses"][str(status)]["content"]["application/json"]
                    assert content["schema"] == {"$ref": "#/components/schemas/ErrorBody"}, (path, method, status)
                    assert content["examples"], (path, method, status)
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert not [name for name in document["components"]["schemas"] if "__" in name], "two models of one name"
    names = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names))


def test_codes_are_unique() -> None:
    codes = [error.code for error in _subclasses(UccError)]
    assert len(codes) == len(set(codes))


def _subclasses(parent: type[UccError]) -> list[type[UccError]]:
    return [found for child in parent.__subclasses__() for found in (child, *_subclasses(child))]
