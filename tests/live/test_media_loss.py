"""rtpengine dies in the middle of a talk: sound and recording are back without anybody's doing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from live.gateway import TONE_HZ, Gateway
from live.house import AGENT_TONE_HZ, House
from ucc.softphone import tone_strength
from ucc.stack.tones import SAMPLE_RATE, count_tone_s, decode_mono

pytestmark = pytest.mark.live
BACK_WITHIN_S = 7.0


@pytest.mark.parametrize("codec", ["PCMA", "G729"])
async def test_sound_and_recording_come_back(house: House, tmp_path: Path, codec: str) -> None:
    phone = await house.phone()
    await house.sign_in("agent1")
    async with Gateway(house, codec, 5088) as gateway:
        caller = house.number("0")
        call = await gateway.call(house.demo.did, caller)
        await house.live_call(caller, "talking")
        await asyncio.sleep(2.5)
        before = house.stack.status()["rtpengine"]
        house.stack.kill("rtpengine")
        await asyncio.to_thread(house.stack.wait_restarted, "rtpengine", before)
        await asyncio.sleep(BACK_WITHIN_S)
        lost_at, heard = len(call.heard), decode_mono(phone.heard)
        await asyncio.sleep(3)
        assert len(call.heard) - lost_at > 80, "the carrier is sent RTP again"
        call.heard = call.heard[lost_at:]
        assert tone_strength(call.sound(codec), AGENT_TONE_HZ) > 0.5, "the carrier hears the agent again"
        assert tone_strength(decode_mono(phone.heard)[len(heard) :], TONE_HZ) > 0.5, "the agent hears the carrier again"
        assert not await house.is_switch_in_media_path(call.call_id)
        await gateway.hang_up(call)
        record = await house.recorded(caller)
    recording = record["recording"]
    assert recording["state"] == "ready", recording
    assert abs(recording["duration_ms"] - record["talk_ms"]) <= 200
    mp3 = tmp_path / "call.mp3"
    mp3.write_bytes(await house.operator.download(f"/recordings/{recording['id']}/audio"))
    samples = decode_mono(mp3)
    for part in (samples[: 2 * SAMPLE_RATE], samples[-2 * SAMPLE_RATE :]):
        assert count_tone_s(part, TONE_HZ) > 1.2, "before and after"
        assert count_tone_s(part, AGENT_TONE_HZ) > 1.2
    await house.exits.aclose()
    await house.settle_border()
