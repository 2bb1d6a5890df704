"""A small world of two agents, a supervisor and their calls.

It plays switch, phones, office and people by chance. It knows the truth of its legs, so that whatever was
lost is found by reconcile, as after a broken connection.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from uuid import UUID

from engine.acd import truth
from ucc.engine import call
from ucc.engine import effects as ef
from ucc.engine import events as ev
from ucc.engine import requests as rq
from ucc.engine.acd import effects as fe
from ucc.engine.acd import events as fl
from ucc.engine.acd.decide import decide as decide_floor
from ucc.engine.acd.model import AgentProfile, Floor, Member, Presence, QueuePolicy, Strategy, Ticket, Work
from ucc.engine.ivr_tree import Caller, GoQueue, Tree
from ucc.engine.record import EndedBy, LegKind
from ucc.engine.state import CallState, Dialing, Ended, Live, New, Parked, Queued, Ringing, Seeking, Talking
from ucc.engine.target import (
    AgentPlan,
    Plan,
    QueuePlan,
    Target,
    ToAgent,
    ToNumber,
    ToQueue,
    ToVoicemail,
    TrunkPlan,
    VoicemailPlan,
)
from ucc.engine.wants import reach_of, wants

TENANT, QUEUE_ID = 3, 4
LI, WANG, BOSS = 1, 2, 9
AGENTS = {x: ef.AgentTarget(x, f"80{x:02}", f"agent {x}") for x in (LI, WANG, BOSS)}
TREE = Tree(0, 0, "queue", {"queue": GoQueue(QUEUE_ID)})
TRUNK = ef.TrunkTarget(5, "192.0.2.9", 5080, "+8613800138001", "+861088880001")
SECOND = replace(TRUNK, trunk_id=6)
OUTSIDE = TrunkPlan(TRUNK.number, TRUNK.caller_id, (TRUNK, SECOND), ring_timeout_s=20.0)
VOICEMAIL = VoicemailPlan(8, ("leave_message",), 20.0)
LATE_S = 6.0
EVERYTHING = {"routing_inbound", "seeking", "leaving_message", "announcing", "routing_outbound", "ringing_agent"}
EVERYTHING |= {"dialing", "talking", "errand", "conference", "parked", "ended", "credit"}


@dataclass
class Leg:
    """A leg as the switch really has it."""

    owner: UUID
    is_up: bool = False
    is_gone: bool = False


@dataclass
class World:
    random: random.Random
    at: float = 1000.0
    floor: Floor = field(default_factory=lambda: Floor(TENANT))
    calls: dict[UUID, CallState] = field(default_factory=dict)
    legs: dict[str, Leg] = field(default_factory=dict)
    names: dict[UUID, list[str]] = field(default_factory=dict)
    timers: dict[tuple[UUID, str], float] = field(default_factory=dict)
    to_come: list[tuple[float, int, UUID, ev.CallEvent]] = field(default_factory=list)
    mailed: Counter[UUID] = field(default_factory=Counter)
    saved: Counter[UUID] = field(default_factory=Counter)
    serial: int = 0
    steps: int = 0
    seen: set[str] = field(default_factory=set)
    is_calm: bool = False
    """The evening: nothing is lost, nobody asks for anything."""

    # --- a step ---------------------------------------------------------------------------------------------------

    def deliver(self) -> None:
        """The next thing that happens."""
        self.at, _, call_id, event = heapq.heappop(self.to_come)
        if isinstance(event, ev.TimerFired):
            if self.timers.get((call_id, event.name)) != self.at:
                return
            del self.timers[call_id, event.name]
        else:
            self.mailed[call_id] -= 1
        self.decide(call_id, replace(event, at=self.at))

    def decide(self, call_id: UUID, event: ev.CallEvent) -> None:
        before = self.calls[call_id]
        self.steps += 1
        after, effects = call.decide(before, event)
        self.calls[call_id] = after
        self.seen.add(_describe(after))
        if isinstance(before, Live) and isinstance(after, Ended) and isinstance(event, ev.TimerFired):
            self.seen.add(event.name)
        if isinstance(before, Ended):
            assert after is before
        for effect in effects:
            self.perform(call_id, effect)
        if isinstance(before, Live) and isinstance(after, Ended):
            assert not self.legs_of(call_id), "an ended call leaves a leg"

    def post(self, call_id: UUID, event: ev.CallEvent, after_s: float = 0.0) -> None:
        if call_id in self.calls:
            self.serial += 1
            self.mailed[call_id] += 1
            heapq.heappush(self.to_come, (self.at + after_s, self.serial, call_id, event))

    def tell(self, call_id: UUID, event: ev.CallEvent, after_s: float) -> None:
        """What the switch tells: now and then late, twice or never."""
        chance = self.random.random() if not self.is_calm else 1.0
        if chance < 0.02:
            return
        self.post(call_id, event, after_s + (self.random.uniform(0, LATE_S) if chance < 0.05 else 0.0))
        if chance > 0.97 and not self.is_calm:
            self.post(call_id, event, after_s + self.random.uniform(0, LATE_S))

    # --- what calls want done -------------------------------------------------------------------------------------

    def perform(self, call_id: UUID, effect: ef.Effect) -> None:
        match effect:
            case ef.StartTimer(name, seconds):
                until = self.at + seconds
                self.timers[call_id, name] = until
                self.serial += 1
                heapq.heappush(self.to_come, (until, self.serial, call_id, ev.TimerFired(until, name)))
            case ef.CancelTimer(name):
                self.timers.pop((call_id, name), None)
            case ef.SaveCall(finished):
                assert finished.call_id == call_id
                self.saved[call_id] += 1
            case ef.AnswerLeg(leg):
                self.pick_up(leg)
            case ef.DialAgent(leg=leg) | ef.DialTrunk(leg=leg):
                self.ring(call_id, leg)
            case ef.HangUpLeg(leg, cause):
                self.hang_up(leg, cause)
            case ef.PlayPrompt(leg, playback):
                self.tell(call_id, ev.PromptEnded(0, leg, playback), self.random.uniform(0.1, 8))
            case ef.StopPrompt(playback):
                self.tell(call_id, ev.PromptEnded(0, "", playback), 0.01)
            case ef.FindInboundRoute() | ef.FindOutboundRoute() | ef.FindTarget():
                self.post(call_id, self.answer(effect), self.random.choice((0.01, 0.5)))
            case ef.JoinQueue(_, plan, since, caller):
                ticket = Ticket(plan.queue_id, since, plan.priority, caller, plan.skills, plan.last_agent_id)
                self.decide_floor(fl.CallJoined(self.at, call_id, ticket))
            case ef.LeaveQueue():
                self.decide_floor(fl.CallLeft(self.at, call_id))
            case ef.ClaimAgent(_, _, agent_id, is_forced):
                self.decide_floor(fl.AgentClaimed(self.at, agent_id, call_id, is_forced))
            case ef.AskPosition():
                self.decide_floor(fl.PositionAsked(self.at, call_id))
            case ef.ReportAgent(_, agent_id, work):
                self.decide_floor(fl.WorkReported(self.at, agent_id, call_id, work))
            case _:
                pass

    def answer(self, question: ef.FindInboundRoute | ef.FindOutboundRoute | ef.FindTarget) -> ev.CallEvent:
        is_refused = self.random.random() < 0.05
        match question:
            case ef.FindTarget(serial=serial) if is_refused:
                return ev.RouteRefused(0, "invalid_number", 1, serial=serial)
            case ef.FindTarget(serial=serial, target=target):
                return ev.TargetFound(0, serial, self.plan(target))
            case _ if is_refused:
                return ev.RouteRefused(0, "unknown_did", 1, TENANT)
            case ef.FindInboundRoute():
                return ev.InboundRouteFound(
                    0, TENANT, 7, TREE, "+8613900139000", "+861088880001", Caller("+8613900139000")
                )
            case ef.FindOutboundRoute(extension=extension):
                agent = next(x for x in AGENTS.values() if x.extension == extension)
                other = AGENTS[WANG if agent.agent_id == LI else LI]
                plan = self.random.choice((OUTSIDE, AgentPlan(other, is_forced=True)))
                return ev.OutboundRouteFound(0, TENANT, agent, "+8613800138001", plan)

    def plan(self, target: Target) -> Plan:
        match target:
            case ToAgent(agent_id):
                return AgentPlan(AGENTS[agent_id], 10.0)
            case ToQueue():
                return QueuePlan(
                    QUEUE_ID, 40.0, 10.0, announce_every_s=10.0, overflow=self.random.choice((None, ToVoicemail(8)))
                )
            case ToVoicemail():
                return VOICEMAIL
            case _:
                return OUTSIDE

    # --- the switch and the phones --------------------------------------------------------------------------------

    def ring(self, call_id: UUID, leg: str) -> None:
        if leg in self.legs:
            raise AssertionError(f"{leg} is made twice")
        self.make(call_id, leg)
        r = self.random
        self.tell(call_id, ev.LegCreated(0, leg, f"sip-{leg}"), 0.01)
        match r.choices(("answers", "busy", "rings", "dies"), (8, 1, 1, 0.5))[0]:
            case "answers":
                self.tell(call_id, ev.LegRinging(0, leg), 0.1)
                if r.random() < 0.2:
                    self.tell(call_id, ev.EarlyMedia(0, leg), 0.2)
                self.legs[leg].is_up = True
                self.tell(call_id, ev.LegAnswered(0, leg), r.uniform(0.2, 9))
            case "busy":
                self.end(leg, r.choice((17, 19, 21, 34, 1)), 0.2)
            case "rings":
                self.tell(call_id, ev.LegRinging(0, leg), 0.1)
            case _:
                self.legs[leg].is_gone = True  # and nobody says so

    def pick_up(self, leg: str) -> None:
        found = self.legs.get(leg)
        if found is not None and not found.is_gone and not found.is_up:
            found.is_up = True
            self.tell(found.owner, ev.LegAnswered(0, leg), 0.05)

    def hang_up(self, leg: str, cause: int) -> None:
        if leg in self.legs:
            self.end(leg, cause, 0.05)

    def end(self, leg: str, cause: int, after_s: float) -> None:
        found = self.legs[leg]
        if not found.is_gone:
            found.is_gone = True
            self.tell(found.owner, ev.LegEnded(0, leg, cause), after_s)

    def make(self, call_id: UUID, leg: str) -> None:
        self.legs[leg] = Leg(call_id)
        self.names.setdefault(call_id, []).append(leg)

    def legs_of(self, call_id: UUID) -> dict[str, Leg]:
        """What the switch has of a call now."""
        mine = {name: self.legs[name] for name in self.names.get(call_id, ())}
        return {name: leg for name, leg in mine.items() if not leg.is_gone}

    def reconcile(self) -> None:
        for call_id, state in self.calls.items():
            if isinstance(state, Live) or (isinstance(state, Ended) and self.legs_of(call_id)):
                self.observe(call_id)

    def observe(self, call_id: UUID) -> None:
        mine = self.legs_of(call_id)
        up = frozenset(name for name, x in mine.items() if x.is_up)
        self.post(call_id, ev.LegsObserved(0, frozenset(mine), up, self.at - 1))

    def restart(self) -> None:
        """The controller dies and is back: what was in memory only is lost; calls, presences and the switch are not."""
        self.to_come.clear()
        self.timers.clear()
        self.mailed.clear()
        agents, queues = self.floor.agents, self.floor.queues
        stored = tuple(
            fl.StoredAgent(AgentProfile(replace(x.target, line=None), x.work_number), x.presence, x.reason)
            for x in agents.values()
        )
        self.floor = Floor(TENANT)
        self.decide_floor(fl.SettingsRead(self.at, stored, tuple(x.policy for x in queues.values())))
        live = {call_id: x for call_id, x in self.calls.items() if isinstance(x, Live)}
        for leg in self.legs.values():
            if leg.owner not in live:
                leg.is_gone = True
        self.calls = {call_id: x for call_id, x in self.calls.items() if not isinstance(x, New)}
        for call_id, state in self.shuffled(live):
            for agent_id, work in wants(state).agents.items():
                self.decide_floor(fl.WorkReported(self.at, agent_id, call_id, work, state.facts.queue_id))
        for call_id, _ in self.shuffled(live):
            self.observe(call_id)

    def shuffled(self, live: dict[UUID, Live]) -> list[tuple[UUID, Live]]:
        return self.random.sample(sorted(live.items(), key=lambda x: x[0]), len(live))

    # --- the floor ------------------------------------------------------------------------------------------------

    def decide_floor(self, event: fl.FloorEvent) -> None:
        self.steps += 1
        self.floor, effects = decide_floor(self.floor, event)
        for effect in effects:
            match effect:
                case fe.OfferAgents(call_id, agents):
                    self.post(call_id, ev.AgentsOffered(0, agents))
                case fe.RefuseQueue(call_id, reason):
                    self.post(call_id, ev.QueueRefused(0, reason))
                case fe.RefuseAgent(call_id, agent_id, code):
                    self.post(call_id, ev.AgentRefused(0, code, agent_id))
                case fe.TellPosition(call_id, position, wait_s):
                    self.post(call_id, ev.PositionTold(0, position, wait_s))
                case _:
                    pass

    # --- people ---------------------------------------------------------------------------------------------------

    def act(self) -> None:
        """Somebody does something."""
        r = self.random
        r.choices(
            (self.ask_presence, self.end_somebody, self.press, self.supervise, self.hang_up_by_page, self.move_credit),
            (3, 1, 10, 2, 0.3, 0.5),
        )[0]()
        chance = r.random()
        if chance < 0.1:
            self.reconcile()
        elif chance < 0.11:
            self.restart()

    def ask_presence(self) -> None:
        presence = self.random.choices((Presence.READY, Presence.PAUSED, Presence.OFFLINE), (8, 1, 1))[0]
        self.decide_floor(fl.PresenceAsked(self.at, self.random.choice((LI, WANG)), presence, "tea"))

    def end_somebody(self) -> None:
        """A customer or an agent hangs up."""
        alive = [name for name, x in self.legs.items() if not x.is_gone]
        if alive:
            self.end(self.random.choice(alive), 16, 0.0)

    def hang_up_by_page(self) -> None:
        self.post(self.some_call(), rq.HangUpRequested(0, EndedBy.AGENT))

    def move_credit(self) -> None:
        """The money of a call carries it so far, further, or to its end."""
        ends_in_s = self.random.choice((None, 0.0, 3.0, 30.0, 90.0))
        self.post(self.some_call(), ev.CreditUntil(0, None if ends_in_s is None else self.at + ends_in_s))

    def some_call(self) -> UUID:
        live = [call_id for call_id, x in self.calls.items() if isinstance(x, Live)]
        return self.random.choice(live if live and self.random.random() < 0.95 else list(self.calls))

    def press(self) -> None:
        """A button of the agent's page, mostly where it makes sense."""
        r = self.random
        call_id, agent_id = self.some_call(), r.choice((LI, WANG))
        state = self.calls[call_id]
        stage = state.stage if isinstance(state, Live) else None
        target: Target = r.choice(
            (ToAgent(LI), ToAgent(WANG), ToQueue(QUEUE_ID), ToNumber("13800138001"), ToVoicemail(8))
        )
        leg = r.choice(stage.participants).leg if isinstance(stage, Talking) else "none"
        buttons: list[Callable[[], ev.CallEvent]] = [
            lambda: rq.HoldRequested(0, agent_id, r.random() < 0.5),
            lambda: rq.MuteRequested(0, agent_id, r.random() < 0.5),
            lambda: rq.TransferRequested(0, agent_id, target, r.random() < 0.6),
            lambda: rq.TransferCompleted(0, agent_id),
            lambda: rq.TransferCancelled(0, agent_id),
            lambda: rq.ConferenceRequested(0, agent_id),
            lambda: rq.ParticipantDropped(0, agent_id, leg),
            lambda: rq.ParkRequested(0, agent_id, "1", 10.0),
            lambda: rq.PickUpRequested(0, AGENTS[agent_id]),
            lambda: ev.LegHeld(0, leg, r.random() < 0.5),
            lambda: ev.KeyPressed(0, leg, "*"),
        ]
        errand = stage.errand if isinstance(stage, Talking) else None
        weights = (2, 1, 4, 1, 1, 1, 1, 1, 0, 1, 1)
        if errand is not None and errand.reached is not None:
            weights = (1, 1, 1, 4, 1, 6, 0, 0, 0, 1, 1)
        elif isinstance(stage, Parked | Seeking):
            weights = (0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1)
        self.post(call_id, r.choices(buttons, weights)[0]())

    def supervise(self) -> None:
        r = self.random
        call_id = self.some_call()
        if r.random() < 0.3:
            self.post(call_id, rq.WatchEnded(0, BOSS))
        elif self.floor.agents[BOSS].call_id in (None, call_id):
            mode = r.choice(("listen", "whisper", "barge", "take_over"))
            self.post(call_id, rq.WatchRequested(0, AGENTS[BOSS], mode))

    # --- a day ----------------------------------------------------------------------------------------------------

    def open(self) -> None:
        r = self.random
        members = {x: Member(x, 0, x) for x in (LI, WANG)}
        strategy = r.choice((Strategy.LONGEST_IDLE, Strategy.RING_ALL))
        policy = QueuePolicy(
            QUEUE_ID,
            "service",
            members,
            strategy,
            ring_timeout_s=10,
            wrap_up_s=r.choice((0.0, 3.0)),
            max_no_answers=r.choice((0, 1)),
        )
        agents = tuple(fl.StoredAgent(AgentProfile(x, str(x.agent_id))) for x in AGENTS.values())
        self.decide_floor(fl.SettingsRead(self.at, agents, (policy,)))
        for agent_id in (LI, WANG, BOSS):
            self.decide_floor(fl.PresenceAsked(self.at, agent_id, Presence.READY))

    def begin_call(self, number: int) -> None:
        call_id = UUID(int=number)
        self.calls[call_id] = New(call_id)
        name, r = f"in.{number}", self.random
        kind = r.choice(("inbound", "inbound", "inbound", "phone", "page"))
        if kind == "page":
            self.decide(call_id, ev.CallRequested(self.at, TENANT, AGENTS[r.choice((LI, WANG))], "13800138001"))
            return
        self.make(call_id, name)
        if kind == "phone":
            extension = AGENTS[r.choice((LI, WANG))].extension
            arrived = ev.CallArrived(self.at, name, LegKind.PHONE, extension, "13800138001", extension, f"sip-{name}")
        else:
            arrived = ev.CallArrived(
                self.at, name, LegKind.TRUNK, "13900139000", "861088880001", "192.0.2.9", f"sip-{name}"
            )
        self.decide(call_id, arrived)

    def check(self) -> None:
        truth.check(self.floor)
        for call_id in self.floor.waiting:
            state = self.calls[call_id]
            is_wanted = isinstance(state, Live) and wants(state).ticket is not None
            assert is_wanted or self.mailed[call_id], "the floor keeps a call that wants nobody"
        for call_id, state in self.calls.items():
            assert self.saved[call_id] <= 1, "a call is recorded twice"
            if isinstance(state, Live):
                self.check_legs(state)
                paid_until = state.facts.paid_until
                assert paid_until is None or self.mailed[call_id] or self.at <= paid_until + 1.0, (
                    "a call talks on credit"
                )
                if not self.mailed[call_id]:
                    self.check_waiting(call_id, state)

    def check_legs(self, state: Live) -> None:
        """Every leg of a live call is there for something."""
        stage, reach = state.stage, reach_of(state)
        used = {x.leg for x in state.watches}
        used |= {getattr(stage, "customer", None), getattr(stage, "agent_leg", None)}
        used |= {x.leg for x in reach.offers} if isinstance(reach, Ringing) else set()
        if isinstance(stage, Dialing):
            used.add(stage.caller.leg)
        if isinstance(stage, Talking):
            used |= {x.leg for x in stage.participants}
            used |= {stage.errand.reached.leg} if stage.errand and stage.errand.reached else set()
        assert {x.leg for x in state.facts.live_legs} <= used, "a leg that nobody wants"

    def check_waiting(self, call_id: UUID, state: Live) -> None:
        """A call that waits is known to the floor, and has a timer."""
        reach = reach_of(state)
        if isinstance(reach, Queued) and isinstance(state.stage, Seeking):
            offer = self.floor.offers.get(call_id)
            assert call_id in self.floor.waiting or offer is not None, "a caller is lost"
        for name in wants(state).timers:
            assert (call_id, name) in self.timers, f"{name} will never fire"

    def end_caller(self, state: Live) -> None:
        stage = state.stage
        leg = stage.caller.leg if isinstance(stage, Dialing) else getattr(stage, "customer", None)
        leg = leg or getattr(stage, "agent_leg", None)
        if leg in self.legs:
            self.end(leg, 16, 0.0)

    def go_home(self) -> None:
        """Those who called hang up; what was lost is found; then nothing may be left."""
        self.is_calm = True
        for _ in range(4):
            for state in list(self.calls.values()):
                if isinstance(state, Live):
                    self.end_caller(state)
            self.reconcile()
            until = self.at + 60.0
            while self.to_come and self.to_come[0][0] <= until:
                self.deliver()
            self.at = until
            self.decide_floor(fl.TimePassed(self.at))
        left = {call_id: x for call_id, x in self.calls.items() if isinstance(x, Live)}
        assert not left, f"calls that never end: {left}"
        for call_id, state in self.calls.items():
            if isinstance(state, Ended) and state.tenant_id is not None:
                assert self.saved[call_id] == 1, "an ended call is recorded once"
        assert all(x.is_gone for x in self.legs.values()), "a leg is left"
        self.decide_floor(fl.TimePassed(self.at + 600.0))
        truth.check(self.floor)
        assert not self.floor.waiting
        assert not self.floor.offers
        busy = {x.target.agent_id: x for x in self.floor.agents.values() if x.work is not Work.NONE}
        assert not busy, f"agents who are never free: {busy}"


def _describe(state: CallState) -> str:
    stage = state.stage if isinstance(state, Live) else state
    if isinstance(stage, Talking) and len(stage.participants) > 1:
        return "conference"
    return "errand" if isinstance(stage, Talking) and stage.errand is not None else stage.kind
