"""Money of calls that reached somebody outside besides the customer: transfers, conferences, IVR to a number."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from ucc.call.billing import list_billed_legs
from ucc.call.models import CallCharge, CallLeg
from ucc.call.service import finish_call
from ucc.db.unit import Database
from ucc.engine.record import Direction, FinishedCall, LegKind, LegRecord, Party
from ucc.frequency.models import DialAttempt
from ucc.frequency.service import forget_old_attempts, note_attempt
from ucc.kit.clock import now
from ucc.kit.ids import new_id
from ucc.ledger.models import Posting, PostingSet
from ucc.ledger.service import prove
from ucc.rating.price import Service
from world import NOON, YESTERDAY, Branch, World, finished_call, make_rate, plan_of, replace_rates


def outside(
    answered: float | None, ended: float, number: str | None = "+8613900139000", **changes: object
) -> LegRecord:
    leg = LegRecord(
        new_id(), LegKind.TRUNK, Party.OUTSIDE, "9013900139000", NOON, NOON + ended, trunk_id=1,
        answered_at=None if answered is None else NOON + answered, number=number,
    )  # fmt: skip
    return replace(leg, **changes)  # type: ignore[arg-type]


def with_legs(call: FinishedCall, *legs: LegRecord) -> FinishedCall:
    return replace(call, legs=(*call.legs, *legs))


async def finish(database: Database, call: FinishedCall) -> None:
    async with database.begin() as session:
        await finish_call(session, call)


async def charges(database: Database, call: FinishedCall) -> dict[tuple[object, int], tuple[int, int]]:
    """(billed seconds, micros) by leg and paying tenant."""
    async with database.begin() as session:
        rows = await session.scalars(select(CallCharge).where(CallCharge.call_id == call.call_id))
        return {(row.leg_id, row.tenant_id): (row.billed_s, row.amount_micros) for row in rows}


@pytest.mark.db
async def test_a_transfer_to_the_outside_is_billed_as_its_own_call(database: Database, world: World) -> None:
    """70 s with the customer, of which 65 s with the outside party, whose own leg lasted 65.2 s."""
    first, leg = world.first, outside(10.0, 75.2)
    call = with_legs(finished_call(first, 70), leg)
    customer = next(found for found in call.legs if found.party is Party.CUSTOMER)
    for _ in range(2):
        await finish(database, call)
    assert await charges(database, call) == {
        (customer.leg_id, first.enterprise_id): (120, 200_000),
        (customer.leg_id, first.reseller_id): (72, 120_000),
        (customer.leg_id, world.operator_id): (120, 60_000),
        (leg.leg_id, first.enterprise_id): (120, 200_000),
        (leg.leg_id, first.reseller_id): (66, 110_000),
        (leg.leg_id, world.operator_id): (120, 60_000),
    }
    async with database.begin() as session:
        sets = list(await session.scalars(select(PostingSet).where(PostingSet.call_id == call.call_id)))
        assert len(sets) == 1
        assert await session.scalar(select(func.sum(Posting.amount_micros))) == 0
        assert (await prove(session)).holds
        stored = await session.get_one(CallLeg, leg.leg_id)
        assert (stored.party, stored.number, stored.address) == ("outside", "+8613900139000", "9013900139000")


@pytest.mark.db
async def test_the_price_is_that_of_the_number_dialled(database: Database, world: World) -> None:
    """Not of the number as the trunk wanted it, and outbound also in an inbound call."""
    first = world.first
    async with database.begin() as session:
        cheap = make_rate(Service.OUTBOUND, 60, 100_000)
        dear = make_rate(Service.OUTBOUND, 60, 5_000_000, prefix="+1")
        inbound = make_rate(Service.INBOUND, 60, 100_000)
        await replace_rates(session, await plan_of(session, first), cheap, dear, inbound, effective_from=YESTERDAY)
    leg = outside(0.0, 30.0, "+14155552671")
    call = with_legs(finished_call(first, 30, direction=Direction.INBOUND, callee=first.did), leg)
    await finish(database, call)
    assert (await charges(database, call))[leg.leg_id, first.enterprise_id] == (60, 5_000_000)


@pytest.mark.db
async def test_an_internal_call_pays_for_its_outside_party_only(database: Database, world: World) -> None:
    leg = outside(5.0, 20.0)
    call = with_legs(finished_call(world.first, 60, direction=Direction.INTERNAL, callee="8002"), leg)
    await finish(database, call)
    assert {leg_id for leg_id, _ in await charges(database, call)} == {leg.leg_id}
    free = finished_call(world.first, 60, direction=Direction.INTERNAL, callee="8002")
    await finish(database, free)
    assert await charges(database, free) == {}


def test_who_left_early_is_billed_no_longer() -> None:
    """The customer went, the agent and the outside party talked on."""
    first = Branch(1, 2, 1, 1, "+861088880001", 1, "8001", {})
    call = finished_call(first, 100)
    customer = next(leg for leg in call.legs if leg.party is Party.CUSTOMER)
    left = replace(customer, ended_at=NOON + 5 + 40)
    call = replace(call, legs=(call.legs[0], left, outside(30.0, 105.0)))
    assert [leg.duration_ms for leg in list_billed_legs(call)] == [40_000, 75_000]


def test_what_is_not_billed() -> None:
    first = Branch(1, 2, 1, 1, "+861088880001", 1, "8001", {})
    not_answered, stepped_back = outside(None, 50.0), outside(20.0, 19.0)
    phone = outside(5.0, 20.0, kind=LegKind.PHONE)
    call = with_legs(finished_call(first, None), not_answered, stepped_back, phone)
    assert list_billed_legs(call) == []


TALKS = st.lists(st.tuples(st.none() | st.floats(0, 200), st.floats(0, 300)), max_size=5)


@given(TALKS, st.none() | st.floats(0, 300), st.sampled_from(Direction))
def test_every_answered_second_once(
    talks: list[tuple[float | None, float]], talk_s: float | None, direction: Direction
) -> None:
    first = Branch(1, 2, 1, 1, "+861088880001", 1, "8001", {})
    legs = [outside(answered, ended) for answered, ended in talks]
    call = with_legs(finished_call(first, talk_s, direction=direction), *legs)
    billed = Counter({leg.leg_id: leg.duration_ms for leg in list_billed_legs(call)})
    for leg, (answered, ended) in zip(legs, talks, strict=True):
        expected = 0 if answered is None else max(0.0, ended - answered) * 1000
        assert abs(billed.pop(leg.leg_id, 0) - expected) <= 1
    customers = 0 if direction is Direction.INTERNAL or talk_s is None else talk_s * 1000
    assert abs(sum(billed.values()) - customers) <= 1


@pytest.mark.db
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_all_sums_are_zero(database: Database, world: World, seed: int) -> None:
    """Random calls with up to three outside parties, some told twice, in any order."""
    chance = random.Random(seed)
    calls = []
    for _ in range(25):
        branch = chance.choice((world.first, world.second))
        legs = [
            outside(chance.choice((None, chance.uniform(0, 50))), chance.uniform(50, 200))
            for _ in range(chance.randrange(4))
        ]
        talk_s = chance.choice((None, 0.0, chance.uniform(0, 200)))
        calls.append(with_legs(finished_call(branch, talk_s, direction=chance.choice(list(Direction))), *legs))
    for call in chance.sample([*calls, *calls[:10]], 35):
        await finish(database, call)
    async with database.begin() as session:
        assert (await prove(session)).holds
        paid = {
            (row.call_id, row.leg_id, row.tenant_id): row.amount_micros
            for row in await session.scalars(select(CallCharge))
        }
        own = await session.scalar(
            select(func.sum(Posting.amount_micros))
            .join(PostingSet)
            .where(PostingSet.kind == "call", Posting.amount_micros < 0)
        )
    expected = {(call.call_id, leg.leg_id) for call in calls for leg in list_billed_legs(call)}
    assert {key[:2] for key in paid} == expected
    assert len(paid) == 3 * len(expected)
    assert sum(paid.values()) == -(own or 0)


@pytest.mark.db
async def test_a_call_that_never_dialled_is_no_attempt(database: Database, world: World) -> None:
    dialled, given_up = finished_call(world.first, None), finished_call(world.first, None)
    given_up = replace(given_up, legs=given_up.legs[:1])
    async with database.begin() as session:
        for call in (dialled, given_up):
            await note_attempt(session, call.tenant_id, call.caller, call.callee, now(), call.call_id)
    for call in (dialled, given_up):
        await finish(database, call)
    async with database.begin() as session:
        assert list(await session.scalars(select(DialAttempt.call_id))) == [dialled.call_id]
        await forget_old_attempts(session, now())
        assert len(list(await session.scalars(select(DialAttempt)))) == 1
