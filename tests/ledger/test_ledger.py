"""The ledger: balanced or refused, once per key, never changed afterwards."""

from __future__ import annotations

import asyncio
import random

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from database_fixtures import TestDatabase
from ucc.db.engine import Role
from ucc.db.scope import TenantKind, TenantScope
from ucc.db.unit import Database
from ucc.errors import InsufficientBalance
from ucc.ledger.models import ACCOUNT_BALANCE, Account, Posting, PostingSet
from ucc.ledger.service import (
    Fact,
    Line,
    NotReversible,
    Unbalanced,
    find_accounts,
    find_balance,
    fold_deltas,
    post,
    prove,
    reverse,
    set_limit,
    top_up,
    transfer,
)
from world import YUAN, World

pytestmark = pytest.mark.db


async def balance(database: Database, account_id: int) -> int:
    async with database.begin() as session:
        return (await session.get_one(Account, account_id)).balance_micros


async def accounts_of(database: Database, world: World) -> tuple[int, int]:
    """The balances of both enterprises: 100 yuan each."""
    async with database.begin() as session:
        found = await find_accounts(session, (world.first.enterprise_id, world.second.enterprise_id))
    return found[world.first.enterprise_id, "balance"], found[world.second.enterprise_id, "balance"]


def move_of(world: World, key: str, source: int, target: int, amount: int) -> tuple[Fact, list[Line]]:
    fact = Fact(key, "transfer", world.operator_id)
    return fact, [Line(source, -amount, is_guarded=True), Line(target, amount)]


async def test_a_transfer(database: Database, world: World) -> None:
    source, target = await accounts_of(database, world)
    async with database.begin() as session:
        await post(session, *move_of(world, "t1", source, target, 30 * YUAN))
    assert (await balance(database, source), await balance(database, target)) == (70 * YUAN, 130 * YUAN)


async def test_the_same_key_posts_once(database: Database, world: World) -> None:
    source, target = await accounts_of(database, world)
    ids = set()
    for amount in (30, 30, 55):
        async with database.begin() as session:
            ids.add(await post(session, *move_of(world, "t1", source, target, amount * YUAN)))
    assert len(ids) == 1
    assert await balance(database, source) == 70 * YUAN


async def test_the_same_key_at_once_posts_once(database: Database, world: World) -> None:
    source, target = await accounts_of(database, world)

    async def move() -> int:
        async with database.begin() as session:
            return await post(session, *move_of(world, "t1", source, target, YUAN))

    assert len(set(await asyncio.gather(*(move() for _ in range(20))))) == 1
    assert await balance(database, source) == 99 * YUAN


async def test_an_unbalanced_set_is_refused(database: Database, world: World) -> None:
    source, target = await accounts_of(database, world)
    with pytest.raises(Unbalanced):
        async with database.begin() as session:
            await post(session, Fact("t1", "transfer", world.operator_id), [Line(source, -3), Line(target, 2)])
    async with database.begin() as session:
        assert await session.scalar(select(PostingSet.id).where(PostingSet.idempotency_key == "t1")) is None


async def test_an_unknown_account_is_refused(database: Database, world: World) -> None:
    source, _ = await accounts_of(database, world)
    with pytest.raises(LookupError):
        async with database.begin() as session:
            await post(session, *move_of(world, "t1", source, 10**9, 1))
    assert await balance(database, source) == 100 * YUAN


async def test_a_guarded_account_stays_above_its_limit(database: Database, world: World) -> None:
    source, target = await accounts_of(database, world)
    with pytest.raises(InsufficientBalance):
        async with database.begin() as session:
            await post(session, *move_of(world, "t1", source, target, 100 * YUAN + 1))
    async with database.begin() as session:
        await post(session, *move_of(world, "t2", source, target, 100 * YUAN))
    assert await balance(database, source) == 0


async def test_a_balance_that_k_transfers_want_at_once_is_spent_once(database: Database, world: World) -> None:
    source, target = await accounts_of(database, world)

    async def move(number: int) -> bool:
        try:
            async with database.begin() as session:
                await post(session, *move_of(world, f"t{number}", source, target, 30 * YUAN))
        except InsufficientBalance:
            return False
        return True

    assert sum(await asyncio.gather(*(move(number) for number in range(10)))) == 3
    assert await balance(database, source) == 10 * YUAN


async def test_opposite_transfers_do_not_deadlock(database: Database, world: World) -> None:
    one, two = await accounts_of(database, world)

    async def move(number: int) -> None:
        source, target = (one, two) if number % 2 else (two, one)
        async with database.begin() as session:
            await post(session, *move_of(world, f"t{number}", source, target, YUAN))

    await asyncio.gather(*(move(number) for number in range(30)))
    assert (await balance(database, one), await balance(database, two)) == (100 * YUAN, 100 * YUAN)


async def test_any_mix_of_postings_proves(database: Database, world: World) -> None:
    chosen = random.Random(7)
    async with database.begin() as session:
        ids = list(await session.scalars(select(Account.id)))
        for number in range(40):
            amounts = [chosen.randint(-(10**12), 10**12) for _ in range(chosen.randint(1, 5))]
            lines = [Line(chosen.choice(ids), amount) for amount in (*amounts, -sum(amounts))]
            await post(session, Fact(f"mix{number}", "test", world.operator_id), lines)
    async with database.begin() as session:
        assert (await prove(session)).holds
        assert await session.scalar(select(func.sum(ACCOUNT_BALANCE.c.balance_micros))) == 0


async def test_accounts_without_a_limit_are_exact_before_and_after_folding(database: Database, world: World) -> None:
    branch = world.first
    async with database.begin() as session:
        before = await find_balance(session, world.operator_id)
    for number in range(5):
        async with database.begin() as session:
            await transfer(session, world.operator_id, branch.reseller_id, 3 * YUAN, f"gift {number}", "gift")
    for _ in range(2):
        async with database.begin() as session:
            assert await find_balance(session, world.operator_id) == before - 15 * YUAN
            assert (await prove(session)).holds
            await fold_deltas(session)
    async with database.begin() as session:
        assert await fold_deltas(session) == 0


async def test_a_limit_that_is_set_counts_what_was_not_folded(database: Database, world: World) -> None:
    async with database.begin() as session:
        await transfer(session, world.operator_id, world.first.reseller_id, YUAN, "gift", "gift")
    async with database.begin() as session:
        balance = await find_balance(session, world.operator_id)
        await set_limit(session, world.operator_id, -balance)
    with pytest.raises(InsufficientBalance):
        async with database.begin() as session:
            await transfer(session, world.operator_id, world.first.reseller_id, 1, "too much", "gift")
    async with database.begin() as session:
        assert (await prove(session)).holds


async def test_a_hundred_postings_at_once_on_one_account_without_a_limit(database: Database, world: World) -> None:
    async with database.begin() as session:
        before = await find_balance(session, world.operator_id)
        cash = (await find_accounts(session, (world.operator_id,)))[world.operator_id, "cash"]
        income = (await find_accounts(session, (world.operator_id,)))[world.operator_id, "balance"]

    async def move(number: int) -> None:
        async with database.begin() as session:
            await post(session, Fact(f"hot{number}", "test", world.operator_id), [Line(cash, -7), Line(income, 7)])
            if number % 10 == 0:
                await fold_deltas(session)

    await asyncio.gather(*(move(number) for number in range(100)))
    async with database.begin() as session:
        assert await find_balance(session, world.operator_id) == before + 700
        assert (await prove(session)).holds


async def test_a_reversal_takes_a_set_back_once(database: Database, world: World) -> None:
    branch = world.first
    source, _ = await accounts_of(database, world)
    async with database.begin() as session:
        made = await top_up(session, branch.enterprise_id, branch.reseller_id, 5 * YUAN, "receipt 9", "cash")
    reversals = set()
    for _ in range(2):
        async with database.begin() as session:
            reversals.add(await reverse(session, made, "typed twice"))
    assert len(reversals) == 1
    assert await balance(database, source) == 100 * YUAN
    for wrong in (10**9, reversals.pop()):
        with pytest.raises(NotReversible):
            async with database.begin() as session:
                await reverse(session, wrong, "again")


async def test_spent_money_cannot_be_taken_back(database: Database, world: World) -> None:
    branch = world.first
    async with database.begin() as session:
        made = await top_up(session, branch.enterprise_id, branch.reseller_id, 5 * YUAN, "receipt 9", "cash")
        await transfer(session, branch.enterprise_id, branch.reseller_id, 102 * YUAN, "spent", "all of it")
    with pytest.raises(InsufficientBalance):
        async with database.begin() as session:
            await reverse(session, made, "typed twice")


async def test_the_proof_finds_what_is_wrong(database: Database, world: World) -> None:
    source, _ = await accounts_of(database, world)
    async with database.begin() as session:
        await session.execute(
            text("UPDATE account SET balance_micros = balance_micros + 1 WHERE id = :id"), {"id": source}
        )
        posting = (await session.scalars(select(Posting).where(Posting.account_id == source))).one()
        other = await session.scalar(
            select(Account.id).where(Account.tenant_id == posting.tenant_id, Account.kind == "cash")
        )
        half = Posting(
            posting_set_id=posting.posting_set_id, account_id=other, tenant_id=posting.tenant_id, amount_micros=5
        )
        session.add(half)
        await session.flush()
        proof = await prove(session)
    assert not proof.holds
    assert proof.drifted_accounts == tuple(sorted((source, half.account_id)))
    assert proof.unbalanced_sets == (posting.posting_set_id,)


@pytest.mark.parametrize("role", ["system", "api", "owner"])
@pytest.mark.parametrize("table", ["posting", "posting_set"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET tenant_id = tenant_id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
async def test_nobody_changes_what_was_posted(
    shared_database: TestDatabase, world: World, role: Role, table: str, verb: str
) -> None:
    async with shared_database.open(role) as database:
        with pytest.raises(DBAPIError, match=r"append-only|permission denied"):
            async with database.begin() as session:
                await session.execute(text(verb.format(table)))


@pytest.mark.parametrize(
    ("ids", "amounts", "why"),
    [
        ("{own}, {own}", "5, -5", "named once"),
        ("{own}, {foreign}", "5, -5", "no such account"),
        ("{own}, 999999", "5, -5", "no such account"),
        ("{own}, {cash}", "5, -4", "sums to zero"),
        ("{own}, {cash}", "-900000000000, 900000000000", "does not cover"),
    ],
)
async def test_the_door_keeps_its_rules_whoever_calls_it(
    shared_database: TestDatabase, database: Database, world: World, ids: str, amounts: str, why: str
) -> None:
    """Even past `post`: as the API's role, in the scope of a reseller."""
    branch = world.first
    async with database.begin() as session:
        accounts = await find_accounts(session, (branch.enterprise_id, branch.reseller_id, world.second.enterprise_id))
    own, foreign = accounts[branch.enterprise_id, "balance"], accounts[world.second.enterprise_id, "balance"]
    found = ids.format(own=own, foreign=foreign, cash=accounts[branch.reseller_id, "cash"])
    lines = sorted(zip(map(int, found.split(",")), map(int, amounts.split(",")), strict=True))
    statement = (
        f"SELECT * FROM post_ledger('evil', 'top_up', {branch.enterprise_id}, NULL, NULL, NULL, NULL,"
        f" ARRAY{[account for account, _ in lines]}::bigint[], ARRAY{[amount for _, amount in lines]}::bigint[],"
        " ARRAY[true, true])"
    )
    async with shared_database.open("api") as api:
        with pytest.raises(DBAPIError, match=why):
            async with api.begin_scoped(TenantScope(branch.reseller_id, TenantKind.RESELLER)) as scoped:
                await scoped.session.execute(text(statement))
    assert await balance(database, own) == 100 * YUAN
    async with database.begin() as session:
        assert (await prove(session)).holds


async def test_a_top_up_told_twice_counts_once(database: Database, world: World) -> None:
    branch = world.first
    for _ in range(2):
        async with database.begin() as session:
            await top_up(session, branch.enterprise_id, branch.reseller_id, 5 * YUAN, "receipt 1", "cash")
    source, _ = await accounts_of(database, world)
    assert await balance(database, source) == 105 * YUAN
    with pytest.raises(ValueError, match="more than nothing"):
        async with database.begin() as session:
            await top_up(session, branch.enterprise_id, branch.reseller_id, 0, "receipt 2", "cash")
