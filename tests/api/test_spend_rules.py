"""Limits against fraud and alerts over the API: who sets them, who sees them, and that routing and the worker obey."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from api_fixtures import Api
from credit.test_admission import ABROAD, let_in, set_balance, usage
from ucc.call.service import finish_call
from ucc.credit.watch import count_spend, watch_money
from ucc.db.unit import Database
from ucc.kit.clock import now
from world import YUAN, World, finished_call

pytestmark = pytest.mark.db


async def call(browser: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with browser.request(method, path, json=body) as response:
        return response.status, await response.json() if response.content_type == "application/json" else None


async def watch(database: Database) -> None:
    async with database.begin() as session:
        await count_spend(session, now())
        await watch_money(session)


async def test_limits_are_set_by_the_level_above_and_seen_by_the_tenant(api: Api, world: World) -> None:
    path = f"tenants/{world.first.enterprise_id}/spend-rule"
    seller, own = await api.browser("reseller1"), await api.browser("enterprise1")
    status, rule = await call(own, "GET", path)
    assert (status, rule["is_default"], rule["destinations"], rule["hourly"]) == (200, True, ["+86"], None)
    body = {"hourly": "20", "daily": "100.5", "low_balance": "10", "suspend_below": "0.01", "calls_per_second": 3,
            "destinations": ["+86", "+1", "+86"]}  # fmt: skip
    status, rule = await call(seller, "PUT", path, body)
    assert status == 200
    assert (rule["hourly"], rule["daily"], rule["suspend_below"]) == ("20.00", "100.50", "0.01")
    assert (rule["calls_per_second"], rule["destinations"], rule["is_default"]) == (3, ["+1", "+86"], False)
    assert (await call(own, "GET", path))[1] == rule
    assert (await call(own, "PUT", path, body))[0] == 403
    status, rule = await call(seller, "PUT", path, {})
    assert (rule["hourly"], rule["destinations"]) == (None, ["+86"])
    for username, wanted in (("reseller2", 404), ("enterprise2", 403), ("operator", 404), ("supervisor1", 403)):
        assert (await call(await api.browser(username), "PUT", path, body))[0] == wanted, username
    own_rule = f"tenants/{world.first.reseller_id}/spend-rule"
    assert (await call(seller, "PUT", own_rule, body))[0] == 404, "nobody loosens its own limits"
    operator = await api.browser("operator")
    assert (await call(operator, "PUT", f"tenants/{world.operator_id}/spend-rule", body))[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        {"hourly": "-1"},
        {"daily": "1.0000001"},
        {"calls_per_second": 0},
        {"destinations": ["86"]},
        {"destinations": ["+1234567890123456"]},
        {"destinations": ["+1"] * 301},
        {"other": 1},
    ],
)
async def test_bad_limits_change_nothing(api: Api, world: World, body: dict[str, Any]) -> None:
    seller = await api.browser("reseller1")
    path = f"tenants/{world.first.enterprise_id}/spend-rule"
    assert (await call(seller, "PUT", path, body))[0] == 422
    assert (await call(seller, "GET", path))[1]["is_default"]


async def test_calls_abroad_need_every_level(api: Api, database: Database, world: World) -> None:
    abroad = usage(ABROAD)
    world_wide = {"destinations": ["+"]}
    operator, seller = await api.browser("operator"), await api.browser("reseller1")
    levels = (
        (seller, world.first.enterprise_id),
        (operator, world.first.reseller_id),
        (operator, world.operator_id),
    )
    for browser, tenant_id in levels:
        assert await let_in(database, world, wanted=abroad) == "country_not_allowed"
        assert (await call(browser, "PUT", f"tenants/{tenant_id}/spend-rule", world_wide))[0] == 200
    assert await let_in(database, world, wanted=abroad) != "country_not_allowed"


async def test_spending_warns_then_blocks_then_is_over(api: Api, database: Database, world: World) -> None:
    seller, own = await api.browser("reseller1"), await api.browser("enterprise1")
    path = f"tenants/{world.first.enterprise_id}/spend-rule"
    await call(seller, "PUT", path, {"hourly": "1.00"})

    async def talk(minutes: int) -> None:
        async with database.begin() as session:
            began = datetime.now(UTC).timestamp() - 60 * minutes
            await finish_call(session, finished_call(world.first, 60 * minutes, started_at=began))

    async def open_alerts() -> list[tuple[str, str, str]]:
        found = (await call(own, "GET", "alerts?is_open=true"))[1]
        assert found["open_count"] == len(found["items"])
        return [(one["kind"], one["severity"], one["amount"]) for one in found["items"]]

    await talk(7)
    await watch(database)
    assert await open_alerts() == []
    await talk(1)
    await watch(database)
    assert await open_alerts() == [("hourly_spend", "warning", "0.80")]
    assert await let_in(database, world) == ""
    await talk(2)
    await watch(database)
    assert await open_alerts() == [("hourly_spend", "blocking", "1.10")]  # with what the call let in holds
    assert await let_in(database, world) == "hourly_spend_limit"
    rule = (await call(own, "GET", path))[1]
    assert (rule["spent_hour"], rule["spent_day"]) == ("1.00", "1.00")
    await call(seller, "PUT", path, {"hourly": "5.00"})
    await watch(database)
    assert await open_alerts() == []
    past = (await call(seller, "GET", "alerts"))[1]["items"]
    assert [(one["tenant_code"], one["kind"], one["ended_at"] is not None) for one in past] == [
        ("enterprise1", "hourly_spend", True)
    ]


async def test_alerts_are_seen_from_above_only(api: Api, database: Database, world: World) -> None:
    operator, seller = await api.browser("operator"), await api.browser("reseller1")
    await call(operator, "PUT", f"tenants/{world.first.reseller_id}/spend-rule", {"low_balance": "5"})
    await call(seller, "PUT", f"tenants/{world.first.enterprise_id}/spend-rule", {"suspend_below": "5"})
    await set_balance(database, world.first.reseller_id, YUAN)
    await set_balance(database, world.first.enterprise_id, YUAN)
    await watch(database)
    seen = {}
    for username in ("operator", "reseller1", "enterprise1", "reseller2", "enterprise2"):
        items = (await call(await api.browser(username), "GET", "alerts"))[1]["items"]
        seen[username] = sorted(one["kind"] for one in items)
    both = ["low_balance", "suspension"]
    assert seen == {
        "operator": both, "reseller1": both, "enterprise1": ["suspension"], "reseller2": [], "enterprise2": [],
    }  # fmt: skip
    assert (await call(operator, "GET", f"alerts?tenant_id={world.first.reseller_id}&kind=low_balance"))[1]["items"]
    first = (await call(operator, "GET", "alerts?limit=1"))[1]
    rest = (await call(operator, "GET", f"alerts?limit=1&before_id={first['next_before']}"))[1]
    assert {first["items"][0]["kind"], rest["items"][0]["kind"]} == set(both)
    assert rest["next_before"] is None
    assert (await call(await api.browser("agent1"), "GET", "alerts"))[0] == 403
