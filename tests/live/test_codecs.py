"""Sound on trunks of every codec: both ways, in and out, and in the recording."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from live.gateway import PAYLOAD_TYPES, TONE_HZ, Gateway
from live.house import AGENT_TONE_HZ, House
from ucc.softphone import tone_strength
from ucc.stack.tones import count_tone_s, decode_mono

pytestmark = pytest.mark.live
TALK_S = 4.0
CODECS = ("PCMA", "PCMU", "G729", "G723")
CLEAR = 0.5
"""Of the loud part, what must be the tone; a narrow codec adds its own noise."""


async def assert_recorded(house: House, record: dict[str, Any], folder: Path) -> None:
    recording = record["recording"]
    assert recording["state"] == "ready", recording
    assert abs(recording["duration_ms"] - record["talk_ms"]) <= 200
    mp3 = folder / "call.mp3"
    mp3.write_bytes(await house.operator.download(f"/recordings/{recording['id']}/audio"))
    samples = decode_mono(mp3)
    assert count_tone_s(samples, TONE_HZ) > TALK_S * 0.8, "the customer"
    assert count_tone_s(samples, AGENT_TONE_HZ) > TALK_S * 0.8, "the agent"


@pytest.mark.parametrize("codec", CODECS)
async def test_an_inbound_call_over_a_trunk_of_any_codec(house: House, tmp_path: Path, codec: str) -> None:
    phone = await house.phone()
    await house.sign_in("agent1")
    async with Gateway(house, codec, 5081) as gateway:
        caller = house.number("0")
        call = await gateway.call(house.demo.did, caller)
        await house.agent_is("8001", "on_call")
        await asyncio.sleep(TALK_S)
        sip_call_id = (await house.ng.list_calls())[0]
        assert not await house.is_switch_in_media_path(sip_call_id)
        await gateway.hang_up(call)
        record = await house.recorded(caller)
    assert call.payload_types() == {PAYLOAD_TYPES[codec]}, "only the codec that was agreed"
    assert tone_strength(call.sound(codec), AGENT_TONE_HZ) > CLEAR, "the carrier heard the agent"
    assert tone_strength(phone.heard, TONE_HZ) > CLEAR, "the agent heard the carrier"
    await assert_recorded(house, record, tmp_path)


@pytest.mark.parametrize("codec", CODECS)
async def test_an_outbound_call_over_a_trunk_of_any_codec(house: House, tmp_path: Path, codec: str) -> None:
    phone = await house.phone()
    async with Gateway(house, codec, 5082) as gateway:
        await gateway.take_outbound()
        callee = house.number("0")
        await phone.dial(callee)
        call = await gateway.wait_call()
        await house.agent_is("8001", "on_call")
        await asyncio.sleep(TALK_S)
        await phone.hang_up()
        record = await house.recorded(callee)
    assert call.payload_types() == {PAYLOAD_TYPES[codec]}
    assert tone_strength(call.sound(codec), AGENT_TONE_HZ) > CLEAR, "the carrier heard the agent"
    assert tone_strength(phone.heard, TONE_HZ) > CLEAR, "the agent heard the carrier"
    await assert_recorded(house, record, tmp_path)
