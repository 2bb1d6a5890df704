"""Finishing a call: its record, and money at three levels, once."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from math import ceil

import pytest
from sqlalchemy import func, select, text

from ucc.call.billing import talk_ms
from ucc.call.models import CallCharge, CallLeg, CallRecord, LiveCallState
from ucc.call.service import finish_call
from ucc.db.unit import Database
from ucc.engine.record import Direction, FinishedCall, RecordingRecord, Result
from ucc.kit.ids import new_id
from ucc.ledger.models import ACCOUNT_BALANCE, Posting, PostingSet
from ucc.ledger.service import prove
from ucc.rating.price import Service
from ucc.recording.models import Recording
from world import NOON, YESTERDAY, World, finished_call, make_rate, plan_of, replace_rates

pytestmark = pytest.mark.db
BALANCE = ACCOUNT_BALANCE.c


async def finish(database: Database, call: FinishedCall) -> None:
    async with database.begin() as session:
        await finish_call(session, call)


async def charges(database: Database, call: FinishedCall) -> dict[int, tuple[int, int]]:
    """(billed seconds, micros) by paying tenant."""
    async with database.begin() as session:
        rows = await session.scalars(select(CallCharge).where(CallCharge.call_id == call.call_id))
        return {row.tenant_id: (row.billed_s, row.amount_micros) for row in rows}


async def balances(database: Database) -> dict[tuple[int, str], int]:
    async with database.begin() as session:
        rows = await session.execute(select(BALANCE.tenant_id, BALANCE.kind, BALANCE.balance_micros))
        return {(tenant_id, kind): balance for tenant_id, kind, balance in rows}


async def test_a_call_of_50_s_at_three_levels(database: Database, world: World) -> None:
    """The seed's example: 6 s upstream, 60 s downstream; the reseller keeps 0.01 yuan."""
    branch, call = world.first, finished_call(world.first, 50)
    before = await balances(database)
    await finish(database, call)
    assert await charges(database, call) == {
        branch.enterprise_id: (60, 100_000),
        branch.reseller_id: (54, 90_000),
        world.operator_id: (60, 30_000),
    }
    after = await balances(database)
    moved = {key: after[key] - before[key] for key in after if after[key] != before[key]}
    assert moved == {
        (branch.enterprise_id, "balance"): -100_000,
        (branch.reseller_id, "income"): 100_000,
        (branch.reseller_id, "balance"): -90_000,
        (world.operator_id, "income"): 90_000,
        (world.operator_id, "balance"): -30_000,
        (world.operator_id, "carrier"): 30_000,
    }
    async with database.begin() as session:
        posting_set = (await session.scalars(select(PostingSet).where(PostingSet.call_id == call.call_id))).one()
        assert posting_set.idempotency_key == f"call:{call.call_id}"
        lines = list(await session.scalars(select(Posting).where(Posting.posting_set_id == posting_set.id)))
        assert len(lines) == 6
        assert sum(line.amount_micros for line in lines) == 0
        assert (await prove(session)).holds


@pytest.mark.parametrize(
    ("talk_s", "enterprise", "reseller", "carrier"),
    [
        (0.4, 100_000, 10_000, 30_000),
        (60, 100_000, 100_000, 30_000),
        (61, 200_000, 110_000, 60_000),
        (6, 100_000, 10_000, 30_000),
    ],
)
async def test_rounding(
    database: Database, world: World, talk_s: float, enterprise: int, reseller: int, carrier: int
) -> None:
    call = finished_call(world.first, talk_s)
    await finish(database, call)
    amounts = {tenant_id: amount for tenant_id, (_, amount) in (await charges(database, call)).items()}
    assert amounts == {
        world.first.enterprise_id: enterprise,
        world.first.reseller_id: reseller,
        world.operator_id: carrier,
    }


async def test_exactly_60_s_whatever_the_binary_fraction(database: Database, world: World) -> None:
    for start in (NOON + 0.1, NOON + 0.3, NOON + 0.7):
        call = finished_call(world.first, 60, started_at=start)
        await finish(database, call)
        assert (await charges(database, call))[world.first.enterprise_id] == (60, 100_000)


@pytest.mark.parametrize("talk_s", [None, 0])
async def test_no_talk_costs_nothing(database: Database, world: World, talk_s: float | None) -> None:
    call = finished_call(world.first, talk_s)
    before = await balances(database)
    await finish(database, call)
    assert await charges(database, call) == {}
    assert await balances(database) == before


async def test_a_clock_that_stepped_back_costs_nothing(database: Database, world: World) -> None:
    call = finished_call(world.first, -3)
    await finish(database, call)
    assert await charges(database, call) == {}
    async with database.begin() as session:
        assert (await session.scalars(select(CallRecord.talk_ms))).one() == 0


async def test_internal_calls_are_free(database: Database, world: World) -> None:
    call = finished_call(world.first, 600, direction=Direction.INTERNAL)
    await finish(database, call)
    assert await charges(database, call) == {}


async def test_inbound_calls_have_their_own_rates(database: Database, world: World) -> None:
    async with database.begin() as session:
        rates = make_rate(Service.INBOUND, 60, 20_000), make_rate(Service.OUTBOUND, 60, 100_000)
        await replace_rates(session, await plan_of(session, world.first), *rates, effective_from=YESTERDAY)
    call = finished_call(world.first, 30, direction=Direction.INBOUND, caller="+8613800138000", callee="010-88880001")
    await finish(database, call)
    amounts = {tenant_id: amount for tenant_id, (_, amount) in (await charges(database, call)).items()}
    assert amounts == {world.first.enterprise_id: 20_000, world.first.reseller_id: 50_000, world.operator_id: 30_000}


async def test_the_plan_in_force_at_answer_is_the_price(database: Database, world: World) -> None:
    """A call over midnight keeps the price it was answered under."""
    midnight = datetime(2026, 11, 24, tzinfo=UTC)
    async with database.begin() as session:
        dearer = make_rate(Service.OUTBOUND, 60, 500_000)
        await replace_rates(session, await plan_of(session, world.first), dearer, effective_from=midnight)
    before = finished_call(world.first, 60, started_at=midnight.timestamp() - 6)
    after = finished_call(world.first, 60, started_at=midnight.timestamp() - 5)
    for call in (before, after):
        await finish(database, call)
    assert (await charges(database, before))[world.first.enterprise_id][1] == 100_000
    assert (await charges(database, after))[world.first.enterprise_id][1] == 500_000


async def test_told_twice_charged_once(database: Database, world: World) -> None:
    call = finished_call(world.first, 50)
    await finish(database, call)
    before = await balances(database)
    await finish(database, call)
    await finish(database, replace(call, ended_at=call.ended_at + 600, result=Result.ABANDONED))
    assert await balances(database) == before
    async with database.begin() as session:
        assert await session.scalar(select(func.count()).select_from(CallRecord)) == 1
        assert await session.scalar(select(func.count()).select_from(CallLeg)) == 2
        assert (await session.scalars(select(CallRecord.result))).one() == "answered"


async def test_one_call_told_by_20_tasks_at_once(database: Database, world: World) -> None:
    call = finished_call(world.first, 50)
    before = (await balances(database))[world.first.enterprise_id, "balance"]
    await asyncio.gather(*(finish(database, call) for _ in range(20)))
    assert before - (await balances(database))[world.first.enterprise_id, "balance"] == 100_000
    async with database.begin() as session:
        assert await session.scalar(select(func.count()).select_from(CallRecord)) == 1


async def test_20_calls_of_two_enterprises_at_once(database: Database, world: World) -> None:
    calls = [finished_call(branch, 50) for branch in (world.first, world.second) for _ in range(10)]
    before = await balances(database)
    await asyncio.gather(*(finish(database, call) for call in calls))
    after = await balances(database)
    assert before[world.first.enterprise_id, "balance"] - after[world.first.enterprise_id, "balance"] == 1_000_000
    assert after[world.operator_id, "carrier"] == 600_000
    async with database.begin() as session:
        assert (await prove(session)).holds


@pytest.mark.parametrize("seed", [1, 2])
async def test_neither_order_nor_repetition_changes_the_sums(database: Database, world: World, seed: int) -> None:
    chosen = random.Random(seed)
    talks = [chosen.choice([None, 0, 0.4, 6, 59.999, 60, 60.001, 61, chosen.uniform(0, 900)]) for _ in range(12)]
    calls = [finished_call(world.first, talk_s) for talk_s in talks]
    before = await balances(database)
    told = calls * 2
    chosen.shuffle(told)
    for call in told:
        await finish(database, call)
    after = await balances(database)
    durations = [Fraction(talk_ms(call), 1000) for call in calls]

    def price(increment_s: int, micros: int) -> int:
        return sum(ceil(duration / increment_s) * micros for duration in map(ceil, durations))

    paid = {
        (world.first.enterprise_id, "balance"): -price(60, 100_000),
        (world.first.reseller_id, "balance"): -price(6, 10_000),
        (world.first.reseller_id, "income"): price(60, 100_000),
        (world.operator_id, "balance"): -price(60, 30_000),
        (world.operator_id, "income"): price(6, 10_000),
        (world.operator_id, "carrier"): price(60, 30_000),
    }
    assert {key: after[key] - before[key] for key in paid} == paid
    assert sum(after.values()) == 0


async def test_what_is_written(database: Database, world: World) -> None:
    call = finished_call(world.first, 50, started_at=NOON + 0.123)
    failed = RecordingRecord(new_id(), "x@switch", NOON, NOON + 1, "disk_full")
    call = replace(call, recordings=(*call.recordings, failed), queue_id=world.first.queue_id)
    await finish(database, call)
    async with database.begin() as session:
        record = (await session.scalars(select(CallRecord))).one()
        assert record.started_at == datetime(2026, 11, 23, 12, 0, 0, 123000, tzinfo=UTC)
        assert (record.talk_ms, record.direction, record.queue_id) == (50_000, "outbound", world.first.queue_id)
        states = {row.id: (row.state, row.failure) for row in await session.scalars(select(Recording))}
        assert states == {
            call.recordings[0].recording_id: ("spooled", None),
            failed.recording_id: ("failed", "disk_full"),
        }
        jobs = await session.execute(text("SELECT queue_name, task_name, args FROM procrastinate_jobs"))
        assert jobs.all() == [("recording", "encode_recording", {"recording_id": str(call.recordings[0].recording_id)})]


async def test_a_failed_transaction_leaves_nothing(database: Database, world: World) -> None:
    call = finished_call(world.first, 50)
    async with database.begin() as session:
        await finish_call(session, call)
        await session.rollback()
    async with database.begin() as session:
        for model in (CallRecord, CallLeg, CallCharge, Recording):
            assert await session.scalar(select(func.count()).select_from(model)) == 0
    await finish(database, call)
    assert len(await charges(database, call)) == 3


async def test_a_call_whose_rate_is_gone_is_still_recorded(database: Database, world: World) -> None:
    async with database.begin() as session:
        await replace_rates(session, world.plans["reseller"], effective_from=YESTERDAY)
    call = finished_call(world.first, 50)
    await finish(database, call)
    assert (await charges(database, call))[world.first.reseller_id] == (0, 0)
    assert (await charges(database, call))[world.first.enterprise_id] == (60, 100_000)
    async with database.begin() as session:
        assert (await prove(session)).holds


async def test_the_kept_state_goes_with_the_record(database: Database, world: World) -> None:
    call = finished_call(world.first, 50)
    async with database.begin() as session:
        session.add(LiveCallState(call_id=call.call_id, controller="me", state={"kind": "talking"}))
    await finish(database, call)
    async with database.begin() as session:
        assert await session.scalar(select(func.count()).select_from(LiveCallState)) == 0


async def test_an_unknown_tenant_is_refused(database: Database, world: World) -> None:
    with pytest.raises(Exception, match="tenant"):
        await finish(database, finished_call(world.first, 50, tenant_id=999))
