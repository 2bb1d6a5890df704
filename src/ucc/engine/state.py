"""The states of a call, one dataclass each; a field exists only where it has meaning. All of it is plain data that
can be stored and read back, so a call survives its controller."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import UUID

from ucc.engine.effects import AgentTarget, TrunkTarget
from ucc.engine.record import Direction, LegKind, Party, Result


@dataclass(frozen=True, slots=True)
class Leg:
    """One party's part of a call, named by its channel in the switch. Times are seconds since 1970."""

    leg: str
    kind: LegKind
    party: Party
    address: str
    started_at: float
    agent_id: int | None = None
    trunk_id: int | None = None
    sip_call_id: str | None = None
    ringing_at: float | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    cause: int = 16


@dataclass(frozen=True, slots=True)
class Recording:
    """The capture of the customer's leg, from answer."""

    sip_call_id: str
    started_at: float
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of the call in whatever state it is."""

    call_id: UUID
    direction: Direction
    caller: str
    callee: str
    started_at: float
    tenant_id: int | None = None
    did_id: int | None = None
    queue_id: int | None = None
    agent_id: int | None = None
    trunk_id: int | None = None
    answered_at: float | None = None
    connected_at: float | None = None
    legs: tuple[Leg, ...] = ()
    recording: Recording | None = None
    keys: str = ""

    def leg(self, name: str) -> Leg | None:
        return next((leg for leg in self.legs if leg.leg == name), None)

    def with_leg(self, leg: Leg) -> Facts:
        return replace(self, legs=(*self.legs, leg))

    def change_leg(self, name: str, **changes: object) -> Facts:
        return replace(self, legs=tuple(replace(x, **changes) if x.leg == name else x for x in self.legs))  # type: ignore[arg-type]

    def next_leg(self) -> str:
        """The name of the next leg this call makes; the call can be read from it."""
        return f"ucc.{self.call_id}.{len(self.legs)}"

    @property
    def live_legs(self) -> tuple[Leg, ...]:
        return tuple(leg for leg in self.legs if leg.ended_at is None)


@dataclass(frozen=True, slots=True)
class New:
    call_id: UUID
    kind: Literal["new"] = "new"


@dataclass(frozen=True, slots=True)
class RoutingInbound:
    facts: Facts
    customer: str
    kind: Literal["routing_inbound"] = "routing_inbound"


@dataclass(frozen=True, slots=True)
class Answering:
    """The customer's leg is being answered; then the call waits in its queue."""

    facts: Facts
    customer: str
    queue_id: int
    max_wait_s: float
    ring_timeout_s: float
    kind: Literal["answering"] = "answering"


@dataclass(frozen=True, slots=True)
class Waiting:
    """In the queue, with music."""

    facts: Facts
    customer: str
    queue_id: int
    waiting_since: float
    max_wait_s: float
    ring_timeout_s: float
    kind: Literal["waiting"] = "waiting"


@dataclass(frozen=True, slots=True)
class Offering:
    """An agent's phone rings for the waiting customer."""

    facts: Facts
    customer: str
    queue_id: int
    waiting_since: float
    max_wait_s: float
    ring_timeout_s: float
    agent: AgentTarget
    agent_leg: str
    kind: Literal["offering"] = "offering"


@dataclass(frozen=True, slots=True)
class Announcing:
    """The customer hears why nobody comes; then the call ends with `result`."""

    facts: Facts
    customer: str
    result: Result
    kind: Literal["announcing"] = "announcing"


@dataclass(frozen=True, slots=True)
class RoutingOutbound:
    """An agent wants to reach `facts.callee`; `agent_leg` is None when the page asked and no phone rings yet."""

    facts: Facts
    extension: str
    agent_leg: str | None
    kind: Literal["routing_outbound"] = "routing_outbound"


@dataclass(frozen=True, slots=True)
class RingingAgent:
    """The page asked for a call: the agent's own phone comes first."""

    facts: Facts
    agent: AgentTarget
    agent_leg: str
    trunk: TrunkTarget
    kind: Literal["ringing_agent"] = "ringing_agent"


@dataclass(frozen=True, slots=True)
class Dialing:
    """The customer is being called; the agent waits."""

    facts: Facts
    agent: AgentTarget
    agent_leg: str
    customer: str
    trunk: TrunkTarget
    kind: Literal["dialing"] = "dialing"


@dataclass(frozen=True, slots=True)
class Talking:
    facts: Facts
    agent: AgentTarget
    agent_leg: str
    customer: str
    kind: Literal["talking"] = "talking"


@dataclass(frozen=True, slots=True)
class Ended:
    """Terminal: accepts everything, does nothing, but hangs up what appears late."""

    call_id: UUID
    tenant_id: int | None = None
    kind: Literal["ended"] = field(default="ended")


CallState = (
    New
    | RoutingInbound
    | Answering
    | Waiting
    | Offering
    | Announcing
    | RoutingOutbound
    | RingingAgent
    | Dialing
    | Talking
    | Ended
)
LiveState = (
    RoutingInbound | Answering | Waiting | Offering | Announcing | RoutingOutbound | RingingAgent | Dialing | Talking
)
