"""What an enterprise sets up in the console: prompts, queues, recording policies, missed calls, the blacklist."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page, expect

from browser.desk import open_desk
from live.house import House

pytestmark = pytest.mark.browser


async def confirm(page: Page) -> None:
    await page.locator(".el-message-box button.el-button--primary").click()


async def test_a_prompt_is_spoken_and_deleted(browser: Browser, house: House) -> None:
    name = f"test {uuid4().hex[:8]}"
    async with open_desk(browser, house.settings, house.secrets, "enterprise", "en") as desk:
        await desk.go_to("prompts")
        await desk.part("prompt-name").fill(name)
        await desk.part("prompt-text").fill("Welcome, please hold.")
        await desk.click("speak")
        row = desk.page.locator("tr", has_text=name)
        await expect(row).to_be_visible()
        await row.get_by_role("button", name="Delete").click()
        await confirm(desk.page)
        await expect(row).to_have_count(0)


async def test_a_queue_is_made_changed_and_deleted(browser: Browser, house: House) -> None:
    name = f"test {uuid4().hex[:8]}"
    async with open_desk(browser, house.settings, house.secrets, "enterprise", "en") as desk:
        await desk.go_to("queues")
        await desk.click("new-queue")
        await desk.part("queue-name").fill(name)
        await desk.click("save-queue")
        row = desk.page.locator("tr", has_text=name)
        await expect(row).to_be_visible()
        await row.get_by_test_id("edit-queue").click()
        await desk.part("queue-name").fill(f"{name} b")
        await desk.click("save-queue")
        changed = desk.page.locator("tr", has_text=f"{name} b")
        await expect(changed).to_be_visible()
        await changed.get_by_role("button", name="Delete").click()
        await confirm(desk.page)
        await expect(row).to_have_count(0)


async def test_a_recording_policy_is_set_and_taken_back(browser: Browser, house: House) -> None:
    async with open_desk(browser, house.settings, house.secrets, "enterprise", "en") as desk:
        await desk.go_to("policies")
        await expect(desk.page.get_by_text("Standard: automatic, from answer")).to_be_visible()
        await desk.click("save-policy")
        row = desk.part("policies").locator("tr", has_text="The enterprise")
        await expect(row).to_be_visible()
        await row.get_by_role("button", name="Delete").click()
        await confirm(desk.page)
        await expect(row).to_have_count(0)


async def test_a_missed_call_is_marked_as_done(browser: Browser, house: House) -> None:
    call = await house.call_in()
    await house.hang_up(call)
    await house.record(call.caller)
    async with open_desk(browser, house.settings, house.secrets, "enterprise", "en") as desk:
        await desk.go_to("missed")
        row = desk.part("missed-calls").locator("tr", has_text=call.caller[-4:]).first
        await expect(row).to_be_visible()
        await row.get_by_test_id("mark").click()
        await confirm(desk.page)
        await expect(row).to_have_count(0)


async def test_the_blacklist_takes_numbers(browser: Browser, house: House) -> None:
    number = house.number("9")
    async with open_desk(browser, house.settings, house.secrets, "enterprise", "en") as desk:
        await desk.go_to("blacklist")
        await desk.page.get_by_role("button", name="Add numbers").first.click()
        await desk.page.locator("textarea").fill(number)
        await desk.page.locator("form").get_by_role("button", name="Add numbers").click()
        row = desk.part("blacklist").locator("tr", has_text=number[-4:])
        await expect(row).to_be_visible()
        await row.get_by_role("button", name="Delete").click()
        await confirm(desk.page)
        await expect(row).to_have_count(0)
