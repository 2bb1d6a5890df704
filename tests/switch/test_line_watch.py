"""Lines that fall silent, on the fake switch."""

from __future__ import annotations

import asyncio

import pytest

from switch.test_runner import House, build
from ucc.engine import events as ev
from ucc.engine.effects import AgentTarget
from ucc.switch import lines
from ucc.switch.lines import LineWatch


async def put_line_up(house: House) -> str:
    house.switch.answering.add("8001")
    house.ready(1)
    house.runner.begin(ev.LineRequested(1.0, 3, AgentTarget(1, "8001", "agent")))
    await house.until(lambda: house.runner.floors[3].agents[1].line is not None, "no line")
    return str(house.runner.floors[3].agents[1].line)


async def look(watch: LineWatch, times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(0.01)
        await watch.look()


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "SILENT_S", 0.03)


async def test_a_silent_line_ends_and_signs_its_agent_out() -> None:
    house = build()
    try:
        leg, watch = await put_line_up(house), LineWatch(house.runner, house.switch)
        await look(watch, 8)
        assert leg in house.switch.legs, "a phone that talks keeps its line"
        house.switch.legs[leg].is_silent = True
        await look(watch, 8)
        assert leg not in house.switch.legs
        await house.until(lambda: house.runner.floors[3].agents[1].state == "offline", "still signed in")
        assert house.runner.floors[3].agents[1].reason == "line_lost"
    finally:
        await house.runner.close()


async def test_a_line_that_never_sent_or_is_on_hold_is_not_judged() -> None:
    house = build()
    try:
        leg, watch = await put_line_up(house), LineWatch(house.runner, house.switch)
        house.switch.legs[leg].is_silent = True
        await look(watch, 8)
        assert leg in house.switch.legs, "it never sent anything"
        house.switch.legs[leg].is_silent = False
        await look(watch, 3)
        house.runner.take_event(leg, ev.LegHeld(2.0, leg, True))
        await asyncio.sleep(0.01)
        house.switch.legs[leg].is_silent = True
        await look(watch, 8)
        assert leg in house.switch.legs
    finally:
        await house.runner.close()
