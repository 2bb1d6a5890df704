"""What each level sets for its calls: by role, by tenant, within bounds; and whom a supervisor may act on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import aiohttp
import pytest
from sqlalchemy import text

from api.outbound_routes import ROUTES, TRUNK, build_path
from api_fixtures import Api
from database_fixtures import TestDatabase
from ucc.db.scope import TenantKind, TenantScope, enter_scope
from ucc.db.unit import Database
from ucc.errors import NotFound, NotYourTeam, UnknownPauseReason
from ucc.identity.access import UserRole, Viewer, Work
from ucc.pause.service import require_reason
from ucc.recording_policy.service import load_policies
from ucc.team.service import find_supervised, require_supervised
from ucc.trunk.number import find_prefix
from world import Branch, World

pytestmark = pytest.mark.db
VERIFICATION = 77
ROLES = {"operator": "operator", **{f"{role}2": role for role in ("reseller", "enterprise", "supervisor", "agent")}}


async def call(browser: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with browser.request(method, path, json=body) as response:
        return response.status, await response.json() if response.status != 204 else None


async def run(database: Database, statement: str, **values: object) -> Any:
    async with database.begin() as session:
        result = await session.execute(text(statement), values)
        return result.scalar() if result.returns_rows else None


async def make_rows(database: Database, world: World, branch: Branch) -> dict[str, int]:
    """One row of each kind, of this enterprise."""
    tenant = branch.enterprise_id
    statements = {
        "blacklist_entry": "INSERT INTO blacklist_entry (tenant_id, number) VALUES (:t, '+8613911112222') RETURNING id",
        "recording_policy": "INSERT INTO recording_policy (tenant_id) VALUES (:t) RETURNING id",
        "pause_reason": (
            "INSERT INTO pause_reason (tenant_id, code, label_zh, label_en)"
            " VALUES (:t, 'tea', '茶', 'Tea') RETURNING id"
        ),
        "team": "INSERT INTO team (tenant_id, name) VALUES (:t, 'prey') RETURNING id",
        "caller_id": "SELECT id FROM caller_id WHERE tenant_id = :t",
    }
    rows = {kind: int(await run(database, statement, t=tenant)) for kind, statement in statements.items()}
    await run(
        database,
        "INSERT INTO frequency_rule (tenant_id, subject, window_s, most) VALUES (:t, 'callee', 3600, 2)",
        t=tenant,
    )
    await run(
        database,
        "INSERT INTO verification_call (id, tenant_id, idempotency_key, callee, code_hash, expires_at)"
        " VALUES (:id, :t, 'prey', '+8613911112222', '', now() + interval '1 h')",
        id=UUID(int=VERIFICATION),
        t=tenant,
    )
    return rows | {
        "verification_call": VERIFICATION,
        "trunk": world.trunk_id,
        "agent": branch.agent_id,
        "tenant": tenant,
    }


async def dump(database: Database, world: World) -> list[Any]:
    """All that belongs to the first branch, and the trunks."""
    tables = ("blacklist_entry", "recording_policy", "pause_reason", "team", "caller_id", "frequency_rule", "agent")
    async with database.begin() as session:
        found = [
            (
                await session.execute(text(f"SELECT * FROM {table} WHERE tenant_id = :t ORDER BY id"), {"t": tenant})
            ).all()
            for table in tables
            for tenant in (world.first.enterprise_id, world.first.reseller_id)
        ]
        found.append((await session.execute(text("SELECT * FROM trunk"))).all())
        limits = text("SELECT max_calls FROM tenant WHERE id = :t")
        found.append((await session.execute(limits, {"t": world.first.enterprise_id})).all())
    return found


@pytest.mark.parametrize("username", [name for name in ROLES if name != "operator"])
async def test_another_enterprises_rows_do_not_exist(api: Api, database: Database, world: World, username: str) -> None:
    rows = await make_rows(database, world, world.first)
    before = await dump(database, world)
    browser = await api.browser(username)
    for (method, path), rule in ROUTES.items():
        status, answer = await call(browser, method, build_path(path, rows.get(rule.row or "", 1)), rule.body)
        if ROLES[username] not in rule.roles:
            assert (status, answer["code"]) == (403, "forbidden"), path
        elif rule.row is not None:
            assert (status, answer["code"]) == (404, "not_found"), path
        elif method == "GET":
            shown = str(answer)
            assert not any(word in shown for word in ("prey", "+8613911112222", "'tea'", world.first.did)), path
    assert await dump(database, world) == before


async def test_lists_of_a_level_are_hidden_from_those_above(api: Api, database: Database, world: World) -> None:
    """A blacklist and frequency rules are a tenant's own; the operator sees neither."""
    rows = await make_rows(database, world, world.first)
    operator = await api.browser("operator")
    assert (await call(operator, "GET", "blacklist"))[1]["items"] == []
    assert (await call(operator, "DELETE", f"blacklist/{rows['blacklist_entry']}"))[0] == 404
    assert (await call(operator, "GET", "frequency-rules"))[1]["items"] == []


async def test_what_names_others_is_refused(api: Api, database: Database, world: World) -> None:
    rows = await make_rows(database, world, world.first)
    enterprise = await api.browser("enterprise2")
    second = world.second
    foreign_supervisor, own_agent = world.first.users["supervisor1"], second.users["agent2"]
    for method, path, body, code in (
        ("PUT", "recording-policies", {"queue_id": world.first.queue_id}, "unknown_reference"),
        ("PUT", "recording-policies", {"agent_id": rows["agent"]}, "unknown_reference"),
        ("PUT", "recording-policies", {"agent_id": second.agent_id, "queue_id": second.queue_id}, "invalid_input"),
        ("POST", "teams", {"name": "x", "agent_ids": [rows["agent"]]}, "unknown_reference"),
        ("POST", "teams", {"name": "x", "supervisor_ids": [foreign_supervisor]}, "invalid_input"),
        ("POST", "teams", {"name": "x", "supervisor_ids": [own_agent]}, "invalid_input"),
        ("PUT", f"agents/{second.agent_id}/caller-id", {"caller_id_id": rows["caller_id"]}, "unknown_reference"),
        ("PUT", "caller-ids/default", {"caller_id_id": rows["caller_id"]}, "not_found"),
    ):
        status, answer = await call(enterprise, method, path, body)
        assert (status, answer["code"]) == (404 if code == "not_found" else 422, code), (path, body)
    assert await run(database, "SELECT count(*) FROM team WHERE tenant_id = :t", t=second.enterprise_id) == 0


BAD_BODIES: dict[str, list[dict[str, Any]]] = {
    "trunks": [
        {},
        TRUNK | {"port": 0},
        TRUNK | {"host": "a b"},
        TRUNK | {"codec": "OPUS"},
        TRUNK | {"max_calls": 0},
        TRUNK | {"allowed_prefixes": ["86"]},
        TRUNK | {"rules": [{"kind": "callee", "strip": 17}]},
        TRUNK | {"rules": [{"kind": "callee", "prepend": "sip:x"}]},
        TRUNK | {"rules": [{"kind": "callee"}] * 201},
        TRUNK | {"fallbacks": [{"trunk_id": 2**63}]},
    ],
    "caller-ids": [{"number": "8001", "tenant_id": 1, "trunk_id": 1}],
    "blacklist": [
        {},
        {"numbers": []},
        {"numbers": ["1"] * 2001},
        {"numbers": [5]},
        {"numbers": ["1"], "direction": "up"},
    ],
    "pause-reasons": [
        {"code": "Tea", "label_zh": "茶", "label_en": "Tea"},
        {"code": "tea", "label_zh": "", "label_en": "x"},
        {"code": "tea", "label_zh": "茶", "label_en": "x", "max_s": 0},
    ],
    "teams": [
        {"name": ""},
        {"name": "x" * 65},
        {"name": "x", "agent_ids": [0]},
        {"name": "x", "agent_ids": [2**63]},
    ],
}


async def test_bounds(api: Api) -> None:
    for path, bodies in BAD_BODIES.items():
        browser = await api.browser("operator" if path in ("trunks", "caller-ids") else "enterprise1")
        for body in bodies:
            status, answer = await call(browser, "POST", path, body)
            assert (status, answer["code"]) == (422, "invalid_input"), (path, body)
    operator = await api.browser("operator")
    for path in ("frequency-rules/callee/59", "frequency-rules/callee/86401", "frequency-rules/agent/60"):
        assert (await call(operator, "PUT", path, {"most": 1}))[0] == 422


async def test_trunks(api: Api, world: World) -> None:
    operator = await api.browser("operator")
    body = TRUNK | {
        "max_calls": 30, "calls_per_second": 5, "allowed_prefixes": ["+86"],
        "rules": [{"kind": "callee", "prefix": "+86", "strip": 3, "prepend": "0"}],
        "fallbacks": [{"trunk_id": world.trunk_id, "priority": 2, "weight": 7}],
    }  # fmt: skip
    status, made = await call(operator, "POST", "trunks", body)
    assert status == 201
    expected = body | {"id": made["id"], "holder_id": world.operator_id, "codec": "PCMA", "is_active": True}
    assert made == expected
    assert (await call(operator, "GET", "trunks"))[1]["items"][1] == expected
    assert (await call(operator, "POST", "trunks", TRUNK))[1]["code"] == "already_exists"
    changed = TRUNK | {"is_active": False}
    status, answer = await call(operator, "PUT", f"trunks/{made['id']}", changed)
    assert (status, answer["rules"], answer["fallbacks"], answer["is_active"]) == (200, [], [], False)
    itself = TRUNK | {"fallbacks": [{"trunk_id": made["id"]}]}
    assert (await call(operator, "PUT", f"trunks/{made['id']}", itself))[1]["code"] == "invalid_input"
    twice = TRUNK | {"rules": [{"kind": "callee"}, {"kind": "callee", "strip": 1}]}
    assert (await call(operator, "PUT", f"trunks/{made['id']}", twice))[1]["code"] == "already_exists"
    assert (await call(operator, "DELETE", f"trunks/{world.trunk_id}"))[1]["code"] == "in_use"
    assert (await call(operator, "DELETE", f"trunks/{made['id']}"))[0] == 204


async def test_caller_ids(api: Api, world: World) -> None:
    operator, enterprise, agent = (
        await api.browser("operator"),
        await api.browser("enterprise1"),
        await api.browser("agent1"),
    )
    grant = {
        "number": "010-8888 7777",
        "tenant_id": world.first.enterprise_id,
        "trunk_id": world.trunk_id,
        "max_calls": 3,
    }
    status, made = await call(operator, "POST", "caller-ids", grant)
    assert (status, made["number"], made["trunk_id"], made["max_calls"]) == (201, "+861088887777", world.trunk_id, 3)
    assert (await call(operator, "POST", "caller-ids", grant))[1]["code"] == "already_exists"
    to_reseller = grant | {"tenant_id": world.first.reseller_id}
    assert (await call(operator, "POST", "caller-ids", to_reseller))[1]["code"] == "invalid_input"
    assert (await call(enterprise, "PUT", "caller-ids/default", {"caller_id_id": made["id"]}))[0] == 204
    choose = f"agents/{world.first.agent_id}/caller-id"
    assert (await call(enterprise, "PUT", choose, {"caller_id_id": made["id"]}))[0] == 204
    for _ in range(2):
        items = (await call(agent, "GET", "caller-ids"))[1]["items"]
        assert [(x["number"], x["is_default"], x["agent_ids"], x["trunk_id"]) for x in items] == [
            (world.first.did, False, [], None),
            ("+861088887777", True, [world.first.agent_id], None),
        ]
        assert (await call(enterprise, "PUT", "caller-ids/default", {"caller_id_id": made["id"]}))[0] == 204
    change = {"trunk_id": world.trunk_id, "max_calls": None}
    assert (await call(operator, "PUT", f"caller-ids/{made['id']}", change))[1]["max_calls"] is None
    assert (await call(operator, "DELETE", f"caller-ids/{made['id']}"))[0] == 204
    assert len((await call(enterprise, "GET", "caller-ids"))[1]["items"]) == 1


async def test_limits_of_tenants(api: Api, database: Database, world: World) -> None:
    reseller, operator = await api.browser("reseller1"), await api.browser("operator")
    first, own = f"tenants/{world.first.enterprise_id}/max-calls", f"tenants/{world.first.reseller_id}/max-calls"
    assert (await call(reseller, "PUT", first, {"max_calls": 7}))[0] == 204
    assert (await call(reseller, "PUT", own, {"max_calls": 1000}))[1]["code"] == "forbidden"
    assert (await call(operator, "PUT", own, {"max_calls": 9}))[0] == 204
    assert (await call(operator, "PUT", f"tenants/{world.operator_id}/max-calls", {"max_calls": 99}))[0] == 204
    stored = "SELECT max_calls FROM tenant WHERE id = :id"
    assert [await run(database, stored, id=x) for x in (world.first.enterprise_id, world.first.reseller_id)] == [7, 9]
    shown = {item["id"]: item["max_calls"] for item in (await call(reseller, "GET", "tenants"))[1]["items"]}
    assert shown == {world.first.reseller_id: 9, world.first.enterprise_id: 7}
    assert (await call(reseller, "PUT", first, {"max_calls": None}))[0] == 204
    assert await run(database, stored, id=world.first.enterprise_id) is None


async def test_a_blacklist_in_batches(api: Api) -> None:
    supervisor = await api.browser("supervisor1")
    numbers = [f"1380000{number:04d}" for number in range(1200)] + ["138 0000 0000", "110x", "", "12"]
    status, answer = await call(supervisor, "POST", "blacklist", {"numbers": numbers, "direction": "outbound"})
    rejected = [{"position": at, "text": numbers[at]} for at in (1201, 1202, 1203)]
    assert (status, answer) == (200, {"added": 1200, "changed": 0, "rejected": rejected})
    body = {"numbers": ["0755", "+1", "x"], "is_prefix": True, "reason": "abroad"}
    assert (await call(supervisor, "POST", "blacklist", body))[1]["added"] == 2
    again = {"numbers": ["13800000000", "13900000000"], "direction": "both"}
    assert (await call(supervisor, "POST", "blacklist", again))[1] == {"added": 1, "changed": 1, "rejected": []}
    found: list[Any] = []
    after = 0
    while after is not None:
        page = (await call(supervisor, "GET", f"blacklist?after={after}&limit=500"))[1]
        assert page["total"] == 1203
        found += page["items"]
        after = page["next_after"]
    assert len({item["id"] for item in found}) == 1203
    (prefix,) = (await call(supervisor, "GET", "blacklist?number=%2B86755"))[1]["items"]
    assert (prefix["number"], prefix["is_prefix"], prefix["reason"]) == ("+86755", True, "abroad")
    assert (await call(supervisor, "DELETE", f"blacklist/{prefix['id']}"))[0] == 204
    assert (await call(supervisor, "GET", "blacklist?number=%2B86755"))[1]["total"] == 0
    (both,) = (await call(supervisor, "GET", "blacklist?number=13800000000"))[1]["items"]
    assert both["direction"] == "both"


@pytest.mark.parametrize(
    ("written", "prefix"),
    [
        ("0755", "+86755"),
        ("138", "+86138"),
        ("+1", "+1"),
        ("0044", "+44"),
        ("+86 138", "+86138"),
        ("", None),
        ("+", None),
        ("x1", None),
        ("+0", None),
        ("00", None),
        ("1" * 20, None),
    ],
)
def test_prefixes(written: str, prefix: str | None) -> None:
    assert find_prefix(written) == prefix


async def test_frequency_rules_may_only_be_tightened(api: Api) -> None:
    operator, reseller, enterprise = [await api.browser(name) for name in ("operator", "reseller1", "enterprise1")]
    above = (await call(enterprise, "GET", "frequency-rules"))[1]["above"]
    assert [(x["level"], x["window_s"], x["most"]) for x in above] == [("operator", 86400, 5), ("operator", 300, 3)]
    callee_day = "frequency-rules/callee/86400"
    assert (await call(enterprise, "PUT", callee_day, {"most": 6}))[1]["code"] == "rule_too_loose"
    assert (await call(enterprise, "PUT", callee_day, {"most": None}))[1]["code"] == "rule_too_loose"
    assert (await call(reseller, "PUT", callee_day, {"most": 4}))[0] == 204
    assert (await call(enterprise, "PUT", callee_day, {"most": 5}))[1]["code"] == "rule_too_loose"
    assert (await call(enterprise, "PUT", callee_day, {"most": 2}))[0] == 204
    assert (await call(operator, "PUT", callee_day, {"most": None}))[0] == 204
    seen = (await call(enterprise, "GET", "frequency-rules"))[1]
    assert seen["items"] == [{"subject": "callee", "window_s": 86400, "most": 2}]
    assert {(x["level"], x["window_s"], x["most"]) for x in seen["above"]} == {
        ("operator", 300, 3),
        ("reseller", 86400, 4),
    }
    assert (await call(enterprise, "DELETE", callee_day))[0] == 204
    assert (await call(enterprise, "DELETE", callee_day))[0] == 404


async def test_recording_policies(api: Api, database: Database, world: World) -> None:
    enterprise, supervisor = await api.browser("enterprise1"), await api.browser("supervisor1")
    first = world.first
    for subject in ({}, {"queue_id": first.queue_id}, {"agent_id": first.agent_id}):
        for mode in ("forced", "on_demand"):
            status, made = await call(enterprise, "PUT", "recording-policies", subject | {"mode": mode})
            assert (status, made["mode"]) == (200, mode)
    items = (await call(supervisor, "GET", "recording-policies"))[1]["items"]
    assert [(x["queue_id"], x["agent_id"]) for x in items] == [
        (None, None),
        (first.queue_id, None),
        (None, first.agent_id),
    ]
    await call(enterprise, "PUT", "recording-policies", {"queue_id": first.queue_id, "mode": "forbidden"})
    async with database.begin() as session:
        policies = await load_policies(session, first.enterprise_id)
    assert [policies.choose(queue).mode for queue in (None, first.queue_id, 999)] == [
        "on_demand",
        "forbidden",
        "on_demand",
    ]
    assert policies.choose(first.queue_id, first.agent_id).mode == "on_demand"
    for item in items:
        assert (await call(enterprise, "DELETE", f"recording-policies/{item['id']}"))[0] == 204
    assert (await call(supervisor, "GET", "recording-policies"))[1]["items"] == []


async def test_pause_reasons(api: Api, database: Database, world: World) -> None:
    enterprise, agent = await api.browser("enterprise1"), await api.browser("agent1")
    tenant = world.first.enterprise_id
    async with database.begin() as session:
        await require_reason(session, tenant, "anything")
    for position, code in enumerate(("lunch", "tea")):
        body = {
            "code": code,
            "label_zh": "休",
            "label_en": code,
            "position": 9 - position,
            "max_s": 60 * (position + 1),
        }
        assert (await call(enterprise, "POST", "pause-reasons", body))[0] == 201
    assert (await call(enterprise, "POST", "pause-reasons", body))[1]["code"] == "already_exists"
    items = (await call(agent, "GET", "pause-reasons"))[1]["items"]
    assert [(x["code"], x["max_s"]) for x in items] == [("tea", 120), ("lunch", 60)]
    change = {"label_zh": "茶", "label_en": "Tea", "max_s": None, "is_active": False}
    assert (await call(enterprise, "PUT", f"pause-reasons/{items[0]['id']}", change))[1]["label_zh"] == "茶"
    async with database.begin() as session:
        await require_reason(session, tenant, "lunch")
        await require_reason(session, tenant, None)
        for wrong in ("tea", "x"):
            with pytest.raises(UnknownPauseReason):
                await require_reason(session, tenant, wrong)
    assert (await call(enterprise, "DELETE", f"pause-reasons/{items[0]['id']}"))[0] == 204


class TestTeams:
    async def test_kept(self, api: Api, world: World) -> None:
        enterprise, supervisor = await api.browser("enterprise1"), await api.browser("supervisor1")
        first, leader = world.first, world.first.users["supervisor1"]
        body = {"name": "早班", "agent_ids": [first.agent_id, first.agent_id], "supervisor_ids": [leader]}
        status, team = await call(enterprise, "POST", "teams", body)
        assert status == 201
        assert team == {"id": team["id"], "name": "早班", "agent_ids": [first.agent_id], "supervisor_ids": [leader]}
        assert (await call(supervisor, "GET", "teams"))[1]["items"] == [team]
        (shown,) = (await call(supervisor, "GET", "supervisors"))[1]["items"]
        assert (shown["user_id"], shown["username"], shown["team_ids"]) == (leader, "supervisor1", [team["id"]])
        assert (await call(enterprise, "POST", "teams", {"name": "早班"}))[1]["code"] == "already_exists"
        assert (await call(enterprise, "PUT", f"teams/{team['id']}", {"name": "晚班"}))[1]["agent_ids"] == []
        assert (await call(enterprise, "DELETE", f"teams/{team['id']}"))[0] == 204

    async def test_whom_a_supervisor_may_act_on(
        self, api: Api, fresh_database: TestDatabase, database: Database, world: World
    ) -> None:
        first, leader = world.first, world.first.users["supervisor1"]
        assert await supervised(fresh_database, first, "supervisor1") is None, "an enterprise without teams is one team"
        enterprise = await api.browser("enterprise1")
        _, team = await call(enterprise, "POST", "teams", {"name": "a", "agent_ids": [first.agent_id]})
        assert await supervised(fresh_database, first, "supervisor1") == frozenset()
        with pytest.raises(NotYourTeam):
            await require(fresh_database, first, "supervisor1", first.agent_id)
        body = {"name": "a", "agent_ids": [first.agent_id], "supervisor_ids": [leader]}
        await call(enterprise, "PUT", f"teams/{team['id']}", body)
        assert await supervised(fresh_database, first, "supervisor1") == {first.agent_id}
        await require(fresh_database, first, "supervisor1", first.agent_id)
        assert await supervised(fresh_database, first, "enterprise1") is None
        assert await supervised(fresh_database, first, "agent1") == frozenset()
        for username in ("supervisor1", "enterprise1"):
            with pytest.raises(NotFound):
                await require(fresh_database, first, username, world.second.agent_id)
        assert await supervised(fresh_database, world.second, "supervisor2") is None


def viewer_of(branch: Branch, username: str) -> Viewer:
    scope = TenantScope(branch.enterprise_id, TenantKind.ENTERPRISE)
    return Viewer(branch.users[username], scope, UserRole(username.rstrip("12")), None)


async def supervised(test_database: TestDatabase, branch: Branch, username: str) -> frozenset[int] | None:
    viewer = viewer_of(branch, username)
    async with test_database.open("api") as api, api.begin_scoped(viewer.scope) as scoped:
        return await find_supervised(scoped, viewer)


async def require(test_database: TestDatabase, branch: Branch, username: str, agent_id: int) -> None:
    viewer = viewer_of(branch, username)
    async with test_database.open("api") as api, api.begin() as session:
        await require_supervised(Work(viewer, await enter_scope(session, viewer.scope)), agent_id)
