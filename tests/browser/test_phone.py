"""An agent works in the browser: takes a call from the carrier, places one to it, and is heard there."""

from __future__ import annotations

import asyncio
import contextlib
import random
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from browser.desk import MICROPHONE_HZ, Desk, open_desk
from live.house import CARRIER_TONE_HZ, House
from ucc.emulator import list_heard
from ucc.softphone.tone import tone_strength
from ucc.stack.tones import count_tone_s, decode_mono

pytestmark = pytest.mark.browser
TALK_S = 3.0
MUTED_S = 4.0
KEYS = "159*0#"
SETTLED_S = 1.5
"""While a call that was just answered finds its direct way, keys get lost."""


async def assert_paid_and_playable(desk: Desk, record: dict[str, Any]) -> None:
    """The enterprise sees the call with its cost, and its recording plays from any place."""
    recording = record["recording"]
    assert recording["state"] == "ready", recording
    assert abs(recording["duration_ms"] - record["talk_ms"]) <= 200
    await desk.open_call(format_number(record["caller"]))
    await expect(desk.page.locator("tr", has_text=format_number(record["caller"])).first).to_contain_text("¥0.10")
    played = await desk.play()
    assert played["readyState"] >= 2
    assert abs(played["duration"] * 1000 - recording["duration_ms"]) <= 150
    assert abs(played["soughtTo"] - played["duration"] / 2) < 0.1
    assert played["playedTo"] > played["soughtTo"] + 0.2


def format_number(number: str) -> str:
    """A mobile number as the console shows it."""
    digits = number.removeprefix("+86")
    return f"{digits[:3]} {digits[3:7]} {digits[7:]}"


async def assert_both_heard(house: House, record: dict[str, Any], folder: Path) -> None:
    """The recording has the customer's and the agent's tone."""
    mp3 = folder / "call.mp3"
    mp3.write_bytes(await house.operator.download(f"/recordings/{record['recording']['id']}/audio"))
    samples = decode_mono(mp3)
    assert count_tone_s(samples, MICROPHONE_HZ) >= TALK_S * 0.7
    assert count_tone_s(samples, CARRIER_TONE_HZ) >= TALK_S * 0.7


async def test_an_inbound_call_is_answered_in_the_page(house: House, browser: Browser, tmp_path: Path) -> None:
    async with open_desk(browser, house.settings, house.secrets, "agent2") as desk:
        await desk.sign_in()
        call = await house.call_in()
        await desk.call_is("ringing")
        await desk.is_in("ringing")
        await desk.click("answer")
        await desk.call_is("talking")
        await desk.is_in("on_call")
        await asyncio.sleep(TALK_S)
        await desk.click("hang-up")
        await desk.has_no_call()
        await desk.is_in("ready")
        assert await call.wait_ended()
        record = await house.recorded(call.caller)
        await desk.go_to("calls")
        await expect(desk.page.locator("tr", has_text=format_number(call.caller)).first).to_be_visible()

    assert (record["result"], record["ended_by"]) == ("answered", "agent")
    assert tone_strength(call.heard, MICROPHONE_HZ) > 0.5, "the customer heard the agent"
    await assert_both_heard(house, record, tmp_path)
    async with open_desk(browser, house.settings, house.secrets, "enterprise") as manager:
        await assert_paid_and_playable(manager, record)


async def test_a_call_is_placed_from_the_page(house: House, browser: Browser, tmp_path: Path) -> None:
    customer = f"139{random.randrange(10**7):07d}0"
    async with open_desk(browser, house.settings, house.secrets, "agent2") as desk:
        await desk.sign_in()
        await desk.part("dial-number").fill(customer)
        await desk.click("dial")
        await desk.call_is("talking")
        await desk.is_in("on_call")
        await house.live_call(f"+86{customer}", "talking")
        await asyncio.sleep(TALK_S)
        await desk.click("mute")
        await asyncio.sleep(MUTED_S)
        await desk.click("hang-up")
        await desk.has_no_call()
        await desk.is_in("ready")
        record = await house.recorded(f"+86{customer}")

    assert (record["direction"], record["result"], record["ended_by"]) == ("outbound", "answered", "agent")
    await assert_both_heard(house, record, tmp_path)
    heard = list_heard(house.settings, callee=customer)[-1]
    assert tone_strength(heard.path, MICROPHONE_HZ) > 0.5, "the customer heard the agent"
    heard_s = count_tone_s(decode_mono(heard.path), MICROPHONE_HZ)
    assert TALK_S - 1 < heard_s < TALK_S + MUTED_S - 1, "the customer hears nothing of a muted agent"


async def test_keys_of_the_page_reach_the_carrier(house: House, browser: Browser) -> None:
    settings = house.settings
    customer = f"139{random.randrange(10**7):07d}0"
    carrier = aiohttp.ClientSession(
        f"http://{settings.emulator_address}:{settings.emulator_ari_port}/ari/",
        headers={"Authorization": aiohttp.encode_basic_auth("ucc", house.secrets.emulator_ari)},
    )
    async with (
        open_desk(browser, settings, house.secrets, "agent2") as desk,
        carrier,
        carrier.ws_connect("events", params={"app": "keys", "subscribeAll": "true"}) as events,
    ):
        await desk.sign_in()
        await desk.part("dial-number").fill(customer)
        await desk.click("dial")
        await desk.call_is("talking")
        await asyncio.sleep(SETTLED_S)
        await desk.click("keypad")
        for key in KEYS:
            await desk.click(f"key-{key}")
        received = ""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10):
                while len(received) < len(KEYS):
                    event = await events.receive_json()
                    received += event["digit"] if event["type"] == "ChannelDtmfReceived" else ""
        assert received == KEYS
        await desk.click("hang-up")
        await desk.is_in("ready")


async def test_a_page_that_asked_for_opus_speaks_it(house: House, browser: Browser, tmp_path: Path) -> None:
    """Opus to the page, PCMA to the carrier, both heard and both in the recording."""
    async with open_desk(browser, house.settings, house.secrets, "agent2") as desk:
        await desk.page.evaluate("localStorage.setItem('ucc.codec', 'opus')")
        await desk.sign_in()
        call = await house.call_in()
        await desk.call_is("ringing")
        await desk.click("answer")
        await desk.call_is("talking")
        await asyncio.sleep(TALK_S)
        queries = [await house.ng.query(x) for x in await house.ng.list_calls()]
        await desk.click("hang-up")
        await desk.has_no_call()
        record = await house.recorded(call.caller)
    assert sorted(len(find_codecs(query) & {"opus"}) for query in queries) == [0, 1], "one leg of two, the page's"
    assert tone_strength(call.heard, MICROPHONE_HZ) > 0.5, "the carrier heard the page"
    await assert_both_heard(house, record, tmp_path)


def find_codecs(value: object) -> set[str]:
    """Every codec that rtpengine names in a query, without its parameters."""
    if isinstance(value, dict):
        own = {str(value["codec"]).split("/")[0].lower()} if isinstance(value.get("codec"), str) else set()
        return own.union(*(find_codecs(child) for child in value.values()))
    return set[str]().union(*(find_codecs(child) for child in value)) if isinstance(value, list) else set()
