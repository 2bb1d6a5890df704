"""How an enterprise sets up in the console what its callers meet: menus, hours, numbers, VIPs, voicemail, skills."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page, expect

from browser.desk import Desk, open_desk
from live.house import House

pytestmark = pytest.mark.browser


async def confirm(page: Page) -> None:
    await page.locator(".el-message-box button.el-button--primary").click()


async def delete(desk: Desk, text: str) -> None:
    row = desk.page.locator("tr", has_text=text)
    await row.get_by_role("button", name="Delete").click()
    await confirm(desk.page)
    await expect(row).to_have_count(0)


async def choose(desk: Desk, select: str, option: str) -> None:
    await desk.click(select)
    await desk.page.locator(".el-select-dropdown:visible li", has_text=option).first.click()


async def test_a_tree_with_a_loose_end_is_not_published_until_it_is_mended(browser: Browser, house: House) -> None:
    name = f"test {uuid4().hex[:8]}"
    async with open_desk(browser, house.settings, house.secrets, "enterprise", "en") as desk:
        await desk.go_to("trees")
        await desk.click("new-tree")
        await desk.page.locator(".el-message-box input").fill(name)
        await confirm(desk.page)
        await expect(desk.part("node-welcome")).to_be_visible()
        await choose(desk, "node-kind", "Key menu")
        await desk.click("add-node")
        await desk.click("save-tree")
        menu = desk.part("node-menu_1")
        await expect(menu.get_by_test_id("fault").first).to_be_visible()
        await desk.click("publish-tree")
        await expect(desk.page.get_by_text("faults", exact=False).first).to_be_visible()
        await menu.get_by_role("button", name="Delete").click()
        await confirm(desk.page)
        await expect(menu).to_have_count(0)
        await desk.click("publish-tree")
        await expect(desk.page.get_by_text("Calls take version 1")).to_be_visible()
        await desk.page.get_by_role("button", name="Back").click()
        await delete(desk, name)


async def test_hours_and_where_a_number_leads(browser: Browser, house: House) -> None:
    name = f"test {uuid4().hex[:8]}"
    async with open_desk(browser, house.settings, house.secrets, "enterprise", "en") as desk:
        await desk.go_to("schedules")
        await desk.click("new-schedule")
        await desk.part("schedule-name").fill(name)
        await desk.click("save-schedule")
        await expect(desk.page.locator("tr", has_text=name)).to_contain_text("Monday–Friday 09:00–18:00")
        await desk.go_to("numbers")
        row = desk.part("dids").locator("tbody tr").first
        before = await row.inner_text()
        await row.get_by_test_id("edit-did").click()
        await choose(desk, "did-schedule", name)
        await expect(desk.part("did-closed-kind")).to_be_visible()
        await desk.click("save-did")
        await expect(row).to_contain_text(name)
        await expect(row).to_contain_text("Callers are told")
        await desk.go_to("schedules")
        used = desk.page.locator("tr", has_text=name)
        await used.get_by_role("button", name="Delete").click()
        await confirm(desk.page)
        await expect(desk.page.get_by_text("in use", exact=False).first).to_be_visible()
        await desk.go_to("numbers")
        await row.get_by_test_id("edit-did").click()
        await desk.part("did-schedule").hover()
        await desk.part("did-schedule").locator(".el-select__clear").click()
        await desk.click("save-did")
        await expect(row).to_contain_text("Always open")
        assert (await row.inner_text()) == before
        await desk.go_to("schedules")
        await delete(desk, name)


async def test_vip_callers(browser: Browser, house: House) -> None:
    number = house.number("7")
    async with open_desk(browser, house.settings, house.secrets, "enterprise", "en") as desk:
        await desk.go_to("vip")
        await desk.click("new-vip")
        await desk.part("vip-number").fill(number)
        await desk.click("save-vip")
        await delete(desk, number[-4:])


async def test_a_voicemail_box(browser: Browser, house: House) -> None:
    name = f"test {uuid4().hex[:8]}"
    async with open_desk(browser, house.settings, house.secrets, "enterprise", "en") as desk:
        await desk.go_to("voicemail")
        await desk.page.get_by_role("tab", name="Boxes").click()
        await desk.click("new-box")
        await desk.part("box-name").fill(name)
        await desk.click("save-box")
        await delete(desk, name)


async def test_skills_of_an_agent_are_kept(browser: Browser, house: House) -> None:
    async with open_desk(browser, house.settings, house.secrets, "enterprise", "en") as desk:
        await desk.go_to("queues")
        await desk.click("agent-skills")
        await choose(desk, "skills-agent", "1001")
        form = desk.part("skills-form")
        await form.get_by_role("button", name="Add a line").click()
        await form.locator("input[placeholder=Skill]").last.fill("testing")
        await desk.click("save-skills")
        await expect(form).to_contain_text("Skills there are: testing")
        await form.get_by_role("button", name="Delete").last.click()
        await desk.click("save-skills")
        await expect(form).not_to_contain_text("testing")
