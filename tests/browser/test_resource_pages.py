"""Extensions, DIDs and caller IDs in the console, from their making to the way back, and the phones that are
registered; all as the API has it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import randrange
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Browser, expect

from browser.desk import Desk, open_desk
from live.house import House, until
from ucc.stack.api_client import ApiClient, log_in

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("UCC_PICTURES")
"""A folder for pictures of what the tests see; none are taken without it."""


@asynccontextmanager
async def api_of(house: House, username: str) -> AsyncIterator[ApiClient]:
    url = f"http://{house.settings.address}:{house.settings.api_port}"
    async with log_in(url, username, house.secrets.demo_password) as client:
        yield client


@pytest.fixture
async def operator(house: House) -> AsyncIterator[ApiClient]:
    async with api_of(house, "operator") as client:
        yield client


async def find(client: ApiClient, kind: str, number: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await client.get("/resources", kind=kind, number=number))["items"]
    return items


def find_tenant(tenants: list[dict[str, Any]], code: str) -> dict[str, Any]:
    return next(one for one in tenants if one["code"] == code)


async def remove(house: House, kind: str, number: str) -> None:
    """Takes back and deletes what a test made, wherever it stands."""
    async with api_of(house, "operator") as client:
        own = (await client.get("/session"))["tenant"]["id"]
        items = await find(client, kind, number)
        below = [one["id"] for one in items if one["tenant_id"] != own]
        if below:
            body = {"kind": kind, "ids": below, "confirm": True}
            await client.request("POST", "/resources/take-backs", json=body)
        if items:
            body = {"kind": kind, "ids": [one["id"] for one in items]}
            await client.request("POST", "/resources/deletions", json=body)


async def take(desk: Desk, name: str, language: str) -> None:
    if PICTURES is not None:
        await desk.page.wait_for_timeout(600)
        await desk.page.screenshot(path=Path(PICTURES) / f"{name}.{language}.png")


async def show_kind(desk: Desk, kind: str) -> None:
    await desk.go_to("resources")
    await desk.part("resource-kinds").locator(f"label:has(input[value={kind}])").click()
    await expect(desk.part("resource-kinds").locator(f"input[value={kind}]")).to_be_checked()


async def search(desk: Desk, number: str, count: int) -> Any:
    """The rows whose number has this part."""
    field = desk.part("resource-number")
    await field.fill(number)
    await field.press("Enter")
    rows = desk.part("resources").locator("tbody tr.el-table__row")
    await expect(rows).to_have_count(count)
    return rows


async def choose(desk: Desk, select: str, option: str) -> None:
    await desk.click(select)
    await desk.page.locator(".el-select-dropdown:visible li", has_text=option).first.click()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_range_goes_down_and_one_of_it_comes_back(
    browser: Browser, house: House, operator: ApiClient, language: str
) -> None:
    beginning = f"0106{randrange(10**5):05d}"
    stored = f"+86{beginning[1:]}"
    house.exits.push_async_callback(remove, house, "did", stored)
    tenants = (await operator.get("/tenants"))["items"]
    top, reseller, enterprise = (find_tenant(tenants, code) for code in ("operator", "reseller1", "enterprise1"))

    async with open_desk(browser, house.settings, house.secrets, "operator", language) as desk:
        await show_kind(desk, "did")
        await desk.click("make-resources")
        await desk.part("make-first").fill(f"{beginning}05")
        await desk.part("make-last").fill(f"{beginning}01")
        await expect(desk.part("range-note")).to_have_class("muted note fault")
        await expect(desk.part("make")).to_be_disabled()
        await desk.part("make-first").fill(f"{beginning}01")
        await desk.part("make-last").fill(f"{beginning}05")
        await take(desk, "resource-make", language)
        await desk.click("make")
        rows = desk.part("resources").locator("tbody tr.el-table__row")
        await expect(rows).to_have_count(5)  # the page looks for what was made
        made = await find(operator, "did", stored)
        assert [(one["number"], one["tenant_id"]) for one in made] == [
            (f"{stored}{last:02d}", top["id"]) for last in range(1, 6)
        ]

        await expect(desk.part("grant")).to_be_disabled()
        for place in (0, 1):
            await rows.nth(place).locator(".el-checkbox").click()
        await desk.click("grant")
        await choose(desk, "grant-to", reseller["name"])
        await take(desk, "resource-grant", language)
        await desk.click("sure-grant")
        await expect(rows.filter(has_text=reseller["name"])).to_have_count(2)
        held = {one["number"]: one["tenant_id"] for one in await find(operator, "did", stored)}
        assert [held[f"{stored}{last:02d}"] for last in range(1, 6)] == [reseller["id"]] * 2 + [top["id"]] * 3

        did = made[0]
        async with (
            open_desk(browser, house.settings, house.secrets, "reseller", language) as seller,
            api_of(house, "enterprise") as customer,
        ):
            await show_kind(seller, "did")
            mine = await search(seller, stored, 2)
            await expect(seller.part("make-resources")).to_have_count(0)
            await expect(seller.part("delete")).to_have_count(0)
            await mine.first.locator(".el-checkbox").click()
            await seller.click("grant")
            await seller.click("sure-grant")  # the one customer is chosen already
            await expect(mine.filter(has_text=enterprise["name"])).to_have_count(1)
            reception = {"open": {"kind": "number", "number": "13800138000"}}
            await customer.request("PUT", f"/dids/{did['id']}/reception", json=reception)

        await desk.click("refresh")
        await expect(rows.filter(has_text=enterprise["name"])).to_have_count(1)
        await rows.first.locator(".el-checkbox").click()
        await desk.click("take-back")
        uses = desk.part("uses").locator("tbody tr")
        await expect(uses).to_have_count(1)
        await expect(uses).to_contain_text("营业时" if language == "zh-CN" else "when open")
        await expect(desk.part("sure-take-back")).to_be_disabled()
        assert (await find(operator, "did", did["number"]))[0]["tenant_id"] == enterprise["id"]
        await desk.click("know-impact")
        await take(desk, "resource-take-back", language)
        await desk.click("sure-take-back")
        await expect(rows.filter(has_text=enterprise["name"])).to_have_count(0)
        (back,) = await find(operator, "did", did["number"])
        assert (back["tenant_id"], back["is_in_use"]) == (top["id"], False)

        await rows.first.get_by_test_id("view-history").click()
        moves = desk.part("history").locator("li")
        await expect(moves).to_have_count(4)
        names = [top["name"], reseller["name"], enterprise["name"], top["name"]]
        for place, name in enumerate(reversed(names)):  # the newest first
            await expect(moves.nth(place).locator("strong")).to_have_text(name)
        await take(desk, "resource-history", language)
        history = (await operator.get(f"/resources/did/{did['id']}/history"))["items"]
        assert [one["to_name"] for one in history] == names
        await desk.page.keyboard.press("Escape")

        await rows.first.locator(".el-checkbox").click()
        await take(desk, "resource-dids", language)
        await desk.click("delete")
        await desk.page.locator(".el-message-box button.el-button--primary").click()
        await expect(rows).to_have_count(4)
        assert await find(operator, "did", did["number"]) == []


async def test_bad_lines_make_nothing(browser: Browser, house: House, operator: ApiClient, tmp_path: Path) -> None:
    beginning = f"7{randrange(10**6):06d}"
    house.exits.push_async_callback(remove, house, "extension", beginning)
    async with open_desk(browser, house.settings, house.secrets, "operator", "en") as desk:
        await show_kind(desk, "extension")
        await desk.click("make-resources")
        await desk.part("make-way").locator("label", has_text="Typed").click()
        await desk.part("make-text").fill(f"{beginning}1\nabc\n{beginning}2\n{beginning}1\n")
        await desk.click("make")
        faults = desk.part("faults").locator("tbody tr")
        await expect(faults).to_have_count(2)
        assert [await faults.nth(place).locator("td").all_inner_texts() for place in (0, 1)] == [
            ["2", "abc", "An extension has 2 to 16 digits"],
            ["4", f"{beginning}1", "The same as line 1"],
        ]
        await take(desk, "resource-faults", "en")
        assert await find(operator, "extension", beginning) == []

        await desk.part("make-way").locator("label", has_text="File").click()
        path = tmp_path / "extensions.csv"
        path.write_text(f"number\n{beginning}1\n{beginning}x\n")
        await desk.part("resource-file").set_input_files(path)
        await desk.click("make")
        await expect(faults).to_have_count(1)
        assert await faults.locator("td").all_inner_texts() == ["3", f"{beginning}x", "An extension has 2 to 16 digits"]
        path = tmp_path / "extensions.txt"
        path.write_bytes(f"\ufeff{beginning}1\r\n{beginning}2\r\n".encode())
        await desk.part("resource-file").set_input_files(path)
        await expect(faults).to_have_count(0)
        await desk.click("make")
        await expect(desk.part("make-form")).to_have_count(0)
        made = await find(operator, "extension", beginning)
        assert [one["number"] for one in made] == [f"{beginning}1", f"{beginning}2"]

        await desk.click("make-resources")
        await desk.part("make-first").fill(f"{beginning}0")
        await desk.part("make-last").fill(f"{beginning}3")
        await desk.click("make")
        await expect(faults).to_have_count(2)  # those that there are already
        await expect(faults.first).to_contain_text(f"{beginning}1")
        assert len(await find(operator, "extension", beginning)) == 2


async def test_caller_ids_need_a_trunk(browser: Browser, house: House, operator: ApiClient) -> None:
    number = f"0107{randrange(10**7):07d}"
    stored = f"+86{number[1:]}"
    house.exits.push_async_callback(remove, house, "caller_id", stored)
    async with open_desk(browser, house.settings, house.secrets, "operator", "en") as desk:
        await show_kind(desk, "caller_id")
        await desk.click("make-resources")
        await desk.part("make-way").locator("label", has_text="Typed").click()
        await desk.part("make-text").fill(number)
        await expect(desk.part("make")).to_be_disabled()
        await choose(desk, "make-trunk", "emulator")
        await desk.click("make")
        await expect(desk.part("resources").locator("tbody tr.el-table__row")).to_have_count(1)
        trunks = {one["id"]: one["name"] for one in (await operator.get("/trunks"))["items"]}
        (made,) = [one for one in (await operator.get("/caller-ids"))["items"] if one["number"] == stored]
        assert trunks[made["trunk_id"]] == "emulator"


async def remove_trunk(house: House, trunk_id: int, caller_id_id: int) -> None:
    """Wherever the trunk stands, with the caller ID that goes out on it."""
    async with api_of(house, "operator") as client:
        own = (await client.get("/session"))["tenant"]["id"]
        held = next(one["holder_id"] for one in (await client.get("/trunks"))["items"] if one["id"] == trunk_id)
        if held != own:
            await client.request("POST", "/resources/take-backs", json={"kind": "trunk", "ids": [trunk_id]})
        await client.request("DELETE", f"/caller-ids/{caller_id_id}")
        await client.request("DELETE", f"/trunks/{trunk_id}")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_trunk_is_kept_for_a_customer_and_comes_back(
    browser: Browser, house: House, operator: ApiClient, language: str
) -> None:
    is_zh, code, name = language == "zh-CN", f"t{uuid4().hex[:10]}", f"线路 {uuid4().hex[:8]}"
    admin = {"username": code, "display_name": "管理员"}
    body: dict[str, Any] = {"kind": "enterprise", "code": code, "name": f"企业 {code}", "admin": admin}
    customer = (await operator.request("POST", "/tenants", json=body))["tenant"]
    body = {"name": name, "host": house.settings.emulator_address, "port": randrange(20000, 30000), "is_active": False}
    trunk = await operator.request("POST", "/trunks", json=body)
    body = {"number": "01088886666", "tenant_id": house.demo.tenant_id, "trunk_id": trunk["id"]}
    caller_id = await operator.request("POST", "/caller-ids", json=body)
    house.exits.push_async_callback(remove_trunk, house, trunk["id"], caller_id["id"])
    shared = "公用" if is_zh else "Shared"

    async with open_desk(browser, house.settings, house.secrets, "operator", language) as desk:
        await desk.go_to("trunks")
        line = desk.part("trunks").locator("tbody tr", has_text=name)
        await expect(line.get_by_test_id("trunk-holder")).to_have_text(shared)
        await take(desk, "trunk-shared", language)
        await desk.click("to-grants")
        await expect(desk.part("resource-kinds").locator("input[value=trunk]")).to_be_checked()
        await expect(desk.part("to-trunks")).to_be_visible()
        for part in ("make-resources", "delete", "renew-passwords"):
            await expect(desk.part(part)).to_have_count(0)
        rows = await search(desk, name, 1)
        await expect(rows.first).to_contain_text(shared)

        await rows.first.locator(".el-checkbox").click()
        await desk.click("grant")
        await choose(desk, "grant-to", customer["name"])
        uses = desk.part("uses").locator("tbody tr")
        await expect(uses).to_have_count(1)
        await expect(uses).to_contain_text("010 88886666")
        await expect(uses).to_contain_text("备用中继" if is_zh else "a second choice")
        await expect(desk.part("sure-grant")).to_be_disabled()
        assert (await find(operator, "trunk", name))[0]["tenant_id"] == trunk["holder_id"]
        await desk.click("know-impact")
        await take(desk, "trunk-grant", language)
        await desk.click("sure-grant")
        await expect(rows.first).to_contain_text(customer["name"])
        assert (await find(operator, "trunk", name))[0]["tenant_id"] == customer["id"]
        await desk.go_to("trunks")
        await expect(line.get_by_test_id("trunk-holder")).to_have_text(customer["name"])
        await take(desk, "trunk-held", language)
        async with open_desk(browser, house.settings, house.secrets, "reseller", language) as seller:
            await show_kind(seller, "trunk")
            nothing = "没有分配给您的专用中继" if is_zh else "No trunk is kept for you"
            await expect(seller.part("resources")).to_contain_text(nothing)
            await expect(seller.part("to-trunks")).to_have_count(0)

        await show_kind(desk, "trunk")
        rows = await search(desk, name, 1)
        await rows.first.locator(".el-checkbox").click()
        await desk.click("take-back")
        await expect(desk.part("impact")).to_contain_text("不影响任何人" if is_zh else "breaks nothing")
        await desk.click("sure-take-back")
        await expect(rows.first).to_contain_text(shared)
        await rows.first.get_by_test_id("view-history").click()
        moves = desk.part("history").locator("li")
        await expect(moves).to_have_count(3)
        await expect(moves.nth(1).locator("strong")).to_have_text(customer["name"])
        await take(desk, "trunk-history", language)


async def test_new_phone_passwords_are_shown_once(browser: Browser, house: House, operator: ApiClient) -> None:
    number = f"7{randrange(10**7):07d}"
    house.exits.push_async_callback(remove, house, "extension", number)
    await operator.request("POST", "/resources", json={"kind": "extension", "numbers": [number]})
    async with open_desk(browser, house.settings, house.secrets, "operator", "en") as desk:
        await show_kind(desk, "extension")
        rows = await search(desk, number, 1)
        await rows.first.locator(".el-checkbox").click()
        await desk.click("renew-passwords")
        await desk.click("sure-passwords")
        password = await desk.part("passwords").locator("code").inner_text()
        async with desk.page.expect_download() as started:
            await desk.click("passwords-file")
        file = Path(await (await started.value).path()).read_text()
    assert file.split() == ["number,password", f"{number},{password}"]
    house.demo.phone_passwords[number] = password
    await house.phone(number)  # it registers with the password that was shown


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_registered_phone_is_seen(browser: Browser, house: House, operator: ApiClient, language: str) -> None:
    await house.phone("8001")

    async def look() -> dict[str, Any] | None:
        (state,) = (await operator.get("/registrations", number="8001"))["items"]
        return state["registrations"][0] if state["registrations"] else None

    phone = await until(look, "the phone to be registered")
    async with open_desk(browser, house.settings, house.secrets, "enterprise", language) as desk:
        await desk.go_to("registrations")
        rows = desk.part("registrations").locator("tbody tr")
        await expect(rows.filter(has_text="8001")).to_contain_text(phone["source"])
        assert await desk.page.evaluate("scrollY") == 0  # the menu scrolls, not the page
        await take(desk, "registrations", language)
        await desk.part("registration-number").fill("8001")
        await desk.part("registration-number").press("Enter")
        await expect(rows).to_have_count(1)
        await expect(rows).to_contain_text(phone["user_agent"] or ("未说明" if language == "zh-CN" else "Not said"))
        await expect(rows).to_contain_text("已注册" if language == "zh-CN" else "Registered")
        await desk.part("registration-number").fill("99999999")
        await desk.part("registration-number").press("Enter")
        await expect(desk.part("registrations")).to_contain_text("没有符合" if language == "zh-CN" else "None fits")


async def test_who_sees_what(browser: Browser, house: House) -> None:
    async with open_desk(browser, house.settings, house.secrets, "enterprise", "en") as desk:
        await show_kind(desk, "did")
        await search(desk, house.demo.did, 1)
        async with api_of(house, "enterprise") as client:
            total = (await client.get("/resources", kind="did"))["total"]
        await search(desk, "", total)
        for part in ("make-resources", "grant", "take-back", "delete", "resource-tenant"):
            await expect(desk.part(part)).to_have_count(0)
        await take(desk, "resource-enterprise", "en")
        await show_kind(desk, "extension")
        await expect(desk.part("renew-passwords")).to_be_disabled()
    async with open_desk(browser, house.settings, house.secrets, "supervisor", "en") as desk:
        await expect(desk.part("menu-calls")).to_be_visible()
        for page in ("resources", "registrations"):
            await expect(desk.part(f"menu-{page}")).to_have_count(0)
