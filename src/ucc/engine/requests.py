"""What people ask of a call, as events: the same mailbox, the same `at`."""

from __future__ import annotations

from dataclasses import dataclass

from ucc.engine.effects import AgentTarget
from ucc.engine.record import EndedBy
from ucc.engine.target import Target


@dataclass(frozen=True, slots=True)
class HangUpRequested:
    at: float
    by: EndedBy


@dataclass(frozen=True, slots=True)
class HoldRequested:
    at: float
    agent_id: int
    is_held: bool


@dataclass(frozen=True, slots=True)
class MuteRequested:
    at: float
    agent_id: int
    is_muted: bool


@dataclass(frozen=True, slots=True)
class TransferRequested:
    at: float
    agent_id: int
    target: Target
    is_attended: bool


@dataclass(frozen=True, slots=True)
class TransferCompleted:
    at: float
    agent_id: int


@dataclass(frozen=True, slots=True)
class TransferCancelled:
    at: float
    agent_id: int


@dataclass(frozen=True, slots=True)
class ConferenceRequested:
    """Bring the customer into the consultation: all three talk."""

    at: float
    agent_id: int


@dataclass(frozen=True, slots=True)
class ParticipantDropped:
    at: float
    agent_id: int
    leg: str


@dataclass(frozen=True, slots=True)
class ParkRequested:
    at: float
    agent_id: int
    slot: str
    max_s: float = 120.0


@dataclass(frozen=True, slots=True)
class PickUpRequested:
    """A colleague takes the waiting, ringing or parked customer."""

    at: float
    agent: AgentTarget


@dataclass(frozen=True, slots=True)
class KeysRequested:
    """Keys that the agent sends to the customer's side."""

    at: float
    agent_id: int
    keys: str


@dataclass(frozen=True, slots=True)
class RejoinRequested:
    """The page behind this leg is silent: it was loaded again, or closed. The agent's new page takes its place."""

    at: float
    leg: str


@dataclass(frozen=True, slots=True)
class RecordingRequested:
    """`action`: start, stop, pause, resume."""

    at: float
    action: str


@dataclass(frozen=True, slots=True)
class WatchRequested:
    """`mode`: listen, whisper, barge, take_over. A second request of the same supervisor changes the mode."""

    at: float
    supervisor: AgentTarget
    mode: str


@dataclass(frozen=True, slots=True)
class WatchEnded:
    at: float
    agent_id: int
