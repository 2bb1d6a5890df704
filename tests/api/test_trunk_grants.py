"""Trunks over the API: granted down one level at a time and taken back like numbers, and who may go out on them."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from sqlalchemy import select, update

from api.outbound_routes import TRUNK
from api_fixtures import Api
from ucc.db.unit import Database
from ucc.resource.models import CallerId
from world import World

pytestmark = pytest.mark.db
MOVED = {"ended_registrations": 0}


async def call(browser: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with browser.request(method, path, json=body) as response:
        return response.status, await response.json() if response.status != 204 else None


async def make(operator: aiohttp.ClientSession, name: str, port: int) -> int:
    status, made = await call(operator, "POST", "trunks", TRUNK | {"name": name, "port": port})
    assert status == 201, made
    return int(made["id"])


async def move(browser: aiohttp.ClientSession, what: str, ids: list[int], **more: Any) -> tuple[int, Any]:
    return await call(browser, "POST", f"resources/{what}", {"kind": "trunk", "ids": ids} | more)


async def grant(browser: aiohttp.ClientSession, ids: list[int], to_tenant_id: int, **more: Any) -> tuple[int, Any]:
    return await move(browser, "grants", ids, to_tenant_id=to_tenant_id, **more)


async def holders(browser: aiohttp.ClientSession) -> dict[str, int]:
    _, found = await call(browser, "GET", "resources?kind=trunk")
    assert found["total"] == len(found["items"])
    assert all(set(item) == {"id", "kind", "number", "tenant_id", "is_in_use"} for item in found["items"])
    return {item["number"]: item["tenant_id"] for item in found["items"]}


async def find_caller_id(database: Database, tenant_id: int) -> CallerId:
    async with database.begin() as session:
        return (await session.scalars(select(CallerId).where(CallerId.tenant_id == tenant_id))).one()


async def test_down_two_levels_and_back(api: Api, world: World) -> None:
    operator, reseller = await api.browser("operator"), await api.browser("reseller1")
    enterprise, stranger = await api.browser("enterprise1"), await api.browser("reseller2")
    top, middle, bottom = world.operator_id, world.first.reseller_id, world.first.enterprise_id
    ids = [await make(operator, "one", 5061), await make(operator, "two", 5062)]
    assert await holders(operator) == {"carrier": top, "one": top, "two": top}
    assert await holders(reseller) == {}  # what is everybody's is nobody's own
    assert (await grant(operator, ids, bottom))[0] == 404  # one level at a time
    assert await grant(operator, ids, middle) == (200, MOVED | {"count": 2})
    assert (await grant(operator, ids, middle))[0] == 404  # it has them no more
    assert (await grant(reseller, ids, world.second.enterprise_id))[0] == 404
    assert await grant(reseller, ids[:1], bottom) == (200, MOVED | {"count": 1})
    assert await holders(reseller) == {"one": bottom, "two": middle}
    assert await holders(enterprise) == {"one": bottom}
    assert await holders(stranger) == await holders(await api.browser("enterprise2")) == {}
    shown = {item["name"]: item["holder_id"] for item in (await call(operator, "GET", "trunks"))[1]["items"]}
    assert shown == await holders(operator) == {"carrier": top, "one": bottom, "two": middle}

    assert (await call(stranger, "GET", f"resources/trunk/{ids[0]}/history"))[0] == 404
    for what in ("impact", "take-backs"):
        assert (await move(stranger, what, ids))[0] == 404
    assert (await move(reseller, "take-backs", ids))[0] == 404  # one is with itself
    assert await move(reseller, "take-backs", ids[:1]) == (200, MOVED | {"count": 1})
    assert await move(operator, "take-backs", ids) == (200, MOVED | {"count": 2})
    _, history = await call(operator, "GET", f"resources/trunk/{ids[0]}/history")
    chain = [(row["from_tenant_id"], row["to_tenant_id"], row["username"]) for row in history["items"]]
    assert chain == [
        (None, top, "operator"),
        (top, middle, "operator"),
        (middle, bottom, "reseller1"),
        (bottom, middle, "reseller1"),
        (middle, top, "operator"),
    ]
    _, seen = await call(enterprise, "GET", f"resources/trunk/{ids[0]}/history")
    assert [(row["from_name"], row["to_name"]) for row in seen["items"]] == [
        (None, "ENTERPRISE1"),
        ("ENTERPRISE1", None),
    ]


async def test_a_batch_is_all_or_nothing(api: Api, world: World) -> None:
    operator = await api.browser("operator")
    ids = [await make(operator, "one", 5061), await make(operator, "two", 5062)]
    assert (await grant(operator, [*ids, 999999], world.first.reseller_id))[0] == 404
    assert set((await holders(operator)).values()) == {world.operator_id}
    status, answer = await grant(operator, [*ids, world.trunk_id], world.first.reseller_id)
    assert (status, answer["code"]) == (409, "resources_in_use")  # one of the three
    assert set((await holders(operator)).values()) == {world.operator_id}
    assert (await grant(operator, ids[:1], world.first.reseller_id))[0] == 200
    assert (await move(operator, "take-backs", ids))[0] == 404
    assert (await holders(operator))["one"] == world.first.reseller_id


async def test_a_grant_says_who_loses_the_trunk(api: Api, world: World) -> None:
    """Both enterprises go out on the one trunk; what one gets, the other loses. Taking it back gives it to both."""
    operator, reseller = await api.browser("operator"), await api.browser("reseller1")
    ids, middle = [world.trunk_id], world.first.reseller_id
    lost = {"id": world.trunk_id, "number": "carrier", "use": "caller_id_trunk", "label": world.second.did}
    expected = {"uses": [lost], "use_count": 1, "in_use_count": 1}
    assert (await move(operator, "impact", ids, to_tenant_id=middle)) == (200, expected)
    status, answer = await grant(operator, ids, middle)
    assert (status, answer["code"]) == (409, "resources_in_use")
    assert "carrier" in answer["message"]
    assert await holders(reseller) == {}
    assert (await grant(operator, ids, middle, confirm=True))[0] == 200
    for to_tenant_id in (world.first.enterprise_id, None):  # nobody else of the reseller's has it
        _, impact = await move(reseller, "impact", ids, to_tenant_id=to_tenant_id)
        assert impact["use_count"] == 0
    assert (await move(reseller, "impact", ids, to_tenant_id=world.second.reseller_id))[0] == 404
    (item,) = (await call(reseller, "GET", "resources?kind=trunk"))[1]["items"]
    assert item["is_in_use"] is True
    assert (await move(operator, "take-backs", ids))[0] == 200
    assert await holders(operator) == {"carrier": world.operator_id}


async def test_made_and_deleted_elsewhere(api: Api, world: World) -> None:
    operator = await api.browser("operator")
    trunk_id = await make(operator, "one", 5061)
    requests = [
        ("resources", {"kind": "trunk", "numbers": ["one"]}),
        ("resources/upload?kind=trunk", None),
        ("resources/deletions", {"kind": "trunk", "ids": [trunk_id]}),
    ]
    for path, body in requests:
        status, answer = await call(operator, "POST", path, body)
        assert (status, answer["code"]) == (422, "invalid_input"), path
        assert "/trunks" in answer["message"], path
    await grant(operator, [trunk_id], world.first.reseller_id)
    status, answer = await call(operator, "DELETE", f"trunks/{trunk_id}")
    assert (status, answer["code"]) == (409, "in_use")
    changed = TRUNK | {"name": "renamed", "port": 5061}
    _, shown = await call(operator, "PUT", f"trunks/{trunk_id}", changed)
    assert shown["holder_id"] == world.first.reseller_id  # a change of the trunk does not move it
    status, _ = await call(operator, "PUT", f"trunks/{trunk_id}", changed | {"holder_id": world.operator_id})
    assert status == 422
    await move(operator, "take-backs", [trunk_id])
    assert (await call(operator, "DELETE", f"trunks/{trunk_id}"))[0] == 204
    _, history = await call(operator, "GET", f"resources/trunk/{trunk_id}/history")
    assert [row["to_name"] for row in history["items"]] == ["OPERATOR", "RESELLER1", "OPERATOR", None]
    assert {row["username"] for row in history["items"]} == {"operator"}


async def test_a_caller_id_has_no_trunk_of_others(api: Api, database: Database, world: World) -> None:
    operator, theirs = await api.browser("operator"), world.second.enterprise_id
    kept = await make(operator, "kept", 5061)
    await grant(operator, [kept], world.first.reseller_id)
    new = {"number": "01088887777", "tenant_id": theirs, "trunk_id": kept}
    status, answer = await call(operator, "POST", "caller-ids", new)
    assert (status, answer["code"]) == (422, "trunk_not_granted")
    status, answer = await call(operator, "POST", "caller-ids", new | {"trunk_id": 999999})
    assert (status, answer["code"]) == (422, "unknown_reference")
    assert (await call(operator, "POST", "caller-ids", new | {"tenant_id": world.first.enterprise_id}))[0] == 201
    row = await find_caller_id(database, theirs)
    status, answer = await call(operator, "PUT", f"caller-ids/{row.id}", {"trunk_id": kept})
    assert (status, answer["code"]) == (422, "trunk_not_granted")
    assert (await find_caller_id(database, theirs)).trunk_id == world.trunk_id
    await grant(operator, [world.trunk_id], world.first.reseller_id, confirm=True)
    limited = {"trunk_id": world.trunk_id, "max_calls": 3}  # what it had before may stay
    assert (await call(operator, "PUT", f"caller-ids/{row.id}", limited))[0] == 200


async def test_a_caller_id_goes_where_its_trunk_may_be_used(api: Api, database: Database, world: World) -> None:
    operator = await api.browser("operator")
    kept = await make(operator, "kept", 5061)
    await grant(operator, [kept], world.first.reseller_id)
    await grant(await api.browser("reseller1"), [kept], world.first.enterprise_id)
    body = {"kind": "caller_id", "numbers": ["01077770000", "01077770001"], "trunk_id": kept}
    ids = (await call(operator, "POST", "resources", body))[1]["ids"]
    async with database.begin() as session:
        await session.execute(update(CallerId).where(CallerId.id == ids[1]).values(trunk_id=world.trunk_id))
    wrong = {"kind": "caller_id", "ids": ids, "to_tenant_id": world.second.reseller_id}
    status, answer = await call(operator, "POST", "resources/grants", wrong)
    assert (status, answer["code"]) == (422, "trunk_not_granted")
    assert "+861077770000" in answer["message"]
    assert "+861077770001" not in answer["message"]
    down = wrong | {"to_tenant_id": world.first.reseller_id}
    assert (await call(operator, "POST", "resources/grants", down))[0] == 200
    further = down | {"to_tenant_id": world.first.enterprise_id}
    assert (await call(await api.browser("reseller1"), "POST", "resources/grants", further))[0] == 200
