"""Processes killed (-9) while money moves: nothing is lost, nothing counts twice, calls end where their money does."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import aiohttp
import pytest
from sqlalchemy import text

from live.house import House
from live.test_credit_cut import FEN, charged, nothing_is_held, reseller_has
from ucc.kit.ids import new_id
from ucc.ledger.service import find_balance, prove
from ucc.stack.api_client import ApiRefused

pytestmark = pytest.mark.live


async def ledger_holds(house: House) -> None:
    async with house.database.begin() as session:
        proof = await prove(session)
    assert proof.holds, proof


@pytest.mark.parametrize("service", ["controller", "postgres"])
async def test_a_call_ends_where_its_money_does_whatever_is_killed(house: House, service: str) -> None:
    await house.phone()
    await house.sign_in("agent1")
    async with reseller_has(house, 3 * FEN):
        call = await house.call_in()
        await house.live_call(call.caller, "talking")
        await asyncio.sleep(2)
        house.stack.kill(service)
        house.stack.wait_ready(service, timeout_s=15)
        record = await house.record(call.caller, 40)
        assert (record["ended_by"], record["refusal"], record["talk_ms"]) == ("system", "balance_exhausted", 18_000)
        assert await charged(house, call.caller) == 3 * FEN
    await nothing_is_held(house)
    await ledger_holds(house)


async def test_a_top_up_whose_answer_was_lost_is_asked_again_and_counts_once(house: House) -> None:
    tenants = (await house.operator.get("/tenants"))["items"]
    reseller_id = next(one["id"] for one in tenants if one["code"] == "reseller1")
    body = {"tenant_id": reseller_id, "amount": "0.01", "reason": "kill", "idempotency_key": str(new_id())}

    async def ask() -> Any:
        return await house.operator.request("POST", "/ledger/top-ups", json=body)

    async def balance() -> int:
        async with house.database.begin() as session:
            return await find_balance(session, reseller_id)

    before = await balance()
    asking = [asyncio.create_task(ask()) for _ in range(8)]
    await asyncio.sleep(0.004)
    house.stack.kill("api")
    for one in asking:
        with contextlib.suppress(aiohttp.ClientError, OSError, ApiRefused):
            await one
    house.stack.wait_ready("api", timeout_s=15)
    assert await balance() - before in (0, FEN)
    answers = [await ask() for _ in range(2)]
    assert answers[0]["id"] == answers[1]["id"]
    assert await balance() - before == FEN
    await ledger_holds(house)


async def test_what_the_worker_folds_counts_once_when_it_is_killed(house: House) -> None:
    await house.phone()
    await house.sign_in("agent1")

    async def unfolded() -> int:
        async with house.database.begin() as session:
            return int(await session.scalar(text("SELECT count(*) FROM account_delta")) or 0)

    for _ in range(3):
        call = await house.call_in()
        await house.live_call(call.caller, "talking")
        await house.hang_up(call)
        await house.record(call.caller)
        house.stack.kill("worker")
        await ledger_holds(house)
        house.stack.wait_ready("worker", timeout_s=15)
    async with asyncio.timeout(15):
        while await unfolded():
            await asyncio.sleep(0.2)
    await ledger_holds(house)
    await nothing_is_held(house)
