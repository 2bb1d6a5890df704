"""What the engine leaves behind when a call has ended: the call, its legs, its recording. Plain facts, no money yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class LegKind(StrEnum):
    """How a leg reaches us; decides whether the border puts rtpengine on it."""

    TRUNK = "trunk"
    PHONE = "phone"


class Party(StrEnum):
    CUSTOMER = "customer"
    AGENT = "agent"
    OUTSIDE = "outside"  # reached over a trunk for the customer or the agent: a transfer, a third party
    SUPERVISOR = "supervisor"


class EndedBy(StrEnum):
    CUSTOMER = "customer"
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    SYSTEM = "system"


class Result(StrEnum):
    """Outcome of a call; inbound calls use the queue partition of the domain, outbound ones the cause table."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    TIMED_OUT = "timed_out"
    NO_AGENTS = "no_agents"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    INVALID = "invalid"
    LINE_FAULT = "line_fault"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    OVERFLOWED = "overflowed"
    CLOSED = "closed"
    BLOCKED = "blocked"
    MENU = "menu"  # ended in the IVR, without asking for anybody
    VOICEMAIL = "voicemail"


@dataclass(frozen=True, slots=True)
class LegRecord:
    """One party's part. Times are seconds since 1970 (float, to the millisecond); None: never happened."""

    leg_id: UUID
    kind: LegKind
    party: Party
    address: str
    started_at: float
    ended_at: float
    agent_id: int | None = None
    trunk_id: int | None = None
    sip_call_id: str | None = None
    ringing_at: float | None = None
    answered_at: float | None = None
    cause: int = 16
    number: str | None = None
    """What a leg to the outside dialled, in E.164: `address` is the number as its trunk wanted it."""


class RecordingPurpose(StrEnum):
    CALL = "call"
    VOICEMAIL = "voicemail"


@dataclass(frozen=True, slots=True)
class RecordingRecord:
    """What was captured of one leg at the border, still to be encoded: one record, one file.

    `stretches`: the parts, in order, that the file is joined from (recording on demand); none: all of it. What was
    paused inside of them is silence of the same length. `failure` is a code, see `ucc.recording.failure`.
    `box_id`: where a voicemail lies.
    """

    recording_id: UUID
    sip_call_id: str
    started_at: float
    ended_at: float
    failure: str | None = None
    purpose: RecordingPurpose = RecordingPurpose.CALL
    stretches: tuple[tuple[float, float], ...] = ()
    box_id: int | None = None
    """The voicemail box that the message is for."""


@dataclass(frozen=True, slots=True)
class FinishedCall:
    """A whole call. `answered_at` starts the money and the recording: the moment the customer's leg was answered."""

    call_id: UUID
    tenant_id: int
    direction: Direction
    caller: str
    callee: str
    started_at: float
    ended_at: float
    cause: int
    ended_by: EndedBy
    result: Result
    answered_at: float | None = None
    connected_at: float | None = None
    queue_id: int | None = None
    agent_id: int | None = None
    trunk_id: int | None = None
    did_id: int | None = None
    refusal: str | None = None
    legs: tuple[LegRecord, ...] = ()
    recordings: tuple[RecordingRecord, ...] = field(default=())
    held_s: float = 0.0
    waited_s: float = 0.0
    keys: str = ""
    is_heard: bool = False
    """The verification code of this call was read to its end."""

    @property
    def talk_s(self) -> float:
        """Seconds the customer's leg was answered; what every level is billed for."""
        return max(0.0, self.ended_at - self.answered_at) if self.answered_at is not None else 0.0
