"""What the runner needs of a switch. `Asterisk` is the real one, `FakeSwitch` behaves the same; one contract suite
runs on both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ucc.engine.events import CallEvent

EventSink = Callable[[str, CallEvent], None]
"""Takes (leg, event); returns at once."""


class SwitchError(Exception):
    """The switch refused or did not answer in time."""


class LegGone(SwitchError):
    """The leg (or its bridge) is no longer there: no fault, the end of it is on its way as an event."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A registered phone or page, reached through the border."""

    extension: str


@dataclass(frozen=True, slots=True)
class Gateway:
    """A trunk's far end, and the number as it wants it."""

    host: str
    port: int
    number: str


class Switch(Protocol):
    """Legs and bridges by names that the caller chose. Each method returns when the switch has accepted it."""

    async def dial(self, leg: str, to: Phone | Gateway, caller: str, *, is_auto_answered: bool = False) -> str | None:
        """Make a leg and ring it; returns its SIP Call-ID. How it went comes as events."""

    async def answer(self, leg: str) -> None: ...

    async def ring(self, leg: str) -> None:
        """Let the leg hear ringing."""

    async def stop_ringing(self, leg: str) -> None: ...

    async def hang_up(self, leg: str, cause: int) -> None: ...

    async def bridge(self, bridge: str, legs: tuple[str, ...]) -> None:
        """Let the legs talk; adding them again changes nothing."""

    async def destroy_bridge(self, bridge: str) -> None: ...

    async def start_music(self, leg: str) -> None: ...

    async def stop_music(self, leg: str) -> None: ...

    async def play(self, leg: str, prompt: str) -> None:
        """Play a prompt to a leg; `PromptEnded` follows."""

    async def observe(self) -> dict[str, bool]:
        """Every leg there is, and whether it is answered."""
