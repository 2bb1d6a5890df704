"""What bad input and broken parts get: a clear answer, and nothing lost."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from live.house import AGENT_TONE_HZ, CARRIER_TONE_HZ, House, until
from live.sip import Trunk, ask
from live.test_calls import assert_charged, assert_recorded
from ucc.softphone import tone_strength
from ucc.stack.tones import decode_mono

pytestmark = pytest.mark.live


async def test_an_unknown_did_is_404_and_counted(house: House) -> None:
    async def unknown() -> int:
        async with house.controller.get("/health") as reply:
            return int((await reply.json())["unknown_dids"])

    before = await unknown()
    call = await house.call_in("+861099990000")
    assert (call.is_answered, call.sip_status) == (False, 404)
    assert await unknown() == before + 1
    log = (house.settings.log_dir / "controller.log").read_text()
    assert "unknown DID  did=+861099990000" in log


async def test_nobody_signed_in_is_announced(house: House) -> None:
    call = await house.call_in()
    assert await call.wait_ended(30), "the announcement ends the call"

    record = await house.record(call.caller)
    assert (record["result"], record["ended_by"]) == ("no_agents", "system")
    heard = decode_mono(call.heard)
    assert float(abs(heard).max()) > 0.05, "the caller hears words, not silence"
    assert len(heard) / 8000 > 3


async def test_a_dead_phone_passes_the_caller_to_the_next_agent(house: House) -> None:
    dead = await house.phone("8001")
    alive = await house.phone("8002")
    await house.sign_in("agent1")
    await asyncio.sleep(0.2)
    await house.sign_in("agent2")
    await dead.kill()

    call = await house.call_in()
    await alive.wait_established(20)

    agent = await house.agent("8001")
    assert agent["state"] == "paused"
    assert agent["reason"] in ("phone_unreachable", "ring_timeout")
    await house.agent_is("8002", "on_call")
    await house.hang_up(call)
    record = await house.record(call.caller)
    assert record["result"] == "answered"
    assert len(record["legs"]) == 3


async def test_a_codec_that_nobody_has_is_488(house: House) -> None:
    async with Trunk(house, 5098) as trunk:
        assert await ask(trunk.invite(house.demo.did, "a=rtpmap:96 AMR-WB/16000", "96"), trunk) == 488


@pytest.mark.parametrize(
    ("codec", "offered", "chosen"),
    [("PCMA", "18 0 8", "8"), ("PCMA", "0 18", "0"), ("PCMU", "0", "0"), ("G729", "18", "18"), ("G723", "4", "4")],
)
async def test_a_trunk_gets_the_best_codec_of_both(house: House, codec: str, offered: str, chosen: str) -> None:
    """PCMA when it is offered: nothing to convert; else the trunk's first codec, converted at the border."""
    async with Trunk(house, 5095, codec) as trunk:
        assert (await trunk.offer(offered))[0] == chosen


async def test_strangers_hear_nothing_and_unknown_users_look_like_known_ones(house: House) -> None:
    stranger = Trunk(house, 5097)
    async with stranger.as_stranger():
        for text in (
            stranger.request("OPTIONS", house.settings.address),
            stranger.request("REGISTER", "somewhere.example"),
            stranger.invite(house.demo.did, "a=rtpmap:8 PCMA/8000", "8"),
        ):
            assert await ask(text, stranger, within_s=1.0) is None
        known = await stranger.ask_whole(stranger.request("REGISTER", house.settings.sip_domain, user="8001"))
        unknown = await stranger.ask_whole(stranger.request("REGISTER", house.settings.sip_domain, user="7999"))
    assert known is not None
    assert unknown is not None
    assert known.split("\r\n")[0] == unknown.split("\r\n")[0] == "SIP/2.0 401 Unauthorized"
    names = [sorted(x.partition(":")[0] for x in text.split("\r\n") if ":" in x) for text in (known, unknown)]
    assert names[0] == names[1]


async def test_a_source_that_floods_is_held_to_its_rate(house: House) -> None:
    sent = 4 * house.settings.border_rate_per_s
    async with Trunk(house, 5096) as trunk:
        for _ in range(sent):
            trunk.send(trunk.request("OPTIONS", house.settings.address))
        await asyncio.sleep(2.5)  # the rate is counted by the second; what is over it is never answered
        answered = trunk.answers.queue.qsize()
        assert 0 < answered <= 3 * house.settings.border_rate_per_s
        assert await ask(trunk.request("OPTIONS", house.settings.address), trunk) == 200
    log = (house.settings.log_dir / "kamailio.log").read_text(errors="replace")
    assert f"too many requests from {house.settings.emulator_address}" in log


async def test_without_rtpengine_new_calls_get_503_and_the_doctor_says_why(house: House) -> None:
    house.stack.stop("rtpengine")
    try:
        call = await house.call_in()
        assert (call.is_answered, call.sip_status) == (False, 503)
        doctor = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-m", "ucc.cli", "doctor"], capture_output=True, text=True, check=False
        )
        assert doctor.returncode == 1
        assert "rtpengine" in doctor.stdout
        assert "503" in doctor.stdout
    finally:
        house.stack.start("rtpengine")
        house.stack.wait_ready("rtpengine")
        await house.settle_border()
    phone = await house.phone()
    await house.sign_in("agent1")
    again = await house.call_in()
    await phone.wait_established()
    assert again.is_answered


async def test_a_controller_killed_in_a_call_adopts_it_and_bills_to_the_second(house: House, tmp_path: Path) -> None:
    phone = await house.phone()
    await house.sign_in("agent1")
    call = await house.call_in()
    await house.live_call(call.caller, "talking")
    await asyncio.sleep(2)

    house.stack.kill("controller", signal.SIGKILL)
    began = time.monotonic()
    await house.live_call(call.caller, "talking", within_s=8)
    await house.agent_is("8001", "on_call")
    assert time.monotonic() - began < 7, "back and adopted within 5 s of the restart"
    assert phone.call is not None
    assert phone.call.is_open
    await asyncio.sleep(2)
    await house.hang_up(call)

    record = await house.recorded(call.caller)
    assert call.answered_at is not None
    assert call.ended_at is not None
    lasted_ms = (call.ended_at - call.answered_at).total_seconds() * 1000
    assert abs(record["talk_ms"] - lasted_ms) < 300
    await assert_recorded(house, record, tmp_path, 3.0)
    await assert_charged(house, record)


async def test_a_call_that_ends_while_the_controller_is_dead_is_billed_to_its_real_end(house: House) -> None:
    await house.phone()
    await house.sign_in("agent1")
    call = await house.call_in()
    await house.live_call(call.caller, "talking")
    await asyncio.sleep(1)
    house.stack.stop("controller")
    try:
        await asyncio.sleep(0.5)
        await house.hang_up(call)
        await asyncio.sleep(3)
    finally:
        house.stack.start("controller")
    house.stack.wait_ready("controller")

    record = await house.recorded(call.caller)
    assert call.answered_at is not None
    assert call.ended_at is not None
    lasted_ms = (call.ended_at - call.answered_at).total_seconds() * 1000
    assert abs(record["talk_ms"] - lasted_ms) < 300
    assert record["recording"]["state"] == "ready"
    await assert_charged(house, record)


async def test_a_database_that_is_away_loses_nothing(house: House, tmp_path: Path) -> None:
    await house.phone()
    await house.sign_in("agent1")
    call = await house.call_in()
    await house.live_call(call.caller, "talking")
    house.stack.stop("postgres")
    try:
        await asyncio.sleep(25)
        assert not call.has_ended, "the talk goes on"
        assert tone_strength(call.heard, AGENT_TONE_HZ) > 0.5
        await house.hang_up(call)
        await asyncio.sleep(1)
    finally:
        house.stack.start("postgres")
    house.stack.wait_ready("postgres")

    async def record() -> object:
        return await house.recorded(call.caller, within_s=30)

    await until(record, "the record after the database is back", 30)
    found = await house.recorded(call.caller)
    assert found["talk_ms"] > 25_000
    assert (found["charges"][0]["billed_s"], await house.postings(found["id"])) == (60, (1, 6, 0))
    await assert_recorded(house, found, tmp_path, 20.0)


async def test_a_full_disk_fails_the_recording_with_its_reason_and_not_the_call(house: House) -> None:
    """The disk is full for rtpengine: its capture folder becomes a tiny file system of its own for this test."""
    if os.geteuid() != 0:
        pytest.fail("needs root, as UCC does")
    settings = house.settings
    house.stack.stop("rtpengine")
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0777", "tmpfs", str(settings.capture_dir)]
    subprocess.run(mount, check=True)
    try:
        house.stack.start("rtpengine")
        house.stack.wait_ready("rtpengine")
        assert shutil.disk_usage(settings.capture_dir).free < 2 << 20
        await house.settle_border()
        phone = await house.phone()
        await house.sign_in("agent1")
        call = await house.call_in()
        await phone.wait_established()
        await asyncio.sleep(2)
        await house.hang_up(call)
        record = await house.recorded(call.caller)
        assert (record["recording"]["state"], record["recording"]["failure"]) == ("failed", "disk_full")
        assert record["result"] == "answered"
        assert tone_strength(phone.heard, CARRIER_TONE_HZ) > 0.5
        await assert_charged(house, record)
    finally:
        house.stack.stop("rtpengine")
        subprocess.run(["umount", str(settings.capture_dir)], check=True)
        house.stack.start("rtpengine")
        house.stack.wait_ready("rtpengine")
        await house.settle_border()
