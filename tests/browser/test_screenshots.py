"""The pictures of the documentation, in both languages. `make screenshots` makes them; a test run does not."""

from __future__ import annotations

import asyncio
import os

import pytest
from playwright.async_api import Browser, expect

from browser.desk import Desk, open_desk
from live.house import House
from ucc.config import CHECKOUT

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif("UCC_SCREENSHOTS" not in os.environ, reason="makes pictures when UCC_SCREENSHOTS=1"),
]
IMAGES = CHECKOUT / "docs" / "images"
SETTLED_S = 1.0


async def take(desk: Desk, name: str, language: str) -> None:
    await asyncio.sleep(SETTLED_S)  # rings, timers and waveforms are drawn
    IMAGES.mkdir(parents=True, exist_ok=True)
    await desk.page.screenshot(path=IMAGES / f"{name}.{language}.png")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_pictures(house: House, browser: Browser, language: str) -> None:
    settings, secrets = house.settings, house.secrets
    async with (
        open_desk(browser, settings, secrets, "agent2", language, cleaning="on") as desk,
        open_desk(browser, settings, secrets, "operator", language) as manager,
    ):
        await desk.sign_in()
        await desk.part("dial-number").fill("010-62780000")
        await desk.click("dial")
        await desk.call_is("talking")
        await asyncio.sleep(4)
        await desk.click("hang-up")
        await desk.is_in("ready")

        call = await house.call_in(answered_within_s=10)
        await desk.call_is("ringing")
        await take(desk, "console-ringing", language)
        await desk.click("answer")
        await desk.is_in("on_call")
        await manager.go_to("live")
        await expect(manager.page.locator("tbody tr").first).to_be_visible()
        await asyncio.sleep(5)
        await take(desk, "console-agent", language)
        await take(manager, "console-live", language)
        await desk.click("hang-up")
        await desk.is_in("ready")

        await house.recorded(call.caller)
        await manager.go_to("calls")
        await manager.page.locator("tbody tr").first.get_by_role("button").first.click()
        await expect(manager.part("play")).to_be_visible()
        await take(manager, "console-call", language)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_pictures_of_a_consultation(house: House, browser: Browser, language: str) -> None:
    settings, secrets = house.settings, house.secrets
    async with (
        open_desk(browser, settings, secrets, "agent2", language, cleaning="on") as desk,
        open_desk(browser, settings, secrets, "supervisor", language) as manager,
    ):
        await manager.go_to("agent")
        await manager.click("sign-in")
        await manager.is_registered()
        await manager.go_to("live")
        await desk.sign_in()
        await house.call_in(answered_within_s=10)
        await desk.call_is("ringing")
        await desk.click("answer")
        await desk.call_is("talking")
        await house.phone("8001")
        await house.sign_in("agent1")
        await desk.click("transfer")
        await desk.click("target-8001")
        await take(desk, "console-transfer", language)
        await desk.click("transfer-attended")
        await expect(desk.part("consult")).to_have_attribute("data-step", "talking")
        await manager.part("supervise-8002").get_by_test_id("watch-listen").click()
        await expect(manager.part("supervise-8002")).to_have_attribute("data-watch", "listen")
        await take(desk, "console-consult", language)
        await take(manager, "console-supervise", language)
        await desk.click("consult-confer")
        await expect(desk.part("participants")).to_be_visible()
        await take(desk, "console-conference", language)
        await desk.click("drop")
        await expect(desk.part("participants")).to_have_count(0)
        await desk.click("hold")
        await expect(desk.part("held")).to_be_visible()
        await take(desk, "console-held", language)
        await desk.click("hold")
        await desk.call_is("talking")
        await desk.click("park")
        await expect(desk.part("parked")).to_be_visible()
        await take(desk, "console-parked", language)
        await desk.click("retrieve")
        await desk.call_is("talking")
        await desk.click("hang-up")
        await desk.is_in("ready")
        await house.sign_in("agent1", "offline")
        await manager.go_to("agent")
        await manager.click("sign-out")
