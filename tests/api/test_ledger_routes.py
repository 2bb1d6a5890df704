"""Money over the API: a seller deals with its direct customers and nobody else; told twice, it counts once."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from api.ledger_routes import REASON, ROUTES
from api_fixtures import Api
from ucc.call.service import finish_call
from ucc.db.unit import Database
from ucc.ledger.service import find_balance
from world import YUAN, World, finished_call

pytestmark = pytest.mark.db
ROLES = ("operator", "reseller", "enterprise", "supervisor", "agent")


async def call(browser: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with browser.request(method, path.removeprefix("/"), json=body) as response:
        return response.status, await response.json() if response.status != 204 else None


async def balance(database: Database, tenant_id: int) -> int:
    async with database.begin() as session:
        return await find_balance(session, tenant_id)


def top_up(tenant_id: int, amount: str = "5.00", key: str = "receipt 1") -> dict[str, Any]:
    return {"tenant_id": tenant_id, "amount": amount, "reason": "cash", "idempotency_key": key}


def move(source: int, target: int, amount: str, key: str = "t1") -> dict[str, Any]:
    body = {"from_tenant_id": source, "to_tenant_id": target}
    return body | {"amount": amount, "reason": "moved", "idempotency_key": key}


async def test_roles(api: Api, world: World) -> None:
    for role in ROLES:
        browser = await api.browser(role if role == "operator" else f"{role}1")
        for (method, path), rule in ROUTES.items():
            named = path.replace("{entry_id}", "999999").replace("{tenant_id}", "999999")
            status, answer = await call(browser, method, named, rule.body)
            if role not in rule.roles:
                assert (status, answer["code"]) == (403, "forbidden"), (role, path)
            else:
                assert status != 403, (role, path)
                assert rule.row is None or (status, answer["code"]) == (404, "not_found")


async def test_a_top_up_told_twice_counts_once(api: Api, database: Database, world: World) -> None:
    branch, reseller = world.first, await api.browser("reseller1")
    body = top_up(branch.enterprise_id)
    answers = await asyncio.gather(*(call(reseller, "POST", "ledger/top-ups", body) for _ in range(5)))
    assert {status for status, _ in answers} == {201}
    assert len({entry["id"] for _, entry in answers}) == 1
    assert await balance(database, branch.enterprise_id) == 105 * YUAN
    entry = answers[0][1]
    assert {(one["account"], one["amount"]) for one in entry["postings"]} == {("balance", "5.00"), ("cash", "-5.00")}
    assert (entry["reason"], entry["user_id"] is not None) == ("cash", True)
    status, refused = await call(reseller, "POST", "ledger/top-ups", body | {"amount": "6.00"})
    assert (status, refused["code"]) == (409, "idempotency_key_reused")


async def test_only_direct_customers(api: Api, database: Database, world: World) -> None:
    first, second = world.first, world.second
    reseller, operator = await api.browser("reseller1"), await api.browser("operator")
    for browser, wrong in (
        (reseller, second.enterprise_id),
        (reseller, first.reseller_id),
        (reseller, world.operator_id),
        (operator, first.enterprise_id),
        (operator, world.operator_id),
    ):
        assert (await call(browser, "POST", "ledger/top-ups", top_up(wrong)))[0] == 404
        assert (await call(browser, "PUT", f"tenants/{wrong}/credit-limit", {"limit": None}))[0] == 404
    for source, target in (
        (first.enterprise_id, second.enterprise_id),
        (second.enterprise_id, first.reseller_id),
        (first.reseller_id, first.reseller_id),
    ):
        assert (await call(reseller, "POST", "ledger/transfers", move(source, target, "1.00")))[0] == 404
    assert await balance(database, second.enterprise_id) == 100 * YUAN


@pytest.mark.parametrize("amount", ["0", "0.00", "-5", "1e3", "0.0000001", "9999999999", "x", "", "NaN"])
async def test_bad_amounts_move_nothing(api: Api, database: Database, world: World, amount: str) -> None:
    branch, reseller = world.first, await api.browser("reseller1")
    status, answer = await call(reseller, "POST", "ledger/top-ups", top_up(branch.enterprise_id, amount))
    assert (status, answer["code"]) == (422, "invalid_input")
    assert await balance(database, branch.enterprise_id) == 100 * YUAN


async def test_transfers_go_both_ways_and_never_below_the_limit(api: Api, database: Database, world: World) -> None:
    branch, reseller = world.first, await api.browser("reseller1")
    own, customer = branch.reseller_id, branch.enterprise_id
    before = await balance(database, own)
    assert (await call(reseller, "POST", "ledger/transfers", move(own, customer, "7.50")))[0] == 201
    assert (await call(reseller, "POST", "ledger/transfers", move(customer, own, "2.50", "t2")))[0] == 201
    assert await balance(database, customer) == 105 * YUAN
    assert await balance(database, own) == before - 5 * YUAN
    status, refused = await call(reseller, "POST", "ledger/transfers", move(customer, own, "105.01", "t3"))
    assert (status, refused["code"]) == (409, "insufficient_balance")
    assert (await call(reseller, "PUT", f"tenants/{customer}/credit-limit", {"limit": "0.01"}))[0] == 204
    assert (await call(reseller, "POST", "ledger/transfers", move(customer, own, "105.01", "t3")))[0] == 201
    assert await balance(database, customer) == -YUAN // 100


async def test_a_reversal_is_an_entry_of_its_own(api: Api, database: Database, world: World) -> None:
    branch, reseller = world.first, await api.browser("reseller1")
    _, made = await call(reseller, "POST", "ledger/top-ups", top_up(branch.enterprise_id))
    status, entry = await call(reseller, "POST", f"ledger/entries/{made['id']}/reversal", REASON)
    assert (status, entry["kind"], entry["reverses_id"]) == (201, "reversal", made["id"])
    assert await balance(database, branch.enterprise_id) == 100 * YUAN
    again, answer = await call(reseller, "POST", f"ledger/entries/{made['id']}/reversal", REASON)
    assert (again, answer["code"]) == (409, "already_reversed")
    assert (await call(reseller, "POST", f"ledger/entries/{entry['id']}/reversal", REASON))[0] == 404
    operator = await api.browser("operator")
    assert (await call(operator, "POST", f"ledger/entries/{made['id']}/reversal", REASON))[0] == 404


async def test_what_each_level_sees(api: Api, database: Database, world: World) -> None:
    branch = world.first
    async with database.begin() as session:
        await finish_call(session, finished_call(branch, 50))
    seen = {}
    for username in ("operator", "reseller1", "enterprise1", "enterprise2"):
        _, page = await call(await api.browser(username), "GET", "ledger/entries?kind=call")
        seen[username] = [len(entry["postings"]) for entry in page["items"]]
    assert seen == {"operator": [6], "reseller1": [3], "enterprise1": [1], "enterprise2": []}
    enterprise = await api.browser("enterprise1")
    _, page = await call(enterprise, "GET", "ledger/entries?limit=1")
    _, rest = await call(enterprise, "GET", f"ledger/entries?before_id={page['next_before']}")
    assert [entry["kind"] for entry in page["items"] + rest["items"]] == ["call", "top_up"]
    assert rest["next_before"] is None
    _, none = await call(enterprise, "GET", "ledger/entries?until=2020-01-01T00:00:00Z")
    assert none["items"] == []


async def test_the_proof(api: Api, world: World) -> None:
    status, proof = await call(await api.browser("operator"), "GET", "ledger/proof")
    assert (status, proof["holds"], proof["drifted_accounts"]) == (200, True, [])
