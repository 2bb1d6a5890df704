"""长签 on real phones: answered once, borrowed by every call with a beep and without ringing, lost within a second."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest

from live.house import AGENT_TONE_HZ, CARRIER_TONE_HZ, House, until
from ucc.emulator import list_heard
from ucc.softphone import SoftPhone
from ucc.stack.tones import Samples, count_tone_s, decode_mono

pytestmark = pytest.mark.live
BEEP_HZ = 1000


async def put_line_up(house: House, agent: str = "agent1", number: str = "8001") -> SoftPhone:
    """A ready agent whose phone has answered its line."""
    phone = await house.phone(number)
    await house.sign_in(agent)
    await house.agents[agent].request("PUT", "/agent/line", json={"is_up": True})
    await phone.wait_established()
    await line_is(house, number, True)
    return phone


def count_beeps(samples: Samples) -> int:
    """Stretches of at least 0.2 s in which nothing but the beep is heard."""
    step, beeps, length = 400, 0, 0
    for begin in range(0, len(samples) - step, step):
        window = samples[begin : begin + step]
        strongest = int(np.argmax(np.abs(np.fft.rfft(window)))) * 8000 / step
        is_beep = float(np.sqrt(np.mean(window**2))) > 0.05 and abs(strongest - BEEP_HZ) <= 20
        length = length + 1 if is_beep else 0
        beeps += length == 4
    return beeps


async def line_is(house: House, number: str, is_up: bool, within_s: float = 5.0) -> None:
    async def look() -> bool | None:
        return True if (await house.agent(number))["is_line_up"] is is_up else None

    await until(look, f"the line of {number} to be {'up' if is_up else 'down'}", within_s)


async def test_calls_come_over_the_line_with_a_beep_and_without_ringing(house: House) -> None:
    phone = await put_line_up(house)
    for _ in range(2):
        begun = time.monotonic()
        call = await house.call_in()
        await house.live_call(call.caller, "talking")
        assert time.monotonic() - begun < 2.0, "nobody waits for a phone to ring"
        await asyncio.sleep(2.5)
        await house.hang_up(call)
        record = await house.recorded(call.caller)
        assert (record["result"], record["recording"]["state"]) == ("answered", "ready")
        assert abs(record["recording"]["duration_ms"] - record["talk_ms"]) <= 400
        assert count_tone_s(decode_mono(call.heard), AGENT_TONE_HZ) > 1.5, "the customer heard the agent"
        await house.agent_is("8001", "ready")
        await line_is(house, "8001", True)
    assert len(phone.calls) == 1, "the phone was called once and answered once"
    await house.agents["agent1"].request("PUT", "/agent/line", json={"is_up": False})
    await phone.wait_closed()
    await line_is(house, "8001", False)
    assert (await house.agent("8001"))["state"] == "ready", "who gives the line up stays signed in"
    heard = phone.heard
    assert count_beeps(decode_mono(heard)) == 2
    assert count_tone_s(decode_mono(heard), CARRIER_TONE_HZ) > 3.0, "the agent heard both customers"


async def test_a_call_goes_out_over_the_line(house: House) -> None:
    phone = await put_line_up(house)
    callee = house.number("0")
    await house.agents["agent1"].request("POST", "/agent/calls", json={"callee": callee})
    live = await house.live_call(callee, "talking")
    await asyncio.sleep(3)
    await house.agents["agent1"].request("POST", f"/calls/{live['call_id']}/hang-up")
    record = await house.record(callee)
    assert (record["direction"], record["result"]) == ("outbound", "answered")
    await house.agent_is("8001", "ready")
    await line_is(house, "8001", True)
    assert len(phone.calls) == 1
    assert count_tone_s(decode_mono(list_heard(house.settings, callee=callee)[-1].path), AGENT_TONE_HZ) > 2.0
    assert count_tone_s(decode_mono(phone.heard), CARRIER_TONE_HZ) > 2.0


@pytest.mark.parametrize("how", ["hangs up", "dies"])
async def test_a_lost_line_signs_the_agent_out_within_a_second(house: House, how: str) -> None:
    phone = await put_line_up(house)
    await asyncio.sleep(1.5)
    await (phone.kill() if how == "dies" else phone.hang_up())
    begun = time.monotonic()
    agent = await house.agent_is("8001", "offline", 2)
    assert time.monotonic() - begun < 1.3, "a look every 0.1 s included"
    assert (agent["reason"], agent["is_line_up"]) == ("line_lost", False)


async def test_a_dead_line_in_a_call_gives_the_customer_back_to_the_head_of_the_queue(house: House) -> None:
    phone = await put_line_up(house)
    call = await house.call_in()
    await house.live_call(call.caller, "talking")
    await house.sign_in("agent2", "paused", "rest")
    await house.phone("8002")
    later = await house.call_in()
    await house.live_call(later.caller, "queued")
    await asyncio.sleep(1)
    await phone.kill()
    await house.agent_is("8001", "offline", 2)
    await house.live_call(call.caller, "queued", 2)
    await house.waiting(2)
    await house.sign_in("agent2")
    await house.live_call(call.caller, "talking")
    assert (await house.live_call(later.caller, "queued"))["agent_id"] is None, "who came later waits"
    await house.hang_up(later)
    await house.hang_up(call)
    record = await house.record(call.caller)
    assert record["result"] == "answered"


async def test_a_call_that_is_offered_a_dead_line_is_not_lost(house: House) -> None:
    phone = await put_line_up(house)
    await house.sign_in("agent2", "paused", "rest")
    await house.phone("8002")
    await phone.kill()
    call = await house.call_in()
    await house.agent_is("8001", "offline", 3)
    await house.live_call(call.caller, "queued", 3)
    await house.sign_in("agent2")
    live = await house.live_call(call.caller, "talking")
    assert live["agent_name"] == "坐席二"
    await house.hang_up(call)
    await house.record(call.caller)


async def test_a_line_survives_its_controller(house: House) -> None:
    phone = await put_line_up(house)
    house.stack.kill("controller")
    house.stack.wait_ready("controller", timeout_s=10)
    await line_is(house, "8001", True, 10)
    call = await house.call_in()
    await house.live_call(call.caller, "talking")
    await house.hang_up(call)
    await house.agent_is("8001", "ready")
    assert len(phone.calls) == 1
