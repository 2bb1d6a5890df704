"""What calls in progress hold: never more than there is, whoever asks at once, and all given back."""

from __future__ import annotations

import asyncio
import random
from uuid import UUID

import pytest
from sqlalchemy import select

from ucc.db.unit import Database
from ucc.errors import InsufficientBalance
from ucc.kit.ids import new_id
from ucc.ledger.models import Account, Reservation
from ucc.ledger.reservation import NotCovered, hold, release
from ucc.ledger.service import find_accounts, prove, set_limit, top_up, transfer
from world import YUAN, World

pytestmark = pytest.mark.db


async def account_of(database: Database, tenant_id: int) -> int:
    async with database.begin() as session:
        return (await find_accounts(session, (tenant_id,)))[tenant_id, "balance"]


async def reserved(database: Database, account_id: int) -> int:
    async with database.begin() as session:
        return (await session.get_one(Account, account_id)).reserved_micros


async def try_hold(database: Database, call_id: UUID, account_id: int, *amounts: int) -> int | None:
    try:
        async with database.begin() as session:
            return (await hold(session, call_id, {account_id: amounts}))[account_id]
    except NotCovered:
        return None


async def test_a_call_holds_more_and_more_and_gives_all_back(database: Database, world: World) -> None:
    account, call = await account_of(database, world.first.enterprise_id), new_id()
    assert await try_hold(database, call, account, 2 * YUAN) == 2 * YUAN
    assert await try_hold(database, call, account, 2 * YUAN, 5 * YUAN) == 5 * YUAN
    assert await try_hold(database, call, account, 3 * YUAN) == 5 * YUAN
    assert await reserved(database, account) == 5 * YUAN
    for _ in range(2):
        async with database.begin() as session:
            await release(session, call)
    assert await reserved(database, account) == 0


async def test_it_holds_the_largest_amount_that_is_there(database: Database, world: World) -> None:
    account = await account_of(database, world.first.enterprise_id)
    assert await try_hold(database, new_id(), account, 40 * YUAN, 80 * YUAN, 120 * YUAN) == 80 * YUAN
    assert await try_hold(database, new_id(), account, 30 * YUAN) is None
    assert await try_hold(database, new_id(), account, 20 * YUAN) == 20 * YUAN
    assert await try_hold(database, new_id(), account, 1) is None


async def test_nothing_is_held_when_one_of_several_accounts_cannot(database: Database, world: World) -> None:
    enterprise = await account_of(database, world.first.enterprise_id)
    other = await account_of(database, world.second.enterprise_id)
    with pytest.raises(NotCovered) as caught:
        async with database.begin() as session:
            await hold(session, new_id(), {enterprise: (YUAN,), other: (1000 * YUAN,)})
    assert caught.value.account_id == other
    assert await reserved(database, enterprise) == 0


async def test_an_account_without_a_limit_holds_nothing(database: Database, world: World) -> None:
    operator = await account_of(database, world.operator_id)
    async with database.begin() as session:
        assert await hold(session, new_id(), {operator: (10**15,)}) == {}


async def test_what_is_held_cannot_be_given_away(database: Database, world: World) -> None:
    branch = world.first
    account = await account_of(database, branch.enterprise_id)
    await try_hold(database, new_id(), account, 60 * YUAN)
    async with database.begin() as session:
        await transfer(session, branch.enterprise_id, branch.reseller_id, 40 * YUAN, "back", "refund")
    with pytest.raises(InsufficientBalance):
        async with database.begin() as session:
            await transfer(session, branch.enterprise_id, branch.reseller_id, 1, "more", "refund")


async def test_a_limit_and_a_top_up_let_calls_hold_more(database: Database, world: World) -> None:
    branch, call = world.first, new_id()
    account = await account_of(database, branch.enterprise_id)
    assert await try_hold(database, call, account, 100 * YUAN) == 100 * YUAN
    assert await try_hold(database, new_id(), account, 7 * YUAN) is None
    async with database.begin() as session:
        await set_limit(session, branch.enterprise_id, 4 * YUAN)
        await top_up(session, branch.enterprise_id, branch.reseller_id, 3 * YUAN, "receipt", "cash")
    assert await try_hold(database, new_id(), account, 7 * YUAN) == 7 * YUAN


async def test_calls_at_once_never_hold_more_than_there_is(database: Database, world: World) -> None:
    account = await account_of(database, world.first.enterprise_id)
    chosen = random.Random(3)
    calls = [new_id() for _ in range(12)]

    async def live(call: UUID, seed: int) -> None:
        own = random.Random(seed)
        total = 0
        for _ in range(own.randint(1, 4)):
            total += own.randint(1, 20 * YUAN)
            await try_hold(database, call, account, total)
        if own.random() < 0.5:
            async with database.begin() as session:
                await release(session, call)

    await asyncio.gather(*(live(call, chosen.randint(0, 10**6)) for call in calls))
    async with database.begin() as session:
        held = list(await session.scalars(select(Reservation.amount_micros)))
        assert sum(held) <= 100 * YUAN
        assert (await prove(session)).holds
