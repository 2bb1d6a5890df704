"""Random money: calls, parallel calls, top-ups, transfers, reversals, limits, suspensions, new prices, rents and months
that close; each told late, twice or out of order, cut off between any two steps and told again, several at once. Sums
stay zero, no balance falls below its limit except by a rent that is owed, every call is charged once by the prices of
its answer, every rent once. `UCC_MONEY_OPERATIONS` plays longer.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.call.service import finish_call
from ucc.credit.service import TalkingLeg, extend, find_balances, hold_first, open_credit
from ucc.credit.watch import LOST_AFTER, list_lost
from ucc.db.unit import Database
from ucc.engine.record import FinishedCall
from ucc.errors import CallRefused, InsufficientBalance
from ucc.kit.china import DAY, cycle_of, day_of, list_days
from ucc.kit.clock import now, to_ms
from ucc.kit.ids import new_id
from ucc.ledger.reservation import release
from ucc.ledger.service import NotReversible, fold_deltas, prove, reverse, set_limit, top_up, transfer
from ucc.rating.models import RatePlan
from ucc.rating.plans import VersionTerms, add_draft, store_rates
from ucc.rating.price import Service, Usage
from ucc.rating.service import price_known
from ucc.rating.usage import make_usage
from ucc.rent.models import SettledDay
from ucc.rent.reckoning import Basis, RentTerm, list_due
from ucc.rent.repository import load_counts, load_history
from ucc.rent.service import replace_rents
from ucc.settlement.service import settle
from ucc.tenant.models import Tenant
from ucc.tenant.service import load_chain
from world import YUAN, World, finished_call, make_rate, plan_of

pytestmark = pytest.mark.db
OPERATIONS = int(os.environ.get("UCC_MONEY_OPERATIONS", "600"))
AT_ONCE = 4
CHECK_EVERY = max(200, OPERATIONS // 100 // AT_ONCE * AT_ONCE)  # a proof reads the whole ledger
NEW_PRICES = min(0.5, 3000 / OPERATIONS)
"""A plan has some dozens of versions, however long this plays."""
TERMS = VersionTerms(minimum_spend_micros=30_000, commission_ppm=50_000)
RENTS = (RentTerm("day", Basis.FIXED, 999), RentTerm("week", Basis.EXTENSION, 3000), RentTerm("month", Basis.DID, 7000))
BEGIN = cycle_of("month", day_of(now()))[1] + DAY
"""Settling begins with the next month: calls and people post into this one until the end."""
FEN = YUAN // 100
MOBILE = "+8613800138001"
Step = Callable[[], Awaitable[object]]


@dataclass
class Talk:
    """A call that was let in. It talks no longer than it is covered: what is unwatched may cost more than there is."""

    call_id: UUID
    answered: datetime
    """When it is let in: a price that comes into force while a call rings is not played."""
    covered_ms: int = 6000

    @property
    def began_ms(self) -> int:
        return to_ms(self.answered.timestamp())

    @property
    def usage(self) -> Usage:
        return make_usage(Service.OUTBOUND, "+861088880001", MOBILE, self.answered)


@dataclass
class Office:
    """What people, calls and a failing machine do to the money of one reseller and its enterprise."""

    database: Database
    world: World
    random: random.Random
    talks: list[Talk] = field(default_factory=list)
    ended: dict[UUID, FinishedCall] = field(default_factory=dict)
    untold: list[FinishedCall] = field(default_factory=list)
    again: list[Step] = field(default_factory=list)
    """What was cut off, or is told a second time."""
    posted: list[int] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    serial: int = 0
    settled: date = BEGIN - DAY

    async def act(self) -> None:
        """One operation; one in eight is cut off somewhere, and told again later."""
        r = self.random
        if self.again and r.random() < 0.2:
            self.seen.add("again")
            await self.again.pop(r.randrange(len(self.again)))()
            return
        acts = (self.let_in, self.go_on, self.hang_up, self.tell, self.pay, self.move, self.take_back, self.suspend,
                self.change_limit, self.change_price, self.fold, self.sweep, self.settle)  # fmt: skip
        step = r.choices(acts, (8, 6, 7, 7, 2, 3, 1, 0.3, 0.5, NEW_PRICES, 1, 0.5, 0.5))[0]()
        if step is None:
            return
        if r.random() < 0.125:
            self.seen.add("cut off")
            task = asyncio.ensure_future(step())
            await asyncio.sleep(r.random() * 0.008)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            self.again.append(step)
            return
        if r.random() < 0.1:
            self.again.append(step)
        await step()

    # --- calls ----------------------------------------------------------------------------------------------------

    def let_in(self) -> Step | None:
        talk = Talk(new_id(), now())

        async def step() -> None:
            if self.knows(talk.call_id):
                return
            try:
                async with self.database.begin() as session:
                    chain = await load_chain(session, self.world.first.enterprise_id)
                    await hold_first(session, talk.call_id, await open_credit(session, chain, talk.usage))
            except CallRefused as refused:
                self.seen.add(refused.refusal)
                return
            if not self.knows(talk.call_id):
                self.talks.append(talk)

        return step if len(self.talks) < 12 else None

    def knows(self, call_id: UUID) -> bool:
        return call_id in self.ended or any(talk.call_id == call_id for talk in self.talks)

    def go_on(self) -> Step | None:
        if not self.talks:
            return None
        talk = self.random.choice(self.talks)
        at_ms = talk.began_ms + self.random.randrange(talk.covered_ms)

        async def step() -> None:
            if talk not in self.talks:
                return
            async with self.database.begin() as session:
                chain = await load_chain(session, self.world.first.enterprise_id)
                balances = await find_balances(session, [level.tenant_id for level in chain])
                legs = [TalkingLeg(await price_known(session, chain, talk.usage), talk.began_ms, None)]
                cover = await extend(session, talk.call_id, legs, balances, at_ms)
            until_ms = cover.until_ms if cover.until_ms is not None else cover.due_ms
            talk.covered_ms = max(talk.covered_ms, until_ms - talk.began_ms)

        return step

    def hang_up(self) -> Step | None:
        """The call is over; its record may be told now, later, twice, or after others."""
        if not self.talks:
            return None
        talk = self.talks.pop(self.random.randrange(len(self.talks)))
        is_answered = self.random.random() < 0.9
        talk_s = self.random.randrange(1, talk.covered_ms + 1) / 1000 if is_answered else None
        started = talk.answered.timestamp() - 5
        record = finished_call(self.world.first, talk_s, call_id=talk.call_id, started_at=started, recordings=())
        self.ended[talk.call_id] = record
        self.untold.append(record)
        return None

    def tell(self) -> Step | None:
        if not self.untold:
            return None
        record = self.untold.pop(self.random.randrange(len(self.untold)))

        async def step() -> None:
            async with self.database.begin() as session:
                await finish_call(session, record)

        return step

    # --- people ---------------------------------------------------------------------------------------------------

    def pay(self) -> Step:
        reseller = self.world.first.reseller_id
        amount, key = self.random.randrange(1, 30) * FEN, self.key()

        async def step() -> None:
            async with self.database.begin() as session:
                made = await top_up(session, reseller, self.world.operator_id, amount, key, "test")
            self.posted.append(made)

        return step

    def move(self) -> Step:
        parties = [self.world.first.reseller_id, self.world.first.enterprise_id]
        self.random.shuffle(parties)
        amount, key = self.random.randrange(1, 60) * FEN, self.key()

        async def step() -> None:
            try:
                async with self.database.begin() as session:
                    self.posted.append(await transfer(session, *parties, amount, key, "test"))
            except InsufficientBalance:
                self.seen.add("not covered")

        return step

    def take_back(self) -> Step | None:
        if not self.posted:
            return None
        entry_id = self.random.choice(self.posted)

        async def step() -> None:
            with contextlib.suppress(InsufficientBalance, NotReversible):
                async with self.database.begin() as session:
                    await reverse(session, entry_id, "test")

        return step

    def suspend(self) -> Step:
        tenant_id = self.random.choice((self.world.first.reseller_id, self.world.first.enterprise_id))
        is_on = self.random.random() < 0.3

        async def step() -> None:
            async with self.database.begin() as session:
                statement = text("UPDATE tenant SET is_suspended = :on WHERE id = :id")
                await session.execute(statement, {"on": is_on, "id": tenant_id})

        return step

    def change_limit(self) -> Step:
        """Up, or down as far as what the balance has and calls hold allows."""
        tenant_id = self.random.choice((self.world.first.reseller_id, self.world.first.enterprise_id))
        change = self.random.choice((-5, 5)) * FEN

        async def step() -> None:
            async with self.database.begin() as session:
                wanted = text(
                    "SELECT limit_micros, balance_micros - reserved_micros FROM account "
                    "WHERE tenant_id = :id AND kind = 'balance' FOR UPDATE"
                )
                limit, free = (await session.execute(wanted, {"id": tenant_id})).one()
                if limit + change >= max(0, -free):
                    await set_limit(session, tenant_id, limit + change)

        return step

    def change_price(self) -> Step:
        """A new version of a plan, in force a moment later."""
        plan, prices = self.random.choice(
            ((self.reseller_plan, (5_000, 20_000)), (self.enterprise_plan, (50_000, 200_000)))
        )
        increment_s, price = self.random.choice((6, 12, 60)), self.random.randrange(*prices)

        async def step() -> None:
            async with self.database.begin() as session:
                await publish(session, await plan(session), increment_s, price, now() + timedelta(seconds=0.5))
            self.seen.add("new price")

        return step

    async def reseller_plan(self, _: AsyncSession) -> int:
        return self.world.plans["reseller"]

    async def enterprise_plan(self, session: AsyncSession) -> int:
        return await plan_of(session, self.world.first)

    def key(self) -> str:
        self.serial += 1
        return f"machine:{self.serial}"

    # --- the worker -----------------------------------------------------------------------------------------------

    def fold(self) -> Step:
        async def step() -> None:
            async with self.database.begin() as session:
                await fold_deltas(session, 1000)

        return step

    def sweep(self, later: timedelta = timedelta()) -> Step:
        async def step() -> None:
            async with self.database.begin() as session:
                for call_id in await list_lost(session, now() + later):
                    await release(session, call_id)

        return step

    def settle(self) -> Step:
        self.settled += self.random.randrange(3) * DAY
        last = self.settled

        async def step() -> None:
            await settle(self.database, last, self.charged)

        return step

    @property
    def charged(self) -> list[int]:
        return [self.world.first.reseller_id, self.world.first.enterprise_id]

    # --- what always holds ----------------------------------------------------------------------------------------

    async def check(self) -> None:
        async with self.database.begin() as session:
            proof = await prove(session)
            below = await session.execute(_BELOW)
            total = await session.scalar(text("SELECT sum(balance_micros) FROM account_balance"))
            assert proof.holds, proof
            assert (below.all(), total) == ([], 0)

    async def go_home(self) -> None:
        """Everybody hangs up, everything is told; then each call was charged once, and nothing is held."""
        while self.talks:
            self.hang_up()
        for step in self.again:
            await step()
        while self.talks:
            self.hang_up()
        while (step := self.tell()) is not None:
            await step()
        await self.sweep(LOST_AFTER * 2)()  # a call whose letting in was cut off, and refused the next time
        await self.fold()()
        await self.check()
        async with self.database.begin() as session:
            rows = await session.execute(text("SELECT call_id, tenant_id, amount_micros FROM call_charge"))
            found: dict[UUID, dict[int, int]] = {}
            for call_id, tenant_id, amount in rows:
                assert tenant_id not in found.setdefault(call_id, {}), "a level is charged twice"
                found[call_id][tenant_id] = amount
            held = await session.scalar(text("SELECT count(*) FROM reservation"))
            prices = await session.execute(_PRICES)
            wanted = self.price(prices.all())
        assert held == 0, "money is held for a call that is over"
        assert found == wanted
        for tenant_id in self.charged:
            await self.check_rents(tenant_id)

    def price(self, prices: Sequence[Any]) -> dict[UUID, dict[int, int]]:
        """What each level has to pay for each answered call, reckoned apart from the product: whole increments of the
        version that was in force when the call was answered."""
        wanted = {}
        for record in self.ended.values():
            if record.answered_at is None:
                continue
            talked_ms = to_ms(record.ended_at) - to_ms(record.answered_at)
            answered = datetime.fromtimestamp(record.answered_at, UTC)
            in_force: dict[int, Any] = {}
            for version in prices:  # the oldest first
                if version.effective_from <= answered:
                    in_force[version.tenant_id] = version
            wanted[record.call_id] = {
                tenant_id: -(-talked_ms // (version.increment_s * 1000)) * version.price_micros
                for tenant_id, version in in_force.items()
            }
        return wanted

    async def check_rents(self, tenant_id: int) -> None:
        """Every cycle up to the last settled day was charged once."""
        await settle(self.database, self.settled, [tenant_id])
        async with self.database.begin() as session:
            history = await load_history(session, tenant_id)
            counts = await load_counts(session, tenant_id, self.settled)
            since = day_of((await session.get_one(Tenant, tenant_id)).created_at)
            days = list_days(BEGIN, self.settled)
            wanted = sum(due.amount_micros for day in days for due in list_due(history, counts, since, day))
            assert await session.scalar(_RENTS, {"tenant_id": tenant_id}) == -wanted


_BELOW = text(
    """
    SELECT b.tenant_id, b.balance_micros FROM account_balance b
    LEFT JOIN LATERAL (
      SELECT -sum(p.amount_micros) AS amount FROM posting p JOIN posting_set s ON s.id = p.posting_set_id
      WHERE p.account_id = b.id AND p.amount_micros < 0 AND s.kind IN ('rent', 'minimum')
    ) owed ON true
    WHERE b.limit_micros IS NOT NULL AND b.balance_micros + coalesce(owed.amount, 0) < -b.limit_micros
    """
)
_PRICES = text(
    """
    SELECT t.id AS tenant_id, v.effective_from, r.increment_s, r.price_micros
    FROM tenant t JOIN rate_plan_version v ON v.rate_plan_id = t.rate_plan_id
    JOIN rate r ON r.version_id = v.id AND r.service = 'outbound'
    WHERE v.state = 'published' AND t.id IN (
      SELECT a.ancestor_id FROM tenant_tree a JOIN tenant e ON e.id = a.descendant_id WHERE e.code = 'enterprise1'
    ) ORDER BY v.effective_from
    """
)
_RENTS = text(
    """
    SELECT coalesce(sum(p.amount_micros), 0) FROM posting p
    JOIN posting_set s ON s.id = p.posting_set_id JOIN account a ON a.id = p.account_id
    WHERE s.kind = 'rent' AND a.kind = 'balance' AND a.tenant_id = :tenant_id AND s.tenant_id = :tenant_id
    """
)


async def publish(
    session: AsyncSession, plan_id: int, increment_s: int, price_micros: int, effective_from: datetime
) -> None:
    """A version with these prices, and the rents and terms of all others."""
    plan = await session.get_one(RatePlan, plan_id, with_for_update=True)
    draft = await add_draft(session, plan, TERMS)
    await store_rates(
        session, draft, [make_rate(one, increment_s, price_micros) for one in (Service.INBOUND, Service.OUTBOUND)]
    )
    await replace_rents(session, draft, RENTS)
    draft.state, draft.effective_from, draft.published_at = "published", effective_from, now()
    await session.flush()


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_happens_the_sums_are_right(database: Database, world: World, seed: int) -> None:
    office = Office(database, world, random.Random(seed))
    async with database.begin() as session:
        await transfer(session, world.first.enterprise_id, world.first.reseller_id, 97 * YUAN, "begin", "x")
        rest = text("SELECT balance_micros FROM account_balance WHERE tenant_id = :id AND kind = 'balance'")
        has = int(await session.scalar(rest, {"id": world.first.reseller_id}) or 0)
        await set_limit(session, world.operator_id, None)
        assert has > 0
        await publish(session, await office.reseller_plan(session), 6, 10_000, now())
        await publish(session, await office.enterprise_plan(session), 60, 100_000, now())
        session.add_all(SettledDay(tenant_id=tenant_id, day=BEGIN - DAY) for tenant_id in office.charged)
    done = 0
    while done < OPERATIONS // 2:
        await asyncio.gather(*(office.act() for _ in range(AT_ONCE)))
        done += AT_ONCE
        if done % CHECK_EVERY == 0:
            await office.check()
    await office.go_home()
    assert office.seen >= {"again", "cut off"}, office.seen
    assert office.ended, "the day was too quiet"
