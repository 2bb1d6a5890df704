"""Money that runs out in a real call: a tone on our side, the end on the increment, nothing held afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from live.house import House, until
from ucc.db.unit import Database
from ucc.kit.ids import new_id
from ucc.ledger.service import find_balance, prove, transfer
from ucc.stack.tones import count_tone_s, decode_mono

pytestmark = pytest.mark.live
FEN = 10_000
WARNING_HZ = 1400


async def move(database: Database, source: str, target: str, amount: int) -> None:
    async with database.begin() as session:
        ids = {row[0]: row[1] for row in await session.execute(text("SELECT code, id FROM tenant"))}
        await transfer(session, ids[source], ids[target], amount, f"credit:{new_id()}", "test")


@asynccontextmanager
async def reseller_has(house: House, micros: int) -> AsyncIterator[int]:
    """The reseller, which pays 0.01 yuan for 6 s, has so much only; what was taken from it, which can be given back."""
    async with house.database.begin() as session:
        reseller_id = await session.scalar(text("SELECT id FROM tenant WHERE code = 'reseller1'"))
        rest = await find_balance(session, reseller_id or 0) - micros
    await move(house.database, "reseller1", "enterprise1", rest)
    try:
        yield rest
    finally:
        async with house.database.begin() as session:
            missing = micros + rest - await find_balance(session, reseller_id or 0)
        if missing > 0:
            await move(house.database, "enterprise1", "reseller1", missing)


async def nothing_is_held(house: House) -> None:
    async def look() -> bool | None:
        async with house.database.begin() as session:
            return True if await session.scalar(text("SELECT count(*) FROM reservation")) == 0 else None

    await until(look, "nothing held for any call")


async def charged(house: House, caller: str) -> int:
    """What the reseller paid for a call, in micros."""
    record = await house.record(caller)
    return next(int(x["amount_micros"]) for x in record["charges"] if x["tenant_name"] == "代理商一")


async def test_the_call_ends_where_the_first_level_runs_out(house: House) -> None:
    phone = await house.phone()
    await house.sign_in("agent1")
    async with reseller_has(house, 2 * FEN):
        call = await house.call_in()
        await house.live_call(call.caller, "talking")
        record = await house.recorded(call.caller, within_s=40.0)
    assert (record["result"], record["ended_by"], record["refusal"]) == ("answered", "system", "balance_exhausted")
    assert record["talk_ms"] == 12_000
    assert await charged(house, call.caller) == 2 * FEN
    assert count_tone_s(decode_mono(phone.calls[-1].heard), WARNING_HZ) >= 0.3, "our side is warned"
    assert count_tone_s(decode_mono(call.heard), WARNING_HZ) == 0, "the customer is not"
    await nothing_is_held(house)


async def test_money_that_comes_in_time_moves_the_end(house: House) -> None:
    await house.phone()
    await house.sign_in("agent1")
    async with reseller_has(house, 2 * FEN) as rest:
        call = await house.call_in()
        await house.live_call(call.caller, "talking")
        await asyncio.sleep(3)
        await move(house.database, "enterprise1", "reseller1", rest)
        await asyncio.sleep(12)
        await house.live_call(call.caller, "talking", 0.5)
        await house.hang_up(call)
        record = await house.record(call.caller)
    assert (record["ended_by"], record["refusal"]) == ("customer", None)
    assert await charged(house, call.caller) == -(-record["talk_ms"] // 6000) * FEN
    await nothing_is_held(house)


async def test_calls_at_once_share_what_is_there(house: House) -> None:
    await house.phone("8001")
    await house.phone("8002")
    await house.sign_in("agent1")
    await house.sign_in("agent2")
    async with reseller_has(house, 3 * FEN):
        first = await house.call_in()
        await house.live_call(first.caller, "talking")
        refused = await house.call_in()
        assert not refused.is_answered, "the first one holds all there is"
        await asyncio.sleep(7)
        await house.hang_up(first)
        assert await charged(house, first.caller) == 2 * FEN
        await nothing_is_held(house)
        last = await house.call_in()
        record = await house.record(last.caller, 15)
        assert (record["talk_ms"], record["refusal"]) == (6000, "balance_exhausted")
        assert await charged(house, last.caller) == FEN
        async with house.database.begin() as session:
            reseller_id = await session.scalar(text("SELECT id FROM tenant WHERE code = 'reseller1'"))
            assert await find_balance(session, reseller_id or 0) == 0
            assert (await prove(session)).holds
    await nothing_is_held(house)


async def test_a_suspension_ends_calls_and_refuses_others(house: House) -> None:
    await house.phone()
    await house.sign_in("agent1")
    call = await house.call_in()
    await house.live_call(call.caller, "talking")
    tenants = (await house.operator.get("/tenants"))["items"]
    reseller_id = next(one["id"] for one in tenants if one["code"] == "reseller1")
    await house.operator.request("POST", f"/tenants/{reseller_id}/suspend", json={"end_calls": True})
    try:
        record = await house.record(call.caller)
        assert (record["result"], record["ended_by"]) == ("answered", "system")
        refused = await house.call_in()
        assert not refused.is_answered
    finally:
        await house.operator.request("POST", f"/tenants/{reseller_id}/resume")
    await nothing_is_held(house)
