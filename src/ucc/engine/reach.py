"""Getting somebody on the line: a target is found by the office, claimed or queued at the floor, and rung. The same for
a waiting customer, an IVR branch, a transfer, a consultation, an internal call.

`take` and `step` give the next `Reach`, or `Reached`, or `Failed`, or (`Elsewhere`) a plan that rings nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ucc.engine import events as ev
from ucc.engine.cause import failure_reason, is_routable
from ucc.engine.effects import AgentTarget, DialAgent, DialTrunk
from ucc.engine.leg import Leg
from ucc.engine.limits import TRUNK_KINDS
from ucc.engine.record import Direction, LegKind, Party
from ucc.engine.spoken import speak_whole
from ucc.engine.state import Claiming, Facts, Finding, Offer, Prompt, Queued, Reach, Ringing
from ucc.engine.target import AgentPlan, LimitKey, MenuPlan, Plan, QueuePlan, Target, TrunkPlan, VoicemailPlan

FINDING_LIMIT_S = 10.0
CLAIM_LIMIT_S = 5.0
ANSWERED_ELSEWHERE = 26
OFFER_OUTCOMES = {17: "declined", 21: "declined"}


@dataclass(frozen=True, slots=True)
class Asking:
    """Who looks: what the reached phone shows, and what the reached leg is in the call."""

    caller: str
    party: Party = Party.AGENT
    is_auto_answered: bool = False
    is_captured: bool = False


def asking_for(facts: Facts) -> Asking:
    """For somebody who looks in the customer's name."""
    return Asking(facts.caller if facts.direction is Direction.INBOUND else facts.callee)


@dataclass(frozen=True, slots=True)
class Reached:
    leg: str
    agent: AgentTarget | None
    label: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class Failed:
    """`reason` is a word of the domain (timed_out, overflowed, no_agents, busy, no_answer, ...) or a refusal's code."""

    reason: str
    cause: int
    plan: Plan | None = None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The target is no phone: a voicemail box, another menu."""

    plan: VoicemailPlan | MenuPlan


Step = Reach | Reached | Failed | Elsewhere


def find(facts: Facts, target: Target, by_agent_id: int | None = None) -> tuple[Facts, Finding]:
    """Ask the office for the target."""
    facts = facts.bump()
    return facts, Finding(target, facts.serial, by_agent_id)


def take(facts: Facts, plan: Plan, asking: Asking, at: float, stands_since: float | None = None) -> tuple[Facts, Step]:
    """Begin with a plan that the office gave."""
    match plan:
        case QueuePlan():
            announce_at = at + plan.announce_every_s if plan.announce_every_s > 0 else None
            facts = replace(facts, queue_id=plan.queue_id, queued_at=stands_since if stands_since is not None else at)
            return facts, Queued(plan, at, at + plan.max_wait_s, announce_at, stands_since=stands_since)
        case AgentPlan():
            facts = facts.bump()
            return facts, Claiming(plan, facts.serial, at + CLAIM_LIMIT_S, plan.is_forced)
        case TrunkPlan():
            return _dial_trunk(facts, plan, 0, asking, at)
        case VoicemailPlan() | MenuPlan():
            return facts, Elsewhere(plan)


def step(reach: Reach, facts: Facts, event: ev.CallEvent, asking: Asking) -> tuple[Facts, Step]:
    match reach:
        case Finding():
            return _find(reach, facts, event, asking)
        case Claiming():
            return _claim(reach, facts, event, asking)
        case Queued():
            return _wait(reach, facts, event, asking)
        case Ringing():
            return _ring(reach, facts, event, asking)


def drop(reach: Reach | None, facts: Facts, at: float, cause: int = 16) -> Facts:
    """Give up: whatever rings is hung up."""
    if isinstance(reach, Ringing):
        for offer in reach.offers:
            facts = facts.drop_leg(offer.leg, at, cause)
    return facts


def _find(reach: Finding, facts: Facts, event: ev.CallEvent, asking: Asking) -> tuple[Facts, Step]:
    match event:
        case ev.TargetFound(serial=serial, plan=plan) if serial == reach.serial:
            return take(facts, plan, asking, event.at, reach.stands_since)
        case ev.RouteRefused(serial=serial) if serial == reach.serial:
            return facts, Failed(event.code, event.cause)
        case _:
            return facts, reach


def _claim(reach: Claiming, facts: Facts, event: ev.CallEvent, asking: Asking) -> tuple[Facts, Step]:
    plan = reach.plan
    match event:
        case ev.AgentsOffered(agents=agents) if plan.agent.agent_id in {x.agent_id for x in agents}:
            asking = replace(asking, is_auto_answered=plan.is_auto_answered)
            return offer(facts, plan, agents, plan.ring_timeout_s, event.at, event.at, 0.0, asking)
        case ev.AgentRefused(code=code, agent_id=agent_id) if agent_id in (None, plan.agent.agent_id):
            return facts, Failed(code, 17, plan)
        case ev.TimerFired(name="claim"):
            return facts, Failed("agent_unreachable", 41, plan)
        case _:
            return facts, reach


def offer(
    facts: Facts,
    plan: QueuePlan | AgentPlan,
    agents: tuple[AgentTarget, ...],
    ring_s: float,
    since: float,
    at: float,
    max_wait_at: float,
    asking: Asking,
    stands_since: float | None = None,
) -> tuple[Facts, Ringing]:
    """Ring these agents, or take their nailed-up lines."""
    offers = []
    for agent in agents:
        facts, leg = add_agent_leg(facts, agent, asking, at)
        offers.append(Offer(leg, agent))
    return facts, Ringing(plan, tuple(offers), at + ring_s, since, max_wait_at, stands_since=stands_since)


def add_agent_leg(facts: Facts, agent: AgentTarget, asking: Asking, at: float) -> tuple[Facts, str]:
    """A leg to the agent: the line that is up, else a new one to its phone."""
    name = agent.line or facts.next_leg()
    made_by = None if agent.line else DialAgent(name, agent, asking.caller, asking.is_auto_answered, asking.is_captured)
    leg = Leg(
        name,
        LegKind.PHONE,
        asking.party if asking.party is not Party.OUTSIDE else Party.AGENT,
        agent.extension,
        at,
        agent_id=agent.agent_id,
        made_by=made_by,
        is_line=agent.line is not None,
    )
    return facts.with_leg(leg), name


def _wait(reach: Queued, facts: Facts, event: ev.CallEvent, asking: Asking) -> tuple[Facts, Step]:
    plan = reach.plan
    match event:
        case ev.AgentsOffered(agents=agents):
            ring_s, stands = plan.ring_timeout_s, reach.stands_since
            return offer(facts, plan, agents, ring_s, reach.since, event.at, reach.max_wait_at, asking, stands)
        case ev.QueueRefused(reason=reason):
            return facts, Failed("overflowed" if reason in ("full", "wait_too_long") else reason, 34, plan)
        case ev.TimerFired(name="max_wait"):
            return facts, Failed("timed_out", 34, plan)
        case ev.TimerFired(name="announce") if reach.announce_at is not None:
            facts = facts.bump()
            return facts, replace(reach, asked=facts.serial, announce_at=event.at + plan.announce_every_s)
        case ev.PositionTold() if reach.asked is not None:
            facts = facts.bump()
            sounds = tell_position(event.position, event.wait_s)
            return facts, replace(reach, asked=None, prompt=Prompt(f"p{facts.serial}", sounds))
        case ev.PromptEnded(playback=playback) if reach.prompt is not None and playback == reach.prompt.playback:
            return facts, replace(reach, prompt=None)
        case _:
            return facts, reach


def tell_position(position: int, wait_s: float | None) -> tuple[str, ...]:
    """The sounds of "you are number N; about M minutes to wait"."""
    sounds = ("next_in_line",) if position <= 1 else ("position_is", *speak_whole(position), "position_end")
    if wait_s is None:
        return sounds
    minutes = round(wait_s / 60)
    return (*sounds, "wait_short") if minutes < 1 else (*sounds, "wait_is", *speak_whole(minutes), "minutes")


def _ring(reach: Ringing, facts: Facts, event: ev.CallEvent, asking: Asking) -> tuple[Facts, Step]:
    mine = {x.leg: x for x in reach.offers}
    match event:
        case ev.LegAnswered(leg=leg) if leg in mine:
            for other in mine:
                if other != leg:
                    facts = facts.drop_leg(other, event.at, ANSWERED_ELSEWHERE)
            agent, found = mine[leg].agent, facts.leg(leg)
            label = agent.name if agent is not None else found.address if found is not None else ""
            return facts, Reached(leg, agent, label, reach.plan)
        case ev.LegEnded(leg=leg, cause=cause) if leg in mine:
            if isinstance(reach.plan, QueuePlan):
                facts = facts.note_outcome(leg, OFFER_OUTCOMES.get(cause, "unreachable"))
            return _lose_offer(reach, facts, leg, cause, event.at, asking)
        case ev.TimerFired(name="ring"):
            for one in mine:
                facts = facts.drop_leg(one, event.at, 19)
                if isinstance(reach.plan, QueuePlan):
                    facts = facts.note_outcome(one, "no_answer")
            return _fail(replace(reach, offers=()), facts, 19, event.at, asking, is_timeout=True)
        case ev.AgentRefused(agent_id=agent_id) if isinstance(reach.plan, AgentPlan | QueuePlan):
            lost = next((x.leg for x in reach.offers if x.agent is not None and x.agent.agent_id == agent_id), None)
            if lost is None:
                return facts, reach
            facts = facts.drop_leg(lost, event.at, 17)
            if isinstance(reach.plan, AgentPlan):
                return facts, Failed(event.code, 17, reach.plan)
            return _lose_offer(reach, facts, lost, 17, event.at, asking)
        case ev.AgentsOffered() if isinstance(reach.plan, QueuePlan):
            return _ring_more(reach, facts, event, asking)
        case _:
            return facts, reach


def _ring_more(reach: Ringing, facts: Facts, event: ev.AgentsOffered, asking: Asking) -> tuple[Facts, Ringing]:
    """The floor gives others too: it believes that nobody rings any more, as after a restart."""
    known = {x.agent.agent_id for x in reach.offers if x.agent is not None}
    agents = tuple(x for x in event.agents if x.agent_id not in known)
    assert isinstance(reach.plan, QueuePlan)
    if not agents:
        return facts, reach
    ring_s, stands = reach.plan.ring_timeout_s, reach.stands_since
    facts, more = offer(facts, reach.plan, agents, ring_s, reach.since, event.at, reach.max_wait_at, asking, stands)
    return facts, replace(more, offers=(*reach.offers, *more.offers))


def _lose_offer(reach: Ringing, facts: Facts, leg: str, cause: int, at: float, asking: Asking) -> tuple[Facts, Step]:
    rest = tuple(x for x in reach.offers if x.leg != leg)
    if rest:
        return facts, replace(reach, offers=rest)
    return _fail(replace(reach, offers=()), facts, cause, at, asking)


def _fail(
    reach: Ringing, facts: Facts, cause: int, at: float, asking: Asking, *, is_timeout: bool = False
) -> tuple[Facts, Step]:
    """Nobody left who rings: the queue goes on, the next trunk is tried, or it has failed."""
    plan = reach.plan
    match plan:
        case QueuePlan():
            announce_at = at + plan.announce_every_s if plan.announce_every_s > 0 else None
            stands = reach.stands_since
            return facts, Queued(plan, reach.since, reach.max_wait_at, announce_at, stands_since=stands)
        case TrunkPlan() if not is_timeout and is_routable(cause) and reach.route + 1 < len(plan.routes):
            return _dial_trunk(facts, plan, reach.route + 1, asking, at)
        case AgentPlan():
            reason = "no_answer" if is_timeout else OFFER_OUTCOMES.get(cause, "agent_unreachable")
            return facts, Failed(reason, cause, plan)
        case _:
            return facts, Failed(failure_reason(cause), cause, plan)


def _held(plan: TrunkPlan, trunk_id: int) -> list[LimitKey]:
    """The limits that a call on this trunk counts for."""
    return [x for x in plan.limits if x.kind not in TRUNK_KINDS or (x.kind == "trunk" and x.id == trunk_id)]


def _dial_trunk(facts: Facts, plan: TrunkPlan, route: int, asking: Asking, at: float) -> tuple[Facts, Ringing]:
    trunk = plan.routes[route]
    name = facts.next_leg()
    leg = Leg(
        name,
        LegKind.TRUNK,
        asking.party if asking.party is not Party.AGENT else Party.OUTSIDE,
        trunk.number,
        at,
        trunk_id=trunk.trunk_id,
        number=plan.callee,
        made_by=DialTrunk(name, trunk),
    )
    facts = facts.with_leg(leg)
    if asking.party is Party.CUSTOMER:
        facts = replace(facts, trunk_id=trunk.trunk_id)
    before = _held(plan, plan.routes[route - 1].trunk_id) if route > 0 else []
    kept = tuple(key for key in facts.limits if key not in before)
    facts = replace(facts, limits=(*kept, *_held(plan, trunk.trunk_id)))
    return facts, Ringing(plan, (Offer(name),), at + plan.ring_timeout_s, at, route=route)
