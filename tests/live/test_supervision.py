"""监听, 耳语, 三方, 抢接, 强拆 on real phones: who hears whom, and that the supervised hear no click."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from live.house import AGENT_TONE_HZ, CARRIER_TONE_HZ, House, until
from live.test_in_call import SUPERVISOR_TONE_HZ, heard_s, until_hears
from switch.rig import count_breaks
from ucc.emulator import PlacedCall
from ucc.softphone import SoftPhone
from ucc.stack.api_client import ApiRefused
from ucc.stack.tones import SAMPLE_RATE, decode_mono

pytestmark = pytest.mark.live
BOSS_TONE_HZ = SUPERVISOR_TONE_HZ


@dataclass
class Scene:
    """A customer talks with agent 1; the supervisor has a phone and nothing to do."""

    house: House
    customer: PlacedCall
    agent: SoftPhone
    boss: SoftPhone
    call_id: str

    async def ask(self, method: str, what: str, **body: Any) -> None:
        supervisor = self.house.agents["supervisor"]
        await supervisor.request(method, f"/calls/{self.call_id}/{what}", json=body or None)

    async def watch(self, mode: str) -> None:
        await self.ask("POST", "watch", mode=mode)

        async def look() -> bool | None:
            calls = (await self.house.snapshot())["calls"]
            return True if calls and [x["mode"] for x in calls[0]["watchers"]] == [mode] else None

        await until(look, f"the supervisor to {mode}")
        await self.boss.wait_established()

    async def end(self) -> dict[str, Any]:
        await self.house.hang_up(self.customer)
        return await self.check()

    async def check(self) -> dict[str, Any]:
        record = await self.house.recorded(self.customer.caller)
        assert (record["result"], record["recording"]["state"]) == ("answered", "ready")
        assert abs(record["recording"]["duration_ms"] - record["talk_ms"]) <= 400
        return record


@pytest.fixture
async def scene(house: House) -> Scene:
    agent = await house.phone()
    boss = await house.phone("8003", tone_hz=BOSS_TONE_HZ)
    await house.sign_in("agent1")
    customer = await house.call_in()
    live = await house.live_call(customer.caller, "talking")
    await until_hears(agent, {CARRIER_TONE_HZ})
    return Scene(house, customer, agent, boss, live["call_id"])


async def test_listen_whisper_barge_and_back_without_hanging_up(scene: Scene) -> None:
    await asyncio.sleep(1)
    await scene.watch("listen")
    await until_hears(scene.boss, {AGENT_TONE_HZ, CARRIER_TONE_HZ})
    await until_hears(scene.agent, {CARRIER_TONE_HZ})

    await scene.watch("whisper")
    await until_hears(scene.agent, {CARRIER_TONE_HZ, BOSS_TONE_HZ})
    await until_hears(scene.boss, {AGENT_TONE_HZ, CARRIER_TONE_HZ})

    await scene.watch("barge")
    await until_hears(scene.agent, {CARRIER_TONE_HZ, BOSS_TONE_HZ})
    await until_hears(scene.boss, {AGENT_TONE_HZ, CARRIER_TONE_HZ})
    await asyncio.sleep(2)

    await scene.watch("listen")
    await until_hears(scene.agent, {CARRIER_TONE_HZ})
    await until_hears(scene.boss, {AGENT_TONE_HZ, CARRIER_TONE_HZ})

    await scene.ask("DELETE", "watch")
    await scene.boss.wait_closed()
    await until_hears(scene.agent, {CARRIER_TONE_HZ})
    assert len(scene.boss.calls) == 1, "never hung up in between"
    record = await scene.end()
    assert 1.5 <= heard_s(scene.customer, BOSS_TONE_HZ) <= 6.0, "the customer heard the supervisor in the barge only"
    assert len(record["legs"]) == 3


async def test_the_supervised_hear_no_click(scene: Scene) -> None:
    """While modes change, nothing is missing; when the watch begins, at most two packets (the switch comes in)."""
    await asyncio.sleep(1)
    before = len(decode_mono(scene.agent.heard))
    await scene.watch("listen")
    await until_hears(scene.boss, {AGENT_TONE_HZ, CARRIER_TONE_HZ})
    begun = len(decode_mono(scene.agent.heard))
    for mode in ("whisper", "listen", "whisper", "listen"):
        await scene.watch(mode)
        await asyncio.sleep(1)
    end = len(decode_mono(scene.agent.heard))
    await scene.end()
    heard = decode_mono(scene.agent.heard)
    assert end - begun > 4 * SAMPLE_RATE
    assert count_breaks(heard[before:begun], CARRIER_TONE_HZ) <= 5
    assert count_breaks(heard[begun:end], CARRIER_TONE_HZ) == 0
    samples = decode_mono(scene.customer.heard)
    assert heard_s(scene.customer, BOSS_TONE_HZ) == 0, "the customer never hears a whisper"
    assert count_breaks(samples[SAMPLE_RATE:-SAMPLE_RATE], AGENT_TONE_HZ) <= 10


async def test_a_supervisor_takes_the_call_over(scene: Scene) -> None:
    await scene.watch("listen")
    await until_hears(scene.boss, {AGENT_TONE_HZ, CARRIER_TONE_HZ})
    await scene.ask("POST", "take-over")
    await scene.agent.wait_closed()
    await until_hears(scene.boss, {CARRIER_TONE_HZ})
    await scene.house.agent_is("8001", "ready", 40)
    await asyncio.sleep(2)
    record = await scene.end()
    assert heard_s(scene.customer, BOSS_TONE_HZ) >= 1.5
    assert heard_s(scene.customer, AGENT_TONE_HZ) >= 0.5
    assert len(record["legs"]) == 3


async def test_a_supervisor_takes_over_at_once(scene: Scene) -> None:
    await scene.ask("POST", "take-over")
    await scene.boss.wait_established()
    await scene.agent.wait_closed()
    await until_hears(scene.boss, {CARRIER_TONE_HZ})
    await scene.boss.hang_up()
    assert await scene.customer.wait_ended(10)
    await scene.check()


async def test_a_forced_release_ends_the_call(scene: Scene) -> None:
    await asyncio.sleep(1)
    await scene.ask("POST", "release")
    assert await scene.customer.wait_ended(10)
    await scene.agent.wait_closed()
    record = await scene.check()
    assert record["ended_by"] == "supervisor"


async def test_the_call_ends_under_the_watch(scene: Scene) -> None:
    await scene.watch("whisper")
    await until_hears(scene.boss, {AGENT_TONE_HZ, CARRIER_TONE_HZ})
    await scene.end()
    await scene.boss.wait_closed()
    await scene.agent.wait_closed()


async def test_the_supervisors_phone_hangs_up_and_the_talk_goes_on(scene: Scene) -> None:
    await scene.watch("listen")
    await until_hears(scene.boss, {AGENT_TONE_HZ, CARRIER_TONE_HZ})
    await scene.boss.hang_up()
    await asyncio.sleep(1.5)
    await until_hears(scene.agent, {CARRIER_TONE_HZ})
    live = await scene.house.live_call(scene.customer.caller, "talking")
    assert live["watchers"] == []
    await scene.end()


async def test_the_watch_goes_on_over_hold_and_transfer(scene: Scene) -> None:
    """The customer is held while the supervisor listens; the talk is heard again after it."""
    house = scene.house
    await scene.watch("listen")
    await until_hears(scene.boss, {AGENT_TONE_HZ, CARRIER_TONE_HZ})
    await house.agents["agent1"].request("POST", "/agent/call/hold", json={"is_held": True})
    await until_hears(scene.boss, {AGENT_TONE_HZ})
    await house.agents["agent1"].request("POST", "/agent/call/hold", json={"is_held": False})
    await until_hears(scene.boss, {AGENT_TONE_HZ, CARRIER_TONE_HZ})
    await scene.end()


async def test_an_agent_may_not_watch(scene: Scene) -> None:
    with pytest.raises(ApiRefused) as refused:
        await scene.house.agents["agent2"].request("POST", f"/calls/{scene.call_id}/watch", json={"mode": "listen"})
    assert refused.value.status == 403
    await scene.end()


async def test_a_supervisor_signs_an_agent_out_after_its_call(scene: Scene) -> None:
    house = scene.house
    agent_id = (await house.agent("8001"))["agent_id"]
    await house.agents["supervisor"].request(
        "PUT", f"/agents/{agent_id}/presence", json={"presence": "offline", "reason": None}
    )
    assert (await house.agent("8001"))["state"] == "on_call"
    await scene.end()
    await house.agent_is("8001", "offline", 40)
