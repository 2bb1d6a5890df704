"""Callers in menus: real calls, keys, tones that prove which prompt was heard, and where each choice leads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from live.house import AGENT_TONE_HZ, CARRIER_TONE_HZ, House
from live.reception import (
    CLOSED_HZ,
    GOODBYE_HZ,
    MENU_HZ,
    OTHER_HZ,
    Reception,
    is_silent,
    open_reception,
    tone_s,
    tone_spans,
)
from ucc.emulator import list_heard
from ucc.stack.api_client import ApiRefused

pytestmark = pytest.mark.live
END: dict[str, Any] = {"kind": "hang_up"}


@pytest_asyncio.fixture
async def reception(house: House) -> AsyncIterator[Reception]:
    async with open_reception(house) as found:
        yield found


async def menu(reception: Reception, keys: dict[str, str], **changes: Any) -> dict[str, Any]:
    sound = await reception.prompt(MENU_HZ)
    node = {"kind": "menu", "sounds": [sound], "keys": keys, "on_timeout": "bye", "on_invalid": "bye", "timeout_s": 2}
    return {**node, **changes}


async def goodbye(reception: Reception) -> dict[str, Any]:
    return {"kind": "play", "sounds": [await reception.prompt(GOODBYE_HZ)], "next": "end"}


class TestMenu:
    async def test_a_key_leads_to_the_queue(self, house: House, reception: Reception, tmp_path: Path) -> None:
        await house.phone()
        await house.sign_in("agent1")
        queue = {"kind": "queue", "queue_id": reception.queue_id}
        await reception.lead_to_menu(
            top=await menu(reception, {"1": "queue"}), queue=queue, bye=await goodbye(reception), end=END
        )
        call = await house.call_in()
        live = await house.live_call(call.caller, "menu")
        await asyncio.sleep(1.5)
        await reception.press(call, "1")
        await house.live_call(call.caller, "talking")
        await asyncio.sleep(1.0)
        await house.hang_up(call)

        record = await house.recorded(call.caller)
        assert (record["id"], record["result"], record["queue_name"]) == (live["call_id"], "answered", "客服")
        recording = tmp_path / "call.mp3"
        recording.write_bytes(await house.operator.download(f"/recordings/{record['recording']['id']}/audio"))
        first, _ = tone_spans(recording, MENU_HZ)[0]
        assert first < 1.0, "the prompt begins within a second of the answer, where the recording begins"
        assert tone_s(call.heard, MENU_HZ) > 0.7
        assert tone_s(call.heard, AGENT_TONE_HZ) > 0.5

    async def test_a_key_barges_in_and_leads_to_one_agent(self, house: House, reception: Reception) -> None:
        await house.phone("8002")
        await house.sign_in("agent2")
        agent = {"kind": "agent", "agent_id": reception.agents["8002"]}
        top = await menu(reception, {"2": "agent"}, sounds=[await reception.prompt(MENU_HZ, 8.0)])
        await reception.lead_to_menu(top=top, agent=agent, bye=await goodbye(reception), end=END)
        call = await house.call_in()
        await asyncio.sleep(1.0)
        await reception.press(call, "2")
        await house.live_call(call.caller, "talking")
        await asyncio.sleep(1.0)
        await house.hang_up(call)

        assert (await house.record(call.caller))["agent_name"] == "坐席二"
        assert tone_s(call.heard, MENU_HZ) < 4.0, "the prompt of 8 s was cut short"

    async def test_the_caller_dials_a_work_number(self, house: House, reception: Reception) -> None:
        await house.phone("8002")
        await house.sign_in("agent2")
        node = {
            "kind": "work_number",
            "sounds": [await reception.prompt(MENU_HZ)],
            "invalid_sounds": [await reception.prompt(OTHER_HZ)],
            "on_timeout": "bye",
            "on_invalid": "bye",
            "max_digits": 4,
        }
        await reception.lead_to_menu(top=node, bye=await goodbye(reception), end=END)
        call = await house.call_in()
        await asyncio.sleep(1.5)
        await reception.press(call, "9999")
        await asyncio.sleep(3.0)
        await reception.press(call, "1002")
        await house.live_call(call.caller, "talking")
        await asyncio.sleep(1.0)
        await house.hang_up(call)

        assert (await house.record(call.caller))["agent_name"] == "坐席二"
        assert tone_s(call.heard, OTHER_HZ) > 0.6, "the unknown work number was said to be so"

    async def test_a_key_leads_outside(self, house: House, reception: Reception) -> None:
        outside = house.number("0")
        number = {"kind": "number", "number": outside}
        await reception.lead_to_menu(
            top=await menu(reception, {"3": "out"}), out=number, bye=await goodbye(reception), end=END
        )
        call = await house.call_in()
        await asyncio.sleep(1.5)
        await reception.press(call, "3")
        await house.live_call(call.caller, "talking")
        await asyncio.sleep(2.0)
        await house.hang_up(call)

        record = await house.record(call.caller)
        assert (record["direction"], record["result"]) == ("inbound", "answered")
        assert {leg["kind"] for leg in record["legs"]} == {"trunk"}
        assert tone_s(call.heard, CARRIER_TONE_HZ) > 1.0, "the caller heard whom it was put through to"
        assert not is_silent(list_heard(house.settings, callee=outside)[-1].path)

    async def test_a_wrong_key_is_said_and_the_third_ends_it(self, house: House, reception: Reception) -> None:
        top = await menu(
            reception, {"1": "bye"}, invalid_sounds=[await reception.prompt(OTHER_HZ)], retries=1, on_invalid="last"
        )
        await reception.lead_to_menu(top=top, bye=END, last=await goodbye(reception), end=END)
        call = await house.call_in()
        await asyncio.sleep(1.5)
        await reception.press(call, "9")
        await asyncio.sleep(3.0)
        await reception.press(call, "8")
        assert await call.wait_ended(10)

        assert 0.7 < tone_s(call.heard, OTHER_HZ) < 1.4
        assert 1.5 < tone_s(call.heard, MENU_HZ) < 2.4
        assert tone_s(call.heard, GOODBYE_HZ) > 0.7

    async def test_silence_repeats_the_prompt_and_then_ends(self, house: House, reception: Reception) -> None:
        top = await menu(reception, {"1": "end"}, retries=2)
        await reception.lead_to_menu(top=top, bye=await goodbye(reception), end=END)
        call = await house.call_in()
        assert await call.wait_ended(25)

        assert call.answered_at is not None
        assert call.ended_at is not None
        assert 2.7 < tone_s(call.heard, MENU_HZ) < 3.3, "three times"
        assert 0.7 < tone_s(call.heard, GOODBYE_HZ) < 1.3
        assert 9.5 < (call.ended_at - call.answered_at).total_seconds() < 12.5, "with two seconds to choose each time"
        assert (await house.record(call.caller))["ended_by"] == "system"

    async def test_a_menu_outlives_the_controller(self, house: House, reception: Reception) -> None:
        await house.phone()
        await house.sign_in("agent1")
        top = await menu(reception, {"1": "queue"}, timeout_s=20)
        queue = {"kind": "queue", "queue_id": reception.queue_id}
        await reception.lead_to_menu(top=top, queue=queue, bye=END)
        call = await house.call_in()
        await house.live_call(call.caller, "menu")
        house.stack.kill("controller")
        await house.live_call(call.caller, "menu", 20)
        await asyncio.sleep(2.0)
        await reception.press(call, "1")
        await house.live_call(call.caller, "talking", 15)
        await house.hang_up(call)
        assert (await house.record(call.caller))["result"] == "answered"

    async def test_a_caller_who_leaves(self, house: House, reception: Reception) -> None:
        await reception.lead_to_menu(top=await menu(reception, {"1": "end"}), bye=END, end=END)
        call = await house.call_in()
        await house.live_call(call.caller, "menu")
        await house.hang_up(call)

        record = await house.record(call.caller)
        assert (record["result"], record["ended_by"]) == ("menu", "customer")


class TestSwitches:
    async def test_closed_hours(self, house: House, reception: Reception) -> None:
        never = await reception.make("schedules", weekly=[[]] * 7, keeps_holidays=False)
        nodes = {
            "top": {"kind": "time_switch", "schedule_id": never, "on_open": "open", "on_closed": "closed"},
            "open": {"kind": "play", "sounds": [await reception.prompt(MENU_HZ)], "next": "end"},
            "closed": {"kind": "play", "sounds": [await reception.prompt(CLOSED_HZ)], "next": "end"},
            "end": END,
        }
        await reception.lead_to_menu(**nodes)
        call = await house.call_in()
        assert await call.wait_ended(10)
        assert (tone_s(call.heard, CLOSED_HZ) > 0.7, tone_s(call.heard, MENU_HZ)) == (True, 0)

        today = datetime.now(UTC).date().isoformat()
        special = [{"date": today, "hours": [{"begin": "00:00", "end": "00:00"}]}]
        body = {"name": f"s{never}", "zone": "UTC", "weekly": [[]] * 7, "special": special, "keeps_holidays": False}
        await reception.api.request("PUT", f"/schedules/{never}", json=body)
        call = await house.call_in()
        assert await call.wait_ended(10)
        assert (tone_s(call.heard, MENU_HZ) > 0.7, tone_s(call.heard, CLOSED_HZ)) == (True, 0)

    async def test_a_number_that_is_closed_says_so(self, house: House, reception: Reception) -> None:
        never = await reception.make("schedules", weekly=[[]] * 7, keeps_holidays=False)
        await reception.lead({"kind": "queue", "queue_id": reception.queue_id}, schedule_id=never)
        call = await house.call_in()
        assert await call.wait_ended(15)
        assert not is_silent(call.heard)
        assert (await house.record(call.caller))["result"] != "answered"

    async def test_a_caller_by_what_is_known_of_it(self, house: House, reception: Reception) -> None:
        nodes = {
            "top": {
                "kind": "caller_switch",
                "cases": [{"next": "vip", "is_vip": True}],
                "otherwise": "rest",
            },
            "vip": {"kind": "play", "sounds": [await reception.prompt(MENU_HZ)], "next": "end"},
            "rest": {"kind": "play", "sounds": [await reception.prompt(OTHER_HZ)], "next": "end"},
            "end": END,
        }
        await reception.lead_to_menu(**nodes)
        call = await house.call_in()
        assert await call.wait_ended(10)
        assert tone_s(call.heard, OTHER_HZ) > 0.7

        await reception.vip(call.caller)
        again = await house.call_in(caller=call.caller)
        assert await again.wait_ended(10)
        assert (tone_s(again.heard, MENU_HZ) > 0.7, tone_s(again.heard, OTHER_HZ)) == (True, 0)


class Server:
    """The enterprise's own: knows the level of its callers."""

    def __init__(self) -> None:
        self.levels: dict[str, int] = {}
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        number = request.query.get("n", "")
        if number not in self.levels:
            return web.json_response({}, status=404)
        return web.json_response({"customer": {"level": self.levels[number], "balance": "205"}})


@pytest_asyncio.fixture
async def server(house: House) -> AsyncIterator[Server]:
    found, app = Server(), web.Application()
    app.router.add_get("/", found.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, house.settings.address, 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    found.url = f"http://{house.settings.address}:{port}/?n={{caller}}"
    yield found
    await runner.cleanup()


async def test_a_server_of_the_enterprise_decides(house: House, reception: Reception, server: Server) -> None:
    nodes = {
        "top": {
            "kind": "http_request",
            "url": server.url,
            "results": {"level": "customer.level", "balance": "customer.balance"},
            "next": "by",
            "on_failed": "failed",
        },
        "by": {"kind": "variable_switch", "variable": "level", "cases": {"3": "gold"}, "otherwise": "failed"},
        "gold": {
            "kind": "play",
            "sounds": [await reception.prompt(MENU_HZ), "digits:balance"],
            "next": "end",
        },
        "failed": {"kind": "play", "sounds": [await reception.prompt(OTHER_HZ)], "next": "end"},
        "end": END,
    }
    await reception.lead_to_menu(**nodes)
    unknown = await house.call_in()
    assert await unknown.wait_ended(15)
    assert (tone_s(unknown.heard, OTHER_HZ) > 0.7, tone_s(unknown.heard, MENU_HZ)) == (True, 0)

    server.levels[unknown.caller] = 3
    call = await house.call_in(caller=unknown.caller)
    assert await call.wait_ended(15)
    (span,) = tone_spans(call.heard, MENU_HZ)
    assert tone_s(call.heard, OTHER_HZ) == 0
    assert call.heard.stat().st_size / 8000 > span[1] + 0.8, "the digits were read after the tone"


async def test_a_change_acts_on_the_next_call_only(house: House, reception: Reception) -> None:
    def nodes(top: dict[str, Any], sound: str) -> dict[str, Any]:
        return {"top": top, "said": {"kind": "play", "sounds": [sound], "next": "end"}, "bye": END, "end": END}

    before, after = await reception.prompt(OTHER_HZ), await reception.prompt(GOODBYE_HZ)
    top = await menu(reception, {"1": "said"}, timeout_s=20)
    tree_id = await reception.lead_to_menu(**nodes(top, before))
    one = await house.call_in()
    await house.live_call(one.caller, "menu")
    await reception.publish(tree_id, **nodes(top, after))
    other = await house.call_in()
    await house.live_call(other.caller, "menu")
    for call in (one, other):
        await reception.press(call, "1")
    for call in (one, other):
        assert await call.wait_ended(10)
    assert (tone_s(one.heard, OTHER_HZ) > 0.7, tone_s(one.heard, GOODBYE_HZ)) == (True, 0)
    assert (tone_s(other.heard, GOODBYE_HZ) > 0.7, tone_s(other.heard, OTHER_HZ)) == (True, 0)


async def test_a_bad_tree_is_refused_and_calls_keep_the_old_one(house: House, reception: Reception) -> None:
    sound = await reception.prompt(MENU_HZ)
    good = {"top": {"kind": "play", "sounds": [sound], "next": "end"}, "end": END}
    tree_id = await reception.lead_to_menu(**good)
    for bad in (
        {"top": {"kind": "play", "sounds": [sound], "next": "gone"}},
        {"top": {"kind": "play", "sounds": [sound], "next": "top"}},
        {**good, "lost": END},
    ):
        with pytest.raises(ApiRefused) as refused:
            await reception.publish(tree_id, **bad)
        assert refused.value.code == "invalid_tree"
    call = await house.call_in()
    assert await call.wait_ended(10)
    assert tone_s(call.heard, MENU_HZ) > 0.7


async def test_a_blacklisted_caller_is_refused(house: House, reception: Reception) -> None:
    caller = f"+86{house.number('0')}"
    await reception.api.request("POST", "/blacklist", json={"numbers": [caller], "direction": "inbound"})
    refused = await house.call_in(caller=caller)
    assert await refused.wait_ended(10)
    assert not refused.is_answered
    assert (await house.record(caller))["refusal"] == "blacklisted"
