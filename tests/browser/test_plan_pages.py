"""How a reseller makes a rate plan in the console: checked while it is edited, by CSV too, and published for good."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page, expect

from browser.desk import Desk, open_desk
from browser.traces import forget_plan
from live.house import House
from ucc.stack.api_client import ApiClient, log_in

pytestmark = pytest.mark.browser
HEADING = "service,prefix,callee_region,weekdays,from,to,increment_s,price\n"
BAD = HEADING + "outbound,,,,,,60,0.15\noutbond,,,,,,60,0.20\ninbound,,,,,,60,cheap\n"
GOOD = HEADING + "outbound,,,,,,6,0.0123\noutbound,+86755,,12345,08:00,20:00,6,0.02\ninbound,,,,,,60,0.10\n"


async def confirm(page: Page) -> None:
    await page.locator(".el-message-box:visible button.el-button--primary").click()


@asynccontextmanager
async def api_of(house: House, username: str) -> AsyncIterator[ApiClient]:
    url = f"http://{house.settings.address}:{house.settings.api_port}"
    async with log_in(url, username, house.secrets.demo_password) as client:
        yield client


async def make_plan(desk: Desk, house: House) -> str:
    """A new plan of the reseller's, on the page of its first draft."""
    name = f"plan {uuid4().hex[:10]}"
    house.exits.callback(forget_plan, house, name)
    await desk.go_to("rate-plans")
    await desk.click("new-plan")
    await desk.page.locator(".el-message-box:visible input").fill(name)
    await confirm(desk.page)
    await expect(desk.part("terms")).to_be_visible()
    return name


async def add_rate(desk: Desk, service: str, price: str) -> None:
    await desk.click("add-rate")
    await desk.part("rate-service").locator("label", has_text=service).click()
    await expect(desk.part("save-rate")).to_be_disabled()
    await desk.part("rate-price").fill(price)
    await desk.click("save-rate")
    await expect(desk.part("rate-form")).to_have_count(0)


async def is_checked(desk: Desk, state: str) -> None:
    await expect(desk.part("check")).to_have_attribute("data-state", state)


async def plan_of(client: ApiClient, name: str) -> Any:
    (plan,) = [one for one in (await client.get("/rate-plans"))["items"] if one["name"] == name]
    return plan


@pytest.mark.parametrize(
    ("language", "outbound", "inbound"), [("zh-CN", "呼出", "呼入"), ("en", "Outbound", "Inbound")]
)
async def test_a_plan_is_made_checked_and_published(
    browser: Browser, house: House, language: str, outbound: str, inbound: str
) -> None:
    async with (
        api_of(house, "reseller") as client,
        open_desk(browser, house.settings, house.secrets, "reseller", language) as desk,
    ):
        name = await make_plan(desk, house)
        await add_rate(desk, outbound, "0.150001")
        await add_rate(desk, inbound, "0.000001")

        await desk.part("edit-rate").first.click()
        await desk.part("rate-to").fill("08:00")
        await desk.click("save-rate")
        await is_checked(desk, "faults")
        await expect(desk.part("faults")).to_contain_text("08:00")
        await expect(desk.part("save-draft")).to_be_disabled()
        await desk.part("edit-rate").first.click()
        await desk.part("rate-to").fill("25:00")
        await expect(desk.part("save-rate")).to_be_disabled()
        await desk.part("rate-to").fill("24:00")
        await desk.click("save-rate")
        await is_checked(desk, "good")
        await expect(desk.part("warnings")).to_contain_text("¥0.000001")  # the inbound rate sells at a loss
        assert (await plan_of(client, name))["draft_version"] is None  # nothing is saved by looking

        await desk.part("terms-minimum").fill("100.5")
        await desk.part("terms-free").locator("input").fill("600")
        await desk.part("terms-commission").fill("5.25")
        await desk.click("add-rent")
        await expect(desk.part("save-draft")).to_be_disabled()  # a rent has an amount
        await desk.part("rent-amount").fill("30.1")
        await desk.click("save-draft")
        await expect(desk.part("open-publish")).to_be_enabled()

        plan = await plan_of(client, name)
        draft = await client.get(f"/rate-plans/{plan['id']}/versions/1")
        assert (draft["state"], draft["minimum_spend"], draft["free_s"]) == ("draft", "100.50", 600)
        assert draft["commission_ppm"] == 52_500
        assert [(one["service"], one["price_micros"], one["to_minute"]) for one in draft["rates"]] == [
            ("outbound", 150_001, 1440),
            ("inbound", 1, 1440),
        ]
        rents = await client.get(f"/rate-plans/{plan['id']}/versions/1/rents")
        assert [(one["cycle"], one["basis"], one["amount"]) for one in rents["items"]] == [("month", "fixed", "30.10")]

        moment = (datetime.now().astimezone() + timedelta(days=40)).replace(microsecond=0)
        await desk.click("open-publish")
        await expect(desk.part("publish-warnings")).to_be_visible()
        await desk.click("publish-later")
        await expect(desk.part("publish")).to_be_disabled()
        picker = desk.part("publish-form").locator(".el-date-editor input")
        await picker.fill(f"{moment:%Y-%m-%d %H:%M:%S}")
        await picker.press("Enter")
        await desk.click("publish")
        await confirm(desk.page)
        await expect(desk.part("versions")).to_be_visible()
        published = await client.get(f"/rate-plans/{plan['id']}/versions/1")
        assert (published["state"], published["is_current"]) == ("published", False)
        assert datetime.fromisoformat(published["effective_from"]) == moment
        await expect(desk.part("delete-plan")).to_have_count(0)
        await expect(desk.part("rent-row")).to_contain_text("¥30.10")


async def test_a_draft_is_kept_discarded_or_lost_only_when_asked(browser: Browser, house: House) -> None:
    async with (
        api_of(house, "reseller") as client,
        open_desk(browser, house.settings, house.secrets, "reseller", "en") as desk,
    ):
        name = await make_plan(desk, house)
        await add_rate(desk, "Outbound", "0.5")
        await desk.go_to("ledger")
        await desk.page.locator(".el-message-box:visible button").filter(has_text="Cancel").click()
        await expect(desk.part("rates")).to_contain_text("¥0.50")
        await desk.click("save-draft")
        await expect(desk.part("open-publish")).to_be_enabled()
        plan_id = (await plan_of(client, name))["id"]
        await desk.click("open-publish")
        await desk.click("publish")
        await confirm(desk.page)
        await expect(desk.part("versions")).to_be_visible()
        assert (await plan_of(client, name))["current_version"] == 1

        await desk.click("edit-draft")
        await desk.part("edit-rate").first.click()
        await desk.part("rate-price").fill("0.6")
        await desk.click("save-rate")
        await desk.click("save-draft")
        await expect(desk.part("discard-draft")).to_be_visible()
        assert (await client.get(f"/rate-plans/{plan_id}/versions/2"))["rates"][0]["price"] == "0.60"
        assert (await client.get(f"/rate-plans/{plan_id}/versions/1"))["rates"][0]["price"] == "0.50"
        await desk.click("discard-draft")
        await confirm(desk.page)
        await expect(desk.part("versions")).to_be_visible()
        plan = await plan_of(client, name)
        assert (plan["current_version"], plan["draft_version"]) == (1, None)

        await desk.click("rename-plan")
        await desk.page.locator(".el-message-box:visible input").fill(f"{name} b")
        house.exits.callback(forget_plan, house, f"{name} b")
        await confirm(desk.page)
        await expect(desk.page.locator("h1")).to_have_text(f"{name} b")
        assert (await plan_of(client, f"{name} b"))["id"] == plan_id


async def test_rates_come_in_and_go_out_as_csv(browser: Browser, house: House, tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_text(BAD)
    good.write_text(GOOD, encoding="gb18030")
    async with (
        api_of(house, "reseller") as client,
        open_desk(browser, house.settings, house.secrets, "reseller", "en") as desk,
    ):
        name = await make_plan(desk, house)
        await desk.part("rates-file").set_input_files(bad)
        faults = desk.part("csv-faults").locator("tbody tr")
        await expect(faults).to_have_count(2)
        await expect(faults.nth(0)).to_contain_text("3")
        await expect(faults.nth(0)).to_contain_text("'outbound', 'inbound'")
        await expect(faults.nth(1)).to_contain_text("Price (price)")
        await expect(faults.nth(1)).to_contain_text("Not an amount: 'cheap'")
        assert (await plan_of(client, name))["draft_version"] is None
        await desk.page.locator(".el-dialog__headerbtn:visible").click()

        await desk.part("rates-file").set_input_files(good)
        await expect(desk.part("rates").locator("tbody tr")).to_have_count(3)
        plan = await plan_of(client, name)
        rates = (await client.get(f"/rate-plans/{plan['id']}/versions/1"))["rates"]
        assert [(one["prefix"], one["weekdays"], one["price_micros"]) for one in rates] == [
            ("", [1, 2, 3, 4, 5, 6, 7], 12_300),
            ("+86755", [1, 2, 3, 4, 5], 20_000),
            ("", [1, 2, 3, 4, 5, 6, 7], 100_000),
        ]
        async with desk.page.expect_download() as started:
            await desk.click("export-rates")
        exported = Path(await (await started.value).path()).read_text(encoding="utf-8-sig").splitlines()
        assert len(exported) == 4
        assert exported[2].startswith("outbound,duration,+86755,,,,12345,08:00,20:00,")

        await desk.page.get_by_role("button", name="Back").click()
        await desk.click("delete-plan")
        await confirm(desk.page)
        await expect(desk.part("plans")).to_be_visible()
        assert name not in [one["name"] for one in (await client.get("/rate-plans"))["items"]]


async def test_more_rates_than_a_page_takes_are_changed_by_csv(browser: Browser, house: House, tmp_path: Path) -> None:
    many = tmp_path / "many.csv"
    prefixes = "".join(f"outbound,+86130{place:04d},,,,,60,0.20\n" for place in range(300))
    many.write_text(f"{HEADING}outbound,,,,,,60,0.15\ninbound,,,,,,60,0.10\n{prefixes}")
    async with (
        api_of(house, "reseller") as client,
        open_desk(browser, house.settings, house.secrets, "reseller", "en") as desk,
    ):
        name = await make_plan(desk, house)
        await desk.part("rates-file").set_input_files(many)
        await is_checked(desk, "good")
        await expect(desk.part("rates").locator("tbody tr")).to_have_count(50)
        await expect(desk.part("edit-rate")).to_have_count(0)
        await expect(desk.part("add-rate")).to_have_count(0)
        await desk.part("terms-note").fill("many")
        await desk.click("save-draft")
        await expect(desk.part("open-publish")).to_be_enabled()
        plan = await plan_of(client, name)
        draft = await client.get(f"/rate-plans/{plan['id']}/versions/1")
        assert (draft["rate_count"], draft["note"]) == (302, "many")


async def test_a_prefix_that_no_number_has_is_said_beside_its_rate(browser: Browser, house: House) -> None:
    async with open_desk(browser, house.settings, house.secrets, "reseller", "en") as desk:
        await make_plan(desk, house)
        await add_rate(desk, "Outbound", "0.5")
        await desk.part("copy-rate").click()
        await desk.part("rate-prefix").fill("+0")
        await desk.click("save-rate")
        await is_checked(desk, "faults")
        await expect(desk.part("faults")).to_contain_text("No number begins with +0")
        await expect(desk.part("save-draft")).to_be_disabled()
        await desk.page.route("**/check", lambda route: route.abort())
        await desk.part("remove-rate").last.click()
        await confirm(desk.page)
        await expect(desk.page.get_by_text("The server cannot be reached")).to_be_visible()
        await expect(desk.part("save-draft")).to_be_disabled()  # nothing is saved unchecked
        await desk.page.unroute("**/check")
        await desk.page.get_by_role("button", name="Retry").click()
        await is_checked(desk, "good")
        await expect(desk.part("save-draft")).to_be_enabled()


async def test_who_sees_plans_and_who_changes_them(browser: Browser, house: House) -> None:
    async with open_desk(browser, house.settings, house.secrets, "enterprise", "en") as desk:
        await desk.go_to("rate-plans")
        await expect(desk.part("new-plan")).to_have_count(0)
        await desk.click("open-charged-by")
        await expect(desk.part("version")).to_have_attribute("data-version", "1")
        await expect(desk.part("rates").locator("tbody tr")).not_to_have_count(0)
        await expect(desk.part("edit-draft")).to_have_count(0)
    async with open_desk(browser, house.settings, house.secrets, "operator", "en") as desk:
        await desk.go_to("rate-plans")
        await desk.click("plan-owner")
        await desk.page.locator(".el-select-dropdown:visible li").last.click()
        await desk.part("open-plan").first.click()
        await expect(desk.part("version")).to_be_visible()
        await expect(desk.part("edit-draft")).to_have_count(0)  # the plan of a reseller
        await desk.page.goto(f"{desk.page.url}/draft")
        await expect(desk.part("version")).to_be_visible()
        await expect(desk.part("save-draft")).to_have_count(0)
    async with open_desk(browser, house.settings, house.secrets, "supervisor", "en") as desk:
        await expect(desk.part("menu-calls")).to_be_visible()
        await expect(desk.part("menu-rate-plans")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_draft_that_another_has_saved(browser: Browser, house: House, language: str) -> None:
    """Nothing of either is lost unasked: who comes second is told, may stay, and may load what is there."""
    async with (
        api_of(house, "reseller") as client,
        open_desk(browser, house.settings, house.secrets, "reseller", language) as desk,
    ):
        name = await make_plan(desk, house)
        await add_rate(desk, "呼出" if language == "zh-CN" else "Outbound", "0.15")
        await desk.click("save-draft")
        await expect(desk.part("open-publish")).to_be_enabled()
        plan = await plan_of(client, name)
        await client.request("PUT", f"/rate-plans/{plan['id']}/draft", json={"free_s": 777})

        await desk.part("terms-minimum").fill("12.34")
        await desk.click("save-draft")
        await desk.page.locator(".el-message-box:visible button:not(.el-button--primary)").last.click()
        await expect(desk.part("terms-minimum")).to_have_value("12.34")
        draft = await client.get(f"/rate-plans/{plan['id']}/versions/1")
        assert (draft["minimum_spend"], draft["free_s"]) == ("0.00", 777)

        await desk.click("save-draft")
        await confirm(desk.page)
        await expect(desk.part("terms-free").locator("input")).to_have_value("777")
        await desk.part("terms-minimum").fill("12.34")
        await desk.click("save-draft")
        await expect(desk.part("open-publish")).to_be_enabled()
        draft = await client.get(f"/rate-plans/{plan['id']}/versions/1")
        assert (draft["minimum_spend"], draft["free_s"]) == ("12.34", 777)
