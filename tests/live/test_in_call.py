"""What an agent does in a call, on real phones: hold, mute, keys, park, conference, and the transfer matrix. Everybody
sends a tone of its own, so what somebody hears says whom."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from live.house import AGENT_TONE_HZ, CARRIER_TONE_HZ, House, until
from ucc.emulator import PlacedCall, press
from ucc.softphone import SoftPhone
from ucc.stack.tones import SAMPLE_RATE, count_tone_s, decode_mono, measure_share

pytestmark = pytest.mark.live
TARGET_TONE_HZ = 707
OUTSIDE_TONE_HZ = 907
SUPERVISOR_TONE_HZ = 2525
MUSIC_HZ = (392, 440, 523, 587, 659, 784)
LISTEN_S = 0.8


@dataclass
class Talk:
    """A customer talks with agent 1."""

    house: House
    customer: PlacedCall
    phone: SoftPhone
    other: SoftPhone | None = None

    async def ask(self, what: str, **body: Any) -> None:
        await self.house.agents["agent1"].request("POST", f"/agent/call/{what}", json=body)

    async def is_in(self, state: str, within_s: float = 10.0) -> dict[str, Any]:
        return await self.house.live_call(self.customer.caller, state, within_s)

    async def end(self) -> dict[str, Any]:
        """The customer hangs up; the one record, whose one recording covers the whole call."""
        await self.house.hang_up(self.customer)
        return await self.check()

    async def check(self) -> dict[str, Any]:
        record = await self.house.recorded(self.customer.caller)
        assert record["result"] == "answered"
        assert record["recording"]["state"] == "ready"
        assert abs(record["recording"]["duration_ms"] - record["talk_ms"]) <= 400
        return record


@pytest.fixture
async def talk(house: House) -> Talk:
    phone = await house.phone()
    await house.sign_in("agent1")
    customer = await house.call_in()
    await house.live_call(customer.caller, "talking")
    talk = Talk(house, customer, phone)
    await until_hears(phone, {CARRIER_TONE_HZ})
    return talk


def open_carrier(house: House) -> aiohttp.ClientSession:
    """The carrier's own ARI."""
    settings = house.settings
    url = f"http://{settings.emulator_address}:{settings.emulator_ari_port}/ari/"
    headers = {"Authorization": aiohttp.encode_basic_auth("ucc", house.secrets.emulator_ari)}
    return aiohttp.ClientSession(url, headers=headers)


def tones_of(phone: SoftPhone, *, listen_s: float = LISTEN_S) -> set[int]:
    latest = decode_mono(phone.heard)[-int(listen_s * SAMPLE_RATE) :]
    known = (AGENT_TONE_HZ, CARRIER_TONE_HZ, TARGET_TONE_HZ, OUTSIDE_TONE_HZ, SUPERVISOR_TONE_HZ)
    return {hz for hz in known if measure_share(latest, hz) >= 0.05}


async def until_hears(phone: SoftPhone, tones: set[int], within_s: float = 6.0) -> None:
    """Until these tones alone come, of those that anybody sends; silence is no sound for a while."""

    async def look() -> bool | None:
        length = len(decode_mono(phone.heard))
        await asyncio.sleep(0.4)
        grown = len(decode_mono(phone.heard)) > length
        if not tones:
            return True if not grown or not tones_of(phone, listen_s=0.3) else None
        return True if grown and tones_of(phone) == tones else None

    try:
        await until(look, f"phone {phone.number} to hear {tones}", within_s)
    except AssertionError as error:
        raise AssertionError(f"{error}; it hears {tones_of(phone)}") from None


def heard_s(call: PlacedCall, hz: int) -> float:
    """How long the customer heard a tone; all of it is known once the call has ended."""
    return count_tone_s(decode_mono(call.heard), hz)


def music_s(call: PlacedCall) -> float:
    samples = decode_mono(call.heard)
    size = SAMPLE_RATE // 4
    windows = [samples[x : x + size] for x in range(0, len(samples) - size, size)]
    return sum(0.25 for x in windows if max(measure_share(x, hz) for hz in MUSIC_HZ) > 0.15)


# --- alone with the customer ------------------------------------------------------------------------------------------


async def test_hold_with_music_and_back(talk: Talk) -> None:
    await asyncio.sleep(1)
    await talk.ask("hold", is_held=True)
    live = await talk.is_in("held")
    assert live["held_since"] is not None
    assert (await talk.house.agent("8001"))["detail"] == "held"
    await until_hears(talk.phone, set())
    await asyncio.sleep(2)
    await talk.ask("hold", is_held=False)
    await talk.is_in("talking")
    await until_hears(talk.phone, {CARRIER_TONE_HZ})
    await asyncio.sleep(1)
    record = await talk.end()
    assert 2.0 < record["held_ms"] / 1000 < 5.0
    assert music_s(talk.customer) >= 1.5
    assert heard_s(talk.customer, AGENT_TONE_HZ) >= 2.5


async def test_the_phones_own_hold_is_a_hold(talk: Talk) -> None:
    await talk.phone.hold()
    await talk.is_in("held")
    await asyncio.sleep(2.5)
    await talk.phone.resume()
    await talk.is_in("talking")
    await asyncio.sleep(2.5)  # this phone keeps no more of what it hears after its own hold; the customer's side tells
    record = await talk.end()
    assert record["held_ms"] > 2000
    assert music_s(talk.customer) >= 1.5
    assert heard_s(talk.customer, AGENT_TONE_HZ) >= 1.5


async def test_mute_keeps_the_agents_voice_from_the_customer(talk: Talk) -> None:
    await asyncio.sleep(1)
    await talk.ask("mute", is_muted=True)
    assert (await talk.is_in("talking"))["is_muted"]
    await asyncio.sleep(3)
    await until_hears(talk.phone, {CARRIER_TONE_HZ})
    await talk.ask("mute", is_muted=False)
    await asyncio.sleep(1.5)
    record = await talk.end()
    silent_s = record["talk_ms"] / 1000 - heard_s(talk.customer, AGENT_TONE_HZ)
    assert silent_s >= 2.5, "muted"
    assert heard_s(talk.customer, AGENT_TONE_HZ) >= 2.0, "before and after"


async def test_a_parked_customer_is_fetched_by_a_colleague(talk: Talk) -> None:
    house = talk.house
    await house.phone("8002", tone_hz=TARGET_TONE_HZ)
    await house.sign_in("agent2", "paused", "rest")
    await house.sign_in("agent2")
    await talk.ask("park")
    live = await talk.is_in("parked")
    assert live["park_slot"] == "1"
    await house.agent_is("8001", "ready", 40)
    await asyncio.sleep(2)
    await house.agents["agent2"].request("POST", "/agent/call/retrieve", json={"slot": live["park_slot"]})
    await talk.is_in("talking")
    await house.agent_is("8002", "on_call")
    await asyncio.sleep(2)
    await talk.end()
    assert heard_s(talk.customer, TARGET_TONE_HZ) >= 1.5
    assert music_s(talk.customer) >= 1.0


@pytest.mark.parametrize("by", ["page", "phone"])
async def test_the_agents_keys_reach_the_customer(talk: Talk, by: str) -> None:
    async with keys_at_carrier(talk.house) as keys:
        await asyncio.sleep(1)
        if by == "page":
            await talk.ask("keys", keys="159#")
        else:
            await talk.phone.press("159#")

        async def look() -> bool | None:
            return True if "".join(keys) == "159#" else None

        await until(look, "the customer to hear the keys", 6)
    await until_hears(talk.phone, {CARRIER_TONE_HZ})
    await talk.end()


async def test_the_customers_keys_reach_the_agent(talk: Talk) -> None:
    await asyncio.sleep(1)
    await press(talk.house.settings, talk.house.secrets, talk.customer, "42*")

    async def look() -> bool | None:
        return True if talk.phone.calls[-1].keys == "42*" else None

    await until(look, "the agent to hear the keys", 6)
    await talk.end()


@asynccontextmanager
async def keys_at_carrier(house: House) -> AsyncIterator[list[str]]:
    """The DTMF that any party of the carrier hears meanwhile."""
    keys: list[str] = []
    async with (
        open_carrier(house) as session,
        session.ws_connect("events", params={"app": "keys", "subscribeAll": "true"}) as socket,
    ):

        async def read() -> None:
            async for message in socket:
                event = message.json()
                if event["type"] == "ChannelDtmfReceived":
                    keys.append(event["digit"])

        reader = asyncio.create_task(read())
        try:
            yield keys
        finally:
            reader.cancel()


async def test_a_phones_own_transfer_is_a_blind_one(talk: Talk) -> None:
    house = talk.house
    await house.phone("8002", tone_hz=TARGET_TONE_HZ)
    await house.sign_in("agent2")
    await asyncio.sleep(0.5)
    await talk.phone.transfer("8002")
    await house.agent_is("8002", "on_call", 10)
    await talk.phone.wait_closed()
    await asyncio.sleep(2)
    await talk.end()
    assert heard_s(talk.customer, TARGET_TONE_HZ) >= 1.5


async def test_a_conference_of_three_and_who_is_dropped(talk: Talk) -> None:
    house = talk.house
    other = await house.phone("8002", tone_hz=TARGET_TONE_HZ)
    await house.sign_in("agent2")
    target = {"kind": "agent", "agent_id": (await house.agent("8002"))["agent_id"]}
    await talk.ask("transfer", target=target, mode="attended")
    await other.wait_established()
    await until_hears(talk.phone, {TARGET_TONE_HZ})
    await talk.ask("conference")
    live = await talk.is_in("conference")
    await until_hears(talk.phone, {TARGET_TONE_HZ, CARRIER_TONE_HZ})
    await until_hears(other, {AGENT_TONE_HZ, CARRIER_TONE_HZ})
    assert {x["agent_id"] for x in live["participants"]} == {
        (await house.agent("8001"))["agent_id"],
        target["agent_id"],
    }
    assert (await house.agent("8002"))["detail"] == "conferencing"
    leg = next(x["leg"] for x in live["participants"] if x["agent_id"] == target["agent_id"])
    await talk.ask("conference/drop", leg=leg)
    await other.wait_closed()
    await talk.is_in("talking")
    await until_hears(talk.phone, {CARRIER_TONE_HZ})
    record = await talk.end()
    assert len(record["legs"]) == 3


# --- the transfer matrix ----------------------------------------------------------------------------------------------


@dataclass
class Aim:
    """Whom the agent transfers to: a phone of ours, or a number outside."""

    target: dict[str, Any]
    tone_hz: int
    phone: SoftPhone | None

    async def hang_up(self, house: House) -> None:
        if self.phone is not None:
            await self.phone.hang_up()
            return
        async with open_carrier(house) as session:
            async with session.get("channels") as reply:
                mine = [x for x in await reply.json() if x["dialplan"]["context"] in ("talk", "outcome")]
            for channel in mine:
                if not str(channel["id"]).startswith("placed-"):
                    async with session.delete(f"channels/{channel['id']}") as reply:
                        assert reply.status < 300


async def aim_at(house: House, kind: str, *, is_answering: bool = True, digit: str = "0") -> Aim:
    """`digit`: what the carrier does with the number outside."""
    if kind == "outside":
        number = f"170{random.randrange(1000):03d}{OUTSIDE_TONE_HZ:04d}{digit}"
        return Aim({"kind": "number", "number": number}, OUTSIDE_TONE_HZ, None)
    phone = await house.phone("8002", tone_hz=TARGET_TONE_HZ, is_answering=is_answering)
    await house.sign_in("agent2")
    agent = await house.agent("8002")
    if kind == "work number":
        return Aim({"kind": "number", "number": agent["work_number"]}, TARGET_TONE_HZ, phone)
    if kind == "agent":
        return Aim({"kind": "agent", "agent_id": agent["agent_id"]}, TARGET_TONE_HZ, phone)
    queues = (await house.snapshot())["queues"]
    queue_id = next(x["queue_id"] for x in queues if x["name"] == "客服")
    return Aim({"kind": "queue", "queue_id": queue_id}, TARGET_TONE_HZ, phone)


AIMS = ("agent", "group", "outside")


async def consult_is(talk: Talk, step: str) -> None:
    async def look() -> bool | None:
        calls = (await talk.house.snapshot())["calls"]
        consult = calls[0]["consult"] if calls else None
        return True if consult and consult["step"] == step else None

    await until(look, f"the consultation to be {step}")


@pytest.mark.parametrize("kind", [*AIMS, "work number"])
async def test_a_blind_transfer(talk: Talk, kind: str) -> None:
    aim = await aim_at(talk.house, kind)
    await talk.ask("transfer", target=aim.target, mode="blind")
    await talk.phone.wait_closed(15)
    await talk.is_in("talking")
    await asyncio.sleep(2.5)
    record = await talk.end()
    assert heard_s(talk.customer, aim.tone_hz) >= 1.5
    assert len(record["legs"]) == 3


@pytest.mark.parametrize("kind", AIMS)
async def test_an_attended_transfer(talk: Talk, kind: str) -> None:
    aim = await aim_at(talk.house, kind)
    await talk.ask("transfer", target=aim.target, mode="attended")
    await until_hears(talk.phone, {aim.tone_hz}, 12)
    assert (await talk.house.agent("8001"))["detail"] == "consulting"
    if aim.phone is not None:
        await until_hears(aim.phone, {AGENT_TONE_HZ})
    await asyncio.sleep(1)
    await talk.ask("transfer/complete")
    await talk.phone.wait_closed()
    await talk.is_in("talking")
    if aim.phone is not None:
        await until_hears(aim.phone, {CARRIER_TONE_HZ})
    await asyncio.sleep(2)
    record = await talk.end()
    assert heard_s(talk.customer, aim.tone_hz) >= 1.5
    assert music_s(talk.customer) >= 1.0
    assert len(record["legs"]) == 3


@pytest.mark.parametrize("kind", AIMS)
async def test_a_cancelled_consultation(talk: Talk, kind: str) -> None:
    aim = await aim_at(talk.house, kind)
    await talk.ask("transfer", target=aim.target, mode="attended")
    await until_hears(talk.phone, {aim.tone_hz}, 12)
    await talk.ask("transfer/cancel")
    await talk.is_in("talking")
    await until_hears(talk.phone, {CARRIER_TONE_HZ})
    if aim.phone is not None:
        await aim.phone.wait_closed()
        await talk.house.agent_is("8002", "ready", 40)
    await asyncio.sleep(2)
    record = await talk.end()
    assert heard_s(talk.customer, aim.tone_hz) == 0
    assert heard_s(talk.customer, AGENT_TONE_HZ) >= 1.5
    assert len(record["legs"]) == 3


@pytest.mark.parametrize("mode", ["blind", "attended"])
@pytest.mark.parametrize("kind", AIMS)
async def test_a_target_that_fails_gives_the_customer_back(talk: Talk, kind: str, mode: str) -> None:
    aim = await aim_at(talk.house, kind, is_answering=False, digit="5")
    if kind == "group":
        for agent in ("agent1", "agent2"):  # what agent 1 wishes comes true after the call
            await talk.house.sign_in(agent, "offline")
    await talk.ask("transfer", target=aim.target, mode=mode)
    if kind == "agent" and aim.phone is not None:
        await aim.phone.wait_ringing()
        await aim.phone.hang_up()
    if kind == "group" and mode == "blind":
        # The queue has nobody: the customer hears so, and the call is over for the agent.
        await talk.phone.wait_closed()
        assert await talk.customer.wait_ended(30)
        await talk.check()
        return

    async def look() -> dict[str, Any] | None:
        call = await talk.is_in("talking")
        return call if call["transfer_failure"] else None

    live = await until(look, "the transfer to fail", 15)
    assert live["transfer_failure"] in ("declined", "no_agents", "rejected")
    await until_hears(talk.phone, {CARRIER_TONE_HZ})
    await asyncio.sleep(1.5)
    await talk.end()
    assert heard_s(talk.customer, AGENT_TONE_HZ) >= 1.0


@pytest.mark.parametrize("mode", ["blind", "attended"])
@pytest.mark.parametrize("kind", AIMS)
async def test_the_customer_hangs_up_midway(talk: Talk, kind: str, mode: str) -> None:
    aim = await aim_at(talk.house, kind, is_answering=False, digit="3")
    await talk.ask("transfer", target=aim.target, mode=mode)
    if aim.phone is not None:
        await aim.phone.wait_ringing()
    else:
        await asyncio.sleep(2)
    await talk.end()
    await talk.phone.wait_closed()
    if aim.phone is not None:
        await aim.phone.wait_closed()


@pytest.mark.parametrize("kind", AIMS)
async def test_the_target_hangs_up_in_the_consultation(talk: Talk, kind: str) -> None:
    aim = await aim_at(talk.house, kind)
    await talk.ask("transfer", target=aim.target, mode="attended")
    await until_hears(talk.phone, {aim.tone_hz}, 12)
    await aim.hang_up(talk.house)
    await talk.is_in("talking")
    await until_hears(talk.phone, {CARRIER_TONE_HZ})
    await asyncio.sleep(1.5)
    await talk.end()
    assert heard_s(talk.customer, AGENT_TONE_HZ) >= 1.0


@pytest.mark.parametrize("kind", AIMS)
async def test_the_target_hangs_up_after_the_transfer(talk: Talk, kind: str) -> None:
    aim = await aim_at(talk.house, kind)
    await talk.ask("transfer", target=aim.target, mode="blind")
    await talk.phone.wait_closed(15)
    await talk.is_in("talking")
    await asyncio.sleep(2)
    await aim.hang_up(talk.house)
    assert await talk.customer.wait_ended(10)
    await talk.check()
