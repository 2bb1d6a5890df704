"""How a customer is opened in the console, chooses a password of its own, and is suspended and resumed."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.async_api import Browser, expect

from browser.desk import Desk, open_desk
from live.house import House
from ucc.db.engine import role_url
from ucc.db.setup import connect

pytestmark = pytest.mark.browser
OWN = "a password of my own"
TRACES = ("user_session", "app_user", "account", "tenant_lease")


def forget_tenant(house: House, code: str) -> None:
    """The product keeps tenants for ever; the test stack's database is used again."""
    with connect(role_url("owner", house.settings, house.secrets)) as connection, connection.transaction():
        own = "(SELECT id FROM tenant WHERE code = %s)"
        for table in TRACES:
            connection.execute(f"DELETE FROM {table} WHERE tenant_id = {own}", (code,))
        connection.execute(f"DELETE FROM tenant_tree WHERE descendant_id = {own}", (code,))
        connection.execute("DELETE FROM tenant WHERE code = %s", (code,))


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
    house.exits.callback(forget_tenant, house, code)
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
