"""A switch in memory that behaves like the real one, for tests and demonstrations. Legs ring, answer, are busy or
vanish by the number dialled, as in the PSTN emulator; events come by the loop, after the request that caused them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ucc.engine import events as ev
from ucc.engine.record import LegKind
from ucc.kit.clock import SteadyClock
from ucc.switch.port import DEFAULT_MUSIC, EventSink, Gateway, LegGone, Phone

CAUSE_BY_LAST_DIGIT = {"2": 17, "5": 21, "6": 34, "7": 1}
RINGS_FOREVER = "3"


EARLY_MEDIA_PREFIX = "+86171"


@dataclass
class FakeLeg:
    leg: str
    is_answered: bool = False
    is_arrived: bool = False
    has_early_media: bool = False
    is_muted: bool = False
    music: str | None = None
    bridge: str | None = None
    keys: str = ""
    """What `send_keys` let the far end hear."""
    is_silent: bool = False
    received: int = 0
    transfers: list[bool] = field(default_factory=list)


@dataclass(frozen=True)
class FakeWatch:
    leg: str
    watcher: str


@dataclass
class FakeSwitch:
    """`answering` holds the extensions whose phones pick up; others ring until they are hung up. Prompts end at once,
    unless `is_prompt_kept`: then with `end_prompt` or `stop_playing`.
    """

    on_event: EventSink
    clock: SteadyClock = field(default_factory=SteadyClock)
    answering: set[str] = field(default_factory=set)
    unreachable: set[str] = field(default_factory=set)
    legs: dict[str, FakeLeg] = field(default_factory=dict)
    bridges: dict[str, set[str]] = field(default_factory=dict)
    watches: dict[str, FakeWatch] = field(default_factory=dict)
    playbacks: dict[str, str] = field(default_factory=dict)
    """Playback -> the leg or bridge that hears it."""
    is_prompt_kept: bool = False
    _sounds: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _made: int = 0

    # --- the far side ---------------------------------------------------------------------------------------------

    def arrive(self, leg: str, caller: str, callee: str, kind: LegKind = LegKind.TRUNK) -> None:
        """Let a call come in."""
        self.legs[leg] = FakeLeg(leg, is_arrived=True)
        self._tell(leg, ev.CallArrived(self.clock.time(), leg, kind, caller, callee, "192.0.2.1:5060", f"sip-{leg}"))

    def far_end_hangs_up(self, leg: str, cause: int = 16) -> None:
        self._remove(leg, cause)

    def far_end_answers(self, leg: str) -> None:
        self._get(leg).is_answered = True
        self._tell(leg, ev.LegAnswered(self.clock.time(), leg))

    def far_end_holds(self, leg: str, is_held: bool) -> None:
        self._get(leg)
        self._tell(leg, ev.LegHeld(self.clock.time(), leg, is_held))

    def far_end_transfers(self, leg: str, target: str) -> None:
        self._get(leg)
        self._tell(leg, ev.TransferAsked(self.clock.time(), leg, target))

    def end_prompt(self, playback: str) -> None:
        target = self.playbacks.pop(playback)
        self._tell(target, ev.PromptEnded(self.clock.time(), target, playback))

    def hears(self, leg: str) -> set[str]:
        """What the far end of a leg hears: names of legs, music and sounds."""
        mine = self._get(leg)
        found = {mine.music} if mine.music else set()
        for playback, target in self.playbacks.items():
            if target in (leg, mine.bridge):
                found |= set(self._sounds[playback])
        found |= {x for x in self.bridges.get(mine.bridge or "", set()) - {leg} if self._is_heard(x)}
        for watch in self.watches.values():
            if watch.watcher == leg:
                found |= self.hears(watch.leg) - {leg} | ({watch.leg} if self._is_heard(watch.leg) else set())
            elif watch.leg == leg and self._is_heard(watch.watcher):
                found.add(watch.watcher)
        return found

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
                if number.startswith(EARLY_MEDIA_PREFIX):
                    self.legs[leg].has_early_media = True
                    self._tell(leg, ev.EarlyMedia(self.clock.time(), leg))
                    return f"sip-{leg}"
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

    async def bridge(self, bridge: str, legs: tuple[str, ...], *, is_proxied: bool = False) -> None:
        for leg in legs:
            self._get(leg)
        for leg in legs:
            self.legs[leg].bridge = bridge
        self.bridges.setdefault(bridge, set()).update(legs)

    async def unbridge(self, bridge: str, legs: tuple[str, ...]) -> None:
        if not set(legs) <= self.bridges.get(bridge, set()):
            raise LegGone(bridge)
        for leg in legs:
            self.legs[leg].bridge = None
        self.bridges[bridge] -= set(legs)

    async def destroy_bridge(self, bridge: str) -> None:
        if bridge not in self.bridges:
            raise LegGone(bridge)
        for leg in self.bridges.pop(bridge):
            if leg in self.legs:
                self.legs[leg].bridge = None

    async def start_music(self, leg: str, music: str = DEFAULT_MUSIC) -> None:
        self._get(leg).music = music

    async def stop_music(self, leg: str) -> None:
        self._get(leg).music = None

    async def play(self, leg: str, playback: str, sounds: tuple[str, ...]) -> None:
        self._get(leg)
        self._begin(playback, leg, sounds)

    async def play_in_bridge(self, bridge: str, playback: str, sounds: tuple[str, ...]) -> None:
        if bridge not in self.bridges:
            raise LegGone(bridge)
        self._begin(playback, bridge, sounds)

    async def stop_playing(self, playback: str) -> None:
        if playback not in self.playbacks:
            raise LegGone(playback)
        self.end_prompt(playback)

    async def mute(self, leg: str, is_muted: bool) -> None:
        self._get(leg).is_muted = is_muted

    async def watch(self, watch: str, leg: str, watcher: str, *, is_whispering: bool) -> None:
        self._get(leg)
        self._get(watcher).is_muted = not is_whispering
        self.watches[watch] = FakeWatch(leg, watcher)

    async def set_whispering(self, watch: str, watcher: str, is_whispering: bool) -> None:
        self._get(watcher).is_muted = not is_whispering

    async def unwatch(self, watch: str, watcher: str) -> None:
        self.watches.pop(watch, None)
        if watcher in self.legs:
            self.legs[watcher].is_muted = False

    async def count_received(self, leg: str) -> int | None:
        """More each time, while the far end is not silent."""
        mine = self._get(leg)
        mine.received += 0 if mine.is_silent or not mine.is_answered else 20
        return mine.received if mine.is_answered else None

    async def send_keys(self, leg: str, keys: str) -> None:
        self._get(leg).keys += keys

    async def settle_transfer(self, leg: str, is_done: bool) -> None:
        self._get(leg).transfers.append(is_done)

    async def observe(self) -> dict[str, bool]:
        return {leg.leg: leg.is_answered for leg in self.legs.values()}

    async def observe_bridges(self) -> list[str]:
        return list(self.bridges)

    # --- inside ---------------------------------------------------------------------------------------------------

    def _get(self, leg: str) -> FakeLeg:
        if leg not in self.legs:
            raise LegGone(leg)
        return self.legs[leg]

    def _is_heard(self, leg: str) -> bool:
        found = self.legs.get(leg)
        return found is not None and not found.is_muted and (found.is_answered or found.has_early_media)

    def _begin(self, playback: str, target: str, sounds: tuple[str, ...]) -> None:
        self.playbacks[playback] = target
        self._sounds[playback] = sounds
        if not self.is_prompt_kept:
            asyncio.get_running_loop().call_soon(self._end_if_played, playback)

    def _end_if_played(self, playback: str) -> None:
        if playback in self.playbacks:
            self.end_prompt(playback)

    def _tell(self, leg: str, event: ev.CallEvent) -> None:
        asyncio.get_running_loop().call_soon(self.on_event, leg, event)

    def _answer_if_up(self, leg: str) -> None:
        if leg in self.legs:
            self.far_end_answers(leg)

    def _remove(self, leg: str, cause: int) -> None:
        if self.legs.pop(leg, None) is not None:
            for members in self.bridges.values():
                members.discard(leg)
            for name, watch in list(self.watches.items()):
                if leg in (watch.leg, watch.watcher):
                    del self.watches[name]
            for playback, target in list(self.playbacks.items()):
                if target == leg:
                    self._end_if_played(playback)
            self._tell(leg, ev.LegEnded(self.clock.time(), leg, cause))
