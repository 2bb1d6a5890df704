"""A switch in memory that behaves like the real one, for tests and demonstrations. Legs ring, answer, are busy or
vanish by the number dialled, as in the PSTN emulator; events come by the loop, after the request that caused them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ucc.engine import events as ev
from ucc.engine.record import LegKind
from ucc.kit.clock import SteadyClock
from ucc.switch.port import EventSink, Gateway, LegGone, Phone

CAUSE_BY_LAST_DIGIT = {"2": 17, "5": 21, "6": 34, "7": 1}
RINGS_FOREVER = "3"


@dataclass
class FakeLeg:
    leg: str
    is_answered: bool = False
    has_music: bool = False
    bridge: str | None = None


@dataclass
class FakeSwitch:
    """`answering` holds the extensions whose phones pick up; others ring until they are hung up."""

    on_event: EventSink
    clock: SteadyClock = field(default_factory=SteadyClock)
    answering: set[str] = field(default_factory=set)
    unreachable: set[str] = field(default_factory=set)
    legs: dict[str, FakeLeg] = field(default_factory=dict)
    bridges: dict[str, set[str]] = field(default_factory=dict)
    _made: int = 0

    # --- the far side ---------------------------------------------------------------------------------------------

    def arrive(self, leg: str, caller: str, callee: str, kind: LegKind = LegKind.TRUNK) -> None:
        """Let a call come in."""
        self.legs[leg] = FakeLeg(leg)
        self._tell(leg, ev.CallArrived(self.clock.time(), leg, kind, caller, callee, "192.0.2.1:5060", f"sip-{leg}"))

    def far_end_hangs_up(self, leg: str, cause: int = 16) -> None:
        self._remove(leg, cause)

    def far_end_answers(self, leg: str) -> None:
        self._get(leg).is_answered = True
        self._tell(leg, ev.LegAnswered(self.clock.time(), leg))

    # --- Switch ---------------------------------------------------------------------------------------------------

    async def dial(self, leg: str, to: Phone | Gateway, caller: str, *, is_auto_answered: bool = False) -> str | None:
        self._made += 1
        self.legs[leg] = FakeLeg(leg)
        match to:
            case Phone(extension):
                outcome = 20 if extension in self.unreachable else None
                is_answering = is_auto_answered or extension in self.answering
            case Gateway(number=number):
                outcome = CAUSE_BY_LAST_DIGIT.get(number[-1:])
                is_answering = number[-1:] != RINGS_FOREVER
        if outcome is not None:
            asyncio.get_running_loop().call_soon(self._remove, leg, outcome)
        else:
            self._tell(leg, ev.LegRinging(self.clock.time(), leg))
            if is_answering:
                asyncio.get_running_loop().call_soon(self._answer_if_up, leg)
        return f"sip-{leg}"

    async def answer(self, leg: str) -> None:
        if not self._get(leg).is_answered:
            self.far_end_answers(leg)

    async def ring(self, leg: str) -> None:
        self._get(leg)

    async def stop_ringing(self, leg: str) -> None:
        self._get(leg)

    async def hang_up(self, leg: str, cause: int) -> None:
        self._get(leg)
        self._remove(leg, cause)

    async def bridge(self, bridge: str, legs: tuple[str, ...]) -> None:
        for leg in legs:
            self._get(leg).bridge = bridge
        self.bridges.setdefault(bridge, set()).update(legs)

    async def destroy_bridge(self, bridge: str) -> None:
        if bridge not in self.bridges:
            raise LegGone(bridge)
        for leg in self.bridges.pop(bridge):
            if leg in self.legs:
                self.legs[leg].bridge = None

    async def start_music(self, leg: str) -> None:
        self._get(leg).has_music = True

    async def stop_music(self, leg: str) -> None:
        self._get(leg).has_music = False

    async def play(self, leg: str, prompt: str) -> None:
        self._get(leg)
        self._tell(leg, ev.PromptEnded(self.clock.time(), leg))

    async def observe(self) -> dict[str, bool]:
        return {leg.leg: leg.is_answered for leg in self.legs.values()}

    # --- inside ---------------------------------------------------------------------------------------------------

    def _get(self, leg: str) -> FakeLeg:
        if leg not in self.legs:
            raise LegGone(leg)
        return self.legs[leg]

    def _tell(self, leg: str, event: ev.CallEvent) -> None:
        asyncio.get_running_loop().call_soon(self.on_event, leg, event)

    def _answer_if_up(self, leg: str) -> None:
        if leg in self.legs:
            self.far_end_answers(leg)

    def _remove(self, leg: str, cause: int) -> None:
        if self.legs.pop(leg, None) is not None:
            for members in self.bridges.values():
                members.discard(leg)
            self._tell(leg, ev.LegEnded(self.clock.time(), leg, cause))
