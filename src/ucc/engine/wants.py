"""What a call wants to be true outside: what each leg hears, which timers run, which agents it keeps, what it asks.

A pure reading of the state. `diff.py` compares two of them; `resume` after a restart is a comparison with nothing.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from ucc.engine.effects import (
    Ask,
    AskPosition,
    ClaimAgent,
    FindInboundRoute,
    FindOutboundRoute,
    FindTarget,
    JoinQueue,
    RequestHttp,
)
from ucc.engine.leg import Leg
from ucc.engine.record import LegKind
from ucc.engine.state import (
    Announcing,
    Claiming,
    Dialing,
    Facts,
    Finding,
    LeavingMessage,
    Line,
    Live,
    Menu,
    Parked,
    Prompt,
    Queued,
    Reach,
    ReadingCode,
    Ringing,
    RingingAgent,
    RoutingInbound,
    RoutingOutbound,
    Seeking,
    Serving,
    Stage,
    Talking,
)
from ucc.engine.target import QueuePlan, TrunkPlan

HOLD_MUSIC = "default"
CREDIT_WARNING_S = 60.0
"""So long before the money of a call ends our side hears a tone."""


@dataclass(frozen=True, slots=True)
class Ring:
    """Ringing tone."""


@dataclass(frozen=True, slots=True)
class Music:
    music: str


@dataclass(frozen=True, slots=True)
class Talk:
    bridge: str


@dataclass(frozen=True, slots=True)
class Watching:
    leg: str
    is_whispering: bool


Media = Ring | Music | Prompt | Talk | Watching


@dataclass(frozen=True, slots=True)
class Wants:
    """`media` of legs that are up; a leg that is not named hears nothing. `captured`: (SIP Call-ID, is paused)."""

    media: dict[str, Media] = field(default_factory=dict)
    muted: frozenset[str] = frozenset()
    timers: dict[str, float] = field(default_factory=dict)
    agents: dict[int, str] = field(default_factory=dict)
    ticket: JoinQueue | None = None
    captured: tuple[str, bool] | None = None
    asks: dict[Hashable, Ask] = field(default_factory=dict)
    line: tuple[int, str] | None = None


def wants(live: Live) -> Wants:
    facts = live.facts
    up = {x.leg for x in facts.live_legs if x.answered_at is not None or x.is_wanted_answered}
    heard = {leg: media for leg, media in _media(live).items() if leg in up or _is_early(facts, leg, media)}
    return Wants(
        media=heard,
        muted=frozenset(live.stage.muted) & up if isinstance(live.stage, Talking) else frozenset(),
        timers=_timers(live),
        agents=_agents(live),
        ticket=_ticket(live),
        captured=_captured(facts),
        asks=_asks(live),
        line=_line(live),
    )


def reach_of(live: Live) -> Reach | None:
    """The somebody that the call tries to get, in whatever stage."""
    match live.stage:
        case Seeking(reach=reach) | Dialing(reach=reach) | ReadingCode(reach=reach):
            return reach
        case Talking(errand=errand) if errand is not None:
            return errand.reach
        case _:
            return None


def _is_early(facts: Facts, leg: str, media: Media) -> bool:
    """A leg that came in hears ringing and announcements before it is answered; one that is dialled is heard once it
    sends early media."""
    found = facts.leg(leg)
    if found is None or not found.is_live:
        return False
    return found.early_media_at is not None if found.made_by is not None else not isinstance(media, Watching)


# --- media ------------------------------------------------------------------------------------------------------------


def _media(live: Live) -> dict[str, Media]:
    stage, facts = live.stage, live.facts
    heard: dict[str, Media] = {}
    match stage:
        case Menu():
            if stage.run.sounds:
                heard[stage.customer] = Prompt(stage.run.playback, stage.run.sounds)
        case Seeking():
            heard |= _waiting(facts, stage.customer, stage.reach, "talk")
        case LeavingMessage() | ReadingCode():
            if stage.prompt is not None and stage.customer is not None:
                heard[stage.customer] = stage.prompt
        case Announcing():
            heard[stage.customer] = stage.prompt
        case Dialing():
            heard |= _waiting(facts, stage.caller.leg, stage.reach, "talk")
        case Talking():
            heard |= _talking(live, stage)
        case Parked():
            heard[stage.customer] = Music(HOLD_MUSIC)
        case Serving():
            if stage.prompt is not None:
                heard[stage.agent_leg] = stage.prompt
        case RingingAgent() | RoutingInbound() | RoutingOutbound() | Line():
            pass
    return heard | _watching(live)


def _waiting(facts: Facts, leg: str, reach: Reach | None, bridge: str) -> dict[str, Media]:
    """What somebody hears until the other one answers, and the early media it comes from."""
    match reach:
        case Queued():
            return {leg: reach.prompt if reach.prompt is not None else Music(reach.plan.music)}
        case Ringing():
            plan = reach.plan
            early = _early_leg(facts, reach)
            if early is not None:
                return {leg: Talk(bridge), early: Talk(bridge)}
            ringback = None if isinstance(plan, TrunkPlan) else plan.ringback
            if ringback is not None:
                return {leg: Music(ringback)}
            return {leg: Music(plan.music) if isinstance(plan, QueuePlan) else Ring()}
        case Finding() | Claiming():
            found = facts.leg(leg)
            return {leg: Music(HOLD_MUSIC)} if found is not None and found.is_up else {}
        case _:
            return {}


def _early_leg(facts: Facts, reach: Ringing) -> str | None:
    legs = [facts.leg(x.leg) for x in reach.offers]
    return next((x.leg for x in legs if x is not None and x.early_media_at is not None), None)


def _talking(live: Live, stage: Talking) -> dict[str, Media]:
    facts, errand = live.facts, stage.errand
    heard: dict[str, Media] = {stage.customer: Music(HOLD_MUSIC) if stage.held_since is not None else Talk("talk")}
    heard |= {x.leg: Talk("talk") for x in stage.participants}
    if stage.held_since is not None and len(stage.participants) == 1:
        heard.pop(stage.participants[0].leg)
    if errand is not None:
        heard.pop(errand.by, None)
        if errand.reached is not None:
            heard |= {errand.by: Talk("consult"), errand.reached.leg: Talk("consult")}
        else:
            heard |= _waiting(facts, errand.by, errand.reach, "consult")
    return heard


def _watching(live: Live) -> dict[str, Media]:
    stage = live.stage
    if not isinstance(stage, Talking):
        return {}
    watched = stage.participants[0].leg
    if not live.facts.is_up(watched):
        return {}
    heard: dict[str, Media] = {}
    for watch in live.watches:
        match watch.mode:
            case "barge":
                heard[watch.leg] = Talk("talk")
            case "listen" | "whisper":
                heard[watch.leg] = Watching(watched, watch.mode == "whisper")
    return heard


# --- the rest ---------------------------------------------------------------------------------------------------------


def _timers(live: Live) -> dict[str, float]:
    stage = live.stage
    timers = _credit_timers(live.facts)
    match stage:
        case Menu():
            if stage.run.deadline is not None:
                timers["ivr"] = stage.run.deadline
        case Announcing():
            timers["announcement"] = stage.until
        case LeavingMessage():
            timers["message"] = stage.until
        case RingingAgent():
            timers["ring"] = stage.until
        case Parked():
            timers["park"] = stage.until
        case Line() if stage.until is not None:
            timers["line"] = stage.until
        case ReadingCode() if stage.until is not None:
            timers["reading"] = stage.until
        case _:
            pass
    match reach_of(live):
        case Claiming() as reach:
            timers["claim"] = reach.until
        case Queued() as reach:
            timers["max_wait"] = reach.max_wait_at
            if reach.announce_at is not None:
                timers["announce"] = reach.announce_at
        case Ringing() as reach:
            timers["ring"] = reach.until
        case _:
            pass
    return timers


def _credit_timers(facts: Facts) -> dict[str, float]:
    until = facts.paid_until
    if until is None:
        return {}
    return (
        {"credit": until} if facts.warned_of == until else {"credit": until, "credit_warning": until - CREDIT_WARNING_S}
    )


def _agents(live: Live) -> dict[int, str]:
    """What this call does with each agent it keeps."""
    stage = live.stage
    if isinstance(stage, Line | Serving):
        return {}
    agents: dict[int, str] = {}
    for leg in live.facts.live_legs:
        if leg.agent_id is not None and not _is_rejoining(stage, leg):
            agents[leg.agent_id] = _work(live, leg)
    return agents


def _is_rejoining(stage: Stage, leg: Leg) -> bool:
    return isinstance(stage, Talking) and stage.rejoin is not None and stage.rejoin.leg == leg.leg


def _work(live: Live, leg: Leg) -> str:
    stage = live.stage
    if any(x.leg == leg.leg for x in live.watches):
        return "watching"
    if isinstance(stage, Talking):
        if stage.errand is not None and stage.errand.by == leg.leg:
            return "consulting"
        if leg.leg in (stage.customer, *(x.leg for x in stage.participants)):
            if len(stage.participants) > 1:
                return "conferencing"
            return "held" if stage.held_since is not None else "talking"
        return "talking" if leg.is_up else "ringing"
    if isinstance(stage, RingingAgent | RoutingOutbound) or (
        isinstance(stage, Dialing) and leg.leg == stage.caller.leg
    ):
        return "dialing"
    return "ringing"


def _ticket(live: Live) -> JoinQueue | None:
    """The call wants somebody of a queue until it has one."""
    reach = reach_of(live)
    if live.facts.tenant_id is None or not isinstance(reach, Queued | Ringing) or not isinstance(reach.plan, QueuePlan):
        return None
    since = reach.stands_since if reach.stands_since is not None else reach.since
    return JoinQueue(live.facts.tenant_id, reach.plan, since, live.facts.caller)


def _captured(facts: Facts) -> tuple[str, bool] | None:
    if facts.recording is not None:
        return facts.recording.sip_call_id, facts.recording.is_paused
    message = facts.message
    return (message.sip_call_id, False) if message is not None and message.ended_at is None else None


def _asks(live: Live) -> dict[Hashable, Ask]:
    stage, facts = live.stage, live.facts
    asks: dict[Hashable, Ask] = {}
    match stage:
        case RoutingInbound():
            asks["route"] = FindInboundRoute(facts.callee, facts.caller, _trunk_of(facts))
        case RoutingOutbound():
            asks["route"] = FindOutboundRoute(stage.extension, stage.dialled, stage.caller_id)
        case Menu() if (question := stage.run.question) is not None:
            asks["http", question.serial] = RequestHttp(
                question.serial, question.method, question.url, question.timeout_s, question.body
            )
        case _:
            pass
    tenant_id = facts.tenant_id or 0
    match reach_of(live):
        case Finding() as reach:
            asks[reach.serial] = FindTarget(reach.serial, tenant_id, reach.target, facts.caller, reach.by_agent_id)
        case Claiming() as reach:
            asks[reach.serial] = ClaimAgent(reach.serial, tenant_id, reach.plan.agent.agent_id, reach.is_forced)
        case Queued(asked=asked) if asked is not None:
            asks[asked] = AskPosition(asked, tenant_id)
        case _:
            pass
    return asks


def _trunk_of(facts: Facts) -> str:
    return next((leg.address for leg in facts.legs if leg.kind is LegKind.TRUNK), "")


def _line(live: Live) -> tuple[int, str] | None:
    stage = live.stage
    if isinstance(stage, Line) and live.facts.is_up(stage.agent_leg):
        return stage.agent.agent_id, stage.agent_leg
    return None
