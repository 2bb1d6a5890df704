"""Statements over the API: closed months, the open one, their lines and files; nothing of others."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from api.rent_routes import ROUTES, build_path
from api_fixtures import Api
from ucc.call.service import finish_call
from ucc.db.unit import Database
from ucc.kit.china import cycle_of, day_of, month_of
from ucc.settlement.files import make_files
from ucc.settlement.service import settle
from world import World, finished_call

pytestmark = pytest.mark.db
TODAY = day_of(datetime.now(UTC))


async def call(browser: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with browser.request(method, path.removeprefix("/"), json=body) as response:
        return response.status, await response.json() if response.content_type == "application/json" else None


async def close(database: Database, world: World) -> None:
    for seconds in (50, 61):
        async with database.begin() as session:
            await finish_call(session, finished_call(world.first, seconds, started_at=datetime.now(UTC).timestamp()))
    await settle(database, cycle_of("month", TODAY)[1])


async def test_the_open_month_and_the_closed_one(api: Api, database: Database, world: World) -> None:
    enterprise = await api.browser("enterprise1")
    status, before = await call(enterprise, "GET", "statements/open")
    assert (status, before["id"], before["opening"], before["closing"]) == (200, None, "0.00", "100.00")
    await close(database, world)
    status, found = await call(enterprise, "GET", "statements")
    (statement,) = found["items"]
    assert (statement["period"], statement["closing"]) == (str(month_of(TODAY)), "99.70")
    totals = {one["kind"]: (one["entries"], one["amount"]) for one in statement["totals"]}
    assert totals == {"call": (2, "-0.30"), "top_up": (1, "100.00")}
    status, same = await call(enterprise, "GET", f"statements/{statement['id']}")
    assert (status, same) == (200, statement)
    lines: list[Any] = []
    after: int | None = 0
    while after is not None:
        status, page = await call(enterprise, "GET", f"statements/{statement['id']}/entries?after_id={after}&limit=2")
        assert status == 200
        lines += page["items"]
        after = page["next_after"]
    assert sum(line["amount_micros"] for line in lines) == statement["closing_micros"] - statement["opening_micros"]
    calls = [(line["callee"], line["billed_s"], line["amount"]) for line in lines if line["kind"] == "call"]
    assert calls == [("+8613800138000", 60, "-0.10"), ("+8613800138000", 120, "-0.20")]


async def test_a_file_from_asking_to_fetching(api: Api, database: Database, world: World) -> None:
    await close(database, world)
    enterprise = await api.browser("enterprise1")
    _, found = await call(enterprise, "GET", "statements")
    path = f"statements/{found['items'][0]['id']}/files"
    for form, start in (("pdf", b"%PDF"), ("xlsx", b"PK")):
        asked = await asyncio.gather(*(call(enterprise, "POST", path, {"format": form}) for _ in range(3)))
        assert {(status, file["state"]) for status, file in asked} == {(202, "waiting")}
        assert len({file["id"] for _, file in asked}) == 1
        file_id = asked[0][1]["id"]
        status, refused = await call(enterprise, "GET", f"statement-files/{file_id}/content")
        assert (status, refused["code"]) == (409, "file_not_ready")
        await make_files(database, api.settings.statement_dir)
        status, ready = await call(enterprise, "GET", f"statement-files/{file_id}")
        assert (status, ready["state"], ready["lines_done"]) == (200, "ready", 3)
        async with enterprise.get(f"statement-files/{file_id}/content") as response:
            content = await response.read()
            assert f"-{TODAY:%Y-%m}.{form}" in response.headers["Content-Disposition"]
        assert (response.status, len(content)) == (200, ready["size_bytes"])
        assert content.startswith(start)


async def test_roles_and_strangers(api: Api, database: Database, world: World) -> None:
    await close(database, world)
    owner = await api.browser("enterprise1")
    _, found = await call(owner, "GET", "statements")
    statement_id = found["items"][0]["id"]
    _, file = await call(owner, "POST", f"statements/{statement_id}/files", {"format": "pdf"})
    for role in ("reseller", "enterprise", "supervisor", "agent"):
        browser = await api.browser(f"{role}2")
        for (method, path), rule in ROUTES.items():
            if not path.startswith("/statement"):
                continue
            prey = file["id"] if "file_id" in path else statement_id
            status, answer = await call(browser, method, build_path(path, prey), rule.body)
            if role not in rule.roles:
                assert (status, answer["code"]) == (403, "forbidden"), (role, path)
            elif rule.row is not None:
                assert (status, answer["code"]) == (404, "not_found"), (role, path)
            elif path == "/statements":
                assert world.first.enterprise_id not in {one["tenant_id"] for one in answer["items"]}
        if role in ("reseller", "enterprise"):
            hidden = f"statements/open?tenant_id={world.first.enterprise_id}"
            assert (await call(browser, "GET", hidden))[0] == 404
    seller = await api.browser("reseller1")
    status, seen = await call(seller, "GET", f"statements?tenant_id={world.first.enterprise_id}&period={TODAY}")
    assert [one["id"] for one in seen["items"]] == [statement_id]
