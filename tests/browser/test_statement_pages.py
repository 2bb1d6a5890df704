"""What a customer paid, in the console: rents, the month's statement with its files, statistics; all as the ledger has
it."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Browser, expect

from browser.desk import Desk, open_desk
from browser.traces import forget_customer, forget_plan, without_rules
from live.house import House, until
from ucc.call.service import finish_call
from ucc.engine.record import LegKind
from ucc.kit.china import cycle_of, day_of
from ucc.ledger.service import prove
from ucc.settlement.service import settle
from ucc.stack.api_client import ApiClient, log_in
from world import Branch, finished_call

pytestmark = pytest.mark.browser
PRICES = {"outbound": 150_000, "inbound": 100_000}
RENT = "1.50"
MADE_WITHIN_MS = 30_000


@dataclass
class Customer:
    """An enterprise below the reseller, topped up by 100 yuan, with one call of 61 s, a rent a day and a minimum spend;
    its month is closed."""

    id: int
    code: str
    name: str
    days: int
    statement: dict[str, Any]


@asynccontextmanager
async def api_of(house: House, username: str) -> AsyncIterator[ApiClient]:
    url = f"http://{house.settings.address}:{house.settings.api_port}"
    async with log_in(url, username, house.secrets.demo_password) as client:
        yield client


async def publish_plan(house: House, client: ApiClient, name: str) -> int:
    house.exits.callback(forget_plan, house, name)
    plan_id = int((await client.request("POST", "/rate-plans", json={"name": name}))["id"])
    rates = [{"service": one, "price_micros": price} for one, price in PRICES.items()]
    draft = {"rates": rates, "minimum_spend_micros": 60_000_000}
    await client.request("PUT", f"/rate-plans/{plan_id}/draft", json=draft)
    rents = {"rents": [{"cycle": "day", "basis": "fixed", "amount": RENT}]}
    await client.request("PUT", f"/rate-plans/{plan_id}/draft/rents", json=rents)
    await client.request("POST", f"/rate-plans/{plan_id}/draft/publish", json={})
    return plan_id


async def open_customer(house: House, client: ApiClient) -> Customer:
    code = f"s{uuid4().hex[:10]}"
    name = f"企业 {code}"
    plan_id = await publish_plan(house, client, f"plan {code}")
    house.exits.callback(forget_customer, house, code)
    admin = {"username": code, "display_name": "管理员"}
    body = {"kind": "enterprise", "code": code, "name": name, "rate_plan_id": plan_id, "admin": admin}
    tenant_id = int((await client.request("POST", "/tenants", json=body))["tenant"]["id"])
    top_up = {"tenant_id": tenant_id, "amount": "100.00", "reason": f"receipt {code}", "idempotency_key": code}
    await client.request("POST", "/ledger/top-ups", json=top_up)
    started = datetime.now(UTC).timestamp() + 1  # before, it was charged by no plan
    branch = Branch(0, tenant_id, 0, 0, "+861088887777", 0, "8001", {})
    call = finished_call(branch, 61, agent_id=None, started_at=started)
    call = replace(call, recordings=(), legs=tuple(leg for leg in call.legs if leg.kind is LegKind.TRUNK))
    async with house.database.begin() as session:
        await finish_call(session, call)
    today = day_of(datetime.now(UTC))
    end = cycle_of("month", today)[1]
    settled = await settle(house.database, end, [tenant_id])
    assert (settled.statements, settled.rents) == (1, (end - today).days + 1)
    (statement,) = (await client.get("/statements", tenant_id=tenant_id))["items"]
    return Customer(tenant_id, code, name, settled.rents, statement)


def read_amount(text: str) -> Decimal:
    return Decimal(text.replace("¥", "").replace(",", "").replace("−", "-"))


async def choose_tenant(desk: Desk, part: str, customer: Customer) -> None:
    await desk.click(part)
    await desk.page.locator(".el-select-dropdown:visible li", has_text=customer.name).click()


async def open_statement(desk: Desk, customer: Customer) -> None:
    await desk.go_to("statements")
    await choose_tenant(desk, "statement-tenant", customer)
    row = desk.part("statements").locator("tbody tr", has_text=customer.name)
    await expect(row).to_have_count(1)
    await row.get_by_test_id("view-statement").click()
    await expect(desk.part("statement")).to_be_visible()


async def download(desk: Desk, file_format: str) -> bytes:
    await expect(desk.part(f"file-{file_format}")).to_have_attribute("data-state", "ready", timeout=MADE_WITHIN_MS)
    async with desk.page.expect_download() as started:
        await desk.click(f"download-{file_format}")
    return Path(await (await started.value).path()).read_bytes()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_month_is_read_line_by_line_and_downloaded(
    browser: Browser, house: House, tmp_path: Path, language: str
) -> None:
    async with (
        api_of(house, "reseller") as client,
        open_desk(browser, house.settings, house.secrets, "reseller", language) as desk,
    ):
        customer = await open_customer(house, client)
        statement = customer.statement
        rents = customer.days * Decimal(RENT)
        minimum = Decimal(statement["minimum"])
        short = max(Decimal(0), minimum - rents - Decimal("0.30"))
        expected = {
            "opening": Decimal(0),
            "call": Decimal("-0.30"),
            "rent": -rents,
            "minimum": -short,
            "top_up": Decimal(100),
            "closing": Decimal("99.70") - rents - short,
        }
        await open_statement(desk, customer)
        for key, amount in expected.items():
            assert read_amount(await desk.part(f"total-{key}").inner_text()) == amount, key
        assert Decimal(statement["closing"]) == expected["closing"]
        lines = desk.part("lines").locator("tbody tr")
        entries = (await client.get(f"/statements/{statement['id']}/entries"))["items"]
        await expect(lines).to_have_count(len(entries))
        said = [read_amount(text) for text in await lines.locator("td:last-child").all_inner_texts()]
        assert said == [Decimal(one["amount"]) for one in entries]
        assert sum(said) == expected["closing"]
        await expect(lines.filter(has_text="138 0013 8000")).to_contain_text("120")  # 61 s are two increments

        await desk.click("make-pdf")
        assert (await download(desk, "pdf")).startswith(b"%PDF")
        await desk.click("make-xlsx")
        book = tmp_path / "statement.xlsx"
        book.write_bytes(await download(desk, "xlsx"))
        with zipfile.ZipFile(book) as parts:
            words = "".join(parts.read(name).decode() for name in parts.namelist() if "worksheets/sheet" in name)
        assert customer.name in words
        assert ("对账单" in words) == (language == "zh-CN")
    async with house.database.begin() as session:
        assert (await prove(session)).holds


async def test_a_file_that_cannot_be_made_says_so_and_is_tried_again(browser: Browser, house: House) -> None:
    async with (
        api_of(house, "reseller") as client,
        open_desk(browser, house.settings, house.secrets, "reseller", "en") as desk,
    ):
        customer = await open_customer(house, client)
        statement_id = customer.statement["id"]

        def change_by(micros: int) -> None:
            with without_rules(house) as connection:
                change = "UPDATE statement SET closing_micros = closing_micros + %s WHERE id = %s"
                connection.execute(change, (micros, statement_id))

        change_by(1)  # a statement that is not what its lines make
        await open_statement(desk, customer)
        await desk.click("make-xlsx")
        file = desk.part("file-xlsx")
        await expect(file).to_have_attribute("data-state", "failed", timeout=MADE_WITHIN_MS)
        await expect(file).to_contain_text("its lines are not what the statement says")
        await expect(desk.part("download-xlsx")).to_have_count(0)
        change_by(-1)
        await desk.click("retry-xlsx")
        assert (await download(desk, "xlsx")).startswith(b"PK")

        await desk.page.route("**/api/v1/statement-files/*", lambda route: route.abort())
        await desk.click("make-pdf")
        await expect(desk.part("file-pdf")).to_have_attribute("data-state", "lost")
        await desk.page.unroute("**/api/v1/statement-files/*")
        await desk.click("ask-pdf")
        assert (await download(desk, "pdf")).startswith(b"%PDF")


async def test_the_month_that_goes_on(browser: Browser, house: House) -> None:
    async with (
        api_of(house, "reseller") as client,
        open_desk(browser, house.settings, house.secrets, "reseller", "en") as desk,
    ):
        await desk.go_to("statements")
        closing = (await client.get("/statements/open"))["closing"]
        await expect(desk.part("open-closing")).to_be_visible()
        assert read_amount(await desk.part("open-closing").inner_text()) == Decimal(closing)
        await desk.click("view-open")
        await expect(desk.part("total-closing")).to_be_visible()
        assert read_amount(await desk.part("total-closing").inner_text()) == Decimal(closing)
        await expect(desk.part("make-pdf")).to_have_count(0)  # files are of closed months


async def test_rents_are_listed_with_what_they_are_for(browser: Browser, house: House) -> None:
    async with (
        api_of(house, "reseller") as client,
        open_desk(browser, house.settings, house.secrets, "reseller", "en") as desk,
    ):
        customer = await open_customer(house, client)
        await desk.go_to("rents")
        await choose_tenant(desk, "rent-tenant", customer)
        rows = desk.part("rents").locator("tbody tr")
        await expect(rows.filter(has_text=customer.name)).to_have_count(customer.days)
        await expect(rows).to_have_count(customer.days)
        charges = (await client.get("/rent-charges", tenant_id=customer.id))["items"]
        texts = await rows.all_inner_texts()
        for charge, said in zip(charges, texts, strict=True):
            assert charge["starts_on"] in said
            assert "Daily · Fixed" in said
            assert f"¥{RENT}" in said
            assert str(charge["entry_id"]) in said


async def test_sums_are_those_of_the_ledger(browser: Browser, house: House) -> None:
    async with (
        api_of(house, "reseller") as client,
        open_desk(browser, house.settings, house.secrets, "reseller", "en") as desk,
    ):
        customer = await open_customer(house, client)
        entries = (await client.get("/ledger/entries", tenant_id=customer.id, limit=200))["items"]
        spent: dict[str, Decimal] = {}
        for entry in entries:
            for one in entry["postings"]:
                if one["tenant_id"] == customer.id and one["account"] == "balance" and entry["kind"] != "top_up":
                    spent[entry["kind"]] = spent.get(entry["kind"], Decimal(0)) - Decimal(one["amount"])
        await desk.go_to("statistics")
        await choose_tenant(desk, "tenant", customer)
        await desk.part("by").locator("label", has_text="By kind").click()
        total = desk.part("total")
        await expect(total).to_have_attribute("data-by", "kind")

        async def said() -> bool | None:
            return read_amount(await total.inner_text()) == sum(spent.values()) or None

        await until(said, "the sum of what the customer spent")
        amounts = [read_amount(text) for text in await desk.part("amount").all_inner_texts()]
        assert sorted(amounts) == sorted(spent.values())

        await desk.part("subject").locator("label", has_text="Top-ups").click()
        await expect(total).to_have_text("¥100.00")
        await desk.part("by").locator("label", has_text="By tenant").click()
        await expect(desk.part("sums").locator("tbody tr")).to_contain_text([customer.name])
        await desk.click("last-month")
        await expect(total).to_have_text("¥0.00")
        await expect(desk.part("amount")).to_have_count(0)


async def test_who_sees_what(browser: Browser, house: House) -> None:
    async with open_desk(browser, house.settings, house.secrets, "enterprise", "en") as desk:
        await desk.go_to("statistics")
        await expect(desk.part("subject").locator("label")).to_have_text(["Spend", "Top-ups", "Transfers"])
        await expect(desk.part("total")).to_be_visible()
        await desk.go_to("rents")
        await expect(desk.part("rents")).to_be_visible()
        await expect(desk.part("rent-tenant")).to_have_count(0)
        await desk.go_to("statements")
        await expect(desk.part("open-month")).to_be_visible()
    async with open_desk(browser, house.settings, house.secrets, "supervisor", "en") as desk:
        await expect(desk.part("menu-calls")).to_be_visible()
        for page in ("rents", "statements", "statistics", "rate-plans"):
            await expect(desk.part(f"menu-{page}")).to_have_count(0)
        await desk.page.goto(desk.page.url.rsplit("/", 1)[0] + "/statements")
        await desk.page.wait_for_url(lambda url: not url.endswith("/statements"))
