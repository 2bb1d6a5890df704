"""Real calls: a carrier, a desk phone, tones both ways, a recording, three levels of money."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from live.house import AGENT_TONE_HZ, CARRIER_TONE_HZ, House
from ucc.emulator import list_heard
from ucc.softphone import tone_strength
from ucc.stack.tones import count_tone_s, decode_mono

pytestmark = pytest.mark.live
TALK_S = 4.0


async def assert_recorded(house: House, record: dict[str, Any], folder: Path, talk_s: float) -> None:
    """The MP3 is as long as the talk, and both parties are in it."""
    recording = record["recording"]
    assert recording["state"] == "ready", recording
    assert abs(recording["duration_ms"] - record["talk_ms"]) <= 200
    mp3 = folder / "call.mp3"
    mp3.write_bytes(await house.operator.download(f"/recordings/{recording['id']}/audio"))
    assert mp3.stat().st_size == recording["bytes"]
    samples = decode_mono(mp3)
    assert count_tone_s(samples, CARRIER_TONE_HZ) > talk_s * 0.8
    assert count_tone_s(samples, AGENT_TONE_HZ) > talk_s * 0.8


async def assert_charged(house: House, record: dict[str, Any]) -> None:
    """Three levels paid: the enterprise 60 s, the reseller 6 s steps, the operator its carrier; all sums zero."""
    amounts = {x["tenant_name"]: x["amount_micros"] for x in record["charges"]}
    assert amounts == {"企业一": 100_000, "代理商一": 10_000 * -(-record["talk_ms"] // 6000), "运营商": 30_000}
    assert await house.postings(record["id"]) == (1, 6, 0)


@pytest.mark.parametrize("by", ["customer", "agent"])
async def test_an_inbound_call_is_answered_recorded_and_charged(house: House, tmp_path: Path, by: str) -> None:
    phone = await house.phone()
    await house.sign_in("agent1")
    call = await house.call_in()
    live = await house.live_call(call.caller, "talking")
    await house.agent_is("8001", "on_call")
    await asyncio.sleep(TALK_S)
    sip_call_id = (await house.ng.list_calls())[0]
    assert not await house.is_switch_in_media_path(sip_call_id), "two parties talk without the switch between them"

    if by == "customer":
        await house.hang_up(call)
    else:
        await phone.hang_up()
    record = await house.recorded(call.caller)

    assert (record["result"], record["ended_by"], record["cause"]) == ("answered", by, 16)
    assert record["id"] == live["call_id"]
    assert {x["party"] for x in record["legs"]} == {"customer", "agent"}
    assert tone_strength(call.heard, AGENT_TONE_HZ) > 0.5, "the customer heard the agent"
    assert tone_strength(phone.heard, CARRIER_TONE_HZ) > 0.5, "the agent heard the customer"
    await assert_recorded(house, record, tmp_path, TALK_S)
    await assert_charged(house, record)


async def test_an_outbound_call_from_the_phone(house: House, tmp_path: Path) -> None:
    phone = await house.phone()
    callee = house.number("0")
    await phone.dial(callee)
    await phone.wait_established()
    await house.agent_is("8001", "on_call")
    await asyncio.sleep(TALK_S)
    sip_call_ids = await house.ng.list_calls()
    assert not any([await house.is_switch_in_media_path(x) for x in sip_call_ids])

    await phone.hang_up()
    record = await house.recorded(callee)

    assert (record["direction"], record["result"], record["ended_by"]) == ("outbound", "answered", "agent")
    assert record["caller"] == house.demo.did
    heard = list_heard(house.settings, callee=callee)[-1].path
    assert tone_strength(heard, AGENT_TONE_HZ) > 0.5
    assert tone_strength(phone.heard, CARRIER_TONE_HZ) > 0.5
    await assert_recorded(house, record, tmp_path, TALK_S)
    await assert_charged(house, record)


async def test_a_click_rings_the_agents_phone_then_the_customer(house: House) -> None:
    phone = await house.phone(is_answering=False)
    callee = house.number("1")
    placed = await house.agents["agent1"].request("POST", "/agent/calls", json={"callee": callee})
    await phone.wait_established()
    await house.live_call(callee, "talking")
    await asyncio.sleep(1)
    await house.agents["agent1"].request("POST", f"/calls/{placed['call_id']}/hang-up")

    record = await house.record(callee)
    assert (record["id"], record["result"]) == (placed["call_id"], "answered")


@pytest.mark.parametrize(
    ("last_digit", "result", "cause"),
    [("2", "busy", 17), ("5", "rejected", 21), ("6", "line_fault", None), ("7", "invalid", 1)],
)
async def test_why_nobody_answered_reaches_the_agent_and_the_record(
    house: House, last_digit: str, result: str, cause: int | None
) -> None:
    phone = await house.phone()
    callee = house.number(last_digit)
    await phone.dial(callee)
    await phone.wait_closed()

    record = await house.record(callee)
    assert record["result"] == result
    assert cause is None or record["cause"] == cause
    assert (record["talk_ms"], record["recording"], record["charges"]) == (0, None, [])


async def test_an_agent_gives_up_while_it_rings(house: House) -> None:
    phone = await house.phone()
    callee = house.number("3")
    await phone.dial(callee)
    await house.live_call(callee, "dialing")
    await asyncio.sleep(1)
    await phone.hang_up()

    record = await house.record(callee)
    assert (record["result"], record["ended_by"]) == ("cancelled", "agent")


async def test_a_number_that_is_none_is_refused_with_a_code(house: House) -> None:
    phone = await house.phone()
    await phone.dial("12")
    closed = await phone.wait_closed()

    assert closed.startswith("404"), closed
    items = (await house.operator.get("/calls", number="12", limit=1))["items"]
    assert items[0]["refusal"] == "invalid_number"
