"""What Kamailio says of a phone, read into a registration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ucc.border.rpc import Registration, RpcError, find_registrations, read_registrations, read_source
from ucc.config import Settings


def contact(**changes: Any) -> dict[str, Any]:
    values = {
        "Address": "sip:8001@10.0.0.5:5062;transport=tcp",
        "Expires": 300,
        "Received": "",
        "Socket": "udp:127.0.0.1:5060",
        "User-Agent": "Phone 1.0",
        "Last-Modified": 1000,
    }
    return {"Contact": values | changes}


def test_a_phone() -> None:
    (found,) = read_registrations("8001", {"Contacts": [contact()]}, 1100.0)
    assert found == Registration("8001", "10.0.0.5:5062", "udp", "Phone 1.0", 1000.0, 1400.0)


def test_behind_nat_it_is_where_its_requests_come_from() -> None:
    behind = contact(Received="sip:192.0.2.7:40001;transport=ws", Socket="ws:127.0.0.1:8060")
    (found,) = read_registrations("8001", {"Contacts": [behind]}, 0.0)
    assert (found.source, found.transport) == ("192.0.2.7:40001", "ws")


@pytest.mark.parametrize("left", [0, -5, "expired", "deleted"])
def test_what_has_ended_is_not_registered(left: object) -> None:
    assert read_registrations("8001", {"Contacts": [contact(Expires=left)]}, 0.0) == []


@pytest.mark.parametrize("found", [{}, {"Contacts": [{}]}, {"Contacts": [{"Contact": {"Expires": 5}}]}])
def test_another_form_is_an_error(found: dict[str, Any]) -> None:
    with pytest.raises(RpcError):
        read_registrations("8001", found, 0.0)


def test_addresses() -> None:
    assert read_source("sips:8001@[2001:db8::1]:5061;ob") == "[2001:db8::1]:5061"


async def ask(tmp_path: Path, answers: dict[str, dict[str, Any]]) -> list[Registration]:
    """Find the phones of some extensions when Kamailio answers this."""

    async def answer(request: web.Request) -> web.Response:
        number = (await request.json())["params"][1]
        return web.json_response({"jsonrpc": "2.0", "id": 1} | answers[number])

    app = web.Application()
    app.add_routes([web.post("/RPC", answer)])
    async with TestServer(app, host="127.0.0.1") as server:
        settings = Settings(home=tmp_path, address="127.0.0.1", border_rpc_port=server.port)
        return await find_registrations(settings, answers)


def error(message: str) -> dict[str, Any]:
    return {"error": {"code": 500, "message": message}}


async def test_extensions_without_a_phone(tmp_path: Path) -> None:
    """A page that has gone leaves its extension behind in Kamailio's memory, without a contact."""
    answers = {
        "8001": error("AOR not found in location table"),
        "8002": error("AOR has no contacts"),
        "8003": {"result": {"Contacts": [contact()]}},
    }
    assert [one.number for one in await ask(tmp_path, answers)] == ["8003"]


async def test_a_fault_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RpcError, match="Location table not found"):
        await ask(tmp_path, {"8001": error("Location table not found")})
