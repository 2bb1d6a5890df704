"""The most recorded calls with media that this machine holds, load generator included: ours beside MixMonitor and Dial.

Calls are added step by step and stay. A step holds when no set-up failed, no call was lost, every leg is heard, every
recording grows and at most 0.01 % of all packets are lost in its window; a window that is not clean is measured once
more. After the last step every call is ended and must have its recording: ours as MP3, the peer's as WAV. Overload
breaks the peer's recordings of all calls: what it held is shown once more on a fresh one that is not overloaded.
Then ours again with the MP3 workers busy all the while: each second they get as much recorded sound as the calls speak.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
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
    Agents,
    House,
    hire,
    open_house,
    temporary_home,
)
from benches.load.peer import SIP_PORT, list_sounds, open_peer
from benches.load.rtp import RtpLoad
from benches.load.sip import Address, Endpoint, Leg
from benches.result import Result
from ucc.db.jobs import defer_job

AIM = 2.5
AIM_CALLS = 1000
OURS_STEPS = range(700, 1501, 100)
PEER_STEPS = range(150, 1501, 50)
CALLS_PER_S = 12
SETTLE_S = 3.0
WINDOW_S = 10.0
MOST_LOSS = 0.0001
GIVE_UP_S = 10.0
CAPTURED_BYTES = 16 + 28 + 12 + 160
"""Of one packet in a capture: pcap's header, IP and UDP, RTP, 20 ms of A-law."""
PACKETS_PER_S = 100
LEAST_SENT = 0.99
"""A full machine holds up the load as well: what is not sent is not lost, and not held either."""
LEAST_CAPTURED = 0.995
LEAST_GROWTH = 0.75
"""Files grow by blocks; those of Asterisk by 2 s of sound."""
ENCODE_TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class Step:
    """CPU in percent of a core by process. `due`: packets that the calls had to send. `stalled` recordings grew by less
    than their calls spoke; `encoded_s`: seconds of recordings that became MP3 in each second.
    """

    calls: int
    due: int
    sent: int
    lost: int
    silent: int
    stalled: int
    alive: int
    failures: dict[str, int]
    cpu: dict[str, float]
    encoded_s: float = 0.0

    @property
    def loss(self) -> float:
        return self.lost / self.sent if self.sent else 1.0

    @property
    def is_held(self) -> bool:
        is_whole = self.alive == self.calls and not self.silent and not self.stalled
        is_whole = is_whole and self.sent >= LEAST_SENT * self.due
        return is_whole and not self.failures and self.loss <= MOST_LOSS

    def __str__(self) -> str:
        shares = ", ".join(f"{name} {share:.0f}" for name, share in self.cpu.items())
        failed = ", ".join(f"{count} x {what}" for what, count in self.failures.items()) or "none"
        encoded = f", {self.encoded_s:.0f} s of MP3 a second" if self.encoded_s else ""
        return (
            f"{self.calls:5d} calls {'held' if self.is_held else 'NOT held'}: {100 * self.sent / self.due:.1f} % of all"
            f" packets sent, {100 * self.loss:.4f} % of {self.sent} lost, {self.silent} silent legs, {self.stalled}"
            f" recordings with gaps, {self.calls - self.alive} calls gone, failed set-ups {failed}{encoded};"
            f" CPU % {shares}"
        )


@dataclass(slots=True)
class Side:
    """One system under load, and its climb."""

    name: str
    carrier: Endpoint
    phones: Endpoint
    rtp: RtpLoad
    did: str
    pids: dict[str, int]
    list_sizes: Callable[[], list[int]]
    """Bytes of every recording of a live call, in any order that stays."""
    bytes_per_s: int
    legs: list[Leg] = field(default_factory=list)
    failures: dict[str, int] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    talks: dict[str, float] = field(default_factory=dict)
    count_encoded: Callable[[], Awaitable[float]] | None = None

    @property
    def best(self) -> int:
        return max((step.calls for step in self.steps if step.is_held), default=0)


@dataclass(frozen=True, slots=True)
class Climb:
    """How far a side came, and how many of its recordings were whole."""

    name: str
    steps: list[Step]
    best: int
    recordings: int
    whole: int
    calls: int


def run() -> Result:
    with temporary_home() as home:
        return asyncio.run(_run(home))


async def _run(home: Path) -> Result:
    async with open_house() as house:
        agents = await hire(house, OURS_STEPS[-1])
        plain = await _climb_ours(house, agents, home, is_encoding=False)
        encoding = await _climb_ours(house, agents, home, is_encoding=True)
        peer = await _climb_peer(house, home)
    return _judge(plain, encoding, peer)


# --- the three climbs -------------------------------------------------------------------------------------------------


async def _climb_ours(house: House, agents: Agents, home: Path, *, is_encoding: bool) -> Climb:
    """Without workers the captures stay until they are measured, and are the next climb's work for the workers."""
    stock = home / "stock"
    if not is_encoding:
        house.stack.stop("worker")
    server = (house.settings.address, house.settings.sip_port)
    names = (*SERVERS, "postgres", *(["worker"] if is_encoding else []))
    pids = {name: pid for name, pid in house.server_pids().items() if name in names}
    name = "ours with MP3 workers" if is_encoding else "ours"
    folder = house.settings.capture_dir / "pcaps"
    before = {path.name for path in folder.iterdir()}

    def list_sizes() -> list[int]:
        sizes = ((path.name, path.stat().st_size) for path in folder.iterdir() if path.name not in before)
        return [size for name, size in sorted(sizes) if name.rpartition("-")[0] in side.carrier.legs]

    speed = CAPTURED_BYTES * PACKETS_PER_S
    async with _open_side(name, server, house.did, pids, list_sizes, speed) as side:
        await house.ready(agents, side.phones)
        async with _feeding(house, side, stock) if is_encoding else contextlib.nullcontext():
            await _climb(side, OURS_STEPS)
        best, steps = side.best, side.steps
    if is_encoding:
        ready, rows = await _wait_encoded(house, len(side.talks))
        return Climb(name, steps, best, rows, ready, len(side.talks))
    whole = _count_whole(folder, side.talks)
    stock.mkdir()
    for path in folder.iterdir():
        os.link(path, stock / path.name)
    house.stack.start("worker")
    await asyncio.to_thread(house.stack.wait_ready, "worker")
    ready, rows = await _wait_encoded(house, len(side.talks))
    return Climb(name, steps, best, rows, min(whole, ready), len(side.talks))


async def _climb_peer(house: House, home: Path) -> Climb:
    climb = await _load_peer(house, home / "peer", PEER_STEPS)
    for calls in range(climb.best, 0, -PEER_STEPS.step):
        proof = await _load_peer(house, home / f"peer-{calls}", range(calls, calls + 1))
        if proof.best == calls <= proof.whole:
            return replace(proof, steps=[*climb.steps, *proof.steps])
    raise RuntimeError("the peer held nothing with whole recordings")


async def _load_peer(house: House, folder: Path, steps: range) -> Climb:
    def list_sizes() -> list[int]:
        return list_sounds(folder)

    async with open_peer(house.settings, folder, with_recording=True) as pid:
        server = (PEER_HOST, SIP_PORT)
        async with _open_side("peer", server, house.did, {"peer": pid}, list_sizes, 16000) as side:
            await _climb(side, steps)
        sounds = sorted(list_sounds(folder))
    talks = sorted(side.talks.values())
    whole = sum(size >= 16000 * (talk - 1) for size, talk in zip(sounds, talks, strict=False))
    return Climb("peer", side.steps, side.best, len(sounds), whole, len(talks))


@asynccontextmanager
async def _open_side(
    name: str, server: Address, did: str, pids: dict[str, int], list_sizes: Callable[[], list[int]], bytes_per_s: int
) -> AsyncIterator[Side]:
    """Ends every call of the side at last, also when it failed."""
    async with RtpLoad() as rtp:
        carrier = rtp.open_endpoint((CARRIER_HOST, CARRIER_PORT), server)
        phones = rtp.open_endpoint((PHONE_HOST, PHONE_PORT), server)
        await carrier.open()
        await phones.open()
        side = Side(name, carrier, phones, rtp, did, pids | {"rtp": rtp.pid}, list_sizes, bytes_per_s)
        try:
            yield side
        finally:
            await _end_calls(side)
            carrier.close()
            phones.close()


async def _climb(side: Side, steps: range) -> None:
    for target in steps:
        await _add_calls(side, target - len(side.legs))
        await asyncio.sleep(SETTLE_S)
        step = await _measure(side, target)
        if not step.is_held and not step.failures:
            step = await _measure(side, target)
        side.steps.append(step)
        print(f"{side.name} {step}", flush=True)
        if not step.is_held:
            return


async def _add_calls(side: Side, count: int) -> None:
    began, waiting = time.monotonic(), []
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / CALLS_PER_S - time.monotonic()))
        leg = side.carrier.invite(f"+86139{len(side.legs):08d}", side.did)
        assert leg.answered is not None
        side.legs.append(leg)
        waiting.append(leg.answered)
    done, pending = await asyncio.wait(waiting, timeout=GIVE_UP_S)
    for failed in [str(error) for one in done if (error := one.exception())] + ["no answer"] * len(pending):
        side.failures[failed] = side.failures.get(failed, 0) + 1
    # An agent's phone may still ring when the carrier has its answer: the queue answers first.
    deadline = time.monotonic() + GIVE_UP_S
    while len(side.phones.legs) < len(side.legs) and time.monotonic() < deadline:  # noqa: ASYNC110  they come one by one
        await asyncio.sleep(0.1)
    if (missing := len(side.legs) - len(side.phones.legs)) > 0:
        side.failures["no agent in 10 s"] = missing


async def _measure(side: Side, calls: int) -> Step:
    start, before, began = await side.rtp.count(), read_usage(side.pids), time.monotonic()
    encoded = await side.count_encoded() if side.count_encoded else 0.0
    sizes = await asyncio.to_thread(side.list_sizes)
    await asyncio.sleep(WINDOW_S)
    end, after, length_s = await side.rtp.count(), read_usage(side.pids), time.monotonic() - began
    grown = zip(sizes, await asyncio.to_thread(side.list_sizes), strict=False)
    whole = sum(then - now >= LEAST_GROWTH * WINDOW_S * side.bytes_per_s for now, then in grown)
    encoded = (await side.count_encoded() - encoded) / WINDOW_S if side.count_encoded else 0.0
    alive = sum(leg.ended_at is None for leg in side.legs)
    sent = end.sent - start.sent
    failures, cpu = dict(side.failures), after.since(before)
    return Step(
        calls,
        round(calls * PACKETS_PER_S * length_s),
        sent,
        end.lost,
        end.silent,
        max(0, calls - whole),
        alive,
        failures,
        cpu,
        encoded,
    )


async def _end_calls(side: Side) -> None:
    """Notes how long each call talked."""
    ends = []
    for leg in side.legs:
        if leg.answered_at is not None and leg.ended_at is None:
            ends.append(side.carrier.hang_up(leg))
            side.talks[leg.call_id] = (leg.ended_at or time.monotonic()) - leg.answered_at
            await asyncio.sleep(0.6 / CALLS_PER_S)
    if ends:
        await asyncio.wait(ends, timeout=GIVE_UP_S)
    for end in ends:
        if end.done() and (error := end.exception()):
            print(f"{side.name}: {error}", flush=True)
    await asyncio.sleep(2.0)


# --- recordings -------------------------------------------------------------------------------------------------------


def _count_whole(folder: Path, talks: dict[str, float]) -> int:
    """Captures that hold both directions of their talk to 0.5 %, overload included; without the first half second."""
    sizes = {path.name.rpartition("-")[0]: path.stat().st_size for path in folder.glob("*.pcap")}
    whole = 0
    for call_id, talk in talks.items():
        expected = (talk - 0.5) * PACKETS_PER_S * LEAST_CAPTURED
        whole += sizes.get(call_id, 0) / CAPTURED_BYTES >= expected
    return whole


async def _wait_encoded(house: House, calls: int) -> tuple[int, int]:
    """(Recordings ready, all recordings), when all are done or the time is over."""
    deadline = time.monotonic() + ENCODE_TIMEOUT_S
    query = text(
        "SELECT count(*) FILTER (WHERE state = 'ready'), count(*) FILTER (WHERE state IN ('ready', 'failed')), count(*)"
        " FROM recording"
    )
    while True:
        async with house.database.begin() as session:
            ready, done, rows = (await session.execute(query)).one()
        if (done == rows and rows >= calls) or time.monotonic() > deadline:
            return int(ready), int(rows)
        await asyncio.sleep(1.0)


@asynccontextmanager
async def _feeding(house: House, side: Side, stock: Path) -> AsyncIterator[None]:
    """Each second the workers get recordings as long, together, as the calls there are speak in a second: what a house
    would record whose calls end as fast as new ones begin.
    """
    captures = {path.name.rpartition("-")[0]: path for path in stock.iterdir()}
    async with house.database.begin() as session:
        rows = (
            await session.execute(text("SELECT id, sip_call_id, duration_ms FROM recording WHERE state = 'ready'"))
        ).all()
    fed = 0.0

    async def feed() -> None:
        nonlocal fed
        due, at = 0.0, 0
        while True:
            await asyncio.sleep(1.0)
            due += len(side.legs)
            while fed < due:
                row = rows[at % len(rows)]
                at += 1
                fed += row.duration_ms / 1000
                await asyncio.to_thread(_put_back, house, captures[row.sip_call_id])
                async with house.database.begin() as session:
                    again = text("UPDATE recording SET state = 'spooled', updated_at = now() WHERE id = :id")
                    await session.execute(again, {"id": row.id})
                    arguments: dict[str, str | int] = {"recording_id": str(row.id)}
                    await defer_job(session, queue="recording", task="encode_recording", args=arguments)

    async def count() -> float:
        """Seconds of recordings encoded so far: those fed without those that wait."""
        query = text("SELECT coalesce(sum(duration_ms), 0) FROM recording WHERE state IN ('spooled', 'encoding')")
        async with house.database.begin() as session:
            waiting = (await session.execute(query)).scalar_one()
        return fed - float(waiting) / 1000

    side.count_encoded = count
    task = asyncio.create_task(feed())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _put_back(house: House, capture: Path) -> None:
    folder = house.settings.capture_dir
    with contextlib.suppress(FileExistsError):
        os.link(capture, folder / "pcaps" / capture.name)
    (folder / "metadata" / f"rtpengine-meta-{capture.stem}.txt").touch()


# --- the verdict ------------------------------------------------------------------------------------------------------


def _judge(plain: Climb, encoding: Climb, peer: Climb) -> Result:
    notes = [
        f"G.711, 50 packets/s each way, {CALLS_PER_S} set-ups/s, windows of {WINDOW_S:.0f} s; held: no failed set-up,"
        f" every leg heard, at most {100 * MOST_LOSS:.2f} % of packets lost",
    ]
    for climb in (plain, encoding, peer):
        notes.append(
            f"{climb.name}: {climb.best} calls held; {climb.calls} calls, overload included, left {climb.recordings}"
            f" recordings{' with those of before' if climb is encoding else ''}, {climb.whole} of them whole"
        )
        notes += [f"  {step}" for step in climb.steps]
    rates = [step.encoded_s / step.calls for step in encoding.steps if step.is_held]
    if rates:
        notes.append(f"MP3 workers kept up with {100 * statistics.fmean(rates):.0f} % of what the calls spoke")
    print("\n".join(notes), flush=True)
    for climb in (plain, encoding, peer):
        if climb.whole < climb.best:
            raise RuntimeError(
                f"{climb.name}: fewer whole recordings than calls that were held: the figures do not count"
            )
    details = {
        "aim_calls": float(AIM_CALLS),
        "with_mp3_workers": float(encoding.best),
        "with_mp3_workers_ratio": encoding.best / peer.best if peer.best else 0.0,
        "mp3_kept_up": statistics.fmean(rates) if rates else 0.0,
    }
    return Result("capacity", plain.best, peer.best, "recorded calls", AIM, notes=tuple(notes), details=details)
