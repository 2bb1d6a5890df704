"""Who is let in, what is held for a call, and how far it is paid."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from ucc.credit.service import AHEAD_MS, RETRY_MS, Cover, TalkingLeg, extend, find_balances, hold_first, open_credit
from ucc.credit.watch import list_lost
from ucc.db.unit import Database
from ucc.errors import CallRefused
from ucc.kit.clock import now, to_ms
from ucc.kit.ids import new_id
from ucc.ledger.reservation import release
from ucc.ledger.service import prove, top_up
from ucc.rating.price import Service, Usage
from ucc.rating.service import price_known
from ucc.rating.usage import make_usage
from ucc.tenant.service import load_chain
from world import YUAN, World

pytestmark = pytest.mark.db
MOBILE, ABROAD = "+8613800138001", "+14155552671"
FEN = 10_000
PRICE = 10 * FEN
"""What a minute costs the enterprise."""


def usage(callee: str = MOBILE, service: Service = Service.OUTBOUND) -> Usage:
    return make_usage(service, "+861088880001", callee, now())


async def execute(database: Database, statement: str, **values: object) -> None:
    async with database.begin() as session:
        await session.execute(text(statement), values)


async def set_balance(database: Database, tenant_id: int, micros: int) -> None:
    await execute(
        database,
        "UPDATE account SET balance_micros = :micros WHERE tenant_id = :id AND kind = 'balance'",
        micros=micros,
        id=tenant_id,
    )


async def let_in(database: Database, world: World, call_id: UUID | None = None, wanted: Usage | None = None) -> str:
    """The refusal, or an empty text."""
    try:
        async with database.begin() as session:
            chain = await load_chain(session, world.first.enterprise_id)
            first = await open_credit(session, chain, wanted or usage())
            await hold_first(session, call_id or new_id(), first)
    except CallRefused as refused:
        return refused.refusal
    return ""


async def held(database: Database, call_id: UUID) -> dict[int, int]:
    async with database.begin() as session:
        rows = await session.execute(
            text("SELECT tenant_id, amount_micros FROM reservation WHERE call_id = :id"), {"id": call_id}
        )
        return {row[0]: row[1] for row in rows}


async def look(database: Database, world: World, call_id: UUID, answered_ms: int, now_ms: int) -> Cover:
    async with database.begin() as session:
        chain = await load_chain(session, world.first.enterprise_id)
        balances = await find_balances(session, [level.tenant_id for level in chain])
        legs = [TalkingLeg(await price_known(session, chain, usage()), answered_ms, None)]
        return await extend(session, call_id, legs, balances, now_ms)


class TestLetIn:
    async def test_the_first_increment_is_held_at_every_level_with_a_limit(
        self, database: Database, world: World
    ) -> None:
        call = new_id()
        assert await let_in(database, world, call) == ""
        first = world.first
        assert await held(database, call) == {first.enterprise_id: PRICE, first.reseller_id: FEN}

    async def test_as_many_at_once_as_can_pay_their_first_increment(self, database: Database, world: World) -> None:
        await set_balance(database, world.first.enterprise_id, 3 * PRICE + PRICE // 2)
        answers = await asyncio.gather(*(let_in(database, world) for _ in range(8)))
        assert sorted(answers) == ["", "", ""] + ["balance_exhausted"] * 5

    async def test_a_level_above_that_cannot_pay_refuses(self, database: Database, world: World) -> None:
        await set_balance(database, world.first.reseller_id, FEN - 1)
        assert await let_in(database, world) == "balance_exhausted"
        await set_balance(database, world.first.reseller_id, FEN)
        assert await let_in(database, world) == ""

    async def test_countries_are_closed_but_for_home_at_every_level(self, database: Database, world: World) -> None:
        assert await let_in(database, world, wanted=usage(ABROAD)) in ("country_not_allowed", "no_rate")
        await execute(database, "INSERT INTO spend_rule (tenant_id, destinations) SELECT id, '{+86139}' FROM tenant")
        assert await let_in(database, world) == "country_not_allowed"
        await execute(database, "UPDATE spend_rule SET destinations = '{+86138,+44}'")
        assert await let_in(database, world) == ""
        await execute(database, "UPDATE spend_rule SET destinations = '{}' WHERE tenant_id = :id", id=world.operator_id)
        assert await let_in(database, world) == "country_not_allowed"
        assert await let_in(database, world, wanted=usage(service=Service.INBOUND)) == ""

    @pytest.mark.parametrize("kind", ["hourly", "daily"])
    async def test_spending_counts_what_calls_in_progress_hold(
        self, database: Database, world: World, kind: str
    ) -> None:
        await execute(
            database,
            f"INSERT INTO spend_rule (tenant_id, {kind}_micros) VALUES (:id, :most)",
            id=world.first.enterprise_id,
            most=2 * PRICE,
        )
        assert [await let_in(database, world) for _ in range(3)] == ["", "", f"{kind}_spend_limit"]


class TestTalk:
    async def test_held_ahead_and_further_as_it_talks(self, database: Database, world: World) -> None:
        call, began = new_id(), to_ms(now().timestamp())
        assert await let_in(database, world, call) == ""
        cover = await look(database, world, call, began, began)
        assert cover == Cover(None, began + AHEAD_MS - 75_000)
        assert (await held(database, call))[world.first.enterprise_id] == 3 * PRICE
        cover = await look(database, world, call, began, cover.due_ms)
        assert cover.until_ms is None
        assert (await held(database, call))[world.first.enterprise_id] == 5 * PRICE

    async def test_the_end_is_where_the_first_level_runs_out(self, database: Database, world: World) -> None:
        call, began = new_id(), to_ms(now().timestamp())
        await set_balance(database, world.first.reseller_id, 13 * FEN)
        await set_balance(database, world.first.enterprise_id, 2 * PRICE)
        assert await let_in(database, world, call) == ""
        cover = await look(database, world, call, began, began)
        assert cover == Cover(began + 78_000, began + RETRY_MS)  # 13 increments of 6 s; the enterprise has 120 s

    async def test_a_top_up_moves_the_end(self, database: Database, world: World) -> None:
        call, began = new_id(), to_ms(now().timestamp())
        first = world.first
        await set_balance(database, first.enterprise_id, PRICE)
        assert await let_in(database, world, call) == ""
        assert (await look(database, world, call, began, began)).until_ms == began + 60_000
        async with database.begin() as session:
            await top_up(session, first.enterprise_id, first.reseller_id, 100 * YUAN, "more", "test")
        assert (await look(database, world, call, began, began + 5000)).until_ms is None

    async def test_two_calls_share_what_there_is(self, database: Database, world: World) -> None:
        one, other, began = new_id(), new_id(), to_ms(now().timestamp())
        await set_balance(database, world.first.enterprise_id, 4 * PRICE)
        assert [await let_in(database, world, call) for call in (one, other)] == ["", ""]
        ends = await asyncio.gather(*(look(database, world, call, began, began) for call in (one, other)))
        assert sorted(end.until_ms or 0 for end in ends) == [0, began + 60_000]
        async with database.begin() as session:
            await release(session, one)
        assert (await look(database, world, other, began, began + RETRY_MS)).until_ms is None

    async def test_a_slice_that_is_not_covered_ends_now(self, database: Database, world: World) -> None:
        call, began = new_id(), to_ms(now().timestamp())
        await set_balance(database, world.first.enterprise_id, PRICE)
        assert await let_in(database, world, call) == ""
        late = began + 200_000
        assert (await look(database, world, call, began, late)).until_ms == late


async def test_what_nobody_knows_of_is_found(database: Database, world: World) -> None:
    call = new_id()
    assert await let_in(database, world, call) == ""
    async with database.begin() as session:
        assert await list_lost(session, now()) == []
        assert await list_lost(session, now() + timedelta(hours=2)) == [call]
        await session.execute(
            text("INSERT INTO call_state (call_id, controller, state) VALUES (:id, 'one', '{}')"), {"id": call}
        )
        assert await list_lost(session, now() + timedelta(hours=2)) == []
    async with database.begin() as session:
        await release(session, call)
        assert (await prove(session)).misreserved_accounts == ()
