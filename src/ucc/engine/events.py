"""What can happen to a call. Every event carries `at`, in seconds since 1970: time is data here, never read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ucc.engine.effects import AgentTarget
from ucc.engine.ivr_tree import Caller, Tree
from ucc.engine.leg import Leg
from ucc.engine.record import LegKind
from ucc.engine.requests import ConferenceRequested as ConferenceRequested
from ucc.engine.requests import HangUpRequested as HangUpRequested
from ucc.engine.requests import HoldRequested as HoldRequested
from ucc.engine.requests import KeysRequested as KeysRequested
from ucc.engine.requests import MuteRequested as MuteRequested
from ucc.engine.requests import ParkRequested as ParkRequested
from ucc.engine.requests import ParticipantDropped as ParticipantDropped
from ucc.engine.requests import PickUpRequested as PickUpRequested
from ucc.engine.requests import RecordingRequested as RecordingRequested
from ucc.engine.requests import RejoinRequested as RejoinRequested
from ucc.engine.requests import TransferCancelled as TransferCancelled
from ucc.engine.requests import TransferCompleted as TransferCompleted
from ucc.engine.requests import TransferRequested as TransferRequested
from ucc.engine.requests import WatchEnded as WatchEnded
from ucc.engine.requests import WatchRequested as WatchRequested
from ucc.engine.target import LimitKey, Plan, RecordingPolicy, TrunkPlan

# --- a call begins ----------------------------------------------------------------------------------------------------


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
    caller_id: str | None = None


@dataclass(frozen=True, slots=True)
class LineRequested:
    """An agent asked for a nailed-up line (长签): its phone is rung once, and the leg stays."""

    at: float
    tenant_id: int
    agent: AgentTarget


@dataclass(frozen=True, slots=True)
class CodeRequested:
    """Call a number and read it a verification code (语音验证码). The code itself is the office's secret."""

    at: float
    tenant_id: int
    plan: TrunkPlan
    language: str = "zh"


# --- the office answers -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InboundRouteFound:
    """`caller` and `callee` are the numbers in E.164, where they are numbers; `known` is what the IVR may ask about
    the caller."""

    at: float
    tenant_id: int
    did_id: int
    tree: Tree
    caller: str
    callee: str
    known: Caller
    recording: RecordingPolicy = field(default_factory=RecordingPolicy)
    language: str = "zh"
    limits: tuple[LimitKey, ...] = ()


@dataclass(frozen=True, slots=True)
class OutboundRouteFound:
    """`plan` leads outside (TrunkPlan) or to a colleague (AgentPlan: an internal call, recorded by `recording`)."""

    at: float
    tenant_id: int
    agent: AgentTarget
    callee: str
    plan: Plan
    language: str = "zh"
    recording: RecordingPolicy = field(default_factory=RecordingPolicy)


@dataclass(frozen=True, slots=True)
class FeatureFound:
    """The agent dialled a feature code: what it hears, and what its leg is for."""

    at: float
    tenant_id: int
    agent: AgentTarget
    code: str
    sounds: tuple[str, ...]
    is_line: bool = False
    give_to: UUID | None = None
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class TargetFound:
    at: float
    serial: int
    plan: Plan


@dataclass(frozen=True, slots=True)
class RouteRefused:
    """The call may not go on; `code` is stable and shown to the agent, `cause` is Q.850 and goes to the caller.

    `serial` names the question when it was about a target.
    """

    at: float
    code: str
    cause: int
    tenant_id: int | None = None
    agent_id: int | None = None
    serial: int | None = None


@dataclass(frozen=True, slots=True)
class CreditUntil:
    """The call is paid for until `until`, and no level can pay more now; None: no end is in sight."""

    at: float
    until: float | None


@dataclass(frozen=True, slots=True)
class HttpAnswered:
    """`status` 0: no answer."""

    at: float
    serial: int
    status: int
    body: dict[str, Any] = field(default_factory=dict)


# --- the switch tells -------------------------------------------------------------------------------------------------


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
class EarlyMedia:
    """The far end of a dialled leg lets itself be heard before it answers: ring-back, announcements."""

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
class LegGiven:
    """Another call hands over a leg of this agent: a pick-up, a retrieved call."""

    at: float
    leg: Leg
    agent: AgentTarget


@dataclass(frozen=True, slots=True)
class LegHeld:
    """A phone's own hold key."""

    at: float
    leg: str
    is_held: bool


@dataclass(frozen=True, slots=True)
class TransferAsked:
    """A phone's own transfer key (REFER)."""

    at: float
    leg: str
    target: str


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


# --- the floor tells --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AgentsOffered:
    """The floor reserved these agents for this call; several: all ring, the first to answer has it."""

    at: float
    agents: tuple[AgentTarget, ...]


@dataclass(frozen=True, slots=True)
class QueueRefused:
    """The floor cannot serve the call: no_agents, full, closed, wait_too_long."""

    at: float
    reason: str = "no_agents"


@dataclass(frozen=True, slots=True)
class AgentRefused:
    """The floor cannot give the agent to this call: it is busy with another one, paused or signed out."""

    at: float
    code: str
    agent_id: int | None = None


@dataclass(frozen=True, slots=True)
class PositionTold:
    """`position` 1 is the next; `wait_s` None: not known yet."""

    at: float
    position: int
    wait_s: float | None


@dataclass(frozen=True, slots=True)
class TimerFired:
    at: float
    name: str


CallEvent = (
    CallArrived
    | CallRequested
    | LineRequested
    | CodeRequested
    | InboundRouteFound
    | OutboundRouteFound
    | FeatureFound
    | TargetFound
    | RouteRefused
    | CreditUntil
    | HttpAnswered
    | LegCreated
    | LegRinging
    | EarlyMedia
    | LegAnswered
    | LegEnded
    | LegGiven
    | LegHeld
    | TransferAsked
    | KeyPressed
    | PromptEnded
    | RecordingFailed
    | LegsObserved
    | AgentsOffered
    | QueueRefused
    | AgentRefused
    | PositionTold
    | HangUpRequested
    | HoldRequested
    | MuteRequested
    | TransferRequested
    | TransferCompleted
    | TransferCancelled
    | ConferenceRequested
    | ParticipantDropped
    | ParkRequested
    | PickUpRequested
    | KeysRequested
    | RecordingRequested
    | RejoinRequested
    | WatchRequested
    | WatchEnded
    | TimerFired
)
