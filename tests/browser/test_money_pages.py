"""How a finance clerk moves money in the console: a top-up that is told twice counts once, and is taken back."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page, Route, expect

from browser.desk import Desk, open_desk
from live.house import House

pytestmark = pytest.mark.browser
AMOUNT = Decimal("12.345678")


async def confirm(page: Page) -> None:
    await page.locator(".el-message-box:visible button.el-button--primary").click()


def read_amount(text: str) -> Decimal:
    return Decimal(text.replace("¥", "").replace(",", "").replace("−", "-"))


async def open_customer(desk: Desk) -> Any:
    """The row of the first direct customer."""
    await desk.go_to("ledger")
    row = desk.part("balances").locator("tbody tr").filter(has=desk.page.get_by_test_id("top-up")).first
    await expect(row).to_be_visible()
    return row


async def balance_of(row: Any) -> Decimal:
    return read_amount(await row.get_by_test_id("balance").inner_text())


async def test_a_top_up_whose_answer_is_lost_counts_once_and_is_taken_back(browser: Browser, house: House) -> None:
    reason = f"receipt {uuid4().hex[:8]}"
    async with open_desk(browser, house.settings, house.secrets, "operator", "en") as desk:
        row = await open_customer(desk)
        before = await balance_of(row)
        await row.get_by_test_id("top-up").click()
        await expect(desk.part("move")).to_be_disabled()
        await desk.part("amount").fill("0.00")
        await desk.part("reason").fill(reason)
        await expect(desk.part("move")).to_be_disabled()
        await desk.part("amount").fill(str(AMOUNT))

        keys: list[str] = []

        async def lose_first_answer(route: Route) -> None:
            body: dict[str, str] = json.loads(route.request.post_data or "{}")
            keys.append(body["idempotency_key"])
            if len(keys) > 1:
                await route.continue_()
                return
            await route.fetch()  # it is posted; the console never hears of it
            await route.abort()

        await desk.page.route("**/api/v1/ledger/top-ups", lose_first_answer)
        await desk.click("move")
        await confirm(desk.page)
        await expect(desk.part("uncertain")).to_be_visible()
        await expect(desk.part("amount")).to_be_disabled()
        await desk.click("move")
        await confirm(desk.page)
        await expect(desk.part("move-form")).to_have_count(0)
        assert len(keys) == 2
        assert keys[0] == keys[1]

        entry = desk.part("entries").locator("tbody tr", has_text=reason)
        await expect(entry).to_have_count(1)
        await expect(entry).to_contain_text("¥12.345678")
        assert await balance_of(row) == before + AMOUNT

        await entry.get_by_test_id("reverse").click()
        await desk.page.locator(".el-message-box:visible input").fill(f"undo {reason}")
        await confirm(desk.page)
        first = desk.part("entries").locator("tbody tr").filter(has_text="Top-up").filter(has_text=reason)
        await expect(first).to_contain_text("Reversed")
        await expect(first.get_by_test_id("reverse")).to_have_count(0)
        await expect(desk.part("entries")).to_contain_text(f"undo {reason}")
        await expect(row.get_by_test_id("balance")).not_to_contain_text("345678")
        assert await balance_of(row) == before


async def test_an_enterprise_sees_its_entries_and_moves_nothing(browser: Browser, house: House) -> None:
    async with open_desk(browser, house.settings, house.secrets, "enterprise", "zh-CN") as desk:
        await desk.go_to("ledger")
        await expect(desk.part("balances").locator("tbody tr")).to_have_count(1)
        await expect(desk.part("entries")).to_be_visible()
        assert await desk.part("top-up").count() == 0
        assert await desk.part("reverse").count() == 0


async def test_the_price_finder_says_what_each_level_pays(browser: Browser, house: House) -> None:
    async with open_desk(browser, house.settings, house.secrets, "operator", "en") as desk:
        await desk.go_to("rate-finder")
        await expect(desk.part("find")).to_be_disabled()
        await desk.part("callee").fill("13800138000")
        await desk.click("finder-tenant")
        await desk.page.locator(".el-select-dropdown:visible li").last.click()
        await desk.click("find")
        prices = desk.part("price")
        await expect(prices).to_have_count(3)  # enterprise, reseller, operator
        assert all(read_amount(text) > 0 for text in await prices.all_inner_texts())
