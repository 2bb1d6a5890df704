"""Logging in, staying logged in, logging out."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from api_fixtures import Api
from ucc.db.unit import Database
from world import PASSWORD, World

pytestmark = pytest.mark.db


async def try_login(api: Api, username: str, password: str) -> tuple[int, dict[str, Any]]:
    browser = await api.browser()
    async with browser.post("session", json={"username": username, "password": password}) as response:
        return response.status, await response.json()


async def test_who_am_i(api: Api, world: World) -> None:
    browser = await api.browser("agent1")
    async with browser.get("session") as response:
        assert await response.json() == {
            "user": {
                "id": world.first.users["agent1"],
                "username": "agent1",
                "display_name": "Agent1",
                "role": "agent",
                "language": "zh-CN",
                "must_change_password": False,
            },
            "tenant": {
                "id": world.first.enterprise_id,
                "code": "enterprise1",
                "name": "ENTERPRISE1",
                "kind": "enterprise",
            },
            "agent": {"agent_id": world.first.agent_id, "work_number": "1001", "extension": "8001"},
            "edition": "cloud",
        }


async def test_the_cookie_is_out_of_reach(api: Api) -> None:
    browser = await api.browser()
    credentials = {"username": "operator", "password": PASSWORD}
    async with browser.post("session", json=credentials) as response:
        cookie = response.headers["Set-Cookie"]
        body = await response.text()
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert cookie.split("=")[1].split(";")[0] not in body


async def test_every_refusal_looks_the_same(api: Api, database: Database) -> None:
    async with database.begin() as session:
        await session.execute(text("UPDATE app_user SET is_active = false WHERE username = 'agent2'"))
    answers = [
        await try_login(api, "operator", "wrong"),
        await try_login(api, "nobody", PASSWORD),
        await try_login(api, "agent2", PASSWORD),
        await try_login(api, "operator' OR 1=1 --", PASSWORD),
    ]
    assert all(answer == answers[0] for answer in answers)
    assert answers[0][0] == 401
    assert answers[0][1]["code"] == "login_refused"


async def test_guessing_is_stopped(api: Api) -> None:
    answers = [await try_login(api, "operator", f"guess {number}") for number in range(11)]
    assert [status for status, _ in answers] == [401] * 10 + [429]
    assert answers[-1][1]["code"] == "too_many_attempts"
    assert (await try_login(api, "operator", PASSWORD))[0] == 429


async def test_good_logins_do_not_count(api: Api) -> None:
    for _ in range(12):
        assert (await try_login(api, "operator", PASSWORD))[0] == 200


async def test_log_out(api: Api) -> None:
    browser = await api.browser("operator")
    stolen = next(iter(browser.cookie_jar)).value
    async with browser.delete("session") as response:
        assert response.status == 204
    for headers in ({}, {"Cookie": f"ucc_session={stolen}"}):
        async with browser.get("session", headers=headers) as response:
            assert response.status == 401
            assert (await response.json())["code"] == "not_logged_in"


async def test_a_session_ends(api: Api, database: Database) -> None:
    for statement in (
        "UPDATE user_session SET expires_at = now()",
        "DELETE FROM user_session",
        "UPDATE app_user SET is_active = false",
    ):
        browser = await api.browser("operator")
        async with database.begin() as session:
            await session.execute(text(statement))
        async with browser.get("calls") as response:
            assert response.status == 401, statement


async def test_the_database_holds_no_tokens(api: Api, database: Database) -> None:
    browser = await api.browser("operator")
    token = next(iter(browser.cookie_jar)).value
    async with database.begin() as session:
        (kept,) = (await session.execute(text("SELECT token_hash FROM user_session"))).scalars()
    assert token.encode() not in kept
    assert len(kept) == 32


async def test_sessions_of_a_user_are_bounded(api: Api, database: Database) -> None:
    for _ in range(23):
        await api.browser("operator")
    async with database.begin() as session:
        assert (await session.execute(text("SELECT count(*) FROM user_session"))).scalar_one() == 20
