"""Who gets which call: 500 agents, 50 queues, 1,000 callers who always wait; milliseconds for each decision.

The peer is the plain way: after every event, look at every queue and every member of it for somebody free. Both play
the same day with the same seed: calls that come, leave and are answered, offers that fail, pauses, wrap-ups, positions
asked. The day itself keeps book of who is in which call, so that an agent who is given two calls would be seen.
Times are CPU times of the deciding thread: what else the machine does is not counted.
"""

from __future__ import annotations

import heapq
import random
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import UUID

from benches.result import Result
from ucc.engine.acd import effects as ef
from ucc.engine.acd import events as ev
from ucc.engine.acd.decide import decide
from ucc.engine.acd.model import (
    AgentProfile,
    Floor,
    Member,
    Presence,
    QueuePolicy,
    RelaxStep,
    Strategy,
    Ticket,
)
from ucc.engine.acd.places import fits, needs_at
from ucc.engine.effects import AgentTarget

AGENTS, QUEUES, WAITING = 500, 50, 1000
QUEUES_OF_AN_AGENT = 4
DECISIONS = 40_000
WARM_UP = 5_000
STRATEGIES = ("longest_idle", "fewest_calls", "round_robin", "ordered", "random", "most_skilled")
SKILLS = ("english", "billing", "vip")
SEED = 20260101
Offers = list[tuple[UUID, int]]


class Decider(Protocol):
    def decide(self, event: ev.FloorEvent) -> Offers: ...


class Ours:
    def __init__(self) -> None:
        self.floor = Floor(1)

    def decide(self, event: ev.FloorEvent) -> Offers:
        self.floor, effects = decide(self.floor, event)
        return [(x.call_id, agent.agent_id) for x in effects if isinstance(x, ef.OfferAgents) for agent in x.agents]


@dataclass
class PlainAgent:
    profile: AgentProfile
    presence: Presence = Presence.OFFLINE
    call_id: UUID | None = None
    queue_id: int | None = None
    wrap_up_until: float = 0.0
    idle_since: float = 0.0


class Plain:
    """No index but a list of calls for each queue. All strategies are longest idle here, which is the cheapest."""

    def __init__(self) -> None:
        self.agents: dict[int, PlainAgent] = {}
        self.policies: dict[int, QueuePolicy] = {}
        self.waiting: dict[int, list[tuple[UUID, Ticket]]] = {}
        self.tickets: dict[UUID, Ticket] = {}

    def decide(self, event: ev.FloorEvent) -> Offers:
        match event:
            case ev.SettingsRead():
                self.agents = {x.profile.target.agent_id: PlainAgent(x.profile) for x in event.agents}
                self.policies = {x.queue_id: x for x in event.queues}
                self.waiting = {x.queue_id: [] for x in event.queues}
            case ev.PresenceAsked():
                self.agents[event.agent_id].presence = event.presence
                self.agents[event.agent_id].idle_since = event.at
            case ev.CallJoined():
                self._insert(event.call_id, event.ticket)
            case ev.CallLeft():
                for calls in self.waiting.values():
                    calls[:] = [x for x in calls if x[0] != event.call_id]
                for agent in self.agents.values():
                    if agent.call_id == event.call_id:
                        agent.call_id = None
            case ev.WorkReported():
                self._report(event)
            case ev.PositionAsked():
                for calls in self.waiting.values():
                    next((i for i, x in enumerate(calls) if x[0] == event.call_id), None)
        return self._assign(event.at)

    def _insert(self, call_id: UUID, ticket: Ticket) -> None:
        self.tickets[call_id] = ticket
        self.waiting[ticket.queue_id].append((call_id, ticket))
        self.waiting[ticket.queue_id].sort(key=lambda x: (-x[1].priority, x[1].since))

    def _report(self, event: ev.WorkReported) -> None:
        agent = self.agents[event.agent_id]
        if event.work == "released":
            queue = self.policies.get(agent.queue_id or 0)
            agent.wrap_up_until = event.at + (queue.wrap_up_s if queue is not None else 0.0)
            agent.call_id, agent.queue_id, agent.idle_since = None, None, agent.wrap_up_until
        elif event.work == "no_answer":
            agent.call_id, agent.presence = None, Presence.PAUSED
            self._insert(event.call_id, self.tickets[event.call_id])

    def _assign(self, at: float) -> Offers:
        offers: Offers = []
        for queue_id, calls in self.waiting.items():
            members = self.policies[queue_id].members
            while calls:
                free = [
                    agent for x in members if (agent := self.agents.get(x)) is not None and self._is_free(agent, at)
                ]
                found = next((x for x in self._pairs(calls, free, at)), None)
                if found is None:
                    break
                index, agent = found
                call_id, _ = calls.pop(index)
                agent.call_id, agent.queue_id = call_id, queue_id
                offers.append((call_id, agent.profile.target.agent_id))
        return offers

    def _is_free(self, agent: PlainAgent, at: float) -> bool:
        return agent.presence is Presence.READY and agent.call_id is None and agent.wrap_up_until <= at

    def _pairs(
        self, calls: list[tuple[UUID, Ticket]], free: list[PlainAgent], at: float
    ) -> list[tuple[int, PlainAgent]]:
        for index, (_, ticket) in enumerate(calls if free else []):
            needs = needs_at(ticket, self.policies[ticket.queue_id], at)
            able = [x for x in free if fits(x.profile.skills, needs)]
            if able:
                return [(index, min(able, key=lambda x: (x.idle_since, x.profile.target.agent_id)))]
        return []


@dataclass
class Day:
    """Plays calls and people. Always tops the waiting callers up to 1,000."""

    decider: Decider
    random: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311
    at: float = 1.0
    to_come: list[tuple[float, int, ev.FloorEvent]] = field(default_factory=list)
    number: int = 0
    waiting: set[UUID] = field(default_factory=set)
    tickets: dict[UUID, Ticket] = field(default_factory=dict)
    call_of: dict[int, UUID] = field(default_factory=dict)
    spent_ms: list[tuple[str, float]] = field(default_factory=list)
    double: int = 0
    offers: int = 0

    def play(self) -> None:
        self._decide(_settings(self.random))
        for agent_id in range(1, AGENTS + 1):
            self._later(0.001 * agent_id, ev.PresenceAsked(0, agent_id, Presence.READY))
        self._later(1.0, ev.TimePassed(0))
        while len(self.spent_ms) < DECISIONS + WARM_UP:
            while len(self.waiting) < WAITING:
                self._come()
            self.at, _, event = heapq.heappop(self.to_come)
            self._happen(_at(event, self.at))

    def _come(self) -> None:
        self.number += 1
        call_id, r = UUID(int=self.number), self.random
        skills = {r.choice(SKILLS): r.randint(1, 5)} if r.random() < 0.3 else {}
        last = r.randint(1, AGENTS) if r.random() < 0.1 else None
        ticket = Ticket(r.randint(1, QUEUES), self.at, int(r.random() < 0.1), "", skills, last)
        self.tickets[call_id] = ticket
        self.waiting.add(call_id)
        if r.random() < 0.3:
            self._later(r.expovariate(1 / 60), ev.CallLeft(0, call_id))
        self._later(r.uniform(5, 30), ev.PositionAsked(0, call_id))
        self._decide(ev.CallJoined(self.at, call_id, ticket))

    def _happen(self, event: ev.FloorEvent) -> None:
        r = self.random
        match event:
            case ev.TimePassed():
                self._later(1.0, event)
            case ev.CallLeft() | ev.PositionAsked() if event.call_id not in self.waiting:
                return  # somebody spoke with it meanwhile
            case ev.CallLeft():
                self.waiting.discard(event.call_id)
            case ev.PresenceAsked(presence=Presence.PAUSED):
                self._later(r.uniform(5, 120), ev.PresenceAsked(0, event.agent_id, Presence.READY))
            case ev.WorkReported() if self.call_of.get(event.agent_id) != event.call_id:
                return
            case ev.WorkReported(work="talking"):
                self._later(r.expovariate(1 / 120), ev.WorkReported(0, event.agent_id, event.call_id, "released"))
            case ev.WorkReported(work="released"):
                del self.call_of[event.agent_id]
                if r.random() < 0.05:
                    self._later(1.0, ev.PresenceAsked(0, event.agent_id, Presence.PAUSED, "tea"))
            case ev.WorkReported(work="no_answer"):
                del self.call_of[event.agent_id]
                self.waiting.add(event.call_id)
                self._later(r.uniform(5, 60), ev.PresenceAsked(0, event.agent_id, Presence.READY))
        self._decide(event)

    def _decide(self, event: ev.FloorEvent) -> None:
        begun = time.thread_time_ns()
        offers = self.decider.decide(event)
        self.spent_ms.append((type(event).__name__, (time.thread_time_ns() - begun) / 1e6))
        for call_id, agent_id in offers:
            self.offers += 1
            self.double += agent_id in self.call_of or call_id not in self.waiting
            self.call_of[agent_id] = call_id
            self.waiting.discard(call_id)
            work = "no_answer" if self.random.random() < 0.05 else "talking"
            self._later(0.05, ev.WorkReported(0, agent_id, call_id, "ringing"))
            after_s = 15.0 if work == "no_answer" else self.random.uniform(1, 10)
            self._later(after_s, ev.WorkReported(0, agent_id, call_id, work))

    def _later(self, after_s: float, event: ev.FloorEvent) -> None:
        heapq.heappush(self.to_come, (self.at + after_s, len(self.spent_ms) * 4 + len(self.to_come), event))


def _settings(r: random.Random) -> ev.SettingsRead:
    queues_of = {x: r.sample(range(1, QUEUES + 1), QUEUES_OF_AN_AGENT) for x in range(1, AGENTS + 1)}
    agents = []
    for x in queues_of:
        skills = {name: r.randint(1, 5) for name in SKILLS if r.random() < 0.5}
        agents.append(ev.StoredAgent(AgentProfile(AgentTarget(x, f"8{x:04}"), f"1{x:04}", skills)))
    queues = []
    for queue_id in range(1, QUEUES + 1):
        members = {x: Member(x, r.randint(0, 1), x) for x, its in queues_of.items() if queue_id in its}
        strategy = Strategy(STRATEGIES[queue_id % len(STRATEGIES)])
        relax = (RelaxStep(30, 2), RelaxStep(90, None))
        policy = QueuePolicy(
            queue_id, f"queue {queue_id}", members, strategy, wrap_up_s=10, relax=relax, last_agent_s=20
        )
        queues.append(policy)
    return ev.SettingsRead(1.0, tuple(agents), tuple(queues))


def _at(event: ev.FloorEvent, at: float) -> ev.FloorEvent:
    return replace(event, at=at)


def run() -> Result:
    figures: dict[str, Day] = {}
    for name, decider in (("ours", Ours()), ("peer", Plain())):
        figures[name] = day = Day(decider)
        day.play()
    lines = [f"{AGENTS} agents in {QUEUES_OF_AN_AGENT} of {QUEUES} queues each, {WAITING} callers waiting throughout"]
    details: dict[str, float] = {}
    for name, day in figures.items():
        spent = [x for _, x in day.spent_ms[WARM_UP:]]
        cuts = statistics.quantiles(spent, n=1000)
        lines.append(
            f"{name}: p50 {cuts[499]:.3f} ms, p99 {cuts[989]:.3f} ms, p99.9 {cuts[998]:.3f} ms, most {max(spent):.2f} "
            f"ms, {len(spent) / sum(spent) * 1000:,.0f} decisions/s; {day.offers} offers, {day.double} double"
        )
        counts = Counter(kind for kind, _ in day.spent_ms[WARM_UP:])
        means = {k: statistics.fmean(x for kind, x in day.spent_ms[WARM_UP:] if kind == k) for k in counts}
        lines.append("      " + ", ".join(f"{kind} {counts[kind]} x {means[kind]:.3f} ms" for kind in sorted(counts)))
        details |= {f"{name}_p50_ms": cuts[499], f"{name}_p99_ms": cuts[989], f"{name}_double": day.double}
    if figures["ours"].double:
        raise RuntimeError(f"{figures['ours'].double} double assignments")
    ours, peer = details["ours_p99_ms"], details["peer_p99_ms"]
    return Result(
        "acd", ours, peer, "ms a decision, p99", None, more_is_better=False, notes=tuple(lines), details=details
    )
