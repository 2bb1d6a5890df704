"""How a customer is opened in the console, chooses a password of its own, and is suspended and resumed."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page, expect

from browser.desk import Desk, open_desk
from browser.traces import forget_customer
from live.house import House
from ucc.stack.api_client import ApiRefused, log_in

pytestmark = pytest.mark.browser
OWN = "a password of my own"


async def confirm(page: Page) -> None:
    await page.locator(".el-message-box:visible button.el-button--primary").click()


async def open_customer(desk: Desk, code: str) -> str:
    """Opens an enterprise below the own tenant; its one-time password."""
    await desk.go_to("tenants")
    await desk.part("open-dialog").click()
    await desk.part("open-name").fill(f"企业 {code}")
    await desk.part("open-code").fill("No Code")
    await desk.part("open-admin-name").fill("管理员")
    await desk.part("open-username").fill(code)
    await expect(desk.part("open-tenant")).to_be_disabled()
    await desk.part("open-code").fill(code)
    await desk.part("open-tenant").click()
    password = await desk.part("one-time-password").inner_text()
    await desk.part("close-opened").click()
    await expect(desk.part("tenants")).to_contain_text(code)
    return password


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_customer_from_its_opening_on(browser: Browser, house: House, language: str) -> None:
    code = f"t{uuid4().hex[:10]}"
    house.exits.callback(forget_customer, house, code)
    async with open_desk(browser, house.settings, house.secrets, "reseller", language) as desk:
        password = await open_customer(desk, code)

        context = await browser.new_context(locale=language)
        try:
            page = await context.new_page()
            url = f"http://{house.settings.address}:{house.settings.api_port}"
            await page.goto(f"{url}/login")
            await page.locator("#username").fill(code)
            await page.locator("#password").fill(password)
            await page.locator("button[type=submit]").click()
            await page.wait_for_url(f"{url}/password")
            await page.goto(f"{url}/tenants")
            await page.wait_for_url(f"{url}/password")
            await page.locator("#current").fill(password)
            await page.locator("#wanted").fill("short")
            await expect(page.get_by_test_id("password-fault")).to_be_visible()
            await expect(page.get_by_test_id("change-password")).to_be_disabled()
            await page.locator("#wanted").fill(OWN)
            await page.locator("#again").fill(OWN)
            await page.get_by_test_id("change-password").click()
            await page.wait_for_url(lambda found: not found.endswith("/password"))
            await expect(page.get_by_test_id("log-out")).to_be_visible()
        finally:
            await context.close()

        await desk.part(f"suspend-{code}").click()
        await desk.part("end-calls").click()
        await desk.part("sure-suspend").click()
        await expect(desk.part(f"resume-{code}")).to_be_visible()
        found = (await house.operator.get("/tenants", text=code))["items"]
        assert [one["is_suspended"] for one in found] == [True]
        await desk.part(f"resume-{code}").click()
        await expect(desk.part(f"suspend-{code}")).to_be_visible()


async def test_an_enterprise_sees_itself_only(browser: Browser, house: House) -> None:
    async with open_desk(browser, house.settings, house.secrets, "enterprise", "en") as desk:
        await desk.go_to("tenants")
        await expect(desk.part("tenants").locator("tbody tr")).to_have_count(1)
        await expect(desk.part("open-dialog")).to_have_count(0)
        await expect(desk.page.locator("[data-testid^=suspend-]")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_what_a_seller_changes(browser: Browser, house: House, language: str) -> None:
    """Name, number of calls, plan, and the administrator's password; from the opening with a plan on."""
    code = f"t{uuid4().hex[:10]}"
    house.exits.callback(forget_customer, house, code)
    async with open_desk(browser, house.settings, house.secrets, "reseller", language) as desk:
        await open_customer(desk, code)
        await desk.part(f"change-{code}").click()
        await desk.part("change-name").fill(f"新名 {code}")
        await desk.part("change-max-calls").locator("input").fill("7")
        await desk.part("save-tenant").click()
        await expect(desk.part("tenants")).to_contain_text(f"新名 {code}")
        await expect(desk.part("save-tenant")).to_be_disabled()

        await expect(desk.part("save-plan")).to_be_disabled()
        await desk.part("choose-plan").click()
        await desk.page.locator(".el-select-dropdown:visible .el-select-dropdown__item").first.click()
        await desk.part("save-plan").click()
        await confirm(desk.page)
        done = "套餐已更换" if language == "zh-CN" else "The plan is changed"
        await expect(desk.page.locator(".el-message").filter(has_text=done)).to_be_visible()
        (found,) = (await house.operator.get("/tenants", text=code))["items"]
        assert (found["name"], found["max_calls"]) == (f"新名 {code}", 7)
        assert found["rate_plan_id"] is not None

        await desk.part(f"renew-{code}").click()
        await confirm(desk.page)
        password = await desk.part("renewed-password").inner_text()
    url = f"http://{house.settings.address}:{house.settings.api_port}"
    async with log_in(url, code, password) as client:
        with pytest.raises(ApiRefused) as refused:  # good for nothing but choosing another
            await client.get("/tenants")
    assert refused.value.code == "password_change_required"
