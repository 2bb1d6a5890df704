"""Rents over the API: saved in drafts, never changed once published, and charged to those below."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from api.plan_routes import DRAFT
from api.rent_routes import RENTS, ROUTES, build_path
from api_fixtures import Api
from ucc.db.unit import Database
from ucc.kit.china import day_of
from ucc.settlement.service import settle
from world import World, plan_of

pytestmark = pytest.mark.db
ROLES = ("operator", "reseller", "enterprise", "supervisor", "agent")


async def call(browser: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with browser.request(method, path.removeprefix("/"), json=body) as response:
        return response.status, await response.json() if response.status != 204 else None


async def test_roles_and_strangers(api: Api, database: Database, world: World) -> None:
    async with database.begin() as session:
        prey = await plan_of(session, world.first)
    for role in ROLES[1:]:
        browser = await api.browser(f"{role}2")
        for (method, path), rule in ROUTES.items():
            if not path.startswith("/rate-plans") and path != "/rent-charges":
                continue
            status, answer = await call(browser, method, build_path(path, prey), rule.body)
            if role not in rule.roles:
                assert (status, answer["code"]) == (403, "forbidden"), (role, path)
            elif rule.row is not None:
                assert (status, answer["code"]) == (404, "not_found"), (role, path)
            else:
                assert (status, answer["items"]) == (200, [])


@pytest.mark.parametrize(
    "rents",
    [
        [{"cycle": "hour", "basis": "fixed", "amount": "1"}],
        [{"cycle": "day", "basis": "cat", "amount": "1"}],
        [{"cycle": "day", "basis": "fixed", "amount": "0.00"}],
        [{"cycle": "day", "basis": "fixed", "amount": "-1"}],
        [{"cycle": "day", "basis": "fixed", "amount": "1.0000001"}],
        [{"cycle": "day", "basis": "fixed", "amount": "1000000.01"}],
        [{"cycle": "day", "basis": "fixed", "amount": "1"}] * 2,
    ],
)
async def test_what_is_no_rent(api: Api, database: Database, world: World, rents: list[dict[str, str]]) -> None:
    async with database.begin() as session:
        plan_id = await plan_of(session, world.first)
    status, answer = await call(
        await api.browser("reseller1"), "PUT", f"rate-plans/{plan_id}/draft/rents", {"rents": rents}
    )
    assert (status, answer["code"]) == (422, "invalid_input")


async def test_from_a_draft_to_a_charge(api: Api, database: Database, world: World) -> None:
    async with database.begin() as session:
        plan_id = await plan_of(session, world.first)
    reseller, enterprise = await api.browser("reseller1"), await api.browser("enterprise1")
    rents = {
        "rents": [
            {"cycle": "day", "basis": "fixed", "amount": "1.5"},
            {"cycle": "day", "basis": "agent", "amount": "2.00"},
        ]
    }
    status, saved = await call(reseller, "PUT", f"rate-plans/{plan_id}/draft/rents", rents)
    assert (status, saved["version"]) == (200, 2)
    assert [(one["basis"], one["amount"]) for one in saved["items"]] == [("agent", "2.00"), ("fixed", "1.50")]
    assert (await call(enterprise, "GET", f"rate-plans/{plan_id}/versions/2/rents"))[0] == 404
    assert (await call(reseller, "PUT", f"rate-plans/{plan_id}/draft", DRAFT))[0] == 200
    assert (await call(reseller, "POST", f"rate-plans/{plan_id}/draft/publish", {}))[0] == 200
    status, seen = await call(enterprise, "GET", f"rate-plans/{plan_id}/versions/2/rents")
    assert (status, seen["items"]) == (200, saved["items"])
    status, _ = await call(reseller, "PUT", f"rate-plans/{plan_id}/draft", DRAFT)
    assert status == 200
    status, again = await call(reseller, "GET", f"rate-plans/{plan_id}/versions/3/rents")
    assert again["items"] == saved["items"]

    today = day_of(datetime.now(UTC))
    await settle(database, today)
    for browser in (enterprise, reseller):
        status, charged = await call(browser, "GET", f"rent-charges?since={today}&until={today}&limit=1")
        assert status == 200
        assert charged["next_before"] is not None
        status, rest = await call(browser, "GET", f"rent-charges?before_id={charged['next_before']}")
        found = charged["items"] + rest["items"]
        assert {(one["basis"], one["amount"]) for one in found} == {("agent", "2.00"), ("fixed", "1.50")}
        assert {one["tenant_id"] for one in found} == {world.first.enterprise_id}
    status, stranger = await call(await api.browser("enterprise2"), "GET", "rent-charges")
    assert stranger["items"] == []


async def test_rents_body_is_the_documented_one(api: Api, database: Database, world: World) -> None:
    async with database.begin() as session:
        plan_id = await plan_of(session, world.first)
    status, saved = await call(await api.browser("reseller1"), "PUT", f"rate-plans/{plan_id}/draft/rents", RENTS)
    assert (status, saved["items"][0]["amount_micros"]) == (200, 30_000_000)
    status, cleared = await call(
        await api.browser("reseller1"), "PUT", f"rate-plans/{plan_id}/draft/rents", {"rents": []}
    )
    assert (status, cleared["items"]) == (200, [])
