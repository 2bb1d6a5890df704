"""Whom a call looks for (targets, as people and IVR trees name them) and how each is reached (plans, as the office
answers). Plain data: a plan is taken when the call asks, so that a change of settings acts on the next call only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from ucc.engine.effects import AgentTarget, TrunkTarget
from ucc.engine.ivr_tree import Caller, Tree


@dataclass(frozen=True, slots=True)
class ToAgent:
    agent_id: int
    kind: Literal["agent"] = "agent"


@dataclass(frozen=True, slots=True)
class ToQueue:
    """`priority` comes on top of the caller's own; `skills` on top of those that the queue asks for."""

    queue_id: int
    priority: int = 0
    skills: dict[str, int] = field(default_factory=dict)
    kind: Literal["queue"] = "queue"


@dataclass(frozen=True, slots=True)
class ToNumber:
    """Digits as dialled: a work number, an extension or an outside number. `is_short`: work numbers only."""

    number: str
    is_short: bool = False
    kind: Literal["number"] = "number"


@dataclass(frozen=True, slots=True)
class ToVoicemail:
    box_id: int
    kind: Literal["voicemail"] = "voicemail"


@dataclass(frozen=True, slots=True)
class ToMenu:
    tree_id: int
    kind: Literal["menu"] = "menu"


Target = ToAgent | ToQueue | ToNumber | ToVoicemail | ToMenu


class RecordingMode(StrEnum):
    AUTOMATIC = "automatic"  # on by itself, the agent may stop it
    FORCED = "forced"  # 强制录音: nobody can stop it
    FORBIDDEN = "forbidden"  # 禁止录音: nothing is stored
    ON_DEMAND = "on_demand"  # off until the agent asks


class RecordingStart(StrEnum):
    """录音时机: from the first audio before answer (彩铃), or from answer (接通)."""

    RINGBACK = "ringback"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class RecordingPolicy:
    mode: RecordingMode = RecordingMode.AUTOMATIC
    starts_at: RecordingStart = RecordingStart.ANSWER
    can_pause: bool = True


@dataclass(frozen=True, slots=True)
class QueuePlan:
    """How a call waits in a queue. `music` and `ringback` name a sound; `overflow` is where it goes when nobody came.

    `skills` are the levels an agent needs; `announce_every_s` 0: no announcements of position and wait.
    """

    queue_id: int
    max_wait_s: float = 300.0
    ring_timeout_s: float = 15.0
    music: str = "default"
    ringback: str | None = None
    announce_every_s: float = 0.0
    overflow: Target | None = None
    priority: int = 0
    skills: dict[str, int] = field(default_factory=dict)
    last_agent_id: int | None = None
    recording: RecordingPolicy | None = None
    agent_recording: dict[int, RecordingPolicy] = field(default_factory=dict)
    kind: Literal["queue"] = "queue"


@dataclass(frozen=True, slots=True)
class AgentPlan:
    """One agent's phone. `overflow`: where the call goes when the agent does not answer. `is_forced`: also while the
    agent is paused or in wrap-up."""

    agent: AgentTarget
    ring_timeout_s: float = 20.0
    ringback: str | None = None
    overflow: Target | None = None
    is_auto_answered: bool = False
    is_forced: bool = False
    recording: RecordingPolicy | None = None
    kind: Literal["agent"] = "agent"


@dataclass(frozen=True, slots=True)
class LimitKey:
    """Live calls of `kind` `id` (trunk 5, caller_id 7, tenant 3) may never be more than `most`."""

    kind: str
    id: int
    most: int


@dataclass(frozen=True, slots=True)
class TrunkPlan:
    """An outside number: the trunks in the order to try, the caller ID shown, the limits the call takes part in."""

    callee: str
    caller_id: str
    routes: tuple[TrunkTarget, ...]
    limits: tuple[LimitKey, ...] = ()
    recording: RecordingPolicy = field(default_factory=RecordingPolicy)
    ring_timeout_s: float = 60.0
    kind: Literal["trunk"] = "trunk"


@dataclass(frozen=True, slots=True)
class VoicemailPlan:
    """A box that takes a message. `greeting` are sounds played before the tone."""

    box_id: int
    greeting: tuple[str, ...]
    max_s: float = 180.0
    kind: Literal["voicemail"] = "voicemail"


@dataclass(frozen=True, slots=True)
class MenuPlan:
    """Another IVR tree, and what is known of the caller."""

    tree: Tree
    caller: Caller = field(default_factory=lambda: Caller(""))
    kind: Literal["menu"] = "menu"


Plan = QueuePlan | AgentPlan | TrunkPlan | VoicemailPlan | MenuPlan
