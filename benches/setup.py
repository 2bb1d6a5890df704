"""The highest rate of set-ups without media: ours beside a bare Asterisk dialplan, Dial alone, in the same run.

Ours does all of its work for every call: DID, queue, agent, capture, direct media, record, money at three levels. It is
answered at once by the phone, talks for a moment without RTP, and is ended by the carrier. A rate is held when every
call of a step is answered and ended without a failure, 99 of 100 are answered within a second, and the step keeps its
pace. The rate grows until it is not held, then the gap is halved; a rate that fails once is tried once more.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text

from benches.load.cpu import read_usage
from benches.load.house import (
    CARRIER_HOST,
    CARRIER_PORT,
    PEER_HOST,
    PHONE_HOST,
    PHONE_PORT,
    SERVERS,
    House,
    hire,
    open_house,
    temporary_home,
)
from benches.load.peer import SIP_PORT, open_peer
from benches.load.sip import Address, CallFailed, Endpoint, Leg
from benches.result import Result

AGENTS = 240
TALK_S = 1.5
STEP_S = 6.0
REST_S, LONGEST_REST_S = 2.0, 8.0
SLOWEST_P99_S = 1.0
GIVE_UP_S = 5.0
GROWTH = 1.5
FINE = 1.1
OURS_FIRST, PEER_FIRST = 12, 60
BUDGET_S = 75.0
HIGHEST = 350
"""Calls a second; the border lets a source ask 400 times a second."""


@dataclass(frozen=True, slots=True)
class Step:
    """`rate` in calls a second, times in seconds; CPU in percent of a core by process."""

    rate: int
    calls: int
    failures: dict[str, int]
    p50_s: float
    p99_s: float
    cpu: dict[str, float]

    @property
    def is_held(self) -> bool:
        return not self.failures and self.p99_s < SLOWEST_P99_S

    def __str__(self) -> str:
        shares = ", ".join(f"{name} {share:.0f}" for name, share in self.cpu.items())
        failed = ", ".join(f"{count} x {what}" for what, count in self.failures.items()) or "none"
        return (
            f"{self.rate:4d}/s {'held' if self.is_held else 'NOT held'}: p50 {self.p50_s * 1000:.0f} ms,"
            f" p99 {self.p99_s * 1000:.0f} ms, failures {failed}; CPU % {shares}"
        )


@dataclass(slots=True)
class Side:
    """One system under load."""

    name: str
    carrier: Endpoint
    phones: Endpoint
    did: str
    pids: dict[str, int]
    steps: list[Step] = field(default_factory=list)
    answered: int = 0
    placed: int = 0
    callers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def best(self) -> int:
        return max((step.rate for step in self.steps if step.is_held), default=0)


def run() -> Result:
    with temporary_home() as home:
        return asyncio.run(_run(home))


async def _run(home: Path) -> Result:
    async with open_house() as house:
        agents = await hire(house, AGENTS)
        server = (house.settings.address, house.settings.sip_port)
        pids = {name: pid for name, pid in house.server_pids().items() if name in (*SERVERS, "postgres", "worker")}
        ours = await _climb("ours", OURS_FIRST, server, house.did, pids, lambda phones: house.ready(agents, phones))
        saved = await house.wait_saved(ours.answered)
        money = await _check_money(house)
        async with open_peer(house.settings, home / "peer", with_recording=False) as pid:
            peer = await _climb("peer", PEER_FIRST, (PEER_HOST, SIP_PORT), house.did, {"peer": pid}, None)
    return _judge(ours, peer, saved, money)


async def _climb(
    name: str,
    first: int,
    server: Address,
    did: str,
    pids: dict[str, int],
    prepare: Callable[[Endpoint], Awaitable[None]] | None,
) -> Side:
    carrier, phones = Endpoint((CARRIER_HOST, CARRIER_PORT), server), Endpoint((PHONE_HOST, PHONE_PORT), server)
    await carrier.open()
    await phones.open()
    try:
        if prepare is not None:
            await prepare(phones)
        side = Side(name, carrier, phones, did, pids)
        deadline = time.monotonic() + BUDGET_S
        held, broken, rate = 0, HIGHEST + 1, first
        while time.monotonic() < deadline:
            step = await _try_twice(side, rate, deadline)
            if step.is_held:
                held = rate
            else:
                broken = rate
            if held >= HIGHEST or (held and broken / held <= FINE) or broken <= 2:
                break
            if broken <= HIGHEST:
                rate = max((held + broken) // 2, 1) if held else max(rate // 2, 1)
            else:
                rate = min(math.ceil(rate * GROWTH), HIGHEST)
            if rate in (held, broken):
                break
        return side
    finally:
        carrier.close()
        phones.close()


async def _try_twice(side: Side, rate: int, deadline: float) -> Step:
    step = await _do_step(side, rate)
    if step.is_held or time.monotonic() > deadline:
        return step
    return await _do_step(side, rate)


async def _do_step(side: Side, rate: int) -> Step:
    calls = round(rate * STEP_S)
    before, began = read_usage(side.pids), time.monotonic()
    tasks = []
    for number in range(calls):
        due = began + number / rate
        if (wait := due - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(_place_call(side)))
    late_s = time.monotonic() - began - calls / rate
    cpu = read_usage(side.pids).since(before)
    results = await asyncio.gather(*tasks)
    failures: dict[str, int] = {}
    for result in results:
        if isinstance(result, str):
            failures[result] = failures.get(result, 0) + 1
    if late_s > 0.5:
        failures[f"load {late_s:.1f} s behind its pace"] = 1
    times = sorted(result for result in results if isinstance(result, float))
    p50, p99 = (times[len(times) // 2], times[int(len(times) * 0.99)]) if times else (math.inf, math.inf)
    side.placed += calls
    side.answered += len(times)
    step = Step(rate, calls, failures, p50, p99, cpu)
    side.steps.append(step)
    print(f"{side.name} {step}", flush=True)
    await _rest(side)
    return step


async def _place_call(side: Side) -> float | str:
    """Seconds from INVITE to answer, or what went wrong."""
    leg: Leg = side.carrier.invite(f"+86139{next(side.callers):08d}", side.did)
    assert leg.answered is not None
    done, _ = await asyncio.wait({leg.answered}, timeout=GIVE_UP_S)
    if not done:
        leg.answered.add_done_callback(lambda late: None if late.exception() else _end_late(side, leg))
        return f"no answer in {GIVE_UP_S:.0f} s"
    if error := leg.answered.exception():
        return str(error)
    assert leg.answered_at is not None
    await asyncio.sleep(TALK_S)
    if leg.ended_at is not None:
        return "ended by the server"
    try:
        await asyncio.wait_for(side.carrier.hang_up(leg), GIVE_UP_S)
    except TimeoutError:
        return "BYE without an answer"
    except CallFailed as error:
        return str(error)
    return leg.answered_at - leg.started_at


def _end_late(side: Side, leg: Leg) -> None:
    side.carrier.hang_up(leg).add_done_callback(lambda closed: closed.exception())


async def _rest(side: Side) -> None:
    """A moment; after a failure until the calls that nobody waits for any more have ended, so that the next step starts
    with an empty house.
    """
    await asyncio.sleep(REST_S)
    deadline = time.monotonic() + LONGEST_REST_S
    while side.phones.legs and time.monotonic() < deadline:  # noqa: ASYNC110  the legs end one by one
        await asyncio.sleep(0.1)
    side.carrier.legs.clear()
    side.phones.legs.clear()


async def _check_money(house: House) -> tuple[int, int]:
    """(Calls charged at three levels, sum of all postings of calls in millionths)."""
    query = text(
        "SELECT (SELECT count(*) FROM (SELECT call_id FROM call_charge GROUP BY call_id HAVING count(*) = 3) AS whole),"
        " (SELECT coalesce(sum(p.amount_micros), 0) FROM posting p JOIN posting_set s ON s.id = p.posting_set_id"
        " WHERE s.call_id IS NOT NULL)"
    )
    async with house.database.begin() as session:
        row = (await session.execute(query)).one()
    return int(row[0]), int(row[1])


def _judge(ours: Side, peer: Side, saved: int, money: tuple[int, int]) -> Result:
    notes = [
        f"answered at once by {AGENTS} phones, {TALK_S:.1f} s of talk without RTP, {STEP_S:.0f} s a step, at most"
        f" {BUDGET_S:.0f} s a side; held: no failure, p99 below {SLOWEST_P99_S:.0f} s",
    ]
    for side in (ours, peer):
        notes += [
            f"{side.name}: {side.best}/s held{' (no more was tried)' if side.best == HIGHEST else ''}",
            *(f"  {step}" for step in sorted(side.steps, key=_by_rate)),
        ]
    charged, total = money
    others = [step.cpu["others"] for side in (ours, peer) for step in side.steps]
    notes.append(f"others used {min(others):.0f} to {max(others):.0f} % of a core meanwhile: what they take, both lack")
    notes.append(
        f"ours: {ours.answered} calls answered and ended, {saved} records, {charged} charged at three levels,"
        f" postings sum to {total}"
    )
    notes.append(
        f"ours: {ours.carrier.reinvites + ours.phones.reinvites} re-INVITEs; unexpected: {ours.phones.unexpected[:3]}"
    )
    print("\n".join(notes), flush=True)
    if saved < ours.answered or charged < ours.answered or total != 0:
        raise RuntimeError("not every answered call has its record and its money: the figures do not count")
    details = {"calls": float(ours.placed), "records": float(saved)}
    for name, side in (("ours", ours), ("peer", peer)):
        best = next((step for step in side.steps if step.rate == side.best and step.is_held), None)
        if best is not None:
            details |= {f"{name}_p50_ms": best.p50_s * 1000, f"{name}_p99_ms": best.p99_s * 1000}
            servers = {part: share for part, share in best.cpu.items() if part not in ("load", "others")}
            details |= {f"{part}_ms_per_call": 10 * share / best.rate for part, share in servers.items()}
    return Result("setup", ours.best, peer.best, "calls per second", None, notes=tuple(notes), details=details)


def _by_rate(step: Step) -> int:
    return step.rate
