"""Kill -9 each process with calls in every phase: talk, ringing, waiting, dialling. Afterwards states, records,
recordings and money are true by themselves, whatever was killed."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from live.house import House, until
from ucc.emulator import PlacedCall
from ucc.stack.client import StackClient

pytestmark = pytest.mark.live
SERVICES = ("controller", "api", "worker", "postgres", "kamailio", "rtpengine", "asterisk")
SURVIVES = {"controller", "api", "worker", "postgres"}
"""Killing one of these ends no call and no sound."""


async def fill_every_phase(house: House) -> tuple[PlacedCall, PlacedCall, PlacedCall]:
    """A customer who talks, one for whom a phone rings, one who waits."""
    await house.phone("8001")
    await house.phone("8002", is_answering=False)
    await house.sign_in("agent1")
    talking = await house.call_in()
    await house.live_call(talking.caller, "talking")
    await house.sign_in("agent2")
    ringing = await house.call_in()
    await house.live_call(ringing.caller, "offering")
    waiting = await house.call_in()
    await house.live_call(waiting.caller, "queued")
    await asyncio.sleep(2.0)
    return talking, ringing, waiting


async def kill(stack: StackClient, service: str) -> None:
    before = stack.status()[service]
    stack.kill(service)
    await asyncio.to_thread(stack.wait_restarted, service, before)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_killed_process_loses_nothing(house: House, service: str) -> None:
    calls = await fill_every_phase(house)
    talking, ringing, waiting = calls

    await kill(house.stack, service)
    if service in SURVIVES:
        assert not any(x.has_ended for x in calls), f"{service} ended a call"
        await house.live_call(talking.caller, "talking")
        await house.agent_is("8001", "on_call")
    await asyncio.sleep(1.0)
    for call in reversed(calls):  # who waits goes first, or the agent who becomes free would answer
        with suppress(AssertionError):
            await house.hang_up(call)

    for call in calls:
        record = await house.record(call.caller, within_s=30)
        assert record["ended_at"] >= record["started_at"]
    record = await house.recorded(talking.caller, within_s=40)
    assert record["result"] == "answered"
    sets, postings, total = await house.postings(record["id"])
    assert (sets, postings, total) == (1, 6, 0), "billed once, at every level"
    assert record["recording"]["state"] == "ready" or record["recording"]["failure"] is not None
    if service in SURVIVES:
        assert record["recording"]["state"] == "ready"
    for call in (ringing, waiting):
        found = await house.record(call.caller)
        assert found["result"] in ("abandoned", "timed_out", "no_agents"), found["result"]

    async def nobody_is_busy() -> bool | None:
        agents = (await house.snapshot())["agents"]
        return True if all(x["call_id"] is None for x in agents) else None

    await until(nobody_is_busy, "every agent to be free", 20)
    if service in ("kamailio", "rtpengine"):
        await house.settle_border()
