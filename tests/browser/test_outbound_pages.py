"""What is set up in the console for calls that go out, and for the people who make them."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page, expect

from browser.desk import Desk, open_desk
from live.house import House

pytestmark = pytest.mark.browser


async def confirm(page: Page) -> None:
    await page.locator(".el-message-box button.el-button--primary").click()


async def delete(desk: Desk, text: str, button: str = "Delete") -> None:
    row = desk.page.locator("tr", has_text=text)
    await row.get_by_role("button", name=button).click()
    await confirm(desk.page)
    await expect(row).to_have_count(0)


async def choose(desk: Desk, select: str, option: str) -> None:
    await desk.click(select)
    await desk.page.locator(".el-select-dropdown:visible li", has_text=option).first.click()


async def test_pause_reasons_and_wrap_up(browser: Browser, house: House) -> None:
    code = f"t_{uuid4().hex[:8]}"
    async with open_desk(browser, house.settings, house.secrets, "enterprise", "en") as desk:
        await desk.go_to("pause")
        await desk.click("new-reason")
        await desk.part("reason-code").fill(code)
        await desk.part("reason-zh").fill("测试")
        await desk.part("reason-en").fill(f"Test {code}")
        await desk.click("save-reason")
        await delete(desk, code)
        wrap_up = desk.part("outbound-wrap-up").locator("input")
        await wrap_up.fill("7")
        await desk.click("save-wrap-up")
        await expect(desk.page.get_by_text("Saved").first).to_be_visible()
        await desk.page.reload()
        await expect(wrap_up).to_have_value("7")
        await wrap_up.fill("0")
        await desk.click("save-wrap-up")
        await expect(desk.page.get_by_text("Saved").first).to_be_visible()


async def test_a_team(browser: Browser, house: House) -> None:
    name = f"test {uuid4().hex[:8]}"
    async with open_desk(browser, house.settings, house.secrets, "enterprise", "en") as desk:
        await desk.go_to("teams")
        await desk.click("new-team")
        await desk.part("team-name").fill(name)
        await desk.click("save-team")
        await delete(desk, name)


async def test_a_frequency_rule_cannot_be_looser_than_the_one_above(browser: Browser, house: House) -> None:
    async with open_desk(browser, house.settings, house.secrets, "enterprise", "en") as desk:
        await desk.go_to("frequency")
        await desk.click("new-rule")
        most = desk.part("rule-most").locator("input")
        await most.fill("900000")
        await desk.click("save-rule")
        await expect(desk.page.get_by_text("level above", exact=False).first).to_be_visible()
        await most.fill("3")
        await desk.click("save-rule")
        await expect(desk.page.locator("tr", has_text="Your level")).to_contain_text("3")
        await delete(desk, "Your level")


async def test_a_trunk_and_a_caller_id_on_it(browser: Browser, house: House) -> None:
    name, number = f"test {uuid4().hex[:8]}", "+862155550199"
    async with open_desk(browser, house.settings, house.secrets, "operator", "en") as desk:
        await desk.go_to("trunks")
        await desk.click("new-trunk")
        await desk.part("trunk-name").fill(name)
        await desk.part("trunk-host").fill("127.0.0.99")
        await desk.click("add-trunk-rule")
        await desk.click("save-trunk")
        await expect(desk.page.locator("tr", has_text=name)).to_contain_text("127.0.0.99:5060")
        await desk.go_to("caller-ids")
        await desk.click("grant-caller-id")
        await desk.part("grant-number").fill(number)
        await choose(desk, "grant-tenant", "企业一")
        await choose(desk, "grant-trunk", name)
        await desk.click("save-grant")
        await expect(desk.page.locator("tr", has_text=name)).to_have_count(1)
        await desk.go_to("trunks")
        used = desk.page.locator("tr", has_text=name)
        await used.get_by_role("button", name="Delete").click()
        await confirm(desk.page)
        await expect(desk.page.get_by_text("in use", exact=False).first).to_be_visible()
        await desk.go_to("caller-ids")
        await delete(desk, name, "Take back")
        await desk.go_to("trunks")
        await delete(desk, name)


async def test_a_verification_call_is_placed_and_followed(browser: Browser, house: House) -> None:
    number = house.number("2")
    async with open_desk(browser, house.settings, house.secrets, "enterprise", "en") as desk:
        await desk.go_to("verification")
        await desk.part("verification-callee").fill(number)
        await desk.click("place-verification")
        row = desk.part("verification-calls").locator("tr", has_text=number[-4:])
        await expect(row).to_contain_text("Failed", timeout=20_000)
    await house.record(number)
