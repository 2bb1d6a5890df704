"""Random money: calls, parallel calls, top-ups, transfers, reversals, limits, suspensions; each told late, twice or out
of order, cut off between any two steps and told again, several at once. Sums stay zero, no balance falls below its
limit, every call is charged once. `UCC_MONEY_OPERATIONS` plays longer.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from credit.test_admission import usage
from ucc.call.service import finish_call
from ucc.credit.service import TalkingLeg, extend, find_balances, hold_first, open_credit
from ucc.credit.watch import LOST_AFTER, list_lost
from ucc.db.unit import Database
from ucc.engine.record import FinishedCall
from ucc.errors import CallRefused, InsufficientBalance
from ucc.kit.clock import now, to_ms
from ucc.kit.ids import new_id
from ucc.ledger.reservation import release
from ucc.ledger.service import NotReversible, fold_deltas, prove, reverse, set_limit, top_up, transfer
from ucc.rating.price import cost_of
from ucc.rating.service import price_known
from ucc.tenant.service import load_chain
from world import YUAN, World, finished_call

pytestmark = pytest.mark.db
OPERATIONS = int(os.environ.get("UCC_MONEY_OPERATIONS", "600"))
AT_ONCE, CHECK_EVERY = 4, 200
FEN = YUAN // 100
Step = Callable[[], Awaitable[object]]


@dataclass
class Talk:
    """A call that was let in. It talks no longer than it is covered: what is unwatched may cost more than there is."""

    call_id: UUID
    began_ms: int
    covered_ms: int = 6000


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

    async def act(self) -> None:
        """One operation; one in eight is cut off somewhere, and told again later."""
        r = self.random
        if self.again and r.random() < 0.2:
            self.seen.add("again")
            await self.again.pop(r.randrange(len(self.again)))()
            return
        acts = (self.let_in, self.go_on, self.hang_up, self.tell, self.pay, self.move, self.take_back, self.suspend,
                self.change_limit, self.fold, self.sweep)  # fmt: skip
        step = r.choices(acts, (8, 6, 7, 7, 2, 3, 1, 0.3, 0.5, 1, 0.5))[0]()
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
        call_id = new_id()

        async def step() -> None:
            if self.knows(call_id):
                return
            try:
                async with self.database.begin() as session:
                    chain = await load_chain(session, self.world.first.enterprise_id)
                    await hold_first(session, call_id, await open_credit(session, chain, usage()))
            except CallRefused as refused:
                self.seen.add(refused.refusal)
                return
            if not self.knows(call_id):
                self.talks.append(Talk(call_id, to_ms(now().timestamp())))

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
                legs = [TalkingLeg(await price_known(session, chain, usage()), talk.began_ms, None)]
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
        started = talk.began_ms / 1000 - 5
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

    # --- what always holds ----------------------------------------------------------------------------------------

    async def check(self) -> None:
        async with self.database.begin() as session:
            proof = await prove(session)
            below = await session.execute(
                text("SELECT tenant_id, balance_micros FROM account_balance "
                     "WHERE limit_micros IS NOT NULL AND balance_micros < -limit_micros")
            )  # fmt: skip
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
            chain = await load_chain(session, self.world.first.enterprise_id)
            prices = await price_known(session, chain, usage())
            rows = await session.execute(text("SELECT call_id, tenant_id, amount_micros FROM call_charge"))
            found: dict[UUID, dict[int, int]] = {}
            for call_id, tenant_id, amount in rows:
                assert tenant_id not in found.setdefault(call_id, {}), "a level is charged twice"
                found[call_id][tenant_id] = amount
            held = await session.scalar(text("SELECT count(*) FROM reservation"))
        wanted = {}
        for record in self.ended.values():
            if record.answered_at is not None:
                talked_ms = to_ms(record.ended_at) - to_ms(record.answered_at)
                wanted[record.call_id] = {one.tenant_id: cost_of(one.rate, talked_ms).amount_micros for one in prices}
        assert held == 0, "money is held for a call that is over"
        assert found == wanted


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_happens_the_sums_are_right(database: Database, world: World, seed: int) -> None:
    office = Office(database, world, random.Random(seed))
    async with database.begin() as session:
        await transfer(session, world.first.enterprise_id, world.first.reseller_id, 97 * YUAN, "begin", "x")
        rest = text("SELECT balance_micros FROM account_balance WHERE tenant_id = :id AND kind = 'balance'")
        has = int(await session.scalar(rest, {"id": world.first.reseller_id}) or 0)
        await set_limit(session, world.operator_id, None)
        assert has > 0
    done = 0
    while done < OPERATIONS // 2:
        await asyncio.gather(*(office.act() for _ in range(AT_ONCE)))
        done += AT_ONCE
        if done % CHECK_EVERY == 0:
            await office.check()
    await office.go_home()
    assert office.seen >= {"again", "cut off"}, office.seen
    assert office.ended, "the day was too quiet"
