"""One contract, two switches: the fake and the real one behave the same, or tests on the fake prove nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest

from ucc.config import get_settings
from ucc.engine import events as ev
from ucc.kit.clock import SteadyClock
from ucc.kit.ids import new_id
from ucc.secrets import get_secrets
from ucc.switch.asterisk import Asterisk
from ucc.switch.fake import FakeSwitch
from ucc.switch.port import Gateway, LegGone, Phone, Switch, SwitchError


class Rig:
    """A switch, the events it told, and a far end that answers by the last digit."""

    def __init__(self, switch: Switch, gateway: tuple[str, int]) -> None:
        self.switch = switch
        self.events: list[ev.CallEvent] = []
        self._gateway = gateway
        self._call = new_id()
        self._legs = 0

    def take(self, leg: str, event: ev.CallEvent) -> None:
        self.events.append(event)

    def new_leg(self) -> str:
        self._legs += 1
        return f"ucc.{self._call}.{self._legs}"

    @property
    def bridge(self) -> str:
        return f"ucc.{self._call}"

    async def dial(self, last_digit: str) -> str:
        leg = self.new_leg()
        gateway = Gateway(*self._gateway, f"+861391111111{last_digit}")
        assert await self.switch.dial(leg, gateway, "+861088880001")
        return leg

    async def until(self, kind: type[Any], leg: str, within_s: float = 8.0) -> Any:
        async with asyncio.timeout(within_s):
            while True:
                for event in self.events:
                    if isinstance(event, kind) and event.leg == leg:
                        return event
                await asyncio.sleep(0.02)

    async def hang_up_all(self) -> None:
        for number in range(1, self._legs + 1):
            with suppress(SwitchError):
                await self.switch.hang_up(f"ucc.{self._call}.{number}", 16)
        with suppress(SwitchError):
            await self.switch.destroy_bridge(self.bridge)


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.live)])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """The real switch belongs to this test while it runs: the controller is stopped, its place is taken."""
    async with AsyncExitStack() as exits:
        if request.param == "fake":
            rig = Rig(FakeSwitch(lambda leg, event: rig.take(leg, event)), ("192.0.2.9", 5080))
        else:
            rig = await _take_real_switch(request.getfixturevalue("stack"), exits)
        yield rig
        await rig.hang_up_all()


async def _take_real_switch(stack: Any, exits: AsyncExitStack) -> Rig:
    settings, secrets = get_settings(), get_secrets()
    await asyncio.to_thread(stack.stop, "controller")

    def give_back() -> None:
        stack.start("controller")
        stack.wait_ready("controller")

    exits.push_async_callback(asyncio.to_thread, give_back)
    switch = Asterisk(
        settings.address,
        ari_port=settings.ari_port,
        event_port=settings.ari_event_port,
        password=secrets.ari,
        sip_domain=settings.sip_domain,
        clock=SteadyClock(),
        on_event=lambda leg, event: rig.take(leg, event),
        on_connect=lambda: None,
    )
    rig = Rig(switch, (settings.emulator_address, settings.emulator_sip_port))
    task = asyncio.create_task(switch.run())

    async def stop() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    exits.push_async_callback(stop)
    async with asyncio.timeout(10):
        while not switch.is_connected:
            await asyncio.sleep(0.05)
    return rig


async def test_a_leg_rings_answers_and_ends(rig: Rig) -> None:
    leg = await rig.dial("0")
    await rig.until(ev.LegRinging, leg)
    await rig.until(ev.LegAnswered, leg)
    assert (await rig.switch.observe())[leg]

    await rig.switch.hang_up(leg, 16)

    ended = await rig.until(ev.LegEnded, leg)
    assert ended.cause == 16
    assert leg not in await rig.switch.observe()


@pytest.mark.parametrize(("last_digit", "cause"), [("2", 17), ("5", 21), ("7", 1)])
async def test_the_far_ends_cause_is_told(rig: Rig, last_digit: str, cause: int) -> None:
    leg = await rig.dial(last_digit)
    assert (await rig.until(ev.LegEnded, leg)).cause == cause


async def test_a_leg_that_rings_can_be_hung_up(rig: Rig) -> None:
    leg = await rig.dial("3")
    await rig.until(ev.LegRinging, leg)
    await rig.switch.hang_up(leg, 16)
    await rig.until(ev.LegEnded, leg)
    assert not any(isinstance(x, ev.LegAnswered) for x in rig.events)


async def test_two_legs_are_bridged_twice_and_the_bridge_is_destroyed(rig: Rig) -> None:
    legs = (await rig.dial("0"), await rig.dial("1"))
    for leg in legs:
        await rig.until(ev.LegAnswered, leg)
    await rig.switch.bridge(rig.bridge, legs)
    await rig.switch.bridge(rig.bridge, legs)
    await rig.switch.destroy_bridge(rig.bridge)
    with pytest.raises(LegGone):
        await rig.switch.destroy_bridge(rig.bridge)


async def test_music_starts_and_stops_and_a_prompt_ends(rig: Rig) -> None:
    leg = await rig.dial("0")
    await rig.until(ev.LegAnswered, leg)
    await rig.switch.start_music(leg)
    await rig.switch.stop_music(leg)
    await rig.switch.ring(leg)
    await rig.switch.stop_ringing(leg)
    await rig.switch.play(leg, str(get_settings().home / "prompt" / "no_agents"))
    await rig.until(ev.PromptEnded, leg, within_s=30)


async def test_a_phone_that_is_not_there_ends_its_leg(rig: Rig) -> None:
    leg = rig.new_leg()
    if isinstance(rig.switch, FakeSwitch):
        rig.switch.unreachable.add("8999")
    with suppress(LegGone):
        await rig.switch.dial(leg, Phone("8999"), "1")
    assert (await rig.until(ev.LegEnded, leg)).cause in (3, 18, 19, 20)


@pytest.mark.parametrize("method", ["answer", "ring", "stop_ringing", "start_music", "stop_music"])
async def test_what_is_asked_of_a_leg_that_is_gone_says_so(rig: Rig, method: str) -> None:
    with pytest.raises(LegGone):
        await getattr(rig.switch, method)("ucc.none.1")
    with pytest.raises(LegGone):
        await rig.switch.hang_up("ucc.none.1", 16)
