"""What can happen to a call. Every event carries `at`, in seconds since 1970: time is data here, never read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ucc.engine.effects import AgentTarget, TrunkTarget
from ucc.engine.record import EndedBy, LegKind


@dataclass(frozen=True, slots=True)
class CallArrived:
    """A new leg asks for a call: from a trunk (inbound) or from an agent's phone (outbound)."""

    at: float
    leg: str
    kind: LegKind
    caller: str
    callee: str
    address: str
    sip_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class CallRequested:
    """An agent asked in the page for a call: the agent's own phone is rung first."""

    at: float
    tenant_id: int
    agent: AgentTarget
    callee: str


@dataclass(frozen=True, slots=True)
class InboundRouteFound:
    """`caller` and `callee` are the numbers in E.164, where they are numbers."""

    at: float
    tenant_id: int
    did_id: int
    queue_id: int
    caller: str
    callee: str
    max_wait_s: float
    ring_timeout_s: float


@dataclass(frozen=True, slots=True)
class OutboundRouteFound:
    at: float
    tenant_id: int
    agent: AgentTarget
    callee: str
    trunk: TrunkTarget


@dataclass(frozen=True, slots=True)
class RouteRefused:
    """The call may not go on; `code` is stable and shown to the agent, `cause` is Q.850 and goes to the caller."""

    at: float
    code: str
    cause: int
    tenant_id: int | None = None
    agent_id: int | None = None


@dataclass(frozen=True, slots=True)
class LegCreated:
    """The switch made the leg; its SIP Call-ID names it to the border."""

    at: float
    leg: str
    sip_call_id: str | None


@dataclass(frozen=True, slots=True)
class LegRinging:
    at: float
    leg: str


@dataclass(frozen=True, slots=True)
class LegAnswered:
    at: float
    leg: str


@dataclass(frozen=True, slots=True)
class LegEnded:
    at: float
    leg: str
    cause: int


@dataclass(frozen=True, slots=True)
class KeyPressed:
    at: float
    leg: str
    key: str


@dataclass(frozen=True, slots=True)
class PromptEnded:
    at: float
    leg: str
    playback: str = ""


@dataclass(frozen=True, slots=True)
class EarlyMedia:
    """A leg that is being dialled sends sound before it answers (183 with SDP)."""

    at: float
    leg: str


@dataclass(frozen=True, slots=True)
class LegHeld:
    """The phone itself put its call on hold, or took it back."""

    at: float
    leg: str
    is_held: bool


@dataclass(frozen=True, slots=True)
class TransferAsked:
    """The phone itself asked for a transfer (REFER) to what it dialled."""

    at: float
    leg: str
    target: str


@dataclass(frozen=True, slots=True)
class HttpAnswered:
    """What a server said to the question with this serial; status 0: it could not be asked."""

    at: float
    serial: int
    status: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AgentOffered:
    """The floor chose an agent for this waiting call and reserved it."""

    at: float
    agent: AgentTarget


@dataclass(frozen=True, slots=True)
class QueueRefused:
    """The floor cannot serve the call: nobody is signed in."""

    at: float


@dataclass(frozen=True, slots=True)
class AgentRefused:
    """The floor cannot give the agent to this outbound call: it is busy with another one."""

    at: float
    code: str


@dataclass(frozen=True, slots=True)
class HangUpRequested:
    at: float
    by: EndedBy


@dataclass(frozen=True, slots=True)
class TimerFired:
    at: float
    name: str


@dataclass(frozen=True, slots=True)
class RecordingFailed:
    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class LegsObserved:
    """Reconcile: what the switch really has of this call. `last_seen` is when the switch was last heard before."""

    at: float
    legs: frozenset[str]
    answered: frozenset[str]
    last_seen: float


CallEvent = (
    CallArrived
    | CallRequested
    | InboundRouteFound
    | OutboundRouteFound
    | RouteRefused
    | LegCreated
    | LegRinging
    | LegAnswered
    | LegEnded
    | KeyPressed
    | PromptEnded
    | EarlyMedia
    | LegHeld
    | TransferAsked
    | HttpAnswered
    | AgentOffered
    | QueueRefused
    | AgentRefused
    | HangUpRequested
    | TimerFired
    | RecordingFailed
    | LegsObserved
)
