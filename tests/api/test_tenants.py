"""The customer tree over the API: who may open, suspend and charge whom; and passwords that are good for one thing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select, text, update

from api.tenant_routes import ADMIN, ROUTES, TENANT, build_path
from api_fixtures import Api, FakeController
from ucc.credit.service import open_credit
from ucc.db.unit import Database
from ucc.errors import CallRefused
from ucc.identity.models import User
from ucc.kit.clock import now
from ucc.rating.price import Service, Usage
from ucc.tenant.models import Tenant
from ucc.tenant.service import load_chain
from world import PASSWORD, World

pytestmark = pytest.mark.db
ROLES = ("operator", "reseller", "enterprise", "supervisor", "agent")
OWN = "a password of my own"


async def call(browser: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with browser.request(method, path.removeprefix("/"), json=body) as response:
        return response.status, await response.json() if response.status != 204 else None


async def is_refused(database: Database, tenant_id: int) -> bool:
    """Whether the enterprise may place no call because it, or a level above, is suspended."""
    async with database.begin() as session:
        chain = await load_chain(session, tenant_id)
        usage = Usage(service=Service.OUTBOUND, caller="+861088880001", callee="+8613800138000", at=now())
        try:
            await open_credit(session, chain, usage)
        except CallRefused as refusal:
            return refusal.refusal == "tenant_suspended"
    return False


async def test_roles(api: Api, world: World) -> None:
    for role in ROLES:
        browser = await api.browser(role if role == "operator" else f"{role}1")
        for (method, path), rule in ROUTES.items():
            if rule.row is None and role in rule.roles:
                continue
            status, answer = await call(browser, method, build_path(path, 999999, 999999), rule.body)
            expected = (404, "not_found") if role in rule.roles else (403, "forbidden")
            assert (status, answer["code"]) == expected, (role, method, path)


async def test_nobody_reaches_beside_or_above(api: Api, database: Database, world: World) -> None:
    admin = world.first.users["enterprise1"]
    for username in ("reseller2", "enterprise2"):
        browser = await api.browser(username)
        for tenant_id in (world.first.enterprise_id, world.first.reseller_id, world.operator_id):
            for (method, path), rule in ROUTES.items():
                if rule.row is not None and username.startswith("reseller"):
                    status, answer = await call(browser, method, build_path(path, tenant_id, admin), rule.body)
                    assert (status, answer["code"]) == (404, "not_found"), (method, path, tenant_id)
    reseller = await api.browser("reseller1")
    for (method, path), rule in ROUTES.items():
        if rule.row is not None and method != "GET":  # its own tenant is the level above's business
            status, _ = await call(reseller, method, build_path(path, world.first.reseller_id, admin), rule.body)
            assert status == 404, path
    for parent in (world.operator_id, world.second.reseller_id):
        assert (await call(reseller, "POST", "tenants", TENANT | {"parent_id": parent}))[0] == 404
    async with database.begin() as session:
        names = set(await session.scalars(select(Tenant.name)))
        assert not await session.scalar(select(Tenant.id).where(Tenant.is_suspended))
    assert "stolen" not in names


async def test_open_an_enterprise(api: Api, database: Database, world: World) -> None:
    reseller = await api.browser("reseller1")
    plan = (await call(reseller, "GET", "rate-plans"))[1]["items"][0]["id"]
    status, made = await call(reseller, "POST", "tenants", TENANT | {"rate_plan_id": plan, "max_calls": 30})
    assert status == 201, made
    tenant = made["tenant"]
    assert (tenant["parent_id"], tenant["kind"], tenant["rate_plan_id"]) == (
        world.first.reseller_id,
        "enterprise",
        plan,
    )
    assert (tenant["balance_micros"], tenant["limit_micros"], tenant["max_calls"]) == (0, 0, 30)
    assert (await call(reseller, "POST", "tenants", TENANT))[1]["code"] == "already_exists"
    body = {"tenant_id": tenant["id"], "amount": "5.00", "reason": "cash", "idempotency_key": "first"}
    assert (await call(reseller, "POST", "ledger/top-ups", body))[0] == 201
    assert (await call(reseller, "GET", f"tenants/{tenant['id']}"))[1]["balance"] == "5.00"
    stranger = await api.browser("reseller2")
    assert (await call(stranger, "GET", f"tenants/{tenant['id']}"))[0] == 404


async def test_a_reseller_below_a_reseller(api: Api, world: World) -> None:
    operator = await api.browser("operator")
    body = TENANT | {"kind": "reseller", "code": "deep", "parent_id": world.first.reseller_id}
    status, made = await call(operator, "POST", "tenants", body)
    assert (status, made["tenant"]["parent_id"]) == (201, world.first.reseller_id)
    reseller = await api.browser("reseller1")
    below = TENANT | {"parent_id": made["tenant"]["id"], "admin": ADMIN | {"username": "other"}}
    assert (await call(reseller, "POST", "tenants", below))[0] == 201
    under = TENANT | {"parent_id": world.first.enterprise_id, "code": "x2", "admin": ADMIN | {"username": "x2"}}
    assert (await call(reseller, "POST", "tenants", under))[1]["code"] == "invalid_input"


async def test_nothing_is_half_opened(api: Api, database: Database, world: World) -> None:
    operator = await api.browser("operator")
    taken = TENANT | {"admin": ADMIN | {"username": "agent1"}}
    assert (await call(operator, "POST", "tenants", taken))[1]["code"] == "already_exists"
    async with database.begin() as session:
        assert await session.scalar(select(Tenant.id).where(Tenant.code == "acme")) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "A"},
        {"code": "x" * 33},
        {"name": ""},
        {"name": "a\0b"},
        {"kind": "operator"},
        {"max_calls": 0},
        {"parent_id": 2**70},
        {"admin": ADMIN | {"username": "a b"}},
        {"admin": ADMIN | {"password": "mine"}},
        {"is_suspended": True},
    ],
)
async def test_bad_bodies(api: Api, wrong: dict[str, Any]) -> None:
    operator = await api.browser("operator")
    status, answer = await call(operator, "POST", "tenants", TENANT | wrong)
    assert (status, answer["code"]) == (422, "invalid_input")


async def test_a_one_time_password_is_for_choosing_another(api: Api, database: Database, world: World) -> None:
    operator = await api.browser("operator")
    _, made = await call(operator, "POST", "tenants", TENANT)
    credentials = {"username": "acme-admin", "password": made["admin"]["one_time_password"]}
    other, browser = await api.browser(), await api.browser()
    for client in (other, browser):
        status, session = await call(client, "POST", "session", credentials)
        assert (status, session["user"]["must_change_password"], session["user"]["role"]) == (200, True, "enterprise")
    for path in ("tenants", "calls", "agents", "queues"):
        assert (await call(browser, "GET", path))[1]["code"] == "password_change_required", path
    async with browser.ws_connect("live") as socket:
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
    change = {"current_password": credentials["password"], "new_password": OWN}
    assert (await call(browser, "PUT", "session/password", change | {"current_password": "x"}))[0] == 401
    same = change | {"new_password": credentials["password"]}
    assert (await call(browser, "PUT", "session/password", same))[1]["code"] == "invalid_input"
    assert (await call(browser, "PUT", "session/password", change | {"new_password": "short"}))[0] == 422
    status, session = await call(browser, "PUT", "session/password", change)
    assert (status, session["user"]["must_change_password"]) == (200, False)
    assert (await call(browser, "GET", "tenants"))[0] == 200
    assert (await call(other, "GET", "session"))[0] == 401
    assert (await call(await api.browser(), "POST", "session", credentials))[0] == 401
    assert (await call(await api.browser(), "POST", "session", credentials | {"password": OWN}))[0] == 200


async def test_a_one_time_password_ends(api: Api, database: Database, world: World) -> None:
    reseller = await api.browser("reseller1")
    tenant_id, user_id = world.first.enterprise_id, world.first.users["enterprise1"]
    logged_in = await api.browser("enterprise1")
    path = f"tenants/{tenant_id}/users/{user_id}/one-time-password"
    status, renewed = await call(reseller, "POST", path, {})
    assert (status, renewed["username"]) == (200, "enterprise1")
    assert (await call(logged_in, "GET", "session"))[0] == 401
    (user,) = (await call(reseller, "GET", f"tenants/{tenant_id}/users"))[1]["items"]
    assert (user["id"], user["has_one_time_password"]) == (user_id, True)
    agent = world.first.users["agent1"]
    assert (await call(reseller, "POST", path.replace(str(user_id), str(agent)), {}))[0] == 404
    async with database.begin() as session:
        past = now() - timedelta(seconds=1)
        await session.execute(update(User).where(User.id == user_id).values(one_time_until=past))
    credentials = {"username": "enterprise1", "password": renewed["one_time_password"]}
    assert (await call(await api.browser(), "POST", "session", credentials))[1]["code"] == "login_refused"


async def test_anybody_may_change_the_own_password(api: Api, world: World) -> None:
    agent = await api.browser("agent1")
    change = {"current_password": PASSWORD, "new_password": OWN}
    assert (await call(agent, "PUT", "session/password", change))[0] == 200
    assert (await call(await api.browser(), "POST", "session", {"username": "agent1", "password": OWN}))[0] == 200


async def test_suspending_a_level_acts_on_everything_below(
    api: Api, database: Database, controller: FakeController, world: World
) -> None:
    for branch in (world.first, world.second):
        await controller.show_call(branch.enterprise_id, branch.agent_id, "talking")
    operator, reseller = await api.browser("operator"), await api.browser("reseller1")
    path = f"tenants/{world.first.reseller_id}"
    status, answer = await call(operator, "POST", f"{path}/suspend", {})
    assert (status, answer["tenant"]["is_suspended"], answer["ended_calls"]) == (200, True, None)
    assert len(controller.calls) == 2
    assert await is_refused(database, world.first.enterprise_id)
    assert not await is_refused(database, world.second.enterprise_id)
    _, below = await call(reseller, "GET", f"tenants/{world.first.enterprise_id}")
    assert (below["is_suspended"], below["is_suspended_above"]) == (False, True)
    assert (await call(reseller, "POST", f"{path}/resume", {}))[0] == 404
    assert (await call(operator, "POST", f"{path}/suspend", {"end_calls": True}))[1]["ended_calls"] == 1
    assert {found["tenant_id"] for found in controller.calls.values()} == {world.second.enterprise_id}
    assert (await call(operator, "POST", f"{path}/resume", {}))[1]["is_suspended"] is False
    assert not await is_refused(database, world.first.enterprise_id)


async def test_suspended_all_the_same_when_call_control_is_away(
    api: Api, database: Database, controller: FakeController, world: World
) -> None:
    await controller.stop()
    operator = await api.browser("operator")
    path = f"tenants/{world.first.enterprise_id}/suspend"
    status, answer = await call(operator, "POST", path, {"end_calls": True})
    assert (status, answer["code"]) == (503, "controller_away")
    assert await is_refused(database, world.first.enterprise_id)


async def test_names_and_limits(api: Api, world: World) -> None:
    reseller = await api.browser("reseller1")
    path = f"tenants/{world.first.enterprise_id}"
    assert (await call(reseller, "PATCH", path, {"max_calls": 7}))[1]["max_calls"] == 7
    _, renamed = await call(reseller, "PATCH", path, {"name": "新名字"})
    assert (renamed["name"], renamed["max_calls"]) == ("新名字", 7)
    assert (await call(reseller, "PATCH", path, {"max_calls": None}))[1]["max_calls"] is None
    assert (await call(reseller, "PATCH", path, {"name": None}))[1]["code"] == "invalid_input"
    found = (await call(reseller, "GET", "tenants?text=新名"))[1]["items"]
    assert [item["id"] for item in found] == [world.first.enterprise_id]
    assert (await call(reseller, "GET", "tenants?text=%25"))[1]["items"] == []


async def test_only_the_level_above_chooses_the_plan_and_only_its_own(
    api: Api, database: Database, world: World
) -> None:
    operator, reseller = await api.browser("operator"), await api.browser("reseller1")
    path = f"tenants/{world.first.enterprise_id}/plan"
    plans = (await call(reseller, "GET", "rate-plans"))[1]["items"]
    own = plans[0]["id"]
    assert (await call(reseller, "PUT", path, {"rate_plan_id": None}))[1]["rate_plan_id"] is None
    assert (await call(reseller, "PUT", path, {"rate_plan_id": own}))[1]["rate_plan_id"] == own
    for plan in (world.plans["reseller"], world.plans["carrier"], 999999):
        assert (await call(reseller, "PUT", path, {"rate_plan_id": plan}))[0] == 404, plan
    assert (await call(operator, "PUT", path, {"rate_plan_id": world.plans["reseller"]}))[0] == 404
    _, draft = await call(reseller, "POST", "rate-plans", {"name": "unpublished"})
    assert (await call(reseller, "PUT", path, {"rate_plan_id": draft["id"]}))[1]["code"] == "plan_not_published"
    root = f"tenants/{world.operator_id}/plan"
    assert (await call(operator, "PUT", root, {"rate_plan_id": world.plans["carrier"]}))[0] == 200
    async with database.begin() as session:
        wanted = text("SELECT count(*) FROM rate_plan_assignment WHERE tenant_id = :id")
        assert await session.scalar(wanted, {"id": world.first.enterprise_id}) == 3
