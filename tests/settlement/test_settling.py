"""Days and months are settled once, in order, and the statement says what the ledger says."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from database_fixtures import TestDatabase
from ucc.agent.models import Agent
from ucc.call.service import finish_call
from ucc.db.scope import TenantKind, TenantScope
from ucc.db.unit import Database
from ucc.engine.record import FinishedCall
from ucc.kit.china import DAY, cycle_of, day_of, month_of, next_month
from ucc.ledger.models import PostingSet
from ucc.ledger.service import Fact, Line, find_accounts, find_balance, post, prove, top_up
from ucc.rating.models import RatePlan, RatePlanVersion
from ucc.rating.plans import VersionTerms, add_draft, store_rates
from ucc.rating.price import Service
from ucc.rent.models import RentCharge
from ucc.rent.reckoning import Basis, RentTerm
from ucc.rent.service import replace_rents
from ucc.resource.models import Did
from ucc.settlement.models import Statement, StatementTotal
from ucc.settlement.service import Settled, find_differences, last_day, settle
from world import YUAN, World, finished_call, make_rate, plan_of

pytestmark = pytest.mark.db
TODAY = day_of(datetime.now(UTC))
MONTH = month_of(TODAY)
MONTH_END = cycle_of("month", TODAY)[1]
DAYS_LEFT = (MONTH_END - TODAY).days + 1


async def charge_by(
    database: Database, world: World, *rents: RentTerm, price: int = 100_000, terms: VersionTerms | None = None
) -> None:
    """From now on the first enterprise's plan has these rents and terms."""
    async with database.begin() as session:
        plan = await session.get_one(RatePlan, await plan_of(session, world.first))
        draft = await add_draft(session, plan, terms or VersionTerms())
        await store_rates(session, draft, [make_rate(one, 60, price) for one in (Service.INBOUND, Service.OUTBOUND)])
        await replace_rents(session, draft, rents)
        draft.state, draft.effective_from, draft.published_at = "published", func.now(), func.now()


async def finish(database: Database, *calls: FinishedCall) -> None:
    for call in calls:
        async with database.begin() as session:
            await finish_call(session, call)


async def balance(database: Database, tenant_id: int) -> int:
    async with database.begin() as session:
        return await find_balance(session, tenant_id)


async def statement_of(database: Database, tenant_id: int, period: date) -> tuple[Statement, dict[str, int]]:
    async with database.begin() as session:
        found = (
            await session.scalars(select(Statement).where(Statement.tenant_id == tenant_id, Statement.period == period))
        ).one()
        rows = await session.execute(
            select(StatementTotal.kind, StatementTotal.amount_micros).where(StatementTotal.statement_id == found.id)
        )
        return found, {row[0]: row[1] for row in rows}


async def check(database: Database) -> None:
    async with database.begin() as session:
        assert (await prove(session)).holds
        assert await find_differences(session) == []


def months(count: int) -> list[date]:
    found = [MONTH]
    for _ in range(count):
        found.append(next_month(found[-1]))
    return found


async def test_rents_of_several_attributes(database: Database, world: World) -> None:
    length = (MONTH_END - MONTH).days + 1
    await charge_by(
        database,
        world,
        RentTerm("month", Basis.FIXED, length * YUAN),
        RentTerm("month", Basis.AGENT, 2 * length * YUAN),
        RentTerm("month", Basis.EXTENSION, 3 * length * YUAN),
        RentTerm("day", Basis.DID, YUAN),
    )
    before = await balance(database, world.first.enterprise_id)
    done = await settle(database, MONTH_END)
    assert done.rents == 3 + DAYS_LEFT
    paid = before - await balance(database, world.first.enterprise_id)
    assert paid == DAYS_LEFT * (1 + 2 + 3 + 1) * YUAN
    _, totals = await statement_of(database, world.first.enterprise_id, MONTH)
    assert totals["rent"] == -paid
    await check(database)


async def test_run_twice_and_at_once_it_charges_once(database: Database, world: World) -> None:
    await charge_by(database, world, RentTerm("day", Basis.FIXED, YUAN))
    last = months(1)[1] + 4 * DAY
    runs = await asyncio.gather(*(settle(database, last, [world.first.enterprise_id]) for _ in range(4)))
    assert sum((run for run in runs), Settled()).rents == DAYS_LEFT + 5
    assert await settle(database, last, [world.first.enterprise_id]) == Settled()
    assert await balance(database, world.first.enterprise_id) == (100 - DAYS_LEFT - 5) * YUAN
    await check(database)


async def test_missed_days_are_caught_up_in_order(database: Database, world: World) -> None:
    """Settled at once or day by day, the ledger is the same, and charges stand in the order of their days."""
    await charge_by(
        database,
        world,
        RentTerm("day", Basis.FIXED, 7),
        RentTerm("week", Basis.AGENT, 7777),
        RentTerm("year", Basis.DID, 99_999_999),
    )
    first, second, third = months(2)
    own = [world.first.enterprise_id]
    await settle(database, first + 3 * DAY, own)
    await settle(database, date(third.year + 1, 1, 2), own)
    async with database.begin() as session:
        rows = (
            await session.execute(select(RentCharge.ends_on, RentCharge.cycle).order_by(RentCharge.posting_set_id))
        ).all()
        ends = [row.ends_on for row in rows]
        assert ends == sorted(ends)
        assert [row.cycle for row in rows].count("year") >= 1
        periods = list(await session.scalars(select(Statement.period).order_by(Statement.id)))
    assert periods == sorted(periods)
    assert periods[:3] == [first, second, third]
    await check(database)


async def test_what_is_granted_later_counts_from_its_day(database: Database, world: World) -> None:
    await charge_by(database, world, RentTerm("day", Basis.DID, YUAN), RentTerm("day", Basis.AGENT, 10 * YUAN))
    own = [world.first.enterprise_id]
    async with database.begin() as session:
        session.add(Did(number="+861088889999", tenant_id=world.second.enterprise_id))
        agent = await session.get_one(Agent, world.first.agent_id)
        await session.execute(text("DELETE FROM queue_member WHERE agent_id = :id"), {"id": agent.id})
        await session.delete(agent)
    await settle(database, TODAY, own)
    assert await balance(database, world.first.enterprise_id) == 99 * YUAN
    async with database.begin() as session:
        await session.execute(
            text("UPDATE did SET tenant_id = :to WHERE number = '+861088889999'"), {"to": world.first.enterprise_id}
        )
    await settle(database, TODAY + DAY, own)
    assert await balance(database, world.first.enterprise_id) == 97 * YUAN


async def test_a_reseller_pays_for_all_below(database: Database, world: World) -> None:
    async with database.begin() as session:
        plan = await session.get_one(RatePlan, world.plans["reseller"])
        draft = await add_draft(session, plan, VersionTerms())
        await store_rates(session, draft, [make_rate(Service.OUTBOUND, 6, 10_000)])
        await replace_rents(session, draft, [RentTerm("day", Basis.DID, YUAN)])
        draft.state, draft.effective_from, draft.published_at = "published", func.now(), func.now()
    await settle(database, TODAY)
    assert await balance(database, world.first.reseller_id) == 999 * YUAN
    assert await balance(database, world.first.enterprise_id) == 100 * YUAN


@pytest.mark.parametrize(("spent_minutes", "short"), [(0, 50), (20, 30), (50, 0), (60, 0)])
async def test_minimum_spend(database: Database, world: World, spent_minutes: int, short: int) -> None:
    """max(actual, minimum), by the days that are left of the month."""
    length = (MONTH_END - MONTH).days + 1
    minimum = 50 * YUAN * length
    assert minimum * DAYS_LEFT % length == 0
    await charge_by(database, world, price=YUAN * DAYS_LEFT, terms=VersionTerms(minimum_spend_micros=minimum))
    async with database.begin() as session:
        await top_up(session, world.first.enterprise_id, world.first.reseller_id, 10_000 * YUAN, "more", "test")
    before = await balance(database, world.first.enterprise_id)
    now = datetime.now(UTC).timestamp()
    if spent_minutes:
        await finish(database, finished_call(world.first, spent_minutes * 60, started_at=now))
    await settle(database, MONTH_END)
    _, totals = await statement_of(database, world.first.enterprise_id, MONTH)
    assert -totals.get("minimum", 0) == short * YUAN * DAYS_LEFT
    paid = before - await balance(database, world.first.enterprise_id)
    assert paid == max(50, spent_minutes) * YUAN * DAYS_LEFT
    await check(database)


async def test_free_seconds_do_not_depend_on_the_order(database: Database, world: World) -> None:
    """The first 90 s by answer: a call of 60 s whole, and half of the next; told in any order."""
    length = (MONTH_END - MONTH).days + 1
    await charge_by(database, world, price=600_000, terms=VersionTerms(free_s=-(-90 * length // DAYS_LEFT)))
    start = datetime.now(UTC).timestamp()
    calls = [finished_call(world.first, 60, started_at=start + 1000 * number) for number in range(4)]
    await finish(database, *reversed(calls))
    await settle(database, MONTH_END)
    found, totals = await statement_of(database, world.first.enterprise_id, MONTH)
    assert found.free_s == 90
    assert totals["call"] == -4 * 600_000
    assert totals["free_rebate"] == 600_000 + 300_000
    await check(database)


async def test_commission_is_of_all_that_was_spent(database: Database, world: World) -> None:
    ppm = 50_000
    length = (MONTH_END - MONTH).days + 1
    await charge_by(
        database,
        world,
        RentTerm("day", Basis.FIXED, YUAN),
        terms=VersionTerms(commission_ppm=ppm, minimum_spend_micros=1000 * YUAN * length, free_s=0),
    )
    await settle(database, MONTH_END)
    found, totals = await statement_of(database, world.first.enterprise_id, MONTH)
    assert totals["minimum"] + totals["rent"] == -1000 * YUAN * DAYS_LEFT
    assert totals["commission"] == 1000 * YUAN * DAYS_LEFT * found.commission_ppm // 1_000_000
    assert found.commission_ppm == ppm * DAYS_LEFT // length
    await check(database)


async def test_statements_follow_each_other(database: Database, world: World) -> None:
    await charge_by(database, world, RentTerm("day", Basis.FIXED, YUAN))
    first, second, third = months(2)
    await settle(database, third - DAY)
    one, _ = await statement_of(database, world.first.enterprise_id, first)
    two, totals = await statement_of(database, world.first.enterprise_id, second)
    assert (one.opening_micros, one.closing_micros) == (0, two.opening_micros)
    assert totals == {"rent": -(third - second).days * YUAN}
    assert two.closing_micros == await balance(database, world.first.enterprise_id)


async def test_a_statement_that_is_wrong_is_found(database: Database, world: World) -> None:
    await settle(database, MONTH_END)
    wrong = Statement(
        tenant_id=world.first.enterprise_id,
        period=months(1)[1],
        opening_micros=0,
        closing_micros=5,
        minimum_micros=0,
        free_s=0,
        commission_ppm=0,
    )
    async with database.begin() as session:
        session.add(wrong)
    async with database.begin() as session:
        assert [found.tenant_id for found in await find_differences(session)] == [world.first.enterprise_id]


async def test_the_api_cannot_post_into_a_closed_month(
    fresh_database: TestDatabase, database: Database, world: World
) -> None:
    """What the system role posts stands in the month that it names; the API's role has no choice."""
    scope = TenantScope(world.first.reseller_id, TenantKind.RESELLER)
    closed = date(2020, 1, 1)

    async def move(session: AsyncSession, key: str) -> date:
        accounts = await find_accounts(session, (world.first.reseller_id, world.first.enterprise_id))
        source, target = accounts[world.first.reseller_id, "balance"], accounts[world.first.enterprise_id, "balance"]
        fact = Fact(key, "transfer", world.first.enterprise_id, period=closed)
        made = await post(session, fact, (Line(source, -YUAN), Line(target, YUAN)))
        return (await session.get_one(PostingSet, made)).period

    async with fresh_database.open("api") as api, api.begin_scoped(scope) as scoped:
        assert await move(scoped.session, "by the api") == MONTH
    async with database.begin() as session:
        assert await move(session, "by the system") == closed


async def test_rents_of_a_published_version_never_change(database: Database, world: World) -> None:
    await charge_by(database, world, RentTerm("day", Basis.FIXED, YUAN))
    async with database.begin() as session:
        newest = select(RatePlanVersion).order_by(RatePlanVersion.id.desc()).limit(1)
        version = (await session.scalars(newest)).one()
        with pytest.raises(DBAPIError, match="never changes"):
            await replace_rents(session, version, [])
        await session.rollback()


def test_a_day_is_settled_an_hour_after_it_is_over() -> None:
    midnight = datetime(2026, 12, 1, 0, 0, tzinfo=UTC) - timedelta(hours=8)
    assert last_day(midnight + timedelta(minutes=59)) == date(2026, 11, 29)
    assert last_day(midnight + timedelta(minutes=60)) == date(2026, 11, 30)
