"""Every route, asked by another enterprise: its ids answer 404, its lists show nothing of the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api import inbound_routes, ledger_routes, plan_routes, rent_routes, resource_routes, tenant_routes
from api.desk_routes import DESK_ROUTES, SUPERVISION_ROUTES
from api.outbound_routes import ROUTES as OUTBOUND_ROUTES
from api.outbound_routes import build_path
from api_fixtures import Api, FakeController
from ucc.app import create_app
from ucc.call.service import finish_call
from ucc.config import Settings
from ucc.db.unit import Database
from ucc.secrets import Secrets
from world import Branch, World, finished_call

Prey = dict[str, str]

PUBLIC = {("POST", "/session"), ("GET", "/health")}
SELF = {
    ("GET", "/session"),
    ("PUT", "/session/password"),
    ("DELETE", "/session"),
    ("PUT", "/agent/presence"),
    ("POST", "/agent/calls"),
    ("GET", "/agent/phone"),
}
LISTS = {("GET", "/tenants"), ("GET", "/calls"), ("GET", "/agents"), ("GET", "/queues")}
BY_ID: dict[tuple[str, str], Callable[[Prey], str]] = {
    ("GET", "/calls/{call_id}"): lambda prey: f"calls/{prey['call']}",
    ("POST", "/calls/{call_id}/hang-up"): lambda prey: f"calls/{prey['live_call']}/hang-up",
    ("GET", "/recordings/{recording_id}/audio"): lambda prey: f"recordings/{prey['recording']}/audio",
}


def list_routes() -> set[tuple[str, str]]:
    document = create_app(Settings(home=Path("/nowhere")), Secrets()).openapi()
    return {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in document["paths"].items()
        for method in methods
    }


def test_this_test_knows_every_route() -> None:
    elsewhere = set(OUTBOUND_ROUTES) | set(inbound_routes.ROUTES) | set(DESK_ROUTES) | set(SUPERVISION_ROUTES)
    elsewhere |= (
        set(plan_routes.ROUTES) | set(ledger_routes.ROUTES) | set(tenant_routes.ROUTES) | set(resource_routes.ROUTES)
    )
    elsewhere |= set(rent_routes.ROUTES)
    assert list_routes() == PUBLIC | SELF | LISTS | set(BY_ID) | elsewhere


async def make_prey(database: Database, controller: FakeController, branch: Branch) -> Prey:
    call = finished_call(branch, 50)
    async with database.begin() as session:
        await finish_call(session, call)
    live_call = await controller.show_call(branch.enterprise_id, branch.agent_id, "talking")
    return {"call": str(call.call_id), "recording": str(call.recordings[0].recording_id), "live_call": live_call}


@pytest.mark.db
@pytest.mark.parametrize("username", ["enterprise2", "supervisor2", "agent2", "reseller2"])
async def test_ids_of_others_do_not_exist(
    api: Api, database: Database, controller: FakeController, world: World, username: str
) -> None:
    prey = await make_prey(database, controller, world.first)
    browser = await api.browser(username)
    for (method, path), build in BY_ID.items():
        async with browser.request(method, build(prey)) as response:
            body = await response.json()
            needs_agent = path.endswith("/hang-up") and not username.startswith("agent")
            expected = (403, "forbidden") if needs_agent else (404, "not_found")
            assert (response.status, body["code"]) == expected, path
            assert not any(value in str(body) for value in prey.values())
    assert prey["live_call"] in controller.calls


@pytest.mark.db
async def test_lists_show_the_own_part_of_the_tree(
    api: Api, database: Database, controller: FakeController, world: World
) -> None:
    for branch in (world.first, world.second):
        await make_prey(database, controller, branch)
    first, second = world.first, world.second
    both = {first.enterprise_id, second.enterprise_id}
    visible = {
        "operator": both,
        "reseller1": {first.enterprise_id},
        "enterprise2": {second.enterprise_id},
        "supervisor2": {second.enterprise_id},
        "agent1": {first.enterprise_id},
    }
    for username, tenants in visible.items():
        browser = await api.browser(username)
        for _, path in LISTS - {("GET", "/tenants")}:
            async with browser.get(path.removeprefix("/")) as response:
                items = (await response.json())["items"]
            assert {item["tenant_id"] for item in items} == tenants, (username, path)


@pytest.mark.db
async def test_the_tree_with_its_money(api: Api, world: World) -> None:
    async def fetch(username: str) -> tuple[int, Any]:
        browser = await api.browser(username)
        async with browser.get("tenants") as response:
            return response.status, await response.json()

    _, body = await fetch("reseller1")
    reseller, enterprise = body["items"]
    assert (reseller["id"], reseller["parent_id"]) == (world.first.reseller_id, None)
    assert (enterprise["id"], enterprise["parent_id"]) == (world.first.enterprise_id, world.first.reseller_id)
    assert (enterprise["balance"], enterprise["balance_micros"]) == ("100.00", 100_000_000)
    assert len((await fetch("operator"))[1]["items"]) == 5
    for username in ("supervisor1", "agent1"):
        assert (await fetch(username))[0] == 403


@pytest.mark.db
async def test_strangers_are_sent_to_log_in(api: Api) -> None:
    anything = "01a20645-a4de-70cf-8d97-92263fe65918"
    browser = await api.browser()
    for method, path in sorted(list_routes() - PUBLIC):
        address = path.removeprefix("/").replace("{call_id}", anything).replace("{recording_id}", anything)
        address = build_path(address) if (method, path) in OUTBOUND_ROUTES else address
        address = inbound_routes.build_path(path) if (method, path) in inbound_routes.ROUTES else address
        body = {"presence": "ready"} if path.endswith("presence") else {"callee": "13800138000"}
        for headers in ({}, {"Cookie": "ucc_session=guess"}, {"Cookie": "ucc_session=\"';--"}):
            sent = None if method == "GET" else body
            async with browser.request(method, address, json=sent, headers=headers) as response:
                assert (response.status, (await response.json())["code"]) == (401, "not_logged_in"), path
