"""Limits set in the console reach the worker, and what it says of them is shown, in both languages."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from browser.desk import open_desk
from browser.test_money_pages import confirm
from live.house import House

pytestmark = pytest.mark.browser
SHOWN_WITHIN_MS = 20_000


@pytest.mark.parametrize(("language", "wanted"), [("zh-CN", "余额偏低"), ("en", "Low balance")])
async def test_a_limit_is_set_and_its_alert_comes_and_goes(
    browser: Browser, house: House, language: str, wanted: str
) -> None:
    tenants = (await house.operator.get("/tenants"))["items"]
    reseller = next(one for one in tenants if one["code"] == "reseller1")
    path = f"/tenants/{reseller['id']}/spend-rule"
    try:
        async with open_desk(browser, house.settings, house.secrets, "operator", language) as desk:
            await desk.go_to("alerts")
            await expect(desk.part("set-limits")).to_be_disabled()
            await desk.part("alert-tenant").click()
            await desk.page.locator(".el-select-dropdown__item:visible", has_text=reseller["name"]).click()
            await desk.click("set-limits")
            await expect(desk.part("rule-destinations")).to_have_value("+86")
            await desk.part("rule-low_balance").fill("-1")
            await expect(desk.part("save-rule")).to_be_disabled()
            await desk.part("rule-low_balance").fill("99999999")
            await desk.part("rule-destinations").fill("+86\n+1")
            if folder := os.environ.get("UCC_PICTURES"):
                await desk.page.screenshot(path=Path(folder) / f"limits.{language}.png")
            await desk.click("save-rule")
            await confirm(desk.page)
            await expect(desk.part("rule-form")).to_have_count(0)
            rule = await house.operator.get(path)
            assert (rule["low_balance"], rule["destinations"]) == ("99999999.00", ["+1", "+86"])
            row = desk.part("alerts").locator("tbody tr", has_text=wanted)
            for _ in range(20):
                if await row.count():
                    break
                await desk.page.wait_for_timeout(1000)
                await desk.part("alert-which").locator("label").first.click()
                await desk.page.reload()
            await expect(row).to_have_count(1)
            if folder:
                await desk.page.screenshot(path=Path(folder) / f"alerts.{language}.png")
    finally:
        await house.operator.request("PUT", path, json={})


async def test_an_agent_has_no_such_page(browser: Browser, house: House) -> None:
    async with open_desk(browser, house.settings, house.secrets, "agent1") as desk:
        await expect(desk.part("menu-alerts")).to_have_count(0)
