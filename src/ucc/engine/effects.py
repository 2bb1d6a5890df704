"""What a call wants done. Imperative, without result: what comes of an effect returns as an event.

Flows never write effects: `diff.py` derives them from what the state before and the state after want.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from ucc.engine.record import FinishedCall

if TYPE_CHECKING:
    from ucc.engine.target import QueuePlan, Target


@dataclass(frozen=True, slots=True)
class AgentTarget:
    """An agent and the phone that rings for it; `line` is the leg of its nailed-up line (长签), while it is up."""

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


# --- questions to the office and the floor ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FindInboundRoute:
    """`trunk`: the address that the call came from, HOST:PORT."""

    did: str
    caller: str
    trunk: str = ""


@dataclass(frozen=True, slots=True)
class FindOutboundRoute:
    """Route what the agent behind `extension` dialled: outside, inside, or a feature code."""

    extension: str
    callee: str
    caller_id: str | None = None


@dataclass(frozen=True, slots=True)
class FindTarget:
    """How is `target` reached, for a call of this tenant? `by_agent_id`: who transfers to it."""

    serial: int
    tenant_id: int
    target: Target
    caller: str
    by_agent_id: int | None = None


@dataclass(frozen=True, slots=True)
class ClaimAgent:
    """Ask the floor for this one agent."""

    serial: int
    tenant_id: int
    agent_id: int
    is_forced: bool = False


@dataclass(frozen=True, slots=True)
class AskPosition:
    serial: int
    tenant_id: int


@dataclass(frozen=True, slots=True)
class RequestHttp:
    """An IVR node asks the enterprise's own server."""

    serial: int
    method: Literal["GET", "POST"]
    url: str
    timeout_s: float
    body: dict[str, str] = field(default_factory=dict)


Ask = FindInboundRoute | FindOutboundRoute | FindTarget | ClaimAgent | AskPosition | RequestHttp


# --- legs -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AnswerLeg:
    leg: str


@dataclass(frozen=True, slots=True)
class DialAgent:
    """Make a leg to an agent's phone and ring it. `is_auto_answered`: the phone picks up by itself. `is_captured`: its
    media goes through the border, which may record it; else only if it must for other reasons."""

    leg: str
    agent: AgentTarget
    caller: str
    is_auto_answered: bool = False
    is_captured: bool = False


@dataclass(frozen=True, slots=True)
class DialTrunk:
    leg: str
    trunk: TrunkTarget


@dataclass(frozen=True, slots=True)
class HangUpLeg:
    leg: str
    cause: int


@dataclass(frozen=True, slots=True)
class BorrowLine:
    """Take the agent's nailed-up leg into this call: it beeps and is answered at once."""

    leg: str


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """Give the nailed-up leg back: it stays up, silent."""

    leg: str


@dataclass(frozen=True, slots=True)
class GiveLeg:
    """Hand a leg of this call over to another call, which takes it by `LegGiven`."""

    call_id: UUID
    leg: str
    agent: AgentTarget


# --- media ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RingLeg:
    """Let this leg hear ringing."""

    leg: str


@dataclass(frozen=True, slots=True)
class StopRinging:
    """End the ringing that an answered leg hears; it would go on under the talk."""

    leg: str


@dataclass(frozen=True, slots=True)
class BridgeLegs:
    """Let these legs talk, with those that are in the bridge already."""

    legs: tuple[str, ...]
    bridge: str = "talk"


@dataclass(frozen=True, slots=True)
class UnbridgeLegs:
    legs: tuple[str, ...]
    bridge: str = "talk"


@dataclass(frozen=True, slots=True)
class DestroyBridge:
    bridge: str = "talk"


@dataclass(frozen=True, slots=True)
class StartMusic:
    leg: str
    music: str = "default"


@dataclass(frozen=True, slots=True)
class StopMusic:
    leg: str


@dataclass(frozen=True, slots=True)
class PlayPrompt:
    """Play sounds one after the other to a leg that is in no bridge. `PromptEnded` with the same playback follows."""

    leg: str
    playback: str
    sounds: tuple[str, ...]
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class StopPrompt:
    playback: str


@dataclass(frozen=True, slots=True)
class MuteLeg:
    leg: str
    is_muted: bool


@dataclass(frozen=True, slots=True)
class WatchLeg:
    """Let `watcher` hear both sides of `leg`; whispering: `leg` hears the watcher, the other party does not."""

    watch: str
    leg: str
    watcher: str
    is_whispering: bool


@dataclass(frozen=True, slots=True)
class ChangeWatch:
    watch: str
    watcher: str
    is_whispering: bool


@dataclass(frozen=True, slots=True)
class EndWatch:
    watch: str
    watcher: str


@dataclass(frozen=True, slots=True)
class SendKeys:
    leg: str
    keys: str


@dataclass(frozen=True, slots=True)
class SettleTransfer:
    """Tell the phone whose transfer key was pressed how it went; one that is told of success hangs up by itself."""

    leg: str
    is_done: bool


# --- recording --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StartRecording:
    """Capture the leg with this SIP Call-ID at the border."""

    sip_call_id: str


@dataclass(frozen=True, slots=True)
class StopRecording:
    sip_call_id: str


@dataclass(frozen=True, slots=True)
class PauseRecording:
    """Store nothing until it is resumed."""

    sip_call_id: str


@dataclass(frozen=True, slots=True)
class ResumeRecording:
    sip_call_id: str


# --- time, floor, books -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StartTimer:
    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    name: str


@dataclass(frozen=True, slots=True)
class JoinQueue:
    """Tell the floor that this call waits since `since`."""

    tenant_id: int
    plan: QueuePlan
    since: float
    caller: str


@dataclass(frozen=True, slots=True)
class LeaveQueue:
    """Tell the floor that this call waits no more."""

    tenant_id: int
    queue_id: int


@dataclass(frozen=True, slots=True)
class ReportAgent:
    """Tell the floor what this call does with an agent: ringing, dialing, talking, held, consulting, conferencing,
    watching, released, no_answer, declined, unreachable."""

    tenant_id: int
    agent_id: int
    work: str


@dataclass(frozen=True, slots=True)
class ReportLine:
    """Tell the floor that the agent's nailed-up line is up (its leg), or down (None)."""

    tenant_id: int
    agent_id: int
    leg: str | None


@dataclass(frozen=True, slots=True)
class SaveCall:
    """The call has ended: write it, with its money and its recordings, in one transaction."""

    finished: FinishedCall


Effect = (
    Ask
    | AnswerLeg
    | DialAgent
    | DialTrunk
    | HangUpLeg
    | BorrowLine
    | ReturnLine
    | GiveLeg
    | RingLeg
    | StopRinging
    | BridgeLegs
    | UnbridgeLegs
    | DestroyBridge
    | StartMusic
    | StopMusic
    | PlayPrompt
    | StopPrompt
    | MuteLeg
    | WatchLeg
    | ChangeWatch
    | EndWatch
    | SendKeys
    | SettleTransfer
    | StartRecording
    | StopRecording
    | PauseRecording
    | ResumeRecording
    | StartTimer
    | CancelTimer
    | JoinQueue
    | LeaveQueue
    | ReportAgent
    | ReportLine
    | SaveCall
)
