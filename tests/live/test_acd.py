"""Queues on real phones: offers that fail, overflow, announcements, ring all, wrap-up, the agent who spoke last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from live.ear import hear
from live.house import AGENT_TONE_HZ, House, until
from live.rules import log_in_as
from ucc.stack.tones import count_tone_s, decode_mono

pytestmark = pytest.mark.live
SETTLED_S = 2.6
"""Settings reach the floor within two seconds."""


@asynccontextmanager
async def changed_queue(house: House, **changes: Any) -> AsyncIterator[dict[str, Any]]:
    """The demo's queue with these settings while the block lasts."""
    enterprise = await log_in_as(house, "enterprise")
    queue_id = next(x["id"] for x in (await enterprise.get("/queues"))["items"] if x["name"] == "客服")
    before = await enterprise.get(f"/queues/{queue_id}")
    body = {name: value for name, value in before.items() if name not in ("id", "tenant_id")}
    yield await enterprise.request("PUT", f"/queues/{queue_id}", json=body | changes)
    await enterprise.request("PUT", f"/queues/{queue_id}", json=body)


@asynccontextmanager
async def other_queue(house: House, **settings: Any) -> AsyncIterator[dict[str, Any]]:
    enterprise = await log_in_as(house, "enterprise")
    queue = await enterprise.request("POST", "/queues", json={"name": "overflow"} | settings)
    yield queue
    await enterprise.request("DELETE", f"/queues/{queue['id']}")


async def agent_ids(house: House) -> dict[str, int]:
    return {x["extension"]: x["agent_id"] for x in (await house.snapshot())["agents"]}


async def test_a_phone_that_is_not_answered_loses_the_call_to_the_next_agent(house: House) -> None:
    async with changed_queue(house, ring_timeout_s=3):
        await house.phone("8001", is_answering=False)
        answering = await house.phone("8002")
        await house.sign_in("agent1")
        await house.sign_in("agent2", "paused", "rest")
        await asyncio.sleep(SETTLED_S)
        call = await house.call_in()
        await house.agent_is("8001", "ringing")
        paused = await house.agent_is("8001", "paused", 6)
        assert paused["reason"] == "ring_timeout"
        await house.live_call(call.caller, "queued")
        await house.sign_in("agent2")
        await house.live_call(call.caller, "talking")
        await asyncio.sleep(1.5)
        await house.hang_up(call)
        record = await house.record(call.caller)
    assert record["result"] == "answered"
    assert count_tone_s(decode_mono(call.heard), AGENT_TONE_HZ) > 1.0, "the customer heard the agent"
    assert answering.call is not None


async def test_a_declined_call_goes_to_the_next_agent(house: House) -> None:
    declining = await house.phone("8001", is_answering=False)
    await house.phone("8002")
    await house.sign_in("agent1")
    await house.sign_in("agent2", "paused", "rest")
    call = await house.call_in()
    await house.agent_is("8001", "ringing")
    await declining.wait_ringing()
    await house.sign_in("agent2")
    await declining.hang_up()
    paused = await house.agent_is("8001", "paused")
    assert paused["reason"] == "declined"
    await house.live_call(call.caller, "talking")
    await house.agent_is("8002", "on_call")
    await house.hang_up(call)


async def test_a_phone_that_is_gone_is_noticed_at_once(house: House) -> None:
    await house.phone("8002")
    await house.sign_in("agent1")
    await house.sign_in("agent2")
    call = await house.call_in()
    await house.live_call(call.caller, "talking", 4)
    assert (await house.agent_is("8001", "paused"))["reason"] == "phone_unreachable"
    await house.agent_is("8002", "on_call")
    await house.hang_up(call)


async def test_a_full_queue_overflows(house: House) -> None:
    ids = await agent_ids(house)
    async with other_queue(house, members=[{"agent_id": ids["8002"]}]) as overflow:
        settings = {
            "max_length": 1,
            "members": [{"agent_id": ids["8001"]}],
            "overflow": {"kind": "queue", "queue_id": overflow["id"]},
        }
        async with changed_queue(house, **settings):
            await house.phone("8001")
            await house.phone("8002")
            await house.sign_in("agent1")
            await house.sign_in("agent2")
            await asyncio.sleep(SETTLED_S)
            first, second = await house.call_in(), None
            await house.live_call(first.caller, "talking")
            second = await house.call_in()
            await house.live_call(second.caller, "queued")
            third = await house.call_in()
            live = await house.live_call(third.caller, "talking")
            assert live["agent_id"] == ids["8002"]
            assert (await house.live_call(second.caller, "queued"))["agent_id"] is None
            for call in (third, second, first):
                await house.hang_up(call)
            await house.record(third.caller)
            await house.assert_nothing_left()


async def test_nobody_signed_in_overflows_at_once(house: House) -> None:
    ids = await agent_ids(house)
    async with other_queue(house, members=[{"agent_id": ids["8002"]}]) as overflow:
        settings = {
            "members": [{"agent_id": ids["8001"]}],
            "overflow": {"kind": "queue", "queue_id": overflow["id"]},
        }
        async with changed_queue(house, **settings):
            await house.phone("8002")
            await house.sign_in("agent2")
            await asyncio.sleep(SETTLED_S)
            call = await house.call_in()
            assert (await house.live_call(call.caller, "talking"))["agent_id"] == ids["8002"]
            await house.hang_up(call)
            await house.record(call.caller)
            await house.assert_nothing_left()


async def test_the_caller_hears_where_it_stands(house: House) -> None:
    async with changed_queue(house, announce_every_s=10):
        await house.sign_in("agent1", "paused", "rest")
        await asyncio.sleep(SETTLED_S)
        first = await house.call_in()
        await house.live_call(first.caller, "queued")
        second = await house.call_in()
        await house.live_call(second.caller, "queued")
        await asyncio.sleep(18)
        for call in (first, second):
            await house.hang_up(call)
        await house.record(second.caller)
    folder = house.settings.home / "prompt" / "zh"
    names = ["next_in_line", "position_is", "position_end", "digit_2", "digit_1"]
    assert "next_in_line" in hear(first.heard, folder, names)
    assert hear(second.heard, folder, names)[:3] == ["position_is", "digit_2", "position_end"]


async def test_ring_all_rings_everybody_and_stops_when_one_answers(house: House) -> None:
    async with changed_queue(house, strategy="ring_all"):
        first = await house.phone("8001", is_answering=False)
        second = await house.phone("8002", is_answering=False)
        await house.sign_in("agent1")
        await house.sign_in("agent2")
        await asyncio.sleep(SETTLED_S)
        call = await house.call_in()
        await house.agent_is("8001", "ringing")
        await house.agent_is("8002", "ringing")
        await first.wait_ringing()
        await second.wait_ringing()
        await second.answer()
        live = await house.live_call(call.caller, "talking")
        assert live["agent_id"] == (await agent_ids(house))["8002"]
        await first.wait_closed(3)
        await house.agent_is("8001", "ready")
        await asyncio.sleep(1.5)
        await house.hang_up(call)
        record = await house.record(call.caller)
        assert record["result"] == "answered"
        await house.agent_is("8002", "ready")


async def test_wrap_up_follows_and_the_agent_may_end_it(house: House) -> None:
    async with changed_queue(house, wrap_up_s=30):
        await house.phone("8001")
        await house.sign_in("agent1")
        await asyncio.sleep(SETTLED_S)
        call = await house.call_in()
        await house.live_call(call.caller, "talking")
        waiting = await house.call_in()
        await house.live_call(waiting.caller, "queued")
        await house.hang_up(call)
        agent = await house.agent_is("8001", "wrap_up")
        assert agent["wrap_up_ends_at"] is not None
        await asyncio.sleep(1)
        await house.live_call(waiting.caller, "queued", 1)
        await house.agents["agent1"].request("POST", "/agent/wrap-up", json={"seconds": 0})
        await house.live_call(waiting.caller, "talking")
        await house.hang_up(waiting)
        await house.agents["agent1"].request("POST", "/agent/wrap-up", json={"seconds": 1})
        await house.agent_is("8001", "ready", 4)


async def test_a_caller_comes_back_to_the_agent_who_spoke_last(house: House) -> None:
    ids = await agent_ids(house)
    async with changed_queue(house, last_agent_s=20):
        await house.phone("8001")
        await house.phone("8002")
        await house.sign_in("agent1", "paused", "rest")
        await house.sign_in("agent2")
        await asyncio.sleep(SETTLED_S)
        call = await house.call_in()
        await house.live_call(call.caller, "talking")
        await asyncio.sleep(1)
        await house.hang_up(call)
        await house.record(call.caller)
        await house.sign_in("agent1")
        await house.agent_is("8001", "ready")
        await house.sign_in("agent2", "paused", "rest")
        await house.sign_in("agent2")
        again = await house.call_in(caller=call.caller)
        live = await house.live_call(call.caller, "talking")
        assert live["agent_id"] == ids["8002"], "agent 8001 is idle longer, but 8002 spoke with this caller"
        await house.hang_up(again)


async def test_the_time_of_an_agent_is_kept(house: House) -> None:
    agent_id = (await agent_ids(house))["8001"]
    await house.phone("8001")
    await house.sign_in("agent1")
    begun = (await house.agent_is("8001", "ready"))["since"]
    call = await house.call_in()
    await house.live_call(call.caller, "talking")
    await asyncio.sleep(2)
    await house.hang_up(call)
    await house.agent_is("8001", "ready")
    await house.sign_in("agent1", "paused", "rest")
    await asyncio.sleep(1)
    await house.sign_in("agent1", "offline")
    ended = (await house.agent_is("8001", "offline"))["since"]

    async def look() -> list[Any] | None:
        async with house.database.begin() as session:
            rows = await session.execute(
                text(
                    "SELECT state, since, until FROM agent_stretch WHERE agent_id = :id AND since >= :at ORDER BY since"
                ),
                {"id": agent_id, "at": datetime.fromtimestamp(begun - 0.01, UTC)},
            )
            found = [(state, since.timestamp(), until.timestamp()) for state, since, until in rows]
            return found if found and found[-1][0] == "paused" else None

    rows = await until(look, "the stretches of the agent")
    assert [row[0] for row in rows] == ["ready", "ringing", "talk", "ready", "paused"]
    assert [row[2] for row in rows[:-1]] == [row[1] for row in rows[1:]], "no gap"
    assert abs(rows[0][1] - begun) < 0.01
    assert abs(rows[-1][2] - ended) < 0.01
    talk = rows[2]
    assert 1.9 < talk[2] - talk[1] < 3.5


async def test_an_offer_outlives_its_controller(house: House) -> None:
    ringing = await house.phone("8001", is_answering=False)
    await house.phone("8002")
    await house.sign_in("agent1")
    await house.sign_in("agent2", "paused", "rest")
    call = await house.call_in()
    await house.agent_is("8001", "ringing")
    await ringing.wait_ringing()
    later = await house.call_in()
    await house.live_call(later.caller, "queued")
    house.stack.kill("controller")
    house.stack.wait_ready("controller", timeout_s=10)
    await house.agent_is("8001", "ringing", 10)
    await ringing.hang_up()
    assert (await house.agent_is("8001", "paused"))["reason"] == "declined"
    await house.waiting(2)
    await house.sign_in("agent2")
    await house.live_call(call.caller, "talking")
    assert (await house.live_call(later.caller, "queued"))["agent_id"] is None, "who came later waits"
    for one in (later, call):
        await house.hang_up(one)
    assert (await house.record(call.caller))["result"] == "answered"


async def test_an_agent_who_dials_is_left_alone_by_the_queue(house: House) -> None:
    """Blended: outbound and inbound by the same agent."""
    phone = await house.phone("8001")
    await house.sign_in("agent1")
    callee = house.number("0")
    await phone.dial(callee)
    await phone.wait_established()
    call = await house.call_in()
    await house.live_call(call.caller, "queued")
    await asyncio.sleep(1)
    await house.live_call(call.caller, "queued", 0.5)
    await phone.hang_up()
    await house.live_call(call.caller, "talking")
    await house.hang_up(call)
