"""Watches the money of calls in progress: holds it ahead of the talk, and tells a call when an end is in sight."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.call.billing import BilledLeg, list_billed_legs
from ucc.controller.store import AWAY
from ucc.credit.service import AHEAD_MS, RETRY_MS, Cover, TalkingLeg, extend, find_balances
from ucc.db.unit import Database
from ucc.engine import events as ev
from ucc.engine.ending import finish, result_so_far
from ucc.engine.facts import Facts
from ucc.engine.record import EndedBy, LegKind
from ucc.engine.state import CallState, Live, New, ReadingCode
from ucc.kit.clock import to_moment, to_ms
from ucc.rating.price import Service
from ucc.rating.service import LevelPrice, price_known
from ucc.rating.usage import make_usage
from ucc.tenant.service import Level, load_chain

log = structlog.get_logger("metering")
SIDE_BY_SIDE = 4
"""So many calls are looked at in the database at once."""


@dataclass
class Meter:
    """What is known of one call's money. `key` changes with its answered legs to the outside. Prices are those of the
    moment a leg was answered: they never change."""

    state: Live
    key: tuple[object, ...]
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    is_over: bool = False
    chain: list[Level] = field(default_factory=list)
    balances: dict[int, int] = field(default_factory=dict)
    prices: dict[UUID | None, list[LevelPrice]] = field(default_factory=dict)


class Metering:
    """The calls of this controller that cost somebody something, each watched by a task of its own."""

    def __init__(self, database: Database, time: Callable[[], float]) -> None:
        self._database = database
        self._time = time
        self._gate = asyncio.Semaphore(SIDE_BY_SIDE)
        self._meters: dict[UUID, Meter] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_away = False
        self.post: Callable[[UUID, ev.CallEvent], None]

    def note(self, state: CallState) -> None:
        """Hear of every change of a call; one whose answered legs changed is looked at now."""
        if isinstance(state, New):
            return
        if not isinstance(state, Live):
            self._end(state.call_id)
            return
        facts = state.facts
        if facts.tenant_id is None or facts.is_unrecorded:
            return
        key = tuple((x.leg, x.is_live) for x in facts.legs if x.kind is LegKind.TRUNK and x.answered_at is not None)
        if not key:
            return
        meter = self._meters.get(facts.call_id)
        if meter is None:
            meter = self._meters[facts.call_id] = Meter(state, key)
            task = asyncio.create_task(self._watch(meter), name=f"meter {facts.call_id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        meter.state = state
        if meter.key != key:
            meter.key = key
            meter.changed.set()

    async def close(self) -> None:
        for call_id in list(self._meters):
            self._end(call_id)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _end(self, call_id: UUID) -> None:
        meter = self._meters.pop(call_id, None)
        if meter is not None:
            meter.is_over = True
            meter.changed.set()

    async def _watch(self, meter: Meter) -> None:
        while not meter.is_over:
            meter.changed.clear()
            due_ms = to_ms(self._time()) + RETRY_MS
            try:
                async with self._gate:
                    cover = await self._look(meter)
                due_ms = cover.due_ms
                self._tell(meter, cover)
            except AWAY as error:
                self._note_away(error)
            except Exception:
                log.exception("the money of a call could not be looked at", call=str(meter.state.facts.call_id))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, due_ms / 1000 - self._time())):
                    await meter.changed.wait()

    def _tell(self, meter: Meter, cover: Cover) -> None:
        self._is_away = False
        facts = meter.state.facts
        until = None if cover.until_ms is None else cover.until_ms / 1000
        if until != facts.paid_until and not meter.is_over:
            if until is not None:
                log.info("the money of a call ends", call=str(facts.call_id), in_s=round(until - self._time(), 1))
            self.post(facts.call_id, ev.CreditUntil(self._time(), until))

    def _note_away(self, error: BaseException) -> None:
        if not self._is_away:
            log.error("calls go on unwatched: the database is away", why=type(error).__name__)
        self._is_away = True

    async def _look(self, meter: Meter) -> Cover:
        facts = meter.state.facts
        assert facts.tenant_id is not None
        now_ms = to_ms(self._time())
        horizon_ms = now_ms + AHEAD_MS
        async with self._database.begin() as session:
            if not meter.chain:
                meter.chain = await load_chain(session, facts.tenant_id)
                meter.balances = await find_balances(session, [level.tenant_id for level in meter.chain])
            legs = []
            for leg in _legs_until(facts, horizon_ms):
                prices = meter.prices.get(leg.leg_id)
                if prices is None:
                    prices = meter.prices[leg.leg_id] = await self._price(session, meter, leg)
                answered_ms = to_ms(leg.answered_at)
                end_ms = answered_ms + leg.duration_ms
                legs.append(TalkingLeg(prices, answered_ms, end_ms if end_ms < horizon_ms else None))
            return await extend(session, facts.call_id, legs, meter.balances, now_ms)

    async def _price(self, session: AsyncSession, meter: Meter, leg: BilledLeg) -> list[LevelPrice]:
        is_code = isinstance(meter.state.stage, ReadingCode)
        service = Service.VERIFICATION if is_code else Service(leg.direction.value)
        usage = make_usage(service, leg.caller, leg.number, to_moment(leg.answered_at))
        return await price_known(session, meter.chain, usage)


def _legs_until(facts: Facts, horizon_ms: int) -> list[BilledLeg]:
    """What would be billed if the call ended then."""
    at = horizon_ms / 1000
    ended = finish(facts, facts.tenant_id or 0, at, 16, EndedBy.SYSTEM, result_so_far(facts), None)
    return list_billed_legs(ended)
