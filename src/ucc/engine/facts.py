"""What is true of a call in whatever stage it is: who, since when, its legs, its captures."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from uuid import UUID

from ucc.engine.leg import Leg
from ucc.engine.record import Direction
from ucc.engine.target import LimitKey, RecordingPolicy


@dataclass(frozen=True, slots=True)
class Recording:
    """One capture of a leg; without an end it is running."""

    sip_call_id: str
    started_at: float
    ended_at: float | None = None
    failure: str | None = None
    box_id: int | None = None
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of the call in whatever stage it is.

    `message` is a voicemail that is being left. `serial` numbers questions and prompts. `is_recording_asked`: what the
    agent last asked for, None: nothing yet.
    """

    call_id: UUID
    direction: Direction
    caller: str
    callee: str
    started_at: float
    tenant_id: int | None = None
    did_id: int | None = None
    queue_id: int | None = None
    queued_at: float | None = None  # when it first came to this queue
    agent_id: int | None = None
    trunk_id: int | None = None
    answered_at: float | None = None
    connected_at: float | None = None
    legs: tuple[Leg, ...] = ()
    recordings: tuple[Recording, ...] = ()
    message: Recording | None = None
    policy: RecordingPolicy = field(default_factory=RecordingPolicy)
    is_recording_asked: bool | None = None
    is_recording_paused: bool = False
    keys: str = ""
    serial: int = 0
    language: str = "zh"
    held_s: float = 0.0
    waited_s: float = 0.0
    limits: tuple[LimitKey, ...] = ()  # places that the call holds on lines and tenants
    paid_until: float | None = None  # where the money of some level ends; None: not in sight
    warned_of: float | None = None  # the `paid_until` that the warning tone was for
    is_unrecorded: bool = False  # leaves no call record: a feature code, a nailed-up line

    def leg(self, name: str | None) -> Leg | None:
        return next((leg for leg in self.legs if leg.leg == name and leg.is_live), None) or next(
            (leg for leg in self.legs if leg.leg == name), None
        )

    def is_up(self, name: str | None) -> bool:
        leg = self.leg(name)
        return leg is not None and leg.is_up

    def with_leg(self, leg: Leg) -> Facts:
        return replace(self, legs=(*self.legs, leg))

    def change_leg(self, name: str, **changes: object) -> Facts:
        """Change the live leg of this name; a nailed-up leg may have served this call before under the same name."""
        return replace(
            self,
            legs=tuple(
                replace(x, **changes) if x.leg == name and x.is_live else x  # type: ignore[arg-type]
                for x in self.legs
            ),
        )

    def note_outcome(self, name: str, outcome: str) -> Facts:
        """Why the last leg of this name, which has ended, was no success."""
        last = max((i for i, x in enumerate(self.legs) if x.leg == name), default=None)
        if last is None:
            return self
        legs = tuple(replace(x, outcome=outcome) if i == last else x for i, x in enumerate(self.legs))
        return replace(self, legs=legs)

    def drop_leg(self, name: str | None, at: float, cause: int = 16, outcome: str | None = None) -> Facts:
        """We end this leg."""
        return self if name is None else self.change_leg(name, ended_at=at, cause=cause, outcome=outcome)

    def answer_leg(self, name: str) -> Facts:
        return self.change_leg(name, is_wanted_answered=True)

    def bump(self) -> Facts:
        """The same with the next serial."""
        return replace(self, serial=self.serial + 1)

    def next_leg(self) -> str:
        """The name of the next leg this call makes; the call can be read from it."""
        return f"ucc.{self.call_id}.{len(self.legs)}"

    @property
    def live_legs(self) -> tuple[Leg, ...]:
        return tuple(leg for leg in self.legs if leg.is_live)

    @property
    def recording(self) -> Recording | None:
        """The capture that is running."""
        last = self.recordings[-1] if self.recordings else None
        return last if last is not None and last.ended_at is None else None
