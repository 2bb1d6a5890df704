"""局域网单用户版: the same program with one enterprise and nothing about money."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from sqlalchemy import func, select, text

from api import ledger_routes, plan_routes
from api.outbound_routes import build_path
from api.tenant_routes import TENANT
from api_fixtures import Api, bind, run_api
from database_fixtures import TestDatabase
from ucc.call.models import CallCharge
from ucc.call.service import finish_call
from ucc.config import get_settings
from ucc.credit.service import open_credit
from ucc.db.unit import Database
from ucc.errors import CallRefused
from ucc.kit.clock import now
from ucc.ledger.models import PostingSet
from ucc.rating.price import Service, Usage
from ucc.tenant.service import load_chain
from world import World, add_tenant, add_user, finished_call

pytestmark = pytest.mark.db


@pytest.fixture
def single(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process as the single edition."""
    monkeypatch.setenv("UCC_EDITION", "single")
    get_settings.cache_clear()
    assert not get_settings().has_billing
    yield
    monkeypatch.undo()
    get_settings.cache_clear()


@pytest_asyncio.fixture
async def single_api(fresh_database: TestDatabase, tmp_path: Path) -> AsyncIterator[Api]:
    async with run_api(fresh_database, tmp_path, 1, "single") as running:
        yield running


async def call(browser: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with browser.request(method, path.removeprefix("/"), json=body) as response:
        return response.status, await response.json() if response.status != 204 else None


async def test_nothing_about_money(single_api: Api, world: World) -> None:
    operator = await single_api.browser("operator")
    assert (await call(operator, "GET", "session"))[1]["edition"] == "single"
    routes = plan_routes.ROUTES | ledger_routes.ROUTES
    for method, path in [*routes, ("PUT", "/tenants/{tenant_id}/plan")]:
        status, answer = await call(operator, method, build_path(path), {"rate_plan_id": None})
        assert (status, answer["code"]) == (404, "not_in_this_edition"), (method, path)
    for path in ("calls", "tenants", "resources?kind=did", "trunks"):
        assert (await call(operator, "GET", path))[0] == 200, path


async def test_one_enterprise(bare_database: TestDatabase, tmp_path: Path) -> None:
    async with bare_database.open() as database, database.begin() as session:
        await add_user(session, await add_tenant(session, "operator", "operator", None), "operator", "operator")
    listener = bind()
    async with run_api(bare_database, tmp_path, listener.getsockname()[1], "single") as api:
        operator = await api.browser("operator")
        reseller = TENANT | {"kind": "reseller"}
        assert (await call(operator, "POST", "tenants", reseller))[1]["code"] == "not_in_this_edition"
        assert (await call(operator, "POST", "tenants", TENANT))[0] == 201
        second = TENANT | {"code": "second", "admin": {"username": "second", "display_name": "Second"}}
        assert (await call(operator, "POST", "tenants", second))[1]["code"] == "not_in_this_edition"
    listener.close()


async def test_calls_cost_nothing_and_need_no_money(database: Database, world: World, single: None) -> None:
    branch = world.first
    usage = Usage(service=Service.OUTBOUND, caller=branch.did, callee="+8613800138000", at=now())
    async with database.begin() as session:
        await session.execute(text("UPDATE account SET balance_micros = -1000000 WHERE kind = 'balance'"))
        await session.execute(text("UPDATE tenant SET rate_plan_id = NULL"))
        posted = await session.scalar(select(func.count()).select_from(PostingSet))
        chain = await load_chain(session, branch.enterprise_id)
        assert not (await open_credit(session, chain, usage)).amounts
        await finish_call(session, finished_call(branch, 61))
        assert await session.scalar(select(func.count()).select_from(PostingSet)) == posted
        assert await session.scalar(select(func.count()).select_from(CallCharge)) == 0
        await session.execute(text("UPDATE tenant SET is_suspended = true WHERE kind = 'operator'"))
    async with database.begin() as session:
        with pytest.raises(CallRefused):
            await open_credit(session, await load_chain(session, branch.enterprise_id), usage)


async def test_the_same_call_costs_in_the_cloud(database: Database, world: World) -> None:
    """So that the test above can fail."""
    async with database.begin() as session:
        await finish_call(session, finished_call(world.first, 61))
        assert await session.scalar(select(func.count()).select_from(CallCharge)) == 3
