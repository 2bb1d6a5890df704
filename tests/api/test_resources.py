"""Resources over the API: made by the operator, granted down one level at a time, taken back; all or nothing."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from sqlalchemy import select, text

from api.resource_routes import ROUTES, build_path
from api_fixtures import Api, FakeController
from ucc.agent.models import Agent
from ucc.db.unit import Database
from ucc.floor.loading import load_floors
from ucc.reception.models import Destination
from ucc.resource.models import CallerId, Did, Extension
from ucc.resource.service import compute_ha1
from world import World

pytestmark = pytest.mark.db
MOVED = {"ended_registrations": 0}
PHONE = {
    "source": "192.0.2.7:5060",
    "transport": "udp",
    "user_agent": "Phone 1.0",
    "refreshed_at": 1_800_000_000.0,
    "expires_at": 1_800_000_300.0,
}


async def call(browser: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with browser.request(method, path.removeprefix("/"), json=body) as response:
        return response.status, await response.json() if response.status != 204 else None


async def upload(browser: aiohttp.ClientSession, query: str, content: str | bytes) -> tuple[int, Any]:
    async with browser.post(f"resources/upload?{query}", data=content) as response:
        return response.status, await response.json()


async def make(browser: aiohttp.ClientSession, **body: Any) -> list[int]:
    status, made = await call(browser, "POST", "resources", body)
    assert status == 201, made
    ids: list[int] = made["ids"]
    assert made["count"] == len(ids)
    return ids


async def numbers_of(browser: aiohttp.ClientSession, kind: str, query: str = "") -> set[str]:
    _, found = await call(browser, "GET", f"resources?kind={kind}{query}")
    assert found["total"] == len(found["items"])
    return {item["number"] for item in found["items"]}


async def test_roles(api: Api, world: World) -> None:
    for role in ("operator", "reseller", "enterprise", "supervisor", "agent"):
        browser = await api.browser(role if role == "operator" else f"{role}1")
        for (method, path), rule in ROUTES.items():
            status, _ = await call(browser, method, build_path(path), rule.body)
            assert (status == 403) == (role not in rule.roles), (role, method, path, status)


async def test_a_range_and_its_way_down_and_back(api: Api, world: World) -> None:
    operator, reseller = await api.browser("operator"), await api.browser("reseller1")
    enterprise, stranger = await api.browser("enterprise1"), await api.browser("reseller2")
    ids = await make(operator, kind="did", first="01066660000", last="01066660009")
    assert len(ids) == 10
    assert await numbers_of(reseller, "did", "&number=6666") == set()
    down = {"kind": "did", "ids": ids[:5], "to_tenant_id": world.first.reseller_id}
    assert (await call(operator, "POST", "resources/grants", down)) == (200, MOVED | {"count": 5})
    assert (await call(operator, "POST", "resources/grants", down))[0] == 404  # it has them no more
    further = {"kind": "did", "ids": ids[:2], "to_tenant_id": world.first.enterprise_id}
    assert (await call(reseller, "POST", "resources/grants", further)) == (200, MOVED | {"count": 2})
    assert await numbers_of(enterprise, "did", "&number=6666") == {"+861066660000", "+861066660001"}
    assert len(await numbers_of(reseller, "did", "&number=6666")) == 5
    assert await numbers_of(stranger, "did", "&number=6666") == set()
    back = {"kind": "did", "ids": ids[:5]}
    assert (await call(stranger, "POST", "resources/take-backs", back))[0] == 404
    assert (await call(reseller, "POST", "resources/take-backs", back))[0] == 404  # three are with itself
    assert (await call(operator, "POST", "resources/take-backs", back)) == (200, MOVED | {"count": 5})
    _, history = await call(operator, "GET", f"resources/did/{ids[0]}/history")
    chain = [(row["from_tenant_id"], row["to_tenant_id"]) for row in history["items"]]
    top, middle, bottom = world.operator_id, world.first.reseller_id, world.first.enterprise_id
    assert chain == [(None, top), (top, middle), (middle, bottom), (bottom, top)]
    assert {row["username"] for row in history["items"]} == {"operator", "reseller1"}
    _, seen = await call(reseller, "GET", f"resources/did/{ids[0]}/history")
    shown = [(row["from_tenant_id"], row["to_tenant_id"], row["from_name"]) for row in seen["items"]]
    assert shown == [(None, middle, None), (middle, bottom, "RESELLER1"), (bottom, None, "ENTERPRISE1")]
    assert (await call(stranger, "GET", f"resources/did/{ids[0]}/history"))[0] == 404


async def test_grants_go_down_one_level_and_never_aside(api: Api, world: World) -> None:
    operator, reseller = await api.browser("operator"), await api.browser("reseller1")
    ids = await make(operator, kind="extension", first="7000", last="7001")
    for tenant_id in (world.first.enterprise_id, world.operator_id, 999999):
        body = {"kind": "extension", "ids": ids, "to_tenant_id": tenant_id}
        assert (await call(operator, "POST", "resources/grants", body))[0] == 404, tenant_id
    for tenant_id in (world.first.enterprise_id, world.second.enterprise_id, world.second.reseller_id):
        body = {"kind": "extension", "ids": ids, "to_tenant_id": tenant_id}
        assert (await call(reseller, "POST", "resources/grants", body))[0] == 404, tenant_id
    assert await numbers_of(operator, "extension", f"&tenant_id={world.operator_id}") == {"7000", "7001"}


async def test_taking_back_a_number_in_use_says_what_breaks(api: Api, database: Database, world: World) -> None:
    operator, branch = await api.browser("operator"), world.first
    body = {"kind": "did", "ids": [branch.did_id]}
    _, impact = await call(operator, "POST", "resources/impact", body)
    use = {"id": branch.did_id, "number": branch.did, "use": "destination", "label": "open"}
    assert impact == {"uses": [use], "use_count": 1, "in_use_count": 1}
    status, answer = await call(operator, "POST", "resources/take-backs", body)
    assert (status, answer["code"]) == (409, "resources_in_use")
    assert branch.did in answer["message"]
    assert (await call(operator, "POST", "resources/take-backs", body | {"confirm": True})) == (
        200,
        MOVED | {"count": 1},
    )
    async with database.begin() as session:
        did = await session.get_one(Did, branch.did_id)
        assert did.tenant_id == world.operator_id
        assert await session.scalar(select(Destination).where(Destination.did_id == did.id)) is None
        assert len(list(await session.scalars(select(Destination)))) == 1  # the other enterprise's


async def test_an_agent_loses_its_phone_with_its_extension(api: Api, database: Database, world: World) -> None:
    operator, branch = await api.browser("operator"), world.first
    async with database.begin() as session:
        extension = (await session.scalars(select(Extension).where(Extension.number == branch.extension))).one()
        old = extension.ha1
    body = {"kind": "extension", "ids": [extension.id], "confirm": True}
    _, impact = await call(operator, "POST", "resources/impact", {"kind": "extension", "ids": [extension.id]})
    assert [(use["use"], use["label"]) for use in impact["uses"]] == [("agent_phone", "1001")]
    assert (await call(operator, "POST", "resources/take-backs", body))[0] == 200
    async with database.begin() as session:
        assert (await session.get_one(Agent, branch.agent_id)).extension_id is None
        renewed = await session.get_one(Extension, extension.id)
        assert renewed.ha1 != old  # who had it can register with it no more
        floors = await load_floors(session, 0.0)
        assert not floors[branch.enterprise_id].agents
        assert floors[world.second.enterprise_id].agents
    agent = await api.browser("agent1")
    assert (await call(agent, "GET", "session"))[1]["agent"] is None
    assert (await call(agent, "GET", "agent/phone"))[0] == 404
    (shown,) = (await call(await api.browser("enterprise1"), "GET", "agents"))[1]["items"]
    assert shown["extension"] is None


async def test_a_caller_id_is_shown_no_more(api: Api, database: Database, world: World) -> None:
    operator, branch = await api.browser("operator"), world.first
    async with database.begin() as session:
        row = (await session.scalars(select(CallerId).where(CallerId.tenant_id == branch.enterprise_id))).one()
        row.is_default = True
        (await session.get_one(Agent, branch.agent_id)).caller_id_id = row.id
    body = {"kind": "caller_id", "ids": [row.id]}
    _, impact = await call(operator, "POST", "resources/impact", body)
    assert {use["use"] for use in impact["uses"]} == {"default_caller_id", "agent_caller_id"}
    assert impact["in_use_count"] == 1
    assert (await call(operator, "POST", "resources/take-backs", body | {"confirm": True}))[0] == 200
    async with database.begin() as session:
        found = await session.get_one(CallerId, row.id)
        assert (found.tenant_id, found.is_default) == (world.operator_id, False)
        assert (await session.get_one(Agent, branch.agent_id)).caller_id_id is None


async def test_caller_ids_have_a_trunk(api: Api, world: World) -> None:
    operator = await api.browser("operator")
    body = {"kind": "caller_id", "first": "01077770000", "last": "01077770002"}
    assert (await call(operator, "POST", "resources", body))[1]["code"] == "invalid_input"
    assert (await call(operator, "POST", "resources", body | {"trunk_id": 999}))[1]["code"] == "unknown_reference"
    assert len(await make(operator, **body, trunk_id=world.trunk_id)) == 3


async def test_all_or_nothing(api: Api, world: World) -> None:
    operator = await api.browser("operator")
    taken = {"kind": "extension", "numbers": ["7100", world.first.extension, "7101"]}
    status, answer = await call(operator, "POST", "resources", taken)
    assert (status, answer["code"]) == (409, "already_exists")
    assert world.first.extension in answer["message"]
    assert await numbers_of(operator, "extension", "&number=710") == set()
    ids = await make(operator, kind="extension", numbers=["7100"])
    body = {"kind": "extension", "ids": [*ids, 999999], "to_tenant_id": world.first.reseller_id}
    assert (await call(operator, "POST", "resources/grants", body))[0] == 404
    assert await numbers_of(operator, "extension", f"&tenant_id={world.operator_id}") == {"7100"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "did"},
        {"kind": "trunk", "numbers": ["7000"]},
        {"kind": "extension", "numbers": []},
        {"kind": "extension", "numbers": ["7a"]},
        {"kind": "extension", "numbers": ["7000", "7000"]},
        {"kind": "extension", "numbers": ["7000"], "first": "1"},
        {"kind": "extension", "first": "7000"},
        {"kind": "extension", "first": "7001", "last": "7000"},
        {"kind": "extension", "first": "7000", "last": "8000"},
        {"kind": "extension", "first": "700", "last": "7000"},
        {"kind": "did", "first": "+8610666600xx", "last": "+8610666600yy"},
        {"kind": "did", "numbers": ["12"]},
        {"kind": "did", "numbers": ["01066660000"], "trunk_id": 1},
    ],
)
async def test_bad_bodies(api: Api, wrong: dict[str, Any]) -> None:
    operator = await api.browser("operator")
    status, answer = await call(operator, "POST", "resources", wrong)
    assert (status, answer["code"]) == (422, "invalid_input"), answer


async def test_a_file(api: Api, world: World) -> None:
    operator = await api.browser("operator")
    lines = "\r\n".join(f"010555{number:05d}" for number in range(2000))
    status, made = await upload(operator, "kind=did", f"\ufeffnumber\r\n{lines}\r\n")
    assert (status, made.get("count")) == (201, 2000), made
    _, first = await call(operator, "GET", "resources?kind=did&number=10555&limit=1000")
    _, last = await call(
        operator, "GET", f"resources?kind=did&number=10555&limit=1000&after_id={first['next_after_id']}"
    )
    assert (first["total"], len(first["items"]), len(last["items"]), last["next_after_id"]) == (2000, 1000, 1000, None)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("number\n7300\nx\n7301\n7300\n", ("line 3: x", "line 5: 7300: also in line 2")),
        ("number\n7300,2\n", ("line 2: more fields",)),
        ("phone\n7300\n", ("line 1",)),
        ("number\n", ("no numbers",)),
        ("", ("line 1",)),
        (b"number\n\xff\xff\n", ("neither UTF-8",)),
        ("number\n" + "x\n" * 12, ("line 11", "and 2 more")),
    ],
)
async def test_a_bad_line_refuses_the_file(api: Api, content: str | bytes, said: tuple[str, ...]) -> None:
    operator = await api.browser("operator")
    status, answer = await upload(operator, "kind=extension", content)
    assert (status, answer["code"]) == (422, "bad_lines")
    for words in said:
        assert words in answer["message"]
    assert await numbers_of(operator, "extension", "&number=73") == set()


async def test_phone_passwords(api: Api, database: Database, world: World) -> None:
    enterprise, operator = await api.browser("enterprise1"), await api.browser("operator")
    async with database.begin() as session:
        own = (await session.scalars(select(Extension.id).where(Extension.number == world.first.extension))).one()
        other = (await session.scalars(select(Extension.id).where(Extension.number == world.second.extension))).one()
    assert (await call(enterprise, "POST", "resources/phone-passwords", {"ids": [own, other]}))[0] == 404
    _, answer = await call(enterprise, "POST", "resources/phone-passwords", {"ids": [own]})
    (made,) = answer["items"]
    expected = compute_ha1(world.first.extension, api.settings.sip_domain, made["password"])
    async with database.begin() as session:
        assert (await session.get_one(Extension, own)).ha1 == expected
    assert (await call(operator, "POST", "resources/phone-passwords", {"ids": [own]}))[0] == 200


async def test_deleting_leaves_the_history(api: Api, world: World) -> None:
    operator = await api.browser("operator")
    in_use = {"kind": "did", "ids": [world.first.did_id]}
    assert (await call(operator, "POST", "resources/deletions", in_use))[0] == 404
    ids = await make(operator, kind="did", numbers=["01066660000"])
    assert (await call(operator, "POST", "resources/deletions", {"kind": "did", "ids": ids})) == (200, {"count": 1})
    _, history = await call(operator, "GET", f"resources/did/{ids[0]}/history")
    assert [row["to_tenant_id"] for row in history["items"]] == [world.operator_id, None]


async def test_the_history_never_changes(database: Database, world: World) -> None:
    for statement in ("DELETE FROM resource_grant", "UPDATE resource_grant SET number = 'x'"):
        with pytest.raises(Exception, match=r"append-only|permission denied"):
            async with database.begin() as session:
                await session.execute(text(statement))


async def test_registrations(api: Api, controller: FakeController, world: World) -> None:
    first, second = world.first, world.second
    controller.registrations = {first.extension: PHONE, second.extension: PHONE}
    reseller, operator = await api.browser("reseller1"), await api.browser("operator")
    _, found = await call(reseller, "GET", "registrations")
    (item,) = found["items"]
    assert (item["number"], item["tenant_id"]) == (first.extension, first.enterprise_id)
    (shown,) = item["registrations"]
    assert (shown["source"], shown["user_agent"]) == ("192.0.2.7:5060", "Phone 1.0")
    assert shown["refreshed_at"].startswith("2027-01-15T08:00:00")
    body = {"kind": "extension", "ids": [item["extension_id"]], "confirm": True}
    status, answer = await call(reseller, "POST", "resources/take-backs", body)
    assert (status, answer) == (200, {"count": 1, "ended_registrations": 1})
    _, found = await call(operator, "GET", "registrations")
    assert {item["number"]: len(item["registrations"]) for item in found["items"]} == {
        first.extension: 0,
        second.extension: 1,
    }
    await controller.stop()
    assert (await call(operator, "GET", "registrations"))[1]["code"] == "controller_away"
    body = {"kind": "extension", "ids": [item["extension_id"]], "to_tenant_id": first.enterprise_id}
    status, answer = await call(reseller, "POST", "resources/grants", body)
    assert (status, answer) == (200, {"count": 1, "ended_registrations": None})
