"""Post-dial delay that we add: ours beside a bare Asterisk dialplan, Dial alone, at half the highest set-up rate.

Out: from the INVITE of an agent's phone to the INVITE at the carrier; ours asks the phone for its password, finds
agent, rules, limits, credit and trunk, and counts the attempt. In: from the carrier's INVITE to the INVITE at an
agent's phone; ours finds the DID's flow, waits in the queue and is offered to an agent. The rate is half of what the
benchmark `setup` found last (docs/bench.md), the same for both.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benches.load.house import (
    CARRIER_HOST,
    CARRIER_PORT,
    PEER_HOST,
    PHONE_HOST,
    PHONE_PORT,
    Agents,
    House,
    hire,
    open_house,
    temporary_home,
)
from benches.load.peer import SIP_PORT, open_peer
from benches.load.sip import Address, Endpoint, Leg
from benches.result import PAGE, Result
from ucc.demo import derive_phone_password

AGENTS = 200
USUAL_RATE = 25
STEP_S = 20.0
TALK_S = 1.0
GIVE_UP_S = 5.0
_NUMBER = re.compile(r"sip:\+?(\d+)@")


@dataclass(slots=True)
class Side:
    """One system: `arrivals` are the moments at which a call with this number came to the far end."""

    name: str
    carrier: Endpoint
    phones: Endpoint
    arrivals: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delays:
    """Milliseconds, sorted; and what went wrong."""

    ms: list[float]
    failures: dict[str, int]
    calls: int

    def quantile(self, share: float) -> float:
        return self.ms[min(int(len(self.ms) * share), len(self.ms) - 1)]

    def __str__(self) -> str:
        failed = ", ".join(f"{count} x {what}" for what, count in self.failures.items()) or "none"
        return (
            f"p50 {self.quantile(0.5):.1f} ms, p90 {self.quantile(0.9):.1f} ms, p99 {self.quantile(0.99):.1f} ms of"
            f" {self.calls} calls, failures {failed}"
        )


def run() -> Result:
    with temporary_home() as home:
        return asyncio.run(_run(home))


async def _run(home: Path) -> Result:
    rate = _find_rate()
    async with open_house() as house:
        agents = await hire(house, AGENTS)
        server = (house.settings.address, house.settings.sip_port)
        ours = await _measure("ours", server, rate, house, agents, lambda phones: house.ready(agents, phones))
        async with open_peer(house.settings, home / "peer", with_recording=False):
            peer = await _measure("peer", (PEER_HOST, SIP_PORT), rate, house, agents, None)
    return _judge(rate, ours, peer)


def _find_rate() -> int:
    """Half of the set-ups a second that were held last."""
    found = re.search(r'^\{"name": "setup".*\}$', PAGE.read_text() if PAGE.exists() else "", re.MULTILINE)
    return max(round(float(json.loads(found[0])["ours"]) / 2), 1) if found else USUAL_RATE


async def _measure(
    name: str,
    server: Address,
    rate: int,
    house: House,
    agents: Agents,
    prepare: Callable[[Endpoint], Awaitable[None]] | None,
) -> dict[str, Delays]:
    """By direction. A house that knows its phones wants them to prove who they are."""
    arrivals: dict[str, float] = {}

    def note_inbound(leg: Leg) -> None:
        _note(arrivals, leg.remote)

    def note_outbound(leg: Leg) -> None:
        _note(arrivals, leg.local)

    carrier = Endpoint((CARRIER_HOST, CARRIER_PORT), server, on_call=note_outbound)
    phones = Endpoint((PHONE_HOST, PHONE_PORT), server, on_call=note_inbound)
    await carrier.open()
    await phones.open()
    try:
        if prepare is not None:
            await prepare(phones)
        side = Side(name, carrier, phones, arrivals)
        numbers = itertools.count(10_000_000)
        found = {"in": await _place(side, rate, lambda: _call_in(side, numbers, house.did))}
        await asyncio.sleep(3.0)
        callers = itertools.cycle(agents.extensions)
        domain = house.settings.sip_domain if prepare is not None else ""

        def call_out() -> tuple[Endpoint, Leg, str]:
            caller = next(callers)
            password = derive_phone_password(house.secrets, caller) if domain else ""
            callee = f"139{next(numbers):08d}"
            return phones, phones.invite(caller, callee, domain, password), callee

        return found | {"out": await _place(side, rate, call_out)}
    finally:
        carrier.close()
        phones.close()


def _note(arrivals: dict[str, float], header: str) -> None:
    if found := _NUMBER.search(header):
        arrivals[found[1][-11:]] = time.monotonic()


def _call_in(side: Side, numbers: Iterator[int], did: str) -> tuple[Endpoint, Leg, str]:
    caller = f"138{next(numbers):08d}"
    return side.carrier, side.carrier.invite(f"+86{caller}", did), caller


async def _place(side: Side, rate: int, call: Callable[[], tuple[Endpoint, Leg, str]]) -> Delays:
    count, began, tasks = round(rate * STEP_S), time.monotonic(), []
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        tasks.append(asyncio.create_task(_watch(side, *call())))
    results = await asyncio.gather(*tasks)
    failures: dict[str, int] = {}
    for result in results:
        if isinstance(result, str):
            failures[result] = failures.get(result, 0) + 1
    delays = Delays(sorted(x for x in results if isinstance(x, float)), failures, count)
    if not delays.ms:
        raise RuntimeError(f"{side.name}: no call came through: {failures}")
    print(f"{side.name} {delays}", flush=True)
    return delays


async def _watch(side: Side, endpoint: Endpoint, leg: Leg, number: str) -> float | str:
    """Milliseconds until the call came to the far end; what went wrong. The call is ended after a moment of talk."""
    assert leg.answered is not None
    done, _ = await asyncio.wait({leg.answered}, timeout=GIVE_UP_S)
    if not done:
        return f"no answer in {GIVE_UP_S:.0f} s"
    if error := leg.answered.exception():
        return str(error)
    await asyncio.sleep(TALK_S)
    arrived_at = side.arrivals.get(number)
    if leg.ended_at is None:
        await asyncio.wait({endpoint.hang_up(leg)}, timeout=GIVE_UP_S)
    return "never came to the far end" if arrived_at is None else 1000 * (arrived_at - leg.started_at)


def _judge(rate: int, ours: dict[str, Delays], peer: dict[str, Delays]) -> Result:
    notes = [f"{rate} set-ups a second for {STEP_S:.0f} s in each direction, answered at once, no RTP"]
    details: dict[str, float] = {"rate": float(rate)}
    for direction, words in (("out", "phone to carrier"), ("in", "carrier to agent's phone")):
        notes += [f"{words}: ours {ours[direction]}", f"{' ' * len(words)}  peer {peer[direction]}"]
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            added = ours[direction].quantile(share) - peer[direction].quantile(share)
            details[f"{direction}_added_{name}_ms"] = added
        details[f"{direction}_failures"] = float(sum(ours[direction].failures.values()))
    print("\n".join(notes), flush=True)
    return Result(
        "delay",
        ours["out"].quantile(0.5),
        peer["out"].quantile(0.5),
        "ms from phone to carrier (p50)",
        None,
        more_is_better=False,
        notes=tuple(notes),
        details=details,
    )
