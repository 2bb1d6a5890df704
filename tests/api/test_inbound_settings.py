"""How an enterprise sets up what its callers meet: by role, by tenant, within bounds; nothing in use goes away."""

from __future__ import annotations

import pytest

from api.inbound_routes import QUEUE, ROUTES, SCHEDULE, TREE, build_path
from api.inbound_rows import ROLES, call, dump, make_rows, wav
from api_fixtures import Api
from ucc.db.unit import Database
from world import World

pytestmark = pytest.mark.db


@pytest.mark.parametrize("username", ROLES)
async def test_another_enterprises_rows_do_not_exist(api: Api, database: Database, world: World, username: str) -> None:
    rows = await make_rows(database, world.first)
    before = await dump(database, world.first)
    browser = await api.browser(username)
    for (method, path), rule in ROUTES.items():
        if rule.row is None:
            continue
        sent = wav(0.1) if path.endswith("/upload") else None
        async with browser.request(
            method, build_path(path, rows[rule.row]), **({"data": sent} if sent else {"json": rule.body})
        ) as response:
            expected = (404, "not_found") if ROLES[username] in rule.roles else (403, "forbidden")
            if "{call_id}" in path and ROLES[username] not in rule.roles:
                expected = (403, "forbidden")
            assert (response.status, (await response.json())["code"]) == expected, (method, path)
    for (method, path), rule in ROUTES.items():
        if method == "GET" and rule.row is None and ROLES[username] in rule.roles:
            _, body = await call(browser, method, build_path(path))
            assert "prey" not in str(body), path
            assert str(rows["missed_call"]) not in str(body), path
    assert await dump(database, world.first) == before


async def test_roles(api: Api, database: Database, world: World) -> None:
    """Everything is there for those who may, and for nobody else."""
    for username, role in ROLES.items():
        browser = await api.browser(username)
        for (method, path), rule in ROUTES.items():
            if rule.row is not None or method != "GET":
                continue
            status, _ = await call(browser, method, build_path(path))
            assert status == (200 if role in rule.roles else 403), (username, path)
        if role not in ("enterprise", "supervisor"):
            for path, body in (("queues", QUEUE), ("ivr-trees", TREE), ("schedules", SCHEDULE)):
                assert (await call(browser, "POST", path, body))[0] == 403


class TestNumbers:
    async def test_a_did_leads_where_it_is_told(self, api: Api, world: World) -> None:
        browser = await api.browser("enterprise1")
        _, schedule = await call(browser, "POST", "schedules", SCHEDULE)
        _, box = await call(browser, "POST", "voicemail-boxes", {"name": "box"})
        body = {
            "schedule_id": schedule["id"],
            "open": {"kind": "agent", "agent_id": world.first.agent_id},
            "closed": {"kind": "voicemail", "box_id": box["id"]},
        }
        path = f"dids/{world.first.did_id}/reception"
        status, shown = await call(browser, "PUT", path, body)
        assert (status, {name: shown[name] for name in body}) == (200, body)
        assert (await call(browser, "GET", "dids"))[1]["items"] == [shown]
        for used in (f"schedules/{schedule['id']}", f"voicemail-boxes/{box['id']}"):
            assert (await call(browser, "DELETE", used))[0] == 409
        status, refused = await call(
            browser, "PUT", path, {"open": {"kind": "queue", "queue_id": world.second.queue_id}}
        )
        assert (status, refused["code"]) == (422, "unknown_reference")
        status, refused = await call(browser, "PUT", path, {"open": body["open"], "closed": body["open"]})
        assert (status, refused["code"]) == (422, "invalid_input")
        assert (await call(browser, "GET", "dids"))[1]["items"] == [shown]

    async def test_priority_callers(self, api: Api) -> None:
        browser = await api.browser("enterprise1")
        status, one = await call(browser, "POST", "priority-callers", {"number": "138 0013 8000", "priority": 50})
        assert (status, one["number"]) == (201, "+8613800138000")
        status, body = await call(browser, "POST", "priority-callers", {"number": "+8613800138000"})
        assert (status, body["code"]) == (409, "already_exists")
        status, body = await call(browser, "POST", "priority-callers", {"number": "123456789"})
        assert (status, body["code"]) == (422, "invalid_input")
        status, one = await call(
            browser, "PUT", f"priority-callers/{one['id']}", {"number": "13800138001", "note": "VIP"}
        )
        assert (status, one["number"], one["priority"], one["note"]) == (200, "+8613800138001", 10, "VIP")
        assert (await call(browser, "DELETE", f"priority-callers/{one['id']}"))[0] == 204

    async def test_schedules(self, api: Api) -> None:
        browser = await api.browser("enterprise1")
        special = [{"date": "2026-12-24", "name": "Eve", "hours": [{"begin": "22:00", "end": "02:00"}]}]
        body = {**SCHEDULE, "zone": "Asia/Tokyo", "special": special, "keeps_holidays": False}
        status, made = await call(browser, "POST", "schedules", body)
        assert (status, {name: made[name] for name in body}) == (201, body)
        assert made["opening"] in ("open", "closed", "holiday")
        assert made["holidays_known_until"] >= "2026-12-31"
        for wrong in (
            {"zone": "Mars/Base"},
            {"zone": "../../etc/passwd"},
            {"weekly": [[]] * 6},
            {"weekly": [[{"begin": "25:00", "end": "26:00"}]] + [[]] * 6},
            {"special": [{"date": "2026-02-30"}]},
        ):
            status, refused = await call(browser, "PUT", f"schedules/{made['id']}", {**body, **wrong})
            assert (status, refused["code"]) == (422, "invalid_input"), wrong
