"""Recording policies on real calls: what each leaves on the disk, how long the file is, and what is in it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from live.gateway import TONE_HZ, Gateway
from live.house import AGENT_TONE_HZ, CARRIER_TONE_HZ, House
from ucc.stack.api_client import ApiClient, ApiRefused, log_in
from ucc.stack.tones import SAMPLE_RATE, Samples, count_tone_s, decode_mono, measure_share

pytestmark = pytest.mark.live
TOLERANCE_S = 0.5


@asynccontextmanager
async def policy(house: House, **body: Any) -> AsyncIterator[None]:
    """The enterprise's recording policy while the block lasts."""
    url = f"http://{house.settings.address}:{house.settings.api_port}"
    async with log_in(url, "enterprise", house.secrets.demo_password) as enterprise:
        made = await enterprise.request("PUT", "/recording-policies", json=body)
        try:
            yield
        finally:
            await enterprise.request("DELETE", f"/recording-policies/{made['id']}")


async def ask(agent: ApiClient, action: str) -> None:
    await agent.request("PUT", "/agent/call/recording", json={"action": action})


async def fetch(house: House, record: dict[str, Any], folder: Path) -> Samples:
    """The samples of the record's MP3."""
    recording = record["recording"]
    assert recording["state"] == "ready", recording
    mp3 = folder / "call.mp3"
    mp3.write_bytes(await house.operator.download(f"/recordings/{recording['id']}/audio"))
    samples = decode_mono(mp3)
    assert abs(len(samples) / SAMPLE_RATE - recording["duration_ms"] / 1000) < 0.01
    return samples


def part(samples: Samples, begin_s: float, end_s: float) -> Samples:
    return samples[round(begin_s * SAMPLE_RATE) : round(end_s * SAMPLE_RATE)]


def spooled(house: House) -> dict[Path, int]:
    """Every file below the folders of captures and recordings, with its size; temporary ones included."""
    folders = (house.settings.capture_dir, house.settings.recording_dir)
    found: dict[Path, int] = {}
    for path in (path for folder in folders for path in folder.rglob("*")):
        try:
            if path.is_file():
                found[path] = path.stat().st_size
        except FileNotFoundError:
            continue
    return found


async def test_forced_cannot_be_stopped(house: House, tmp_path: Path) -> None:
    async with policy(house, mode="forced"):
        await house.phone()
        await house.sign_in("agent1")
        call = await house.call_in()
        live = await house.live_call(call.caller, "talking")
        assert (live["recording"]["is_on"], live["recording"]["policy"]) == (True, "forced")
        with pytest.raises(ApiRefused, match="recording_forced"):
            await ask(house.agents["agent1"], "stop")
        await asyncio.sleep(3)
        await house.hang_up(call)
        record = await house.recorded(call.caller)
    assert abs(record["recording"]["duration_ms"] - record["talk_ms"]) <= 200
    samples = await fetch(house, record, tmp_path)
    assert count_tone_s(samples, AGENT_TONE_HZ) > 2
    assert count_tone_s(samples, CARRIER_TONE_HZ) > 2


async def test_forbidden_leaves_no_file_at_any_moment(house: House) -> None:
    """Not in the menu, nor while talking, on hold or transferred; watched every 30 ms until well after the end."""
    async with policy(house, mode="forbidden"):
        await house.phone()
        await house.phone("8002")
        await house.sign_in("agent1")
        before, seen, is_over = spooled(house), set[Path](), asyncio.Event()

        async def watch() -> None:
            while not is_over.is_set():
                now = await asyncio.to_thread(spooled, house)
                seen.update(path for path in now if path not in before)
                await asyncio.sleep(0.03)

        watching = asyncio.create_task(watch())
        call = await house.call_in()
        live = await house.live_call(call.caller, "talking")
        assert live["recording"]["is_on"] is False
        agent = house.agents["agent1"]
        with pytest.raises(ApiRefused, match="recording_forbidden"):
            await ask(agent, "start")
        await asyncio.sleep(1)
        await agent.request("POST", "/agent/call/hold", json={"is_held": True})
        await asyncio.sleep(0.5)
        await agent.request("POST", "/agent/call/hold", json={"is_held": False})
        await house.sign_in("agent2")
        target = {"kind": "agent", "agent_id": (await house.agent("8002"))["agent_id"]}
        await agent.request("POST", "/agent/call/transfer", json={"target": target, "mode": "blind"})
        await house.agent_is("8002", "on_call")
        await asyncio.sleep(1)
        await house.hang_up(call)
        record = await house.record(call.caller)
        await asyncio.sleep(2)
        is_over.set()
        await watching
    assert record["recording"] is None
    assert not seen


async def test_on_demand_keeps_what_was_asked_for_only(house: House, tmp_path: Path) -> None:
    async with policy(house, mode="on_demand"):
        await house.phone()
        await house.sign_in("agent1")
        call = await house.call_in()
        await house.live_call(call.caller, "talking")
        before = spooled(house)
        await asyncio.sleep(1)
        assert spooled(house).keys() == before.keys(), "nothing before it was asked for"
        agent, wanted_s = house.agents["agent1"], 0.0
        for seconds in (2.0, 1.5):
            await ask(agent, "start")
            begin = time.monotonic()
            await asyncio.sleep(seconds)
            await ask(agent, "stop")
            wanted_s += time.monotonic() - begin
            await asyncio.sleep(1.2)
        live = await house.live_call(call.caller, "talking")
        assert live["recording"]["is_on"] is False
        await house.hang_up(call)
        record = await house.recorded(call.caller)
    assert record["talk_ms"] > 6500
    assert abs(record["recording"]["duration_ms"] / 1000 - wanted_s) < TOLERANCE_S
    samples = await fetch(house, record, tmp_path)
    assert count_tone_s(samples, AGENT_TONE_HZ) > 0.8 * wanted_s
    assert count_tone_s(samples, CARRIER_TONE_HZ) > 0.8 * wanted_s


@pytest.mark.parametrize("starts_at", ["ringback", "answer"])
@pytest.mark.parametrize("is_early", [True, False])
async def test_it_starts_at_ring_back_or_at_answer(
    house: House, tmp_path: Path, starts_at: str, is_early: bool
) -> None:
    """The carrier rings for 3 s, with sound of its own or without; the agent hears that sound."""
    async with policy(house, starts_at=starts_at):
        phone = await house.phone()
        async with Gateway(house, "PCMA", 5086, rings_s=3.0, early_s=3.0 if is_early else 0.0) as gateway:
            await gateway.take_outbound()
            callee = house.number("0")
            await phone.dial(callee)
            call = await gateway.wait_call()
            if is_early:
                early = decode_mono(phone.heard)
                assert count_tone_s(early, TONE_HZ) > 1.5, "the agent heard the carrier's ring-back"
            await asyncio.sleep(2.5)
            await gateway.hang_up(call)
            record = await house.recorded(callee)
    assert call.ended_at is not None
    assert call.answered_at is not None
    talk_s = call.ended_at - call.answered_at
    wanted_s = talk_s + (3.0 if starts_at == "ringback" else 0.0)
    assert abs(record["recording"]["duration_ms"] / 1000 - wanted_s) < TOLERANCE_S
    samples = await fetch(house, record, tmp_path)
    customer_s = wanted_s if is_early else talk_s
    assert count_tone_s(samples, TONE_HZ) == pytest.approx(customer_s, abs=0.8)
    assert count_tone_s(samples, AGENT_TONE_HZ) > 0.8 * (talk_s - 0.5)


async def test_a_pause_is_silent_in_the_file_and_absent_from_the_disk(house: House, tmp_path: Path) -> None:
    async with policy(house, mode="forced"):
        await house.phone()
        await house.sign_in("agent1")
        call = await house.call_in()
        live = await house.live_call(call.caller, "talking")
        begin, agent = time.monotonic(), house.agents["agent1"]
        await asyncio.sleep(2)
        await ask(agent, "pause")
        paused_at = time.monotonic() - begin
        live = await house.live_call(call.caller, "talking")
        assert live["recording"] == live["recording"] | {"is_on": True, "is_paused": True}
        await asyncio.sleep(0.2)
        at_pause = spooled(house)
        await asyncio.sleep(2)
        assert spooled(house) == at_pause, "not a byte while it is paused"
        await ask(agent, "resume")
        resumed_at = time.monotonic() - begin
        await asyncio.sleep(2)
        await house.hang_up(call)
        record = await house.recorded(call.caller)
    assert abs(record["recording"]["duration_ms"] - record["talk_ms"]) <= 200
    samples = await fetch(house, record, tmp_path)
    # `begin` is some moments after the answer: the queue answers, then the agent does.
    offset = _moment(record["connected_at"]) - _moment(record["answered_at"])
    silent = part(samples, offset + paused_at + 0.5, offset + resumed_at - 0.5)
    assert len(silent) > SAMPLE_RATE
    assert float(np.abs(silent).max()) < 0.01
    for frequency in (AGENT_TONE_HZ, CARRIER_TONE_HZ):
        assert tone_in(part(samples, offset + 0.3, offset + paused_at - 0.3), frequency)
        assert tone_in(part(samples, offset + resumed_at + 0.3, offset + resumed_at + 1.5), frequency)


def _moment(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp()


def tone_in(samples: Samples, frequency_hz: float) -> bool:
    """Whether most of it holds the tone, beside another one as loud."""
    return count_tone_s(samples, frequency_hz) > 0.6 * len(samples) / SAMPLE_RATE


async def test_holds_and_transfers_are_in_the_one_recording(house: House, tmp_path: Path) -> None:
    """Agent 1 (1004 Hz), hold with music, agent 1 again, transfer to agent 2 (700 Hz): one file from answer to end."""
    second_hz = 700
    await house.phone()
    await house.phone("8002", tone_hz=second_hz)
    await house.sign_in("agent1")
    call = await house.call_in()
    await house.live_call(call.caller, "talking")
    agent = house.agents["agent1"]
    await asyncio.sleep(2)
    await agent.request("POST", "/agent/call/hold", json={"is_held": True})
    await house.live_call(call.caller, "held")
    await asyncio.sleep(2)
    await agent.request("POST", "/agent/call/hold", json={"is_held": False})
    await asyncio.sleep(1.5)
    await house.sign_in("agent2")
    target = {"kind": "agent", "agent_id": (await house.agent("8002"))["agent_id"]}
    await agent.request("POST", "/agent/call/transfer", json={"target": target, "mode": "blind"})
    await house.agent_is("8002", "on_call")
    await asyncio.sleep(2)
    await house.hang_up(call)
    record = await house.recorded(call.caller)
    assert abs(record["recording"]["duration_ms"] - record["talk_ms"]) <= 200
    samples = await fetch(house, record, tmp_path)
    total_s = len(samples) / SAMPLE_RATE
    assert count_tone_s(samples, CARRIER_TONE_HZ) > 0.85 * total_s, "the customer all the time"
    assert 2.5 <= count_tone_s(samples, AGENT_TONE_HZ) <= 4.75, "agent 1 before and after the hold"
    assert 1.25 <= count_tone_s(samples, second_hz) <= 3.0, "then agent 2"
    last = part(samples, total_s - 1.2, total_s - 0.2)
    assert measure_share(last, second_hz) > 0.2 > measure_share(last, AGENT_TONE_HZ)
    async with house.database.begin() as session:
        rows = await session.execute(text("SELECT count(*) FROM recording WHERE call_id = :id"), {"id": record["id"]})
        assert rows.scalar_one() == 1
