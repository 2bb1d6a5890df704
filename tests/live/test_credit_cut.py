"""Money that runs out in a real call: a tone on our side, the end on the increment, nothing held afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import text

from live.house import House, until
from ucc.db.unit import Database
from ucc.kit.ids import new_id
from ucc.ledger.service import find_balance, transfer

pytestmark = pytest.mark.live
FEN = 10_000


async def move(database: Database, source: str, target: str, amount: int) -> None:
    async with database.begin() as session:
        ids = {row[0]: row[1] for row in await session.execute(text("SELECT code, id FROM tenant"))}
        await transfer(session, ids[source], ids[target], amount, f"credit:{new_id()}", "test")


@pytest_asyncio.fixture
async def poor_reseller(house: House) -> AsyncIterator[None]:
    """The reseller pays 0.01 yuan for 6 s, and has enough for two of them."""
    async with house.database.begin() as session:
        reseller_id = await session.scalar(text("SELECT id FROM tenant WHERE code = 'reseller1'"))
        rest = await find_balance(session, reseller_id or 0) - 2 * FEN
    await move(house.database, "reseller1", "enterprise1", rest)
    yield
    await move(house.database, "enterprise1", "reseller1", rest)


async def test_the_call_ends_where_the_first_level_runs_out(house: House, poor_reseller: None) -> None:
    await house.phone()
    await house.sign_in("agent1")
    call = await house.call_in()
    await house.live_call(call.caller, "talking")
    record = await house.recorded(call.caller, within_s=40.0)
    assert (record["result"], record["ended_by"], record["refusal"]) == ("answered", "system", "balance_exhausted")
    assert record["talk_ms"] == 12_000
    amounts = {x["tenant_name"]: x["amount_micros"] for x in record["charges"]}
    assert amounts["代理商一"] == 2 * FEN

    async def nothing_held() -> bool | None:
        async with house.database.begin() as session:
            return True if await session.scalar(text("SELECT count(*) FROM reservation")) == 0 else None

    await until(nothing_held, "nothing held for any call")
