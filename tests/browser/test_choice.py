"""Where an agent's calls ring: a page that is opened beside a desk phone does not take it away unasked."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, expect

from browser.desk import open_desk
from live.house import House

pytestmark = pytest.mark.browser


async def test_the_desk_phone_keeps_its_calls(house: House, browser: Browser) -> None:
    phone = await house.phone("8001")
    await house.sign_in("agent1")
    async with open_desk(browser, house.settings, house.secrets, "agent1") as desk:
        await desk.is_in("ready")
        await expect(desk.part("choose-desk")).to_be_visible()
        await desk.click("choose-desk")
        call = await house.call_in()
        await phone.wait_established()
        await desk.is_in("on_call")
        await desk.call_is("talking")
        await desk.click("hang-up")
        await desk.is_in("ready")
        await desk.has_no_call()
        assert await call.wait_ended()
        await desk.page.reload()
        await desk.is_in("ready")
        await expect(desk.part("choose-desk")).to_have_count(0)
        await expect(desk.part("line")).to_have_count(0)


async def test_the_page_takes_over_when_told_to(house: House, browser: Browser) -> None:
    await house.phone("8001")
    await house.sign_in("agent1")
    async with open_desk(browser, house.settings, house.secrets, "agent1") as desk:
        await desk.click("choose-page")
        await desk.is_registered()
        await house.call_in()
        await desk.call_is("ringing")
        await desk.click("answer")
        await desk.is_in("on_call")
        await desk.click("hang-up")
        await desk.is_in("ready")


async def test_a_refused_call_says_why(house: House, browser: Browser) -> None:
    async with open_desk(browser, house.settings, house.secrets, "agent2") as desk:
        await desk.sign_in()
        await desk.part("dial-number").fill("1234")
        await desk.click("dial")
        await expect(desk.page.get_by_text("号码不正确")).to_be_visible()
        await asyncio.sleep(0.5)
        await desk.is_in("ready")
