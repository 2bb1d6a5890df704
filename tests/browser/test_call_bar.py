"""The agent's call bar and the supervisor's buttons, on real calls."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from browser.desk import MICROPHONE_HZ, SHOWN_WITHIN_MS, Desk, open_desk
from live.house import House
from ucc.emulator import PlacedCall
from ucc.softphone import SoftPhone
from ucc.softphone.tone import tone_strength
from ucc.stack.tones import SAMPLE_RATE, count_tone_s, decode_mono

pytestmark = pytest.mark.browser
AGENT = "agent2"
COLLEAGUE_TONE_HZ = 707
SETTINGS_S = 3.0
"""The floor reads its settings every two seconds."""


@pytest.fixture
async def desk(house: House, browser: Browser) -> AsyncIterator[Desk]:
    async with open_desk(browser, house.settings, house.secrets, AGENT) as desk:
        await desk.sign_in()
        yield desk


async def take_call(house: House, desk: Desk) -> PlacedCall:
    call = await house.call_in()
    await desk.call_is("ringing")
    await desk.click("answer")
    await desk.is_in("on_call")
    await desk.call_is("talking")
    return call


@contextlib.asynccontextmanager
async def colleague(house: House, extension: str = "8001", agent: str = "agent1") -> AsyncIterator[SoftPhone]:
    """A ready colleague on a desk phone that answers whatever comes."""
    phone = await house.phone(extension, tone_hz=COLLEAGUE_TONE_HZ)
    await house.sign_in(agent)
    yield phone
    await house.sign_in(agent, "offline")


async def shows(part: Any, **data: str) -> None:
    for name, value in data.items():
        await expect(part).to_have_attribute(f"data-{name}", value, timeout=SHOWN_WITHIN_MS)


async def consult_colleague(desk: Desk, extension: str) -> None:
    await desk.click("transfer")
    await desk.click(f"target-{extension}")
    await desk.click("transfer-attended")
    await shows(desk.part("consult"), mode="attended", step="talking")


async def test_hold_survives_a_reload_and_is_heard(house: House, desk: Desk) -> None:
    call = await take_call(house, desk)
    await asyncio.sleep(1)
    await desk.click("hold")
    await expect(desk.part("held")).to_be_visible()
    await desk.call_is("held")
    await asyncio.sleep(2.5)
    held = decode_mono(call.heard)[-SAMPLE_RATE:]
    assert count_tone_s(held, MICROPHONE_HZ) == 0, "a held customer hears music, not the agent"
    await desk.page.reload()
    await expect(desk.part("held")).to_be_visible()
    await desk.click("hold")
    await desk.call_is("talking")
    await expect(desk.part("held")).to_have_count(0)
    await desk.click("hang-up")
    await desk.has_no_call()
    await desk.is_in("ready")


async def test_a_pause_reason_of_the_enterprise(house: House, browser: Browser, desk: Desk) -> None:
    await desk.click("pause")
    await desk.click("pause-meal")
    await desk.is_in("paused")
    await expect(desk.part("presence")).to_contain_text("用餐")
    async with open_desk(browser, house.settings, house.secrets, "supervisor", "en") as manager:
        row = manager.part("live-agents").locator("tr", has_text="8002")
        await expect(row).to_contain_text("Meal")
        await manager.part("supervise-8002").get_by_test_id("force-ready").click()
        await desk.is_in("ready")
        await manager.part("supervise-8002").get_by_test_id("force-sign-out").click()
        await manager.page.get_by_role("button", name="OK").click()
        await desk.is_in("offline")


async def test_a_consultation_becomes_a_conference_and_back(house: House, desk: Desk) -> None:
    call = await take_call(house, desk)
    async with colleague(house) as phone:
        await consult_colleague(desk, "8001")
        await expect(desk.part("hold")).to_be_disabled()
        await desk.click("consult-confer")
        await expect(desk.part("participants")).to_be_visible()
        await asyncio.sleep(3)
        both = decode_mono(call.heard)[-SAMPLE_RATE:]
        assert count_tone_s(both, COLLEAGUE_TONE_HZ) > 0.3, "the customer hears the colleague in the conference"
        await desk.click("drop")
        await expect(desk.part("participants")).to_have_count(0)
        await desk.call_is("talking")
        assert not call.has_ended
        await desk.click("hang-up")
        await desk.is_in("ready")
        assert await call.wait_ended()
        assert phone.calls, "the colleague's phone had the call"


async def test_an_attended_transfer_is_cancelled_then_completed(house: House, desk: Desk) -> None:
    call = await take_call(house, desk)
    async with colleague(house):
        await consult_colleague(desk, "8001")
        await desk.click("consult-cancel")
        await expect(desk.part("consult")).to_have_count(0)
        await desk.call_is("talking")
        await house.agent_is("8001", "ready")
        await consult_colleague(desk, "8001")
        await desk.click("consult-complete")
        await desk.has_no_call()
        await desk.is_in("ready")
        live = await house.live_call(call.caller, "talking")
        assert [x["label"] for x in live["participants"]] == ["坐席一"]
        await house.hang_up(call)


async def test_a_blind_transfer_by_number_that_fails_comes_back(house: House, desk: Desk) -> None:
    call = await take_call(house, desk)
    await desk.click("transfer")
    await desk.part("transfer-kind").get_by_text("号码").click()
    await desk.part("transfer-number").fill("9999")
    await desk.click("transfer-blind")
    await expect(desk.part("transfer-failure")).to_be_visible(timeout=SHOWN_WITHIN_MS)
    assert not call.has_ended
    await desk.click("hang-up")
    await desk.is_in("ready")


async def test_a_parked_customer_is_fetched_again(house: House, desk: Desk) -> None:
    call = await take_call(house, desk)
    await desk.click("park")
    await expect(desk.part("parked")).to_be_visible()
    await desk.has_no_call()
    await desk.is_in("ready")
    await desk.page.reload()
    await desk.is_registered()
    await desk.click("retrieve")
    await expect(desk.part("parked")).to_have_count(0)
    await desk.call_is("talking")
    assert not call.has_ended
    await desk.click("hang-up")
    await desk.is_in("ready")


async def test_recording_pauses_as_the_policy_lets_it(house: House, desk: Desk) -> None:
    await take_call(house, desk)
    await shows(desk.part("call-recording"), state="on")
    await desk.click("recording-pause")
    await shows(desk.part("call-recording"), state="paused")
    await desk.click("recording-resume")
    await shows(desk.part("call-recording"), state="on")
    await desk.click("hang-up")
    await desk.is_in("ready")


async def test_a_nailed_up_line_takes_calls_without_ringing(house: House, desk: Desk) -> None:
    await desk.part("line-switch").click()
    await expect(desk.part("line-switch")).to_have_class(
        "el-switch el-switch--small is-checked", timeout=SHOWN_WITHIN_MS
    )
    await desk.has_no_call()
    call = await house.call_in()
    await desk.is_in("on_call")
    await desk.call_is("talking")
    await asyncio.sleep(3)
    await desk.click("hang-up")
    await desk.is_in("ready")
    assert await call.wait_ended()
    assert tone_strength(call.heard, MICROPHONE_HZ) > 0.3, "the customer heard the agent"
    again = await house.call_in()
    await desk.is_in("on_call")
    await house.hang_up(again)
    await desk.is_in("ready")
    await desk.part("line-switch").click()
    await expect(desk.part("line-switch")).to_have_class("el-switch el-switch--small", timeout=SHOWN_WITHIN_MS)


async def test_wrap_up_is_extended_and_ended(house: House, desk: Desk) -> None:
    supervisor = house.agents["supervisor"]
    await supervisor.request("PUT", "/floor-setting", json={"outbound_wrap_up_s": 20})
    try:
        await asyncio.sleep(SETTINGS_S)
        customer = house.number("0")
        await desk.part("dial-number").fill(customer)
        await desk.part("caller-id").click()
        await desk.page.get_by_role("option").nth(1).click()
        await desk.click("dial")
        await desk.call_is("talking")
        shown = await house.live_call(f"+86{customer}", "talking")
        await expect(desk.part("caller-id")).to_have_count(0)
        await desk.click("hang-up")
        await desk.is_in("wrap_up")
        await expect(desk.part("wrap-up-left")).to_have_text(re.compile("00:[01]"))
        await desk.click("wrap-up-more")
        await expect(desk.part("wrap-up-left")).to_have_text(re.compile("01:"))
        await desk.click("wrap-up-end")
        await desk.is_in("ready")
        caller_ids = (await supervisor.get("/caller-ids"))["items"]
        assert shown["caller"] in {one["number"] for one in caller_ids}
    finally:
        await supervisor.request("PUT", "/floor-setting", json={"outbound_wrap_up_s": 0})


async def test_a_call_that_rings_at_a_colleague_is_picked_up(house: House, desk: Desk) -> None:
    await desk.click("pause")
    await desk.click("pause-meeting")
    await desk.is_in("paused")
    await house.phone("8001", is_answering=False)
    await house.sign_in("agent1")
    call = await house.call_in(answered_within_s=10)
    await expect(desk.part("ringing-colleague")).to_be_visible(timeout=SHOWN_WITHIN_MS)
    await desk.click("pick-up")
    await desk.call_is("talking")
    await expect(desk.part("ringing-colleague")).to_have_count(0)
    live = await house.live_call(call.caller, "talking")
    assert [x["label"] for x in live["participants"]] == ["坐席二"]
    await desk.click("hang-up")
    await desk.is_in("paused")
    await house.sign_in("agent1", "offline")


async def test_a_supervisor_listens_whispers_barges_takes_over(house: House, browser: Browser, desk: Desk) -> None:
    async with open_desk(browser, house.settings, house.secrets, "supervisor") as manager:
        await manager.go_to("agent")
        await manager.click("sign-in")
        await manager.is_registered()
        await manager.go_to("live")
        call = await take_call(house, desk)
        buttons = manager.part("supervise-8002")
        for mode in ("listen", "whisper", "barge", "listen"):
            await buttons.get_by_test_id(f"watch-{mode}").click()
            await shows(buttons, watch=mode)
        assert not call.has_ended
        await buttons.get_by_test_id("watch-end").click()
        await shows(buttons, watch="")
        await buttons.get_by_test_id("take-over").click()
        await manager.page.get_by_role("button", name="确定").click()
        await desk.has_no_call()
        await desk.is_in("ready")
        live = await house.live_call(call.caller, "talking")
        assert [x["label"] for x in live["participants"]] == ["班长"]
        assert not call.has_ended
        await manager.go_to("agent")
        await manager.click("hang-up")
        await manager.has_no_call()
        assert await call.wait_ended()
        await manager.click("sign-out")
        await manager.is_in("offline")


async def test_a_supervisor_releases_a_call(house: House, browser: Browser, desk: Desk) -> None:
    async with open_desk(browser, house.settings, house.secrets, "supervisor") as manager:
        call = await take_call(house, desk)
        await manager.part("supervise-8002").get_by_test_id("release").click()
        await manager.page.get_by_role("button", name="取消").click()
        assert not call.has_ended
        await manager.part("supervise-8002").get_by_test_id("release").click()
        await manager.page.get_by_role("button", name="确定").click()
        await desk.has_no_call()
        assert await call.wait_ended()
        record = await house.record(call.caller)
        assert record["ended_by"] == "supervisor"
