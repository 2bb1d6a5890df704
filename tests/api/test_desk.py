"""The agent's desk and supervision: whose call and whose agent a command reaches, and who may give it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from api.desk_routes import DESK_ROUTES, SUPERVISION_ROUTES, build_path
from api_fixtures import Api, FakeController
from ucc.db.unit import Database
from world import World

pytestmark = pytest.mark.db


async def send(api: Api, username: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    browser = await api.browser(username)
    async with browser.request(method, path, json=body) as response:
        return response.status, await response.json() if response.status != 204 else None


async def test_commands_reach_the_own_agent(api: Api, controller: FakeController, world: World) -> None:
    for (method, path), (body, _) in DESK_ROUTES.items():
        status, answer = await send(api, "agent1", method, path.removeprefix("/"), body)
        assert (status, answer) == ((200, {"slot": "7"}) if path.endswith("/park") else (204, None)), path
    wanted = [(str(world.first.agent_id), command, body or {}) for body, command in DESK_ROUTES.values()]
    assert controller.commands == wanted


async def test_only_agents_have_a_desk(api: Api, controller: FakeController) -> None:
    for username in ("operator", "reseller1", "enterprise1", "supervisor1"):
        for (method, path), (body, _) in DESK_ROUTES.items():
            status, answer = await send(api, username, method, path.removeprefix("/"), body)
            assert (status, answer["code"]) == (403, "forbidden"), (username, path)
    assert controller.commands == []


BAD: list[tuple[str, str, Any]] = [
    ("PUT", "agent/line", {}),
    ("POST", "agent/wrap-up", {"seconds": 3601}),
    ("POST", "agent/wrap-up", {"seconds": -1}),
    ("POST", "agent/pick-up", {"agent_id": 2**63}),
    ("POST", "agent/call/hold", {"is_held": "perhaps"}),
    ("POST", "agent/call/transfer", {"target": {"kind": "number", "number": "sip:x@y"}, "mode": "blind"}),
    ("POST", "agent/call/transfer", {"target": {"kind": "planet"}, "mode": "blind"}),
    ("POST", "agent/call/transfer", {"target": {"kind": "agent", "agent_id": 0}, "mode": "blind"}),
    ("POST", "agent/call/transfer", {"target": {"kind": "number", "number": "8002"}, "mode": "sideways"}),
    ("POST", "agent/call/conference/drop", {"leg": "x" * 129}),
    ("POST", "agent/call/retrieve", {"slot": "a"}),
    ("POST", "agent/call/keys", {"keys": "E"}),
    ("POST", "agent/call/keys", {"keys": "1" * 33}),
    ("PUT", "agent/call/recording", {"action": "burn"}),
]


async def test_bounds(api: Api, controller: FakeController) -> None:
    browser = await api.browser("agent1")
    for method, path, body in BAD:
        async with browser.request(method, path, json=body) as response:
            assert (response.status, (await response.json())["code"]) == (422, "invalid_input"), (path, body)
    assert controller.commands == []


async def make_agent_of(database: Database, world: World) -> None:
    """The first supervisor has a phone of its own."""
    first = world.first
    async with database.begin() as session:
        row = await session.execute(
            text("INSERT INTO extension (tenant_id, number, ha1) VALUES (:t, '8009', :ha1) RETURNING id"),
            {"t": first.enterprise_id, "ha1": "9" * 32},
        )
        await session.execute(
            text(
                "INSERT INTO agent (tenant_id, user_id, extension_id, work_number)"
                " VALUES (:t, :user, :extension, '1009')"
            ),
            {"t": first.enterprise_id, "user": first.users["supervisor1"], "extension": row.scalar_one()},
        )


async def lead_team(database: Database, world: World, *, has_agent: bool) -> None:
    """The first supervisor leads a team, with or without the enterprise's agent."""
    first = world.first
    values = {"t": first.enterprise_id, "user": first.users["supervisor1"], "agent": first.agent_id}
    async with database.begin() as session:
        row = await session.execute(text("INSERT INTO team (tenant_id, name) VALUES (:t, 'a') RETURNING id"), values)
        values["team"] = row.scalar_one()
        await session.execute(text("INSERT INTO team_supervisor VALUES (:team, :user, :t)"), values)
        if has_agent:
            await session.execute(text("INSERT INTO team_member VALUES (:team, :agent, :t)"), values)


class TestSupervision:
    async def test_of_the_own_enterprise(
        self, api: Api, controller: FakeController, database: Database, world: World
    ) -> None:
        await make_agent_of(database, world)
        call_id = await controller.show_call(world.first.enterprise_id, world.first.agent_id, "talking")
        for (method, path), body in SUPERVISION_ROUTES.items():
            if not path.endswith("/release"):
                found = build_path(path, call_id=call_id, agent_id=world.first.agent_id)
                assert await send(api, "supervisor1", method, found, body) == (204, None), path
        assert [(found, command) for found, command, _ in controller.commands] == [
            (call_id, "watch"),
            (call_id, "watch/end"),
            (call_id, "watch"),
        ]
        assert [body.get("mode") for _, _, body in controller.commands] == ["listen", None, "take_over"]
        assert await send(api, "supervisor1", "POST", f"calls/{call_id}/release") == (204, None)
        assert controller.calls == {}

    @pytest.mark.parametrize("username", ["supervisor2", "enterprise2"])
    async def test_others_have_no_calls_and_no_agents(
        self, api: Api, controller: FakeController, world: World, username: str
    ) -> None:
        call_id = await controller.show_call(world.first.enterprise_id, world.first.agent_id, "talking")
        for (method, path), body in SUPERVISION_ROUTES.items():
            for one in (call_id, str(uuid4())):
                found = build_path(path, call_id=one, agent_id=world.first.agent_id)
                status, answer = await send(api, username, method, found, body)
                assert (status, answer["code"]) == (404, "not_found"), path
        assert controller.commands == []
        assert call_id in controller.calls
        assert controller.agents[world.first.agent_id]["presence"] == "offline"

    @pytest.mark.parametrize("username", ["agent1", "operator", "reseller1"])
    async def test_by_role(self, api: Api, controller: FakeController, world: World, username: str) -> None:
        call_id = await controller.show_call(world.first.enterprise_id, world.first.agent_id, "talking")
        for (method, path), body in SUPERVISION_ROUTES.items():
            found = build_path(path, call_id=call_id, agent_id=world.first.agent_id)
            assert (await send(api, username, method, found, body))[1]["code"] == "forbidden", path

    @pytest.mark.parametrize("has_agent", [True, False])
    async def test_by_team(
        self, api: Api, controller: FakeController, database: Database, world: World, has_agent: bool
    ) -> None:
        await make_agent_of(database, world)
        await lead_team(database, world, has_agent=has_agent)
        for (method, path), body in SUPERVISION_ROUTES.items():
            call_id = await controller.show_call(world.first.enterprise_id, world.first.agent_id, "talking")
            found = build_path(path, call_id=call_id, agent_id=world.first.agent_id)
            status, answer = await send(api, "supervisor1", method, found, body)
            assert (status, answer and answer["code"]) == ((204, None) if has_agent else (403, "not_your_team")), path
        assert (await send(api, "enterprise1", "POST", f"calls/{call_id}/release"))[0] in (204, 404)

    async def test_a_pause_has_a_reason_of_the_enterprise(
        self, api: Api, controller: FakeController, database: Database, world: World
    ) -> None:
        async with database.begin() as session:
            await session.execute(
                text("INSERT INTO pause_reason (tenant_id, code, label_zh, label_en) VALUES (:t, 'tea', '茶', 'Tea')"),
                {"t": world.first.enterprise_id},
            )
        for username, path in (
            ("agent1", "agent/presence"),
            ("supervisor1", f"agents/{world.first.agent_id}/presence"),
        ):
            body = {"presence": "paused", "reason": "golf"}
            assert (await send(api, username, "PUT", path, body))[1]["code"] == "unknown_pause_reason"
            for reason in ("tea", None):
                assert (await send(api, username, "PUT", path, {"presence": "paused", "reason": reason}))[0] == 204
        assert controller.agents[world.first.agent_id]["presence"] == "paused"
