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


@pytest.mark.parametrize(("first", "second"), [("G729", "G723"), ("PCMU", "G723"), ("G729", "PCMU"), ("G723", "PCMA")])
async def test_two_trunks_of_different_codecs_hear_each_other(
    house: House, tmp_path: Path, first: str, second: str
) -> None:
    """A call over the first trunk is transferred by the agent to an outside number over the second."""
    second_hz = 1250.0
    await house.phone()
    await house.sign_in("agent1")
    async with (
        Gateway(house, first, 5081) as carrier,
        Gateway(house, second, 5082, tone_hz=second_hz) as other,
    ):
        await other.take_outbound()
        caller = house.number("0")
        call = await carrier.call(house.demo.did, caller)
        await house.live_call(caller, "talking")
        await asyncio.sleep(1)
        target = {"kind": "number", "number": house.number("0")}
        await house.agents["agent1"].request("POST", "/agent/call/transfer", json={"target": target, "mode": "blind"})
        onward = await other.wait_call()
        await asyncio.sleep(1)
        call.heard.clear()
        await asyncio.sleep(TALK_S)
        await carrier.hang_up(call)
        async with asyncio.timeout(5):
            await onward.ended.wait()
        record = await house.recorded(caller)
    assert call.payload_types() == {PAYLOAD_TYPES[first]}
    assert onward.payload_types() == {PAYLOAD_TYPES[second]}
    assert tone_strength(call.sound(first), second_hz) > CLEAR
    assert tone_strength(onward.sound(second), TONE_HZ) > CLEAR
    recording = record["recording"]
    assert abs(recording["duration_ms"] - record["talk_ms"]) <= 200
    mp3 = tmp_path / "call.mp3"
    mp3.write_bytes(await house.operator.download(f"/recordings/{recording['id']}/audio"))
    samples = decode_mono(mp3)
    assert count_tone_s(samples, TONE_HZ) > TALK_S
    assert count_tone_s(samples, second_hz) > TALK_S * 0.8
