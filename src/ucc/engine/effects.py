"""What a call wants done. Imperative, without result: what comes of an effect returns as an event."""

from __future__ import annotations

from dataclasses import dataclass

from ucc.engine.record import FinishedCall


@dataclass(frozen=True, slots=True)
class AgentTarget:
    """An agent and the phone that rings for it. `line`: the leg that stays up (长签); it is used without ringing."""

    agent_id: int
    extension: str
    name: str = ""
    line: str | None = None


@dataclass(frozen=True, slots=True)
class TrunkTarget:
    """Where an outbound call leaves: the trunk, the number as the trunk wants it, the caller ID shown."""

    trunk_id: int
    host: str
    port: int
    number: str
    caller_id: str


@dataclass(frozen=True, slots=True)
class FindInboundRoute:
    did: str
    caller: str


@dataclass(frozen=True, slots=True)
class FindOutboundRoute:
    """Route `callee` for the agent behind `extension`."""

    extension: str
    callee: str


@dataclass(frozen=True, slots=True)
class AnswerLeg:
    leg: str


@dataclass(frozen=True, slots=True)
class RingLeg:
    """Let this leg hear ringing."""

    leg: str


@dataclass(frozen=True, slots=True)
class StopRinging:
    """End the ringing that an answered leg hears; it would go on under the talk."""

    leg: str


@dataclass(frozen=True, slots=True)
class DialAgent:
    """Make a leg to an agent's phone and ring it. `is_auto_answered`: the phone picks up by itself."""

    leg: str
    agent: AgentTarget
    caller: str
    is_auto_answered: bool = False


@dataclass(frozen=True, slots=True)
class DialTrunk:
    leg: str
    trunk: TrunkTarget


@dataclass(frozen=True, slots=True)
class HangUpLeg:
    leg: str
    cause: int


@dataclass(frozen=True, slots=True)
class BridgeLegs:
    """Let these legs talk. The switch leaves the RTP path by itself once two parties are in."""

    legs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DestroyBridge:
    pass


@dataclass(frozen=True, slots=True)
class StartMusic:
    leg: str


@dataclass(frozen=True, slots=True)
class StopMusic:
    leg: str


@dataclass(frozen=True, slots=True)
class PlayPrompt:
    """Play a named prompt to one leg that is in no bridge."""

    leg: str
    prompt: str


@dataclass(frozen=True, slots=True)
class StartRecording:
    """Capture the leg with this SIP Call-ID at the border."""

    sip_call_id: str


@dataclass(frozen=True, slots=True)
class StopRecording:
    sip_call_id: str


@dataclass(frozen=True, slots=True)
class StartTimer:
    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    name: str


@dataclass(frozen=True, slots=True)
class JoinQueue:
    """Tell the floor that this call waits."""

    tenant_id: int
    queue_id: int
    is_head: bool = False


@dataclass(frozen=True, slots=True)
class LeaveQueue:
    """Tell the floor that this call waits no more."""

    tenant_id: int
    queue_id: int


@dataclass(frozen=True, slots=True)
class ReportAgent:
    """Tell the floor what this call does with an agent: ringing, dialing, talking, released, no_answer, unreachable."""

    tenant_id: int
    agent_id: int
    work: str


@dataclass(frozen=True, slots=True)
class SaveCall:
    """The call has ended: write it, with its money and its recordings, in one transaction."""

    finished: FinishedCall


Effect = (
    FindInboundRoute
    | FindOutboundRoute
    | AnswerLeg
    | RingLeg
    | StopRinging
    | DialAgent
    | DialTrunk
    | HangUpLeg
    | BridgeLegs
    | DestroyBridge
    | StartMusic
    | StopMusic
    | PlayPrompt
    | StartRecording
    | StopRecording
    | StartTimer
    | CancelTimer
    | JoinQueue
    | LeaveQueue
    | ReportAgent
    | SaveCall
)
