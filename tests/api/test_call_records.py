"""Call records: pages, filters, one call with its legs and charges, and who sees which money."""

from __future__ import annotations

from typing import Any

import pytest

from api_fixtures import Api
from ucc.call.service import finish_call
from ucc.db.unit import Database
from ucc.engine.record import Direction, FinishedCall
from world import NOON, World, finished_call

pytestmark = pytest.mark.db


async def finish(database: Database, *calls: FinishedCall) -> None:
    for call in calls:
        async with database.begin() as session:
            await finish_call(session, call)


async def fetch(api: Api, username: str, path: str, **params: str | int) -> Any:
    browser = await api.browser(username)
    async with browser.get(path, params=params) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def test_pages_have_no_gap_and_no_double(api: Api, database: Database, world: World) -> None:
    calls = [finished_call(world.first, None, started_at=NOON + number // 3) for number in range(10)]
    await finish(database, *calls)
    browser = await api.browser("enterprise1")
    seen: list[str] = []
    cursor = None
    for _ in range(4):
        params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        async with browser.get("calls", params=params) as response:
            page = await response.json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert len(seen) == 10
    assert set(seen) == {str(call.call_id) for call in calls}
    newest_first = sorted(calls, key=lambda call: (call.started_at, call.call_id), reverse=True)
    assert seen == [str(call.call_id) for call in newest_first]


async def test_filters(api: Api, database: Database, world: World) -> None:
    branch = world.first
    outbound = finished_call(branch, 50)
    missed = finished_call(branch, None, started_at=NOON + 60)
    inbound = finished_call(
        branch, 5, started_at=NOON + 120, direction=Direction.INBOUND, caller="+8613911112222", callee=branch.did
    )
    await finish(database, outbound, missed, inbound)

    async def ids(**params: str | int) -> set[str]:
        return {item["id"] for item in (await fetch(api, "enterprise1", "calls", **params))["items"]}

    assert await ids(direction="inbound") == {str(inbound.call_id)}
    assert await ids(result="no_answer") == {str(missed.call_id)}
    assert await ids(number="1391111") == {str(inbound.call_id)}
    assert await ids(number=branch.did) == {str(call.call_id) for call in (outbound, missed, inbound)}
    assert await ids(**{"from": "2026-11-23T12:01:00Z"}) == {str(missed.call_id), str(inbound.call_id)}
    assert await ids(to="2026-11-23T20:01:00+08:00") == {str(outbound.call_id)}


BAD_FILTERS = [
    "limit=0",
    "limit=201",
    "limit=x",
    "cursor=x",
    "cursor=999999999999999.01a20645-a4de-70cf-8d97-92263fe65918",
    "cursor=1.------------------------------------",
    "direction=sideways",
    "result=%00",
    "number=%25",
    "number=" + "1" * 33,
    "from=2026-11-23T12:00:00",
    "from=yesterday",
    "unknown=1",
]
BAD_IDS = ["x", "1", "%00", "01a20645-a4de-70cf-8d97-92263fe6591"]


async def test_bad_input(api: Api) -> None:
    browser = await api.browser("enterprise1")
    for path in (*(f"calls?{query}" for query in BAD_FILTERS), *(f"calls/{call_id}" for call_id in BAD_IDS)):
        async with browser.get(path) as response:
            assert (response.status, (await response.json())["code"]) == (422, "invalid_input"), path


async def test_one_call_as_each_level_sees_it(api: Api, database: Database, world: World) -> None:
    call = finished_call(world.first, 50, queue_id=world.first.queue_id)
    await finish(database, call)
    levels = {
        "enterprise1": [("ENTERPRISE1", 60, "0.10")],
        "reseller1": [("ENTERPRISE1", 60, "0.10"), ("RESELLER1", 54, "0.09")],
        "operator": [("ENTERPRISE1", 60, "0.10"), ("RESELLER1", 54, "0.09"), ("OPERATOR", 60, "0.03")],
        "supervisor1": [],
        "agent1": [],
    }
    costs = {"enterprise1": 100_000, "reseller1": 90_000, "operator": 30_000, "supervisor1": None, "agent1": None}
    for username, expected in levels.items():
        found = await fetch(api, username, f"calls/{call.call_id}")
        charges = [(charge["tenant_name"], charge["billed_s"], charge["amount"]) for charge in found["charges"]]
        assert charges == expected, username
        assert found["cost_micros"] == costs[username]
        assert (found["agent_name"], found["queue_name"], found["talk_ms"]) == ("Agent1", "queue1", 50_000)
        assert [(leg["kind"], leg["party"], leg["agent_name"]) for leg in found["legs"]] == [
            ("phone", "agent", "Agent1"),
            ("trunk", "customer", None),
        ]
        assert found["recording"]["state"] == "spooled"
        assert found["started_at"] == "2026-11-23T12:00:00Z"


async def test_agents_see_their_own_calls(api: Api, database: Database, world: World) -> None:
    own = finished_call(world.first, 50)
    colleague = finished_call(world.first, 50, agent_id=None)
    await finish(database, own, colleague)
    page = await fetch(api, "agent1", "calls")
    assert [item["id"] for item in page["items"]] == [str(own.call_id)]
    browser = await api.browser("agent1")
    for path in (f"calls/{colleague.call_id}", f"recordings/{colleague.recordings[0].recording_id}/audio"):
        async with browser.get(path) as response:
            assert response.status == 404
