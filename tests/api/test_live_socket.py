"""WS /live on a running API: snapshot, events, the controller going and coming back, sessions that end."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import aiohttp
import pytest
from sqlalchemy import text

from api_fixtures import Api, FakeController, bind
from ucc.db.unit import Database
from ucc.live import endpoints, relay
from ucc.live.relay import BACKLOG, Signal, Subscription
from world import World


async def receive(socket: aiohttp.ClientWebSocketResponse) -> Any:
    return await asyncio.wait_for(socket.receive_json(), 5)


async def begin(socket: aiohttp.ClientWebSocketResponse) -> Any:
    """The first snapshot."""
    while (message := await receive(socket))["kind"] == "controller.away":
        pass
    return message


@pytest.mark.db
async def test_snapshot_then_events_of_the_own_tenants(api: Api, controller: FakeController, world: World) -> None:
    first, second = world.first, world.second
    old = await controller.show_call(first.enterprise_id, first.agent_id, "talking")
    await controller.show_call(second.enterprise_id, second.agent_id, "talking")
    browser = await api.browser("supervisor1")
    async with browser.ws_connect("live") as socket:
        snapshot = await begin(socket)
        assert (snapshot["kind"], snapshot["seq"]) == ("snapshot", 0)
        assert [call["call_id"] for call in snapshot["calls"]] == [old]
        assert [agent["agent_id"] for agent in snapshot["agents"]] == [first.agent_id]
        await controller.show_call(second.enterprise_id, second.agent_id, "talking")
        await controller.show_call(first.enterprise_id, first.agent_id, "ended", old)
        message = await receive(socket)
        assert (message["kind"], message["seq"], message["call"]["call_id"]) == ("call.ended", 1, old)


@pytest.mark.db
async def test_an_operator_sees_every_enterprise(api: Api, controller: FakeController, world: World) -> None:
    browser = await api.browser("operator")
    async with browser.ws_connect("live") as socket:
        assert len((await begin(socket))["agents"]) == 2
        for branch in (world.first, world.second):
            await controller.show_call(branch.enterprise_id, branch.agent_id, "talking")
            assert (await receive(socket))["tenant_id"] == branch.enterprise_id


@pytest.mark.db
async def test_the_controller_goes_and_comes_back(
    api: Api, controller: FakeController, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "RETRY_S", 0.02)
    monkeypatch.setattr(endpoints, "RETRY_S", 0.02)
    browser = await api.browser("supervisor1")
    async with browser.ws_connect("live") as socket:
        await begin(socket)
        await controller.stop()
        assert await receive(socket) == {"kind": "controller.away"}
        await controller.start(bind(api.settings.controller_port))
        assert (await begin(socket))["kind"] == "snapshot"


@pytest.mark.db
async def test_strangers(api: Api) -> None:
    browser = await api.browser()
    async with browser.ws_connect("live") as socket:
        message = await socket.receive()
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 4401)


@pytest.mark.db
async def test_a_session_that_ends_closes_its_socket(
    api: Api, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "RECHECK_S", 0.05)
    browser = await api.browser("supervisor1")
    async with browser.ws_connect("live") as socket:
        await begin(socket)
        async with database.begin() as session:
            await session.execute(text("DELETE FROM user_session"))
        message = await asyncio.wait_for(socket.receive(), 5)
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 4401)


@pytest.mark.db
async def test_sockets_are_bounded_and_counted(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "MAX_SOCKETS", 2)
    browser = await api.browser("supervisor1")
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(2):
            await begin(await stack.enter_async_context(browser.ws_connect("live")))
        async with browser.ws_connect("live") as third:
            assert (await third.receive()).data == 1013
    for _ in range(200):
        if api.app.state.live_sockets == 0:
            break
        await asyncio.sleep(0.01)
    assert api.app.state.live_sockets == 0


@pytest.mark.db
async def test_what_a_browser_says_is_ignored(api: Api, controller: FakeController, world: World) -> None:
    browser = await api.browser("supervisor1")
    async with browser.ws_connect("live") as socket:
        await begin(socket)
        for _ in range(10):
            await socket.send_str("hello")
        await controller.show_call(world.first.enterprise_id, None, "queued")
        assert (await receive(socket))["kind"] == "call.changed"


async def test_a_slow_browser_is_cut_off_not_skipped() -> None:
    subscription = Subscription()
    for number in range(BACKLOG + 1):
        subscription.put({"seq": number})
    assert await subscription.next() is Signal.LOST
    subscription.put({"seq": 1})
    assert await subscription.next() is Signal.LOST
