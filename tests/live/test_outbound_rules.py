"""Outbound rules on real calls: second choice, limits, blacklists, frequency, caller IDs, and every refusal's code."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from live.house import CARRIER_TONE_HZ, House, until
from live.rules import (
    RefusingTrunk,
    call_by_page,
    changed_trunk,
    end_all,
    first_choice,
    get_trunk,
    live_calls,
    log_in_as,
    tenant_limit,
)
from ucc.emulator import list_heard
from ucc.softphone import tone_strength
from ucc.stack.api_client import ApiClient

pytestmark = pytest.mark.live
PORT = 5090


async def test_second_choice_without_the_agent_noticing(house: House) -> None:
    phone = await house.phone()
    callee = house.number("0")
    async with (
        RefusingTrunk(house, PORT, "503 Service Unavailable") as refusing,
        first_choice(house, refusing.trunk_id),
    ):
        await phone.dial(callee)
        call = await phone.wait_established()
        await asyncio.sleep(2)
        await phone.hang_up()
        record = await house.record(callee)
        assert refusing.invited == [f"+86{callee}"]
    assert (record["result"], record["refusal"], record["callee"]) == ("answered", None, f"+86{callee}")
    outside = [leg for leg in record["legs"] if leg["kind"] == "trunk"]
    assert [leg["answered_at"] is not None for leg in outside] == [False, True]
    assert [leg["number"] for leg in outside] == [f"+86{callee}"] * 2
    assert tone_strength(call.heard, CARRIER_TONE_HZ) > 0.5
    assert len(record["charges"]) == 3, "the leg that failed costs nothing"
    assert await house.postings(record["id"]) == (1, 6, 0)


@pytest.mark.parametrize(("refusal", "result"), [("486 Busy Here", "busy"), ("404 Not Found", "invalid")])
async def test_an_answer_of_the_callee_is_no_fault_of_the_trunk(house: House, refusal: str, result: str) -> None:
    phone = await house.phone()
    callee = house.number("0")
    async with RefusingTrunk(house, PORT + 1, refusal) as refusing, first_choice(house, refusing.trunk_id):
        await phone.dial(callee)
        await phone.wait_closed()
        record = await house.record(callee)
        assert len(refusing.invited) == 1
    assert record["result"] == result
    assert not list_heard(house.settings, callee=callee)


async def test_every_trunk_fails(house: House) -> None:
    phone = await house.phone()
    callee = house.number("6")  # the emulator has no circuit either
    refusal = "500 Server Internal Error"
    async with RefusingTrunk(house, PORT + 2, refusal) as refusing, first_choice(house, refusing.trunk_id):
        await phone.dial(callee)
        await phone.wait_closed()
        record = await house.record(callee)
    assert (record["result"], len([leg for leg in record["legs"] if leg["kind"] == "trunk"])) == ("line_fault", 2)


async def test_numbers_as_the_trunk_wants_them(house: House) -> None:
    phone = await house.phone()
    callee = house.number("0")
    rules = [{"kind": "callee", "prefix": "+861", "strip": 3, "prepend": "0"}]
    async with RefusingTrunk(house, PORT + 3, "503 Service Unavailable") as refusing:
        name = next(x["name"] for x in (await house.operator.get("/trunks"))["items"] if x["id"] == refusing.trunk_id)
        async with changed_trunk(house, name, rules=rules), first_choice(house, refusing.trunk_id):
            await phone.dial(callee)
            await phone.wait_established()
            await phone.hang_up()
        assert refusing.invited == [f"0{callee}"]
    assert (await house.record(callee))["callee"] == f"+86{callee}"


async def test_a_transfer_to_the_outside_is_billed_by_itself(house: House) -> None:
    """Two legs to the outside: each costs every level something, in one posting set that sums to zero."""
    await house.phone()
    await house.sign_in("agent1")
    call = await house.call_in()
    await house.live_call(call.caller, "talking")
    target = house.number("0")
    body = {"target": {"kind": "number", "number": target}, "mode": "blind"}
    await house.agents["agent1"].request("POST", "/agent/call/transfer", json=body)
    await house.agent_is("8001", "ready")
    await asyncio.sleep(3)
    await house.hang_up(call)
    record = await house.record(call.caller)

    legs = {leg["id"]: leg for leg in record["legs"]}
    outside = next(leg for leg in legs.values() if leg["party"] == "outside")
    assert (outside["number"], outside["kind"]) == (f"+86{target}", "trunk")
    paid = [(legs[charge["leg_id"]]["party"], charge["tenant_name"]) for charge in record["charges"]]
    levels = ("企业一", "代理商一", "运营商")
    assert sorted(paid) == sorted((party, level) for party in ("customer", "outside") for level in levels)
    sets, _, total = await house.postings(record["id"])
    assert (sets, total) == (1, 0)
    async with house.controller.get("/health") as reply:
        assert (await reply.json())["calls"] == 0


# --- limits -----------------------------------------------------------------------------------------------------------


async def place_many(house: House, enterprise: ApiClient, count: int) -> list[str]:
    """Calls that ring and are not answered, all at once; their ids."""

    async def place() -> str:
        body = {"callee": house.number("3"), "idempotency_key": str(uuid4())}
        return str((await enterprise.request("POST", "/verification-calls", json=body))["id"])

    return list(await asyncio.gather(*(place() for _ in range(count))))


async def refusals(house: House, enterprise: ApiClient, call_ids: list[str]) -> list[Any]:
    """Why each failed; None for those that ring. Waits until none is on its way."""

    async def look() -> list[Any] | None:
        found = [await enterprise.get(f"/verification-calls/{call_id}") for call_id in call_ids]
        ringing = {call["call_id"] for call in await live_calls(house)}
        is_settled = all(x["state"] == "failed" or x["id"] in ringing for x in found)
        return [x["cause"] for x in found] if is_settled else None

    return await until(look, "every call to ring or to be refused")


async def test_an_enterprise_has_no_more_calls_than_it_may(house: House) -> None:
    enterprise = await log_in_as(house, "enterprise")
    async with tenant_limit(house, house.demo.tenant_id, 3):
        for _ in range(2):  # back to nothing in between
            causes = await refusals(house, enterprise, await place_many(house, enterprise, 8))
            assert sorted(causes, key=str) == [None] * 3 + ["tenant_limit"] * 5
            assert len(await live_calls(house)) == 3
            await end_all(house)


async def test_a_reseller_has_no_more_calls_than_it_may(house: House) -> None:
    enterprise = await log_in_as(house, "enterprise")
    tenants = (await house.operator.get("/tenants"))["items"]
    reseller = next(tenant for tenant in tenants if tenant["kind"] == "reseller")
    async with tenant_limit(house, reseller["id"], 1):
        causes = await refusals(house, enterprise, await place_many(house, enterprise, 3))
        assert sorted(causes, key=str) == [None, "reseller_limit", "reseller_limit"]
        await end_all(house)


async def test_a_trunk_has_no_more_calls_than_it_may(house: House) -> None:
    enterprise = await log_in_as(house, "enterprise")
    async with changed_trunk(house, max_calls=2):
        for _ in range(2):
            causes = await refusals(house, enterprise, await place_many(house, enterprise, 5))
            assert sorted(causes, key=str) == [None] * 2 + ["trunk_limit"] * 3
            await end_all(house)


async def test_a_trunk_takes_so_many_calls_a_second(house: House) -> None:
    enterprise = await log_in_as(house, "enterprise")
    async with changed_trunk(house, calls_per_second=2):
        causes = await refusals(house, enterprise, await place_many(house, enterprise, 5))
        assert sorted(causes, key=str) == [None] * 2 + ["calls_per_second"] * 3
        await asyncio.sleep(1.1)
        assert await refusals(house, enterprise, await place_many(house, enterprise, 1)) == [None]
        await end_all(house)


async def test_a_caller_id_has_no_more_calls_than_it_may(house: House) -> None:
    enterprise = await log_in_as(house, "enterprise")
    (caller_id,) = (await house.operator.get("/caller-ids"))["items"]
    path, body = f"/caller-ids/{caller_id['id']}", {"trunk_id": caller_id["trunk_id"]}
    await house.operator.request("PUT", path, json=body | {"max_calls": 1})
    causes = await refusals(house, enterprise, await place_many(house, enterprise, 3))
    await house.operator.request("PUT", path, json=body | {"max_calls": None})
    assert sorted(causes, key=str) == [None, "caller_id_limit", "caller_id_limit"]
    await end_all(house)


async def test_limits_hold_over_a_restart_of_the_controller(house: House) -> None:
    enterprise = await log_in_as(house, "enterprise")
    async with tenant_limit(house, house.demo.tenant_id, 2):
        await place_many(house, enterprise, 2)
        await asyncio.sleep(1)
        await asyncio.to_thread(house.stack.restart, "controller")
        await until(lambda: _is_back(house), "the controller to be back", 20)
        assert await refusals(house, enterprise, await place_many(house, enterprise, 1)) == ["tenant_limit"]
        await end_all(house)
        assert await refusals(house, enterprise, await place_many(house, enterprise, 1)) == [None]
        await end_all(house)


async def _is_back(house: House) -> bool | None:
    async with house.controller.get("/health") as reply:
        health = await reply.json()
        return True if health["is_healthy"] and health["reconciled"] else None


# --- blacklists, frequency, caller IDs --------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["operator", "reseller", "enterprise"])
async def test_a_blacklist_of_each_level(house: House, level: str) -> None:
    phone = await house.phone()
    owner = await log_in_as(house, level)
    listed, free = house.number("0"), house.number("2")
    await owner.request("POST", "/blacklist", json={"numbers": [listed], "reason": "test"})
    try:
        await call_by_page(house, listed)
        record = await house.record(listed)
        assert (record["result"], record["refusal"]) == ("refused", "blacklisted")
        assert phone.call is None, "nobody was rung for it"
        await phone.dial(listed)
        assert await phone.wait_closed()
        await phone.dial(free)
        await phone.wait_closed()
        assert (await house.record(free))["result"] == "busy"
    finally:
        (entry,) = (await owner.get("/blacklist", number=listed))["items"]
        await owner.request("DELETE", f"/blacklist/{entry['id']}")
    assert not list_heard(house.settings, callee=listed)


async def test_a_callee_is_not_dialled_too_often(house: House) -> None:
    """3 times in 5 minutes is what UCC ships with."""
    phone = await house.phone()
    callee = house.number("2")
    for _ in range(4):
        await phone.dial(callee)
        await phone.wait_closed()

    async def look() -> list[dict[str, Any]] | None:
        items: list[dict[str, Any]] = (await house.operator.get("/calls", number=callee))["items"]
        return items if len(items) == 4 else None

    records = sorted(await until(look, "four records"), key=lambda x: str(x["started_at"]))
    assert [record["result"] for record in records] == ["busy"] * 3 + ["refused"]
    assert records[3]["refusal"] == "callee_rate_exceeded"


async def test_a_caller_id_does_not_dial_too_often(house: House) -> None:
    phone = await house.phone()
    enterprise = await log_in_as(house, "enterprise")
    numbers = [house.number("2") for _ in range(3)]
    (caller_id,) = (await house.operator.get("/caller-ids"))["items"]
    grant = {"tenant_id": house.demo.tenant_id, "trunk_id": caller_id["trunk_id"], "number": "01088880009"}
    fresh = await house.operator.request("POST", "/caller-ids", json=grant)
    await enterprise.request("PUT", "/frequency-rules/caller_id/60", json={"most": 2})
    try:
        for number in numbers:
            await call_by_page(house, number, caller_id="01088880009")
            await house.record(number)
            await house.agent_is("8001", "offline")
        results = [(await house.record(number))["refusal"] for number in numbers]
        assert results == [None, None, "caller_id_rate_exceeded"]
        assert phone.calls
    finally:
        await enterprise.request("DELETE", "/frequency-rules/caller_id/60")
        await house.operator.request("DELETE", f"/caller-ids/{fresh['id']}")


async def test_only_granted_caller_ids_are_shown(house: House) -> None:
    await house.phone()
    (caller_id,) = (await house.operator.get("/caller-ids"))["items"]
    refused, shown = house.number("0"), house.number("0")
    await call_by_page(house, refused, caller_id="+8613900000000")
    assert (await house.record(refused))["refusal"] == "caller_id_not_granted"
    grant = {"tenant_id": house.demo.tenant_id, "trunk_id": caller_id["trunk_id"], "number": "01088880008"}
    granted = await house.operator.request("POST", "/caller-ids", json=grant)
    try:
        await call_by_page(house, shown, caller_id="010-8888 0008")
        await house.live_call(shown, "talking")
        await end_all(house)
        assert (await house.record(shown))["caller"] == "+861088880008"
        (heard,) = list_heard(house.settings, callee=shown)
        assert heard.caller == "+861088880008", "the carrier was shown it"
    finally:
        await house.operator.request("DELETE", f"/caller-ids/{granted['id']}")


async def test_where_a_trunk_does_not_go(house: House) -> None:
    await house.phone()
    callee = house.number("0")
    async with changed_trunk(house, allowed_prefixes=["+8610"]):
        await call_by_page(house, callee)
        assert (await house.record(callee))["refusal"] == "destination_not_allowed"
    trunk = await get_trunk(house)
    assert trunk["allowed_prefixes"] == []
