"""Nailed-up lines (长签) that fall silent: a phone that dies says goodbye to nobody, but its packets stop at once.

A phone on a line must send sound without pause (no silence suppression); one that never sent any is not judged.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from ucc.engine.state import Line, Live
from ucc.switch.port import LegGone, Switch, SwitchError
from ucc.switch.runner import Runner

log = structlog.get_logger("lines")
LOOK_S = 0.25
LOOKS_PER_S = 250
"""At all lines together: with more than 60 of them each is looked at less often, which spares the switch."""
SILENT_S = 0.7
AT_ONCE = 8
DESTINATION_OUT_OF_ORDER = 27


@dataclass(slots=True)
class Heard:
    count: int
    changed_at: float


class LineWatch:
    """Looks at every line several times a second, and ends one whose phone has sent nothing for SILENT_S."""

    def __init__(self, runner: Runner, switch: Switch) -> None:
        self._runner = runner
        self._switch = switch
        self._heard: dict[str, Heard] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(max(LOOK_S, len(self._heard) / LOOKS_PER_S))
            await self.look()

    async def look(self) -> None:
        lines = self._list_lines()
        for leg in self._heard.keys() - lines:
            del self._heard[leg]
        await asyncio.gather(*(self._look_at(leg) for leg in lines))

    def _list_lines(self) -> set[str]:
        """Lines that are up and not on hold by their phone."""
        found = set()
        for actor in self._runner.calls.values():
            state = actor.state
            if not isinstance(state, Live) or not isinstance(state.stage, Line) or state.stage.is_held:
                continue
            if state.facts.is_up(state.stage.agent_leg):
                found.add(state.stage.agent_leg)
        return found

    async def _look_at(self, leg: str) -> None:
        try:
            async with self._room:
                count = await self._switch.count_received(leg)
        except LegGone:
            return
        except SwitchError:
            self._heard.pop(leg, None)  # nothing is known of the time in between
            return
        at = self._runner.clock.time()
        known = self._heard.get(leg)
        if not count or known is None or known.count != count:
            self._heard[leg] = Heard(count or 0, at)
        elif at - known.changed_at >= SILENT_S and count:
            log.warning("a line has fallen silent and is ended", leg=leg)
            del self._heard[leg]
            try:
                await self._switch.hang_up(leg, DESTINATION_OUT_OF_ORDER)
            except SwitchError as error:
                log.debug("a silent line went by itself", leg=leg, why=str(error))
