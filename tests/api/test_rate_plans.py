"""Rate plans over the API: edited, checked, published, never changed; and the price finder at every level."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from sqlalchemy import text

from api.plan_routes import DRAFT, RATE, ROUTES, build_path
from api_fixtures import Api
from ucc.db.unit import Database
from ucc.rating.price import Service
from world import World, make_rate, plan_of, replace_rates

pytestmark = pytest.mark.db
ROLES = {"operator": "operator", **{f"{role}2": role for role in ("reseller", "enterprise", "supervisor", "agent")}}
INBOUND = RATE | {"service": "inbound", "price_micros": 20_000}
CSV_HEAD = "service,prefix,area,callee_region,weekdays,from,to,first_increment_s,increment_s,price\n"


async def call(browser: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    sent: dict[str, Any] = {"data": body} if isinstance(body, bytes) else {"json": body}
    async with browser.request(method, path, **sent) as response:
        if response.content_type == "text/csv":
            return response.status, await response.text()
        return response.status, await response.json() if response.status != 204 else None


async def open_plan(browser: aiohttp.ClientSession, name: str = "plan", **draft: Any) -> int:
    status, plan = await call(browser, "POST", "rate-plans", {"name": name})
    assert status == 201
    status, saved = await call(browser, "PUT", f"rate-plans/{plan['id']}/draft", DRAFT | draft)
    assert status == 200, saved
    return int(plan["id"])


async def test_roles_and_strangers(api: Api, database: Database, world: World) -> None:
    async with database.begin() as session:
        prey = await plan_of(session, world.first)
    for username in [name for name in ROLES if name != "operator"]:
        browser = await api.browser(username)
        for (method, path), rule in ROUTES.items():
            status, answer = await call(browser, method, build_path(path, prey), rule.body)
            if ROLES[username] not in rule.roles:
                assert (status, answer["code"]) == (403, "forbidden"), path
            elif rule.row is not None:
                assert (status, answer["code"]) in ((404, "not_found"), (422, "invalid_plan")), path
                assert "rates.csv" not in path or status == 404
            else:
                assert "enterprise1" not in str(answer), path
    async with database.begin() as session:
        plans = await session.execute(text("SELECT name FROM rate_plan WHERE id = :id"), {"id": prey})
        assert plans.scalar_one() == "enterprise1"


async def test_only_the_owner_edits(api: Api, database: Database, world: World) -> None:
    """The operator sees its reseller's plan, and an enterprise the one it is charged by; neither changes it."""
    async with database.begin() as session:
        plan_id = await plan_of(session, world.first)
    for username in ("operator", "enterprise1"):
        browser = await api.browser(username)
        assert (await call(browser, "GET", f"rate-plans/{plan_id}"))[0] == 200
        for (method, path), rule in ROUTES.items():
            if rule.row is not None and method != "GET" and "upload" not in path:
                status, _ = await call(browser, method, build_path(path, plan_id), rule.body)
                assert status == (404 if username == "operator" else 403), path
    operator = await api.browser("operator")
    status, answer = await call(operator, "PUT", f"rate-plans/{plan_id}/draft/rates/upload", b"service,price\n")
    assert (status, answer["code"]) == (404, "not_found")


async def test_a_plan_from_draft_to_version(api: Api, world: World) -> None:
    reseller = await api.browser("reseller1")
    plan_id = await open_plan(reseller, note="first", free_s=600, commission_ppm=50_000, minimum_spend_micros=10**7)
    _, plan = await call(reseller, "GET", f"rate-plans/{plan_id}")
    assert (plan["current_version"], plan["draft_version"], plan["tenant_count"]) == (None, 1, 0)
    status, version = await call(reseller, "POST", f"rate-plans/{plan_id}/draft/publish", {})
    assert status == 200
    assert (version["number"], version["state"], version["is_current"], version["note"]) == (
        1,
        "published",
        True,
        "first",
    )
    assert (version["minimum_spend"], version["free_s"], version["commission_ppm"]) == ("10.00", 600, 50_000)
    assert [(rate["service"], rate["price"], rate["weekdays"]) for rate in version["rates"]] == [
        ("outbound", "0.10", [1, 2, 3, 4, 5, 6, 7]),
        ("inbound", "0.10", [1, 2, 3, 4, 5, 6, 7]),
    ]
    later = datetime.now(UTC) + timedelta(days=30)
    body = {"effective_from": later.isoformat(), "note": "dearer", "rates": [RATE | {"price_micros": 200_000}, INBOUND]}
    status, draft = await call(reseller, "PUT", f"rate-plans/{plan_id}/draft", body)
    assert (status, draft["number"], draft["state"]) == (200, 2, "draft")
    await call(reseller, "POST", f"rate-plans/{plan_id}/draft/publish", {})
    _, plan = await call(reseller, "GET", f"rate-plans/{plan_id}")
    assert (plan["current_version"], plan["draft_version"]) == (1, None)
    assert datetime.fromisoformat(plan["next_effective_from"]) == later
    assert [(row["number"], row["rate_count"]) for row in plan["versions"]] == [(2, 2), (1, 2)]
    status, refused = await call(reseller, "POST", f"rate-plans/{plan_id}/draft/publish", {})
    assert (status, refused["code"]) == (404, "not_found")


async def test_a_draft_keeps_the_rates_that_are_not_sent(api: Api, world: World) -> None:
    reseller = await api.browser("reseller1")
    plan_id = await open_plan(reseller)
    await call(reseller, "POST", f"rate-plans/{plan_id}/draft/publish", {})
    status, draft = await call(reseller, "PUT", f"rate-plans/{plan_id}/draft", {"note": "same prices", "free_s": 5})
    assert (status, draft["number"], draft["rate_count"], draft["free_s"]) == (200, 2, 2, 5)
    assert (await call(reseller, "DELETE", f"rate-plans/{plan_id}/draft"))[0] == 204
    assert (await call(reseller, "DELETE", f"rate-plans/{plan_id}/draft"))[0] == 404


async def test_a_draft_of_another_is_not_written_over(api: Api, world: World) -> None:
    """Each way to change it names the draft that was read; without a name the last one wins, as scripts may want."""
    reseller = await api.browser("reseller1")
    plan_id = await open_plan(reseller)
    path = f"rate-plans/{plan_id}/draft"
    _, version = await call(reseller, "GET", f"rate-plans/{plan_id}/versions/1")
    assert version["revision"] == 1
    assert (await call(reseller, "PUT", f"{path}?revision=1", DRAFT | {"note": "mine"}))[1]["revision"] == 2
    csv = (CSV_HEAD + "outbound,,,,,,,60,60,0.10\ninbound,,,,,,,60,60,0.10\n").encode()
    for method, rest, body in (
        ("PUT", "", DRAFT | {"note": "of another"}),
        ("PUT", "/rents", {"rents": []}),
        ("PUT", "/rates/upload", csv),
        ("POST", "/publish", {}),
        ("DELETE", "", None),
    ):
        for old in (0, 1):
            status, refused = await call(reseller, method, f"{path}{rest}?revision={old}", body)
            assert (status, refused["code"]) == (409, "draft_changed"), (method, rest)
    _, version = await call(reseller, "GET", f"rate-plans/{plan_id}/versions/1")
    assert (version["revision"], version["note"], version["state"]) == (2, "mine", "draft")
    assert (await call(reseller, "PUT", f"{path}/rents?revision=2", {"rents": []}))[0] == 200
    assert (await call(reseller, "PUT", path, DRAFT))[1]["revision"] == 4
    assert (await call(reseller, "POST", f"{path}/publish?revision=4", {}))[0] == 200
    assert (await call(reseller, "PUT", f"{path}?revision=4", DRAFT))[1]["code"] == "draft_changed"
    assert (await call(reseller, "PUT", f"{path}?revision=0", DRAFT))[1]["number"] == 2


async def test_the_past_stays(api: Api, database: Database, world: World) -> None:
    """The first version may count from earlier; a later one may not, and none is ever changed or deleted."""
    reseller = await api.browser("reseller1")
    plan_id = await open_plan(reseller)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    assert (await call(reseller, "POST", f"rate-plans/{plan_id}/draft/publish", {"effective_from": yesterday}))[
        0
    ] == 200
    await call(reseller, "PUT", f"rate-plans/{plan_id}/draft", DRAFT)
    status, answer = await call(reseller, "POST", f"rate-plans/{plan_id}/draft/publish", {"effective_from": yesterday})
    assert (status, answer["code"]) == (422, "invalid_plan")
    status, answer = await call(reseller, "DELETE", f"rate-plans/{plan_id}")
    assert (status, answer["code"]) == (409, "in_use")
    for statement in (
        "UPDATE rate SET price_micros = 1 WHERE version_id IN (SELECT id FROM rate_plan_version WHERE number = 1)",
        "DELETE FROM rate WHERE version_id IN (SELECT id FROM rate_plan_version WHERE number = 1)",
        "UPDATE rate_plan_version SET commission_ppm = 1 WHERE number = 1",
        "UPDATE rate_plan_version SET state = 'draft' WHERE number = 1",
        "DELETE FROM rate_plan_version WHERE number = 1",
        "INSERT INTO rate (version_id, tenant_id, service, prefix, first_increment_s, increment_s, price_micros) "
        "SELECT id, tenant_id, 'outbound', '+999', 60, 60, 1 FROM rate_plan_version WHERE number = 1 LIMIT 1",
    ):
        with pytest.raises(Exception, match=r"never changes|append-only"):
            async with database.begin() as session:
                await session.execute(text(statement))


async def test_a_plan_that_was_never_published_can_go(api: Api, world: World) -> None:
    reseller = await api.browser("reseller1")
    plan_id = await open_plan(reseller)
    assert (await call(reseller, "DELETE", f"rate-plans/{plan_id}"))[0] == 204
    assert (await call(reseller, "GET", f"rate-plans/{plan_id}"))[0] == 404


@pytest.mark.parametrize(
    ("rates", "code"),
    [
        ([RATE, RATE], "overlap"),
        ([RATE | {"from_minute": 480, "to_minute": 1260}], "gap"),
        ([RATE | {"first_increment_s": 61}], "bad_increments"),
        ([RATE | {"callee_region": "亚特兰蒂斯"}], "unknown_region"),
        ([RATE | {"prefix": "+1", "area": "local"}], "never_fits"),
        ([RATE | {"prefix": "abc"}], "no number begins with abc"),
    ],
)
async def test_faults_are_refused_with_the_reason(api: Api, world: World, rates: list[Any], code: str) -> None:
    reseller = await api.browser("reseller1")
    plan_id = await open_plan(reseller)
    status, answer = await call(reseller, "PUT", f"rate-plans/{plan_id}/draft", {"rates": rates})
    assert (status, answer["code"]) == (422, "invalid_plan")
    assert code in answer["message"]
    _, draft = await call(reseller, "GET", f"rate-plans/{plan_id}/versions/1")
    assert draft["rate_count"] == 2  # what was saved before


async def test_a_check_names_the_rates(api: Api, world: World) -> None:
    reseller = await api.browser("reseller1")
    plan_id = await open_plan(reseller)
    status, answer = await call(reseller, "POST", f"rate-plans/{plan_id}/check", {"rates": [INBOUND, RATE, RATE]})
    assert status == 200
    assert [(fault["code"], fault["rate_positions"]) for fault in answer["faults"]] == [("overlap", [1, 2])]
    _, answer = await call(reseller, "POST", f"rate-plans/{plan_id}/check", {})
    assert (answer["faults"], answer["fault_count"], answer["warnings"]) == ([], 0, [])


async def test_a_negative_margin_is_a_warning(api: Api, world: World) -> None:
    """The reseller pays 0.01 for 6 s; 0.09 for a minute is sold too cheap from second 55 on."""
    reseller = await api.browser("reseller1")
    plan_id = await open_plan(reseller, rates=[RATE | {"price_micros": 90_000}, INBOUND | {"price_micros": 10**6}])
    _, version = await call(reseller, "POST", f"rate-plans/{plan_id}/draft/publish", {})
    (warning,) = version["warnings"]
    assert (warning["code"], warning["rate_position"], warning["duration_s"]) == ("negative_margin", 0, 55)
    assert (warning["sells_micros"], warning["pays_micros"]) == (90_000, 100_000)


async def test_bounds_of_a_plan(api: Api, world: World) -> None:
    reseller = await api.browser("reseller1")
    plan_id = await open_plan(reseller)
    for body in (
        {"rates": [RATE | {"price_micros": -1}]},
        {"rates": [RATE | {"price_micros": 10**10 + 1}]},
        {"rates": [RATE | {"increment_s": 0}]},
        {"rates": [RATE | {"weekdays": []}]},
        {"rates": [RATE | {"weekdays": [8]}]},
        {"rates": [RATE | {"service": "fax"}]},
        {"rates": [RATE | {"more": 1}]},
        {"rates": [RATE] * 301},
        {"free_s": -1},
        {"commission_ppm": 1_000_001},
        {"effective_from": "2026-11-23T00:00:00"},
        {"effective_from": "0001-01-01T00:00:00+10:00"},
        {"note": "x" * 501},
    ):
        status, answer = await call(reseller, "PUT", f"rate-plans/{plan_id}/draft", body)
        assert (status, answer["code"]) == (422, "invalid_input"), body
    for name in ("", "x" * 65, "a\0b"):
        assert (await call(reseller, "POST", "rate-plans", {"name": name}))[0] == 422
    assert (await call(reseller, "POST", "rate-plans", {"name": "plan"}))[1]["code"] == "already_exists"


async def test_a_csv_file_of_rates(api: Api, world: World) -> None:
    reseller = await api.browser("reseller1")
    plan_id = await open_plan(reseller)
    address = f"rate-plans/{plan_id}/draft/rates/upload"
    rows = (
        "outbound,,,,,,,60,60,0.10\n"
        "outbound,0755,,,,,,60,6,0.01\n"
        "outbound,,,广东/深圳,,,,6,6,0.009\n"
        "outbound,+86,local,,12345,08:00,21:00,,60,0.08\n"
        "inbound,,,,,,,60,60,0\n"
    )
    for encoding in ("utf-8-sig", "gb18030"):
        status, version = await call(reseller, "PUT", address, (CSV_HEAD + rows).encode(encoding))
        assert (status, version["rate_count"]) == (200, 5), version
    assert [rate["prefix"] for rate in version["rates"]] == ["", "+86755", "", "+86", ""]
    assert version["rates"][3]["weekdays"] == [1, 2, 3, 4, 5]
    _, exported = await call(reseller, "GET", f"rate-plans/{plan_id}/versions/1/rates.csv")
    status, again = await call(reseller, "PUT", address, exported.encode())
    keys = [key for key in RATE | version["rates"][0] if key != "id"]
    assert [[rate[key] for key in keys] for rate in again["rates"]] == [
        [rate[key] for key in keys] for rate in version["rates"]
    ]
    bad = rows + "outbound,+1,,,,,,60,60,free\noutbound,+44,,,,25:00,,60,60,1\nsms,,,,,,,60,60,1\nshort\n"
    status, answer = await call(reseller, "PUT", address, (CSV_HEAD + bad).encode())
    assert (status, answer["code"]) == (422, "invalid_plan")
    assert all(f"line {line}" in answer["message"] for line in (7, 8, 9, 10))
    for content in (b"", b"what,price\n", b"service,price\noutbound,1\noutbound,1\n", b"\xff\xff\xff"):
        status, answer = await call(reseller, "PUT", address, content)
        assert (status, answer["code"]) == (422, "invalid_plan"), content
    _, kept = await call(reseller, "GET", f"rate-plans/{plan_id}/versions/1")
    assert kept["rate_count"] == 5


async def test_who_is_charged_sees_its_prices_only(api: Api, world: World) -> None:
    reseller, enterprise = await api.browser("reseller1"), await api.browser("enterprise1")
    _, plans = await call(enterprise, "GET", "rate-plans")
    assert plans["items"] == []
    plan_id = plans["charged_by_plan_id"]
    await call(reseller, "PUT", f"rate-plans/{plan_id}/draft", DRAFT | {"note": "secret"})
    _, plan = await call(enterprise, "GET", f"rate-plans/{plan_id}")
    assert [(row["number"], row["note"]) for row in plan["versions"]] == [(1, None)]
    assert (await call(enterprise, "GET", f"rate-plans/{plan_id}/versions/2"))[0] == 404
    status, version = await call(enterprise, "GET", f"rate-plans/{plan_id}/versions/1")
    assert (status, version["warnings"], len(version["rates"])) == (200, [], 2)
    for other in ("carrier", "reseller"):
        assert (await call(enterprise, "GET", f"rate-plans/{world.plans[other]}"))[0] == 404
    _, own = await call(reseller, "GET", f"rate-plans?tenant_id={world.first.reseller_id}")
    assert [plan["name"] for plan in own["items"]] == ["enterprise1"]
    operator = await api.browser("operator")
    _, below = await call(operator, "GET", f"rate-plans?tenant_id={world.first.reseller_id}")
    assert below["items"] == own["items"]
    assert (await call(reseller, "GET", f"rate-plans?tenant_id={world.second.reseller_id}"))[0] == 404
    assert (await call(reseller, "GET", f"rate-plans?tenant_id={world.operator_id}"))[0] == 404


async def test_the_price_at_every_level_and_why(api: Api, database: Database, world: World) -> None:
    first = world.first
    async with database.begin() as session:
        rates = (
            make_rate(Service.OUTBOUND, 60, 100_000),
            make_rate(Service.OUTBOUND, 60, 80_000, callee_region="广东"),
            make_rate(Service.OUTBOUND, 60, 70_000, prefix="+86755"),
            make_rate(Service.OUTBOUND, 60, 60_000, prefix="+86755", from_minute=0, to_minute=480),
            make_rate(Service.INBOUND, 60, 10_000),
        )
        at = datetime(2026, 11, 1, tzinfo=UTC)
        await replace_rates(session, await plan_of(session, first), *rates, effective_from=at)
    query = f"callee=075588880001&caller={first.did.removeprefix('+86')}&at=2026-11-24T04:00:00Z&seconds=61"
    expected = {
        "operator": [("enterprise1", 140_000), ("reseller1", 110_000), ("operator", 60_000)],
        "reseller1": [("enterprise1", 140_000), ("reseller1", 110_000)],
        "enterprise1": [("enterprise1", 140_000)],
    }
    for username, prices in expected.items():
        browser = await api.browser(username)
        status, found = await call(browser, "GET", f"rate-finder?{query}&tenant_id={first.enterprise_id}")
        assert status == 200, found
        assert [(level["code"], level["amount_micros"]) for level in found["levels"]] == prices
        assert (found["callee"], found["callee_region"], found["area"]) == (
            "+8675588880001",
            "广东/深圳",
            "long_distance",
        )
        level = found["levels"][0]
        assert (level["why"], level["rate"]["price"], level["plan_name"], level["version"]) == (
            ["prefix"],
            "0.07",
            "enterprise1",
            2,
        )
        assert [(other["rate"]["price"], other["lost_by"]) for other in level["others"]] == [
            ("0.08", "prefix"),
            ("0.10", "prefix"),
        ]
    browser = await api.browser("enterprise1")
    early = "callee=075588880001&at=2026-11-23T23:59:00Z"
    _, found = await call(browser, "GET", f"rate-finder?{early}")
    assert (found["levels"][0]["why"], found["levels"][0]["amount_micros"]) == (["prefix", "window"], 60_000)
    assert [other["lost_by"] for other in found["levels"][0]["others"]] == ["window", "prefix", "prefix"]
    _, found = await call(browser, "GET", "rate-finder?callee=075588880001&at=2026-10-31T04:00:00Z")
    assert (found["levels"][0]["version"], found["levels"][0]["amount_micros"]) == (1, 100_000)
    for tenant_id in (first.reseller_id, world.operator_id, world.second.enterprise_id):
        status, answer = await call(browser, "GET", f"rate-finder?callee=13800138000&tenant_id={tenant_id}")
        assert (status, answer["code"]) == (404, "not_found")
    for bad in ("", "callee=", "callee=1&service=fax", "callee=1&seconds=-1", "callee=1&at=noon", "callee=%001"):
        assert (await call(browser, "GET", f"rate-finder?{bad}"))[0] == 422, bad


async def test_why_there_is_no_price(api: Api, database: Database, world: World) -> None:
    async with database.begin() as session:
        await replace_rates(
            session,
            await plan_of(session, world.first),
            make_rate(Service.OUTBOUND, 60, 100_000, prefix="+86"),
            effective_from=datetime(2026, 11, 1, tzinfo=UTC),
        )
        statement = text("UPDATE tenant SET rate_plan_id = NULL WHERE id = :id")
        await session.execute(statement, {"id": world.first.reseller_id})
    reseller = await api.browser("reseller1")
    path = f"rate-finder?callee=%2B14155552671&tenant_id={world.first.enterprise_id}"
    _, found = await call(reseller, "GET", path)
    assert [level["refusal"] for level in found["levels"]] == ["no_rate", "no_plan"]
    _, found = await call(reseller, "GET", path + "&at=2019-01-01T00:00:00Z")
    assert [level["refusal"] for level in found["levels"]] == ["no_version", "no_version"]


async def test_regions_that_rates_may_name(api: Api) -> None:
    browser = await api.browser("reseller1")
    _, found = await call(browser, "GET", "regions")
    assert "深圳" in found["provinces"]["广东"]
    assert found["provinces"]["北京"] == ["北京"]
    assert len(found["provinces"]) >= 31
