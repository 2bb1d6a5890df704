"""The state of a call: facts that are always true of it, the stage it is in (one dataclass each; a field exists only
where it has meaning), and who watches. All of it is plain data that can be stored and read back, so a call survives
its controller."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from ucc.engine.effects import AgentTarget, GiveLeg, PlayPrompt, SendKeys, SettleTransfer
from ucc.engine.facts import Facts as Facts
from ucc.engine.facts import Recording as Recording
from ucc.engine.ivr import Run
from ucc.engine.record import EndedBy, FinishedCall, Result
from ucc.engine.target import AgentPlan, Plan, QueuePlan, Target, TrunkPlan, VoicemailPlan


@dataclass(frozen=True, slots=True)
class Prompt:
    """Sounds that somebody hears; `playback` is unique in the call."""

    playback: str
    sounds: tuple[str, ...]


# --- reaching somebody ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offer:
    """A leg that rings; `agent` None: an outside number."""

    leg: str
    agent: AgentTarget | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """The office is asked how the target is reached."""

    target: Target
    serial: int
    by_agent_id: int | None = None
    stands_since: float | None = None
    kind: Literal["finding"] = "finding"


@dataclass(frozen=True, slots=True)
class Claiming:
    """The floor is asked for one agent."""

    plan: AgentPlan
    serial: int
    until: float
    is_forced: bool = False
    kind: Literal["claiming"] = "claiming"


@dataclass(frozen=True, slots=True)
class Queued:
    """Waiting in a queue. `asked`: the serial of a question for the position; `prompt`: the position is being told.
    `stands_since`: the time that its place goes by, when that is not the begin of this wait."""

    plan: QueuePlan
    since: float
    max_wait_at: float
    announce_at: float | None = None
    asked: int | None = None
    prompt: Prompt | None = None
    stands_since: float | None = None
    kind: Literal["queued"] = "queued"


@dataclass(frozen=True, slots=True)
class Ringing:
    """One or more legs ring. `since` and `max_wait_at` are those of the queue, `route` the trunk that is tried."""

    plan: QueuePlan | AgentPlan | TrunkPlan
    offers: tuple[Offer, ...]
    until: float
    since: float
    max_wait_at: float = 0.0
    route: int = 0
    stands_since: float | None = None
    kind: Literal["ringing"] = "ringing"


Reach = Finding | Claiming | Queued | Ringing


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody on our side of the talk. `agent` None: an outside party."""

    leg: str
    agent: AgentTarget | None
    label: str


# --- stages -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RoutingInbound:
    customer: str
    kind: Literal["routing_inbound"] = "routing_inbound"


@dataclass(frozen=True, slots=True)
class Menu:
    """In the IVR: the tree that was published when the call came, and where the caller is in it. `outcome`: why nobody
    came to whom the tree sent the caller before."""

    customer: str
    run: Run
    outcome: Result | None = None
    kind: Literal["menu"] = "menu"


@dataclass(frozen=True, slots=True)
class Seeking:
    """The customer waits for somebody. When nobody comes: the exits of the IVR node, the plan's overflow, `back` (the
    agent who transferred), else an announcement."""

    customer: str
    reach: Reach
    exits: dict[str, str] = field(default_factory=dict)
    run: Run | None = None
    back: AgentTarget | None = None
    hops: int = 0
    kind: Literal["seeking"] = "seeking"


@dataclass(frozen=True, slots=True)
class LeavingMessage:
    """Voicemail: the greeting and the tone, then the message until hang-up, `#` or `until`. `run`: the tree that goes
    on after the message."""

    customer: str
    plan: VoicemailPlan
    prompt: Prompt | None
    until: float
    run: Run | None = None
    kind: Literal["leaving_message"] = "leaving_message"


@dataclass(frozen=True, slots=True)
class Announcing:
    """The customer hears why nobody comes; then the call ends with `result`."""

    customer: str
    prompt: Prompt
    result: Result
    until: float
    by: EndedBy = EndedBy.SYSTEM
    kind: Literal["announcing"] = "announcing"


@dataclass(frozen=True, slots=True)
class RoutingOutbound:
    """An agent dialled; `agent_leg` is None when the page asked and no phone rings yet."""

    extension: str
    dialled: str
    agent_leg: str | None
    agent: AgentTarget | None = None
    caller_id: str | None = None
    kind: Literal["routing_outbound"] = "routing_outbound"


@dataclass(frozen=True, slots=True)
class RingingAgent:
    """The page asked for a call: the agent's own phone comes first."""

    agent: AgentTarget
    agent_leg: str
    plan: Plan
    until: float
    kind: Literal["ringing_agent"] = "ringing_agent"


@dataclass(frozen=True, slots=True)
class Dialing:
    """The far end (customer or colleague) is being called; the caller waits."""

    caller: Participant
    reach: Reach
    kind: Literal["dialing"] = "dialing"


@dataclass(frozen=True, slots=True)
class Errand:
    """A transfer or consultation that a participant began. `reached`: the target, once it has answered; `is_by_phone`:
    the phone's own key asked for it, and the phone waits to be told how it went."""

    by: str
    reach: Reach | None
    is_attended: bool
    target: Target
    reached: Participant | None = None
    is_by_phone: bool = False


@dataclass(frozen=True, slots=True)
class Rejoin:
    """A participant's page was loaded again: `leg` rings the new page, and takes the place of the `old` one."""

    old: str
    leg: str


@dataclass(frozen=True, slots=True)
class Talking:
    """The customer talks with one or more participants; the first is in charge. During an errand the customer is held.
    `failure`: why the last errand failed."""

    customer: str
    participants: tuple[Participant, ...]
    held_since: float | None = None
    muted: tuple[str, ...] = ()
    errand: Errand | None = None
    failure: str | None = None
    typed: str = ""
    rejoin: Rejoin | None = None
    kind: Literal["talking"] = "talking"


@dataclass(frozen=True, slots=True)
class Parked:
    """The customer waits in a slot for anybody who fetches it; then the agent who parked is rung."""

    customer: str
    slot: str
    by: AgentTarget | None
    until: float
    kind: Literal["parked"] = "parked"


@dataclass(frozen=True, slots=True)
class Serving:
    """A feature code: the agent's phone hears the answer."""

    agent_leg: str
    agent: AgentTarget
    code: str
    prompt: Prompt | None
    kind: Literal["serving"] = "serving"


@dataclass(frozen=True, slots=True)
class Line:
    """A nailed-up line (长签): one answered leg that calls borrow."""

    agent: AgentTarget
    agent_leg: str
    until: float | None = None  # the deadline of its first answer
    is_held: bool = False  # by the phone's own key: it may be silent
    kind: Literal["line"] = "line"


@dataclass(frozen=True, slots=True)
class ReadingCode:
    """A verification code is read to a number. `customer` None until somebody answered; `is_heard`: read to the end."""

    reach: Reach | None
    customer: str | None
    prompt: Prompt | None = None
    times: int = 0
    is_heard: bool = False
    until: float | None = None
    kind: Literal["reading_code"] = "reading_code"


Stage = (
    RoutingInbound
    | Menu
    | Seeking
    | LeavingMessage
    | Announcing
    | RoutingOutbound
    | RingingAgent
    | Dialing
    | Talking
    | Parked
    | Serving
    | Line
    | ReadingCode
)


@dataclass(frozen=True, slots=True)
class Watch:
    """A supervisor at this call. `mode`: listen, whisper, barge, take_over (until its phone answers)."""

    agent: AgentTarget
    leg: str
    mode: str


# --- the call ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class New:
    call_id: UUID
    kind: Literal["new"] = "new"


@dataclass(frozen=True, slots=True)
class Live:
    """`once`: what is done once at this decision and not wanted to last."""

    facts: Facts
    stage: Stage
    watches: tuple[Watch, ...] = ()
    once: tuple[SendKeys | GiveLeg | SettleTransfer | PlayPrompt, ...] = ()
    kind: Literal["live"] = "live"


@dataclass(frozen=True, slots=True)
class Ended:
    """Terminal: accepts everything, does nothing, but hangs up what appears late."""

    call_id: UUID
    tenant_id: int | None = None
    facts: Facts | None = None
    finished: FinishedCall | None = None
    once: tuple[GiveLeg, ...] = ()
    kind: Literal["ended"] = "ended"


CallState = New | Live | Ended
