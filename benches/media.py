"""CPU of recorded calls with media: ours beside a bare Asterisk dialplan, MixMonitor and Dial, in the same run.

Ours is the whole path: the carrier calls a DID, the queue finds an agent, the border records, the switch leaves the
media path. Counted is what the servers use while every call talks: Kamailio, rtpengine, Asterisk and controller, all
their idle work included; the peer is one process. Both ends of every call and the RTP come from processes that do not
count. The same number of calls, set up at the same pace, with the same media.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from benches.load.cpu import Usage, read_usage
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
from benches.load.peer import SIP_PORT, list_sounds, open_peer
from benches.load.rtp import RtpLoad
from benches.load.sip import Address, Endpoint, Leg
from benches.result import Result

AIM = 0.30
CALLS = 100
CALLS_PER_S = 8
SETTLE_S = 3.0
WINDOW_S = 15.0
WINDOWS = 3
LENGTH_TOLERANCE_MS = 200
ENCODE_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Measured:
    """Percent of a core over each window by process; packets over all windows; the talk times in seconds."""

    windows: list[dict[str, float]]
    sent: int
    lost: int
    silent: int
    talks: list[float]
    phones: list[Address | None]
    idle: dict[str, float]
    last: Usage

    def per_call(self, name: str) -> float:
        return statistics.fmean(window[name] for window in self.windows) / CALLS

    @property
    def loss(self) -> float:
        """Percent of the packets sent that did not arrive at the other end."""
        return 100 * self.lost / self.sent


def run() -> Result:
    with temporary_home() as home:
        return asyncio.run(_run(home))


async def _run(home: Path) -> Result:
    async with open_house() as house:
        agents = await hire(house, CALLS)
        server = (house.settings.address, house.settings.sip_port)
        pids = {name: pid for name, pid in house.server_pids().items() if name in (*SERVERS, "worker")}
        ours = await _measure(server, house.did, pids, lambda phones: house.ready(agents, phones))
        recordings, worker_s = await _wait_recordings(house, ours, pids["worker"])
        async with open_peer(house.settings, home / "peer", with_recording=True) as pid:
            peer = await _measure((PEER_HOST, SIP_PORT), house.did, {"peer": pid}, None)
        sounds = list_sounds(home / "peer")
        return _judge(house, ours, peer, recordings, worker_s, sounds)


async def _measure(
    server: Address, did: str, pids: dict[str, int], prepare: Callable[[Endpoint], Awaitable[None]] | None
) -> Measured:
    """Place the calls, let them settle, read the servers' CPU over the windows, end the calls."""
    async with RtpLoad() as rtp:
        carrier = rtp.open_endpoint((CARRIER_HOST, CARRIER_PORT), server)
        phones = rtp.open_endpoint((PHONE_HOST, PHONE_PORT), server)
        await carrier.open()
        await phones.open()
        try:
            if prepare is not None:
                await prepare(phones)
            pids = pids | {"rtp": rtp.pid}
            before = read_usage(pids)
            await asyncio.sleep(3.0)
            idle = read_usage(pids).since(before)
            legs = await _place_calls(carrier, did)
            await asyncio.sleep(SETTLE_S)
            start = await rtp.count()
            usages: list[Usage] = [read_usage(pids)]
            for _ in range(WINDOWS):
                await asyncio.sleep(WINDOW_S)
                usages.append(read_usage(pids))
            end = await rtp.count()
            alive = sum(leg.ended_at is None for leg in legs)
            if alive < CALLS or end.legs < 2 * CALLS:
                raise RuntimeError(f"only {alive} of {CALLS} calls lasted ({end.legs} legs with media)")
            media = [leg.media for leg in phones.legs.values()]
            await _end_calls(carrier, legs)
            await asyncio.sleep(1.0)
        finally:
            carrier.close()
            phones.close()
    windows = [after.since(earlier) for earlier, after in itertools.pairwise(usages)]
    talks = [leg.ended_at - leg.answered_at for leg in legs if leg.ended_at and leg.answered_at]
    return Measured(windows, end.sent - start.sent, end.lost, end.silent, talks, media, idle, usages[-1])


async def _place_calls(carrier: Endpoint, did: str) -> list[Leg]:
    """Raises CallFailed when one is not answered."""
    legs, began = [], time.monotonic()
    for number in range(CALLS):
        await asyncio.sleep(max(0.0, began + number / CALLS_PER_S - time.monotonic()))
        legs.append(carrier.invite(f"+861390000{number:04d}", did))
    waiting = [leg.answered for leg in legs if leg.answered is not None]
    await asyncio.wait_for(asyncio.gather(*waiting), 15)
    return legs


async def _end_calls(carrier: Endpoint, legs: list[Leg]) -> None:
    ends = []
    for leg in legs:
        ends.append(carrier.hang_up(leg))
        await asyncio.sleep(0.5 / CALLS_PER_S)
    await asyncio.wait_for(asyncio.gather(*ends), 15)


async def _wait_recordings(house: House, ours: Measured, worker: int) -> tuple[list[tuple[str, int]], float]:
    """State and error of length (ms) of every recording, and the worker's CPU seconds from the end of the last window
    until the last recording was ready.
    """
    deadline = time.monotonic() + ENCODE_TIMEOUT_S
    query = text("SELECT state, duration_ms, failure FROM recording ORDER BY duration_ms")
    while True:
        async with house.database.begin() as session:
            rows = (await session.execute(query)).all()
        is_done = len(rows) >= CALLS and all(row.state in ("ready", "failed") for row in rows)
        if is_done or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.5)
    used = read_usage({"worker": worker}).by_name["worker"] - ours.last.by_name["worker"]
    for row in rows:
        if row.state == "failed":
            print(f"a recording failed: {row.failure}", flush=True)
    ready = [row for row in rows if row.state == "ready"]
    lengths = [row.duration_ms for row in ready]
    errors = [round(length - talk * 1000) for length, talk in zip(lengths, sorted(ours.talks), strict=False)]
    return [("ready", error) for error in errors] + [("failed", 0)] * (len(rows) - len(ready)), used


def _judge(
    house: House,
    ours: Measured,
    peer: Measured,
    recordings: list[tuple[str, int]],
    worker_s: float,
    sounds: list[int],
) -> Result:
    settings = house.settings
    border = range(settings.border_rtp_min, settings.border_rtp_max + 1)
    direct = sum(media is not None and media[1] in border for media in ours.phones)
    ready = [error for state, error in recordings if state == "ready"]
    worst = max((abs(error) for error in ready), default=0)
    total = sum(ours.per_call(name) for name in SERVERS)
    shares = [sum(window[name] for name in SERVERS) / CALLS for window in ours.windows]
    peers = [window["peer"] / CALLS for window in peer.windows]
    idle = sum(ours.idle[name] for name in SERVERS)
    encode = 100 * worker_s / sum(ours.talks)
    talk_s = statistics.fmean(ours.talks)
    length_s = WINDOW_S * WINDOWS
    whole = [size for size in sounds if size > 16000 * (min(peer.talks) - 1)]
    notes = (
        f"{CALLS} calls at once on each side, G.711, 50 packets/s each way, {length_s:.0f} s of steady talk",
        "% of a core per call   " + "".join(f"{name:>11}" for name in SERVERS) + "        sum",
        "  ours, talking        " + "".join(f"{ours.per_call(name):11.4f}" for name in SERVERS) + f"{total:11.4f}",
        f"  peer, talking        {'MixMonitor (WAV) + Dial, direct_media=no':>44}{peer.per_call('peer'):11.4f}",
        f"  windows of {WINDOW_S:.0f} s: ours {_list(shares)}; peer {_list(peers)}",
        f"  idle servers, all calls together: ours {idle:.1f} % of a core, peer {peer.idle['peer']:.1f} %;"
        " it is contained above",
        f"  MP3 by the worker after the call, not contained: {encode:.4f} % of a core per call",
        f"ours: {direct} of {CALLS} phones exchange RTP with the border, past the switch",
        f"ours: {len(ready)} of {CALLS} recordings ready, talk {talk_s:.1f} s, worst error of length {worst} ms",
        f"peer: {len(whole)} of {CALLS} recordings whole",
        f"packets lost: ours {ours.lost} of {ours.sent} ({ours.loss:.3f} %, {ours.silent} silent legs),"
        f" peer {peer.lost} of {peer.sent} ({peer.loss:.3f} %, {peer.silent} silent legs)",
        f"not counted, % of a core: SIP and RTP of the load {_mean(ours, 'load', 'rtp'):.0f} beside ours,"
        f" {_mean(peer, 'load', 'rtp'):.0f} beside the peer; all others on the machine {_mean(ours, 'others'):.0f}"
        f" and {_mean(peer, 'others'):.0f}",
    )
    print("\n".join(notes), flush=True)
    if len(ready) < CALLS or worst > LENGTH_TOLERANCE_MS or len(whole) < CALLS or ours.silent or peer.silent:
        raise RuntimeError("not every call was recorded with all of its media: the figures do not count")
    details = {name: ours.per_call(name) for name in SERVERS}
    details |= {"encode": encode, "loss_percent": ours.loss, "peer_loss_percent": peer.loss, "calls": CALLS}
    unit = "% of a core per recorded call"
    return Result("media", total, peer.per_call("peer"), unit, AIM, more_is_better=False, notes=notes, details=details)


def _mean(measured: Measured, *names: str) -> float:
    """Percent of a core over all windows."""
    return statistics.fmean(sum(window[name] for name in names) for window in measured.windows)


def _list(values: list[float]) -> str:
    return ", ".join(f"{value:.3f}" for value in values)
