"""What the runner needs of a switch. `Asterisk` is the real one, `FakeSwitch` behaves the same; one contract suite
runs on both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ucc.engine.events import CallEvent

DEFAULT_MUSIC = "default"
EventSink = Callable[[str, CallEvent], None]
"""Takes (leg, event); returns at once."""


class SwitchError(Exception):
    """The switch refused or did not answer in time."""


class LegGone(SwitchError):
    """The leg (or its bridge) is no longer there: no fault, the end of it is on its way as an event."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A registered phone or page, reached through the border. `is_captured`: the border relays its media in any case,
    so that it can record it."""

    extension: str
    is_captured: bool = False


@dataclass(frozen=True, slots=True)
class Gateway:
    """A trunk's far end, and the number as it wants it."""

    host: str
    port: int
    number: str


class Switch(Protocol):
    """Legs, bridges, playbacks and watches by names that the caller chose. Each method returns when the switch has
    accepted it, and raises LegGone when the leg (or bridge) is not there any more.
    """

    async def dial(self, leg: str, to: Phone | Gateway, caller: str, *, is_auto_answered: bool = False) -> str | None:
        """Make a leg and ring it; returns its SIP Call-ID. How it went comes as events."""

    async def answer(self, leg: str) -> None: ...

    async def ring(self, leg: str) -> None:
        """Let the leg hear ringing."""

    async def stop_ringing(self, leg: str) -> None: ...

    async def hang_up(self, leg: str, cause: int) -> None: ...

    async def bridge(self, bridge: str, legs: tuple[str, ...], *, is_proxied: bool = False) -> None:
        """Let the legs talk, with those that are in the bridge; one that is in it already hears nothing of it. A leg
        that is not answered yet sends (or, if it came in, hears) early media. A new bridge that is proxied keeps the
        switch between its legs, so that it sees what they send.
        """

    async def unbridge(self, bridge: str, legs: tuple[str, ...]) -> None:
        """Take the legs out; they stay up, silent."""

    async def destroy_bridge(self, bridge: str) -> None: ...

    async def start_music(self, leg: str, music: str = DEFAULT_MUSIC) -> None:
        """Play music to a leg in no bridge until `stop_music`: ours, or a sound (absolute path without extension)
        over and over; on a leg that came in and is not answered the sound is its ring-back.
        """

    async def stop_music(self, leg: str) -> None: ...

    async def play(self, leg: str, playback: str, sounds: tuple[str, ...]) -> None:
        """Play sounds (absolute paths without extension) to a leg in no bridge, as early media when it came in and is
        not answered yet; `PromptEnded` follows.
        """

    async def play_in_bridge(self, bridge: str, playback: str, sounds: tuple[str, ...]) -> None:
        """Play to all who are in the bridge; `PromptEnded` with the bridge as its leg follows."""

    async def stop_playing(self, playback: str) -> None:
        """End a playback early; its `PromptEnded` follows."""

    async def mute(self, leg: str, is_muted: bool) -> None:
        """Whether what the leg says is kept from everybody."""

    async def watch(self, watch: str, leg: str, watcher: str, *, is_whispering: bool) -> None:
        """Let `watcher`, an answered leg in no bridge, hear both sides of `leg`; whispering, `leg` alone hears it.
        It ends with `unwatch`, or with either leg.
        """

    async def set_whispering(self, watch: str, watcher: str, is_whispering: bool) -> None: ...

    async def unwatch(self, watch: str, watcher: str) -> None:
        """The watcher stays up, silent. No fault when the watch has ended by itself."""

    async def count_received(self, leg: str) -> int | None:
        """RTP packets that the leg has sent to the switch so far; None: not known yet."""

    async def send_keys(self, leg: str, keys: str) -> None:
        """Let the far end of the leg hear DTMF."""

    async def settle_transfer(self, leg: str, is_done: bool) -> None:
        """Tell the phone that asked for a transfer (`TransferAsked`) how it went."""

    async def observe(self) -> dict[str, bool]:
        """Every leg there is, and whether it is answered."""

    async def observe_bridges(self) -> list[str]:
        """Every bridge of legs there is; those of watches are not told."""
