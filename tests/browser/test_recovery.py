"""What an agent's browser goes through: a reload in a call, a border that restarts, a microphone that is refused."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, expect

from browser.desk import MICROPHONE_HZ, Desk, open_desk
from live.house import House, until
from ucc.softphone.tone import tone_strength
from ucc.stack.tones import SAMPLE_RATE, count_tone_s, decode_mono

pytestmark = pytest.mark.browser


async def test_a_declined_call_pauses_the_agent(house: House, browser: Browser) -> None:
    async with open_desk(browser, house.settings, house.secrets, "agent2") as desk:
        await desk.sign_in()
        await house.call_in()
        await desk.call_is("ringing")
        await desk.click("decline")
        await desk.has_no_call()
        await desk.is_in("paused")


async def test_a_page_that_is_loaded_again_takes_the_next_call(house: House, browser: Browser) -> None:
    async with open_desk(browser, house.settings, house.secrets, "agent2") as desk:
        await desk.sign_in()
        await desk.page.reload()
        await desk.is_in("ready")
        await desk.is_registered()
        call = await house.call_in()
        await desk.call_is("ringing")
        await desk.click("answer")
        await desk.is_in("on_call")
        await asyncio.sleep(2)
        await desk.click("hang-up")
        await desk.is_in("ready")
        assert await call.wait_ended()
    assert tone_strength(call.heard, MICROPHONE_HZ) > 0.5


async def test_a_reload_in_a_call_shows_the_call_and_can_end_it(house: House, browser: Browser) -> None:
    async with open_desk(browser, house.settings, house.secrets, "agent2") as desk:
        await desk.sign_in()
        call = await house.call_in()
        await desk.call_is("ringing")
        await desk.click("answer")
        await desk.is_in("on_call")
        await desk.page.reload()
        await desk.is_in("on_call")
        await desk.is_registered()
        assert not call.has_ended, "the customer is still there"
        await desk.call_is("talking")
        await desk.click("hang-up")
        await desk.is_in("ready")
        await desk.has_no_call()
        assert await call.wait_ended()


async def test_sound_is_back_after_a_reload_in_a_call(house: House, browser: Browser) -> None:
    async with open_desk(browser, house.settings, house.secrets, "agent2") as desk:
        await desk.sign_in()
        call = await house.call_in()
        await desk.call_is("ringing")
        await desk.click("answer")
        await desk.is_in("on_call")
        await asyncio.sleep(2)
        await desk.page.reload()
        await desk.is_registered()

        async def legs() -> bool | None:
            live = await house.live_call(call.caller, "talking")
            return True if live["participants"][0]["leg"].endswith(".2") else None

        await until(legs, "the new page to take its place", 8)
        await asyncio.sleep(3)
        assert not call.has_ended
        await desk.click("hang-up")
        await desk.is_in("ready")
        assert await call.wait_ended()
        record = await house.recorded(call.caller)
    assert abs(record["recording"]["duration_ms"] - record["talk_ms"]) <= 400, "one recording of all of it"
    heard = decode_mono(call.heard)
    assert count_tone_s(heard[-2 * SAMPLE_RATE :], MICROPHONE_HZ) >= 1.0, "the customer hears the agent again"


async def test_a_page_that_is_closed_for_good_ends_its_call(house: House, browser: Browser) -> None:
    async with open_desk(browser, house.settings, house.secrets, "agent2") as desk:
        await desk.sign_in()
        call = await house.call_in()
        await desk.call_is("ringing")
        await desk.click("answer")
        await desk.is_in("on_call")
        await asyncio.sleep(1)
        await desk.page.close()
        assert await call.wait_ended(20), "the customer is not left alone on the line"
    record = await house.record(call.caller)
    assert (record["result"], record["ended_by"]) == ("answered", "agent")


async def test_a_call_outlives_the_border_s_restart(house: House, browser: Browser) -> None:
    async with open_desk(browser, house.settings, house.secrets, "agent2") as desk:
        await desk.sign_in()
        call = await house.call_in()
        await desk.call_is("ringing")
        await desk.click("answer")
        await desk.is_in("on_call")
        house.stack.restart("kamailio")
        await desk.is_registered()
        await asyncio.sleep(6)
        await desk.is_registered()
        await desk.call_is("talking")
        await asyncio.sleep(1)
        await desk.click("hang-up")
        await desk.is_in("ready")
        await desk.has_no_call()
        assert await call.wait_ended()
        record = await house.recorded(call.caller)
    assert record["recording"]["state"] == "ready"
    assert abs(record["recording"]["duration_ms"] - record["talk_ms"]) <= 200
    assert tone_strength(call.heard, MICROPHONE_HZ) > 0.5


async def test_without_a_microphone_the_page_says_so_and_the_call_goes_on(house: House, browser: Browser) -> None:
    async with open_desk(browser, house.settings, house.secrets, "agent2") as desk:
        await desk.page.add_init_script(
            "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))"
        )
        await desk.page.reload()
        await desk.sign_in()
        await expect(desk.part("microphone-trouble")).to_be_visible()
        await house.call_in()
        await desk.is_in("paused")
        await desk.has_no_call()


async def test_only_one_page_of_a_browser_is_the_phone(house: House, browser: Browser) -> None:
    async with open_desk(browser, house.settings, house.secrets, "agent2") as desk:
        await desk.sign_in()
        second = Desk(await desk.page.context.new_page(), desk.errors)
        await second.page.goto(desk.page.url)
        await expect(second.part("line")).to_have_attribute("data-line", "elsewhere")
        await second.is_in("ready")
        await desk.page.close()
        await second.is_registered()
        await house.call_in()
        await second.call_is("ringing")
        await second.click("answer")
        await second.is_in("on_call")
        await second.click("hang-up")
        await second.is_in("ready")
