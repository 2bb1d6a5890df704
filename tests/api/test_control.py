"""What an agent asks for reaches call control, and its answers come back."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from api_fixtures import Api, FakeController
from world import World

pytestmark = pytest.mark.db
BAD_PRESENCES: list[Any] = [
    {},
    {"presence": "asleep"},
    {"presence": "paused", "reason": "x" * 65},
    {"presence": "paused", "reason": 5},
]
BAD_NUMBERS = ["", "x" * 33, "1" * 33, "138<script>", "sip:a@b", "１３８００１３８０００"]


async def send(api: Api, username: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    browser = await api.browser(username)
    async with browser.request(method, path, json=body) as response:
        return response.status, await response.json() if response.status != 204 else None


async def test_presence(api: Api, controller: FakeController, world: World) -> None:
    agent = controller.agents[world.first.agent_id]
    assert await send(api, "agent1", "PUT", "agent/presence", {"presence": "paused", "reason": "lunch"}) == (204, None)
    assert (agent["presence"], agent["reason"]) == ("paused", "lunch")
    assert await send(api, "agent1", "PUT", "agent/presence", {"presence": "ready"}) == (204, None)
    assert agent["presence"] == "ready"
    assert controller.agents[world.second.agent_id]["presence"] == "offline"


async def test_bad_requests(api: Api) -> None:
    browser = await api.browser("agent1")
    requests = [("PUT", "agent/presence", body) for body in BAD_PRESENCES]
    requests += [("POST", "agent/calls", {"callee": callee}) for callee in BAD_NUMBERS]
    for method, path, body in requests:
        async with browser.request(method, path, json=body) as response:
            assert (response.status, (await response.json())["code"]) == (422, "invalid_input"), body


async def test_a_call_and_its_end(api: Api, controller: FakeController, world: World) -> None:
    status, answer = await send(api, "agent1", "POST", "agent/calls", {"callee": "138 0013 8000"})
    assert status == 201
    assert controller.calls[answer["call_id"]]["agent_id"] == world.first.agent_id
    assert (await send(api, "agent2", "POST", f"calls/{answer['call_id']}/hang-up"))[0] == 404
    assert (await send(api, "agent1", "POST", f"calls/{uuid4()}/hang-up"))[0] == 404
    assert await send(api, "agent1", "POST", f"calls/{answer['call_id']}/hang-up") == (204, None)
    assert controller.calls == {}


async def test_a_colleagues_call_cannot_be_hung_up(api: Api, controller: FakeController, world: World) -> None:
    call_id = await controller.show_call(world.first.enterprise_id, None, "queued")
    assert (await send(api, "agent1", "POST", f"calls/{call_id}/hang-up"))[0] == 404


async def test_refusals_are_passed_on(api: Api) -> None:
    status, answer = await send(api, "agent1", "POST", "agent/calls", {"callee": "10000"})
    assert (status, answer["code"]) == (409, "agent_busy")


async def test_trouble_in_call_control(api: Api, controller: FakeController) -> None:
    assert (await send(api, "agent1", "POST", "agent/calls", {"callee": "10001"}))[0] == 503
    await controller.stop()
    status, answer = await send(api, "agent1", "PUT", "agent/presence", {"presence": "ready"})
    assert (status, answer["code"]) == (503, "controller_away")


async def test_only_agents_have_a_phone(api: Api) -> None:
    for username in ("operator", "reseller1", "enterprise1", "supervisor1"):
        browser = await api.browser(username)
        for method, path, body in (
            ("PUT", "agent/presence", {"presence": "ready"}),
            ("POST", "agent/calls", {"callee": "13800138000"}),
            ("GET", "agent/phone", None),
        ):
            async with browser.request(method, path, json=body) as response:
                assert (response.status, (await response.json())["code"]) == (403, "forbidden")


async def test_the_phone(api: Api) -> None:
    assert await send(api, "agent1", "GET", "agent/phone") == (
        200,
        {
            "ws_url": "ws://127.0.0.1:8060",
            "sip_uri": "sip:8001@ucc.local",
            "username": "8001",
            "realm": "ucc.local",
            "ha1": "1" * 32,
        },
    )
