"""Any order of events, late and repeated ones too: nobody is offered twice, no caller is lost, time adds up."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.acd import truth
from engine.acd.play import SALES, SERVICE, Play, call, policy
from ucc.engine.acd import effects as ef
from ucc.engine.acd import events as ev
from ucc.engine.acd.model import Agent, Floor, Presence, QueuePolicy, RelaxStep, Strategy, Ticket, Work

AGENTS = range(1, 6)
SKILLS = {1: {"english": 5}, 2: {"english": 2, "billing": 3}, 3: {}, 4: {"billing": 1}, 5: {}}
WORKS = ("ringing", "dialing", "talking", "held", "consulting", "released", "no_answer", "declined", "unreachable")

agents = st.sampled_from(AGENTS)
numbers = st.integers(0, 30)
steps = st.floats(0, 4)


@st.composite
def policies(draw: st.DrawFn, queue_id: int) -> QueuePolicy:
    members = draw(st.lists(agents, min_size=1, unique=True))
    base = policy(queue_id, tuple(members), penalties={x: draw(st.integers(0, 1)) for x in members})
    return replace(
        base,
        strategy=draw(st.sampled_from(Strategy)),
        wrap_up_s=draw(st.sampled_from((0.0, 3.0))),
        weight=draw(st.integers(0, 1)),
        priority_s=draw(st.sampled_from((0.0, 5.0))),
        max_length=draw(st.sampled_from((0, 3))),
        max_estimate_s=draw(st.sampled_from((0.0, 300.0))),
        max_agents=draw(st.sampled_from((0, 1, 2))),
        is_refused_when_paused=draw(st.booleans()),
        relax=draw(st.sampled_from(((), (RelaxStep(2, 2), RelaxStep(5, None))))),
        last_agent_s=draw(st.sampled_from((0.0, 6.0))),
        max_no_answers=draw(st.integers(0, 2)),
    )


class FloorMachine(RuleBasedStateMachine):
    """`wanting`: calls that want somebody of a queue, as the calls themselves see it."""

    def __init__(self) -> None:
        super().__init__()
        self.play = Play(policy(SERVICE, tuple(AGENTS)), policy(SALES, (1, 2, 3)), skills=SKILLS)
        self.wanting: dict[UUID, Ticket] = {}
        self.signed_in_s: dict[int, float] = defaultdict(float)

    @initialize(service=policies(SERVICE), sales=policies(SALES), ready=st.sets(agents))
    def begin(self, service: QueuePolicy, sales: QueuePolicy, ready: set[int]) -> None:
        self.play.queues = (service, sales)
        self._happen(ev.TimePassed(1.0))
        self._read()
        for agent_id in sorted(ready):
            self._happen(ev.PresenceAsked(1.0, agent_id, Presence.READY))

    # --- what happens ---------------------------------------------------------------------------------------------

    @rule(agent_id=agents, presence=st.sampled_from(Presence), reason=st.sampled_from((None, "tea")), step=steps)
    def ask_presence(self, agent_id: int, presence: Presence, reason: str | None, step: float) -> None:
        self._happen(ev.PresenceAsked(self.play.at + step, agent_id, presence, reason))

    @rule(
        number=numbers,
        queue_id=st.sampled_from((SERVICE, SALES)),
        waited=st.floats(0, 8),
        priority=st.integers(0, 2),
        skills=st.sampled_from(({}, {}, {"english": 4}, {"billing": 2, "english": 1})),
        last=st.sampled_from((None, *AGENTS)),
        step=steps,
    )
    def join(
        self,
        number: int,
        queue_id: int,
        waited: float,
        priority: int,
        skills: dict[str, int],
        last: int | None,
        step: float,
    ) -> None:
        self._happen(ev.TimePassed(self.play.at + step))
        at, call_id = self.play.at, call(number)
        ticket = Ticket(queue_id, at - waited, priority, "", skills, last)
        known = self.wanting.get(call_id)
        if known is not None and known.queue_id == queue_id:
            ticket = known
        if any(x.call_id == call_id and x.work in (Work.DIALING, Work.ON_CALL) for x in self._agents()):
            return
        self.wanting[call_id] = ticket
        self._happen(ev.CallJoined(at, call_id, ticket))

    @rule(number=numbers, step=steps)
    def leave(self, number: int, step: float) -> None:
        self._happen(ev.TimePassed(self.play.at + step))
        self.wanting.pop(call(number), None)
        self._happen(ev.CallLeft(self.play.at, call(number)))

    @precondition(lambda self: self.play.floor.offers)
    @rule(data=st.data(), work=st.sampled_from(WORKS), step=steps)
    def report_of_an_offer(self, data: st.DataObject, work: str, step: float) -> None:
        call_id = data.draw(st.sampled_from(sorted(self.play.floor.offers)))
        agent_id = data.draw(st.sampled_from(sorted(self.play.floor.offers[call_id].agent_ids)))
        self._report(agent_id, call_id, work, step)

    @rule(agent_id=agents, number=numbers, work=st.sampled_from(WORKS), step=steps)
    def report_anything(self, agent_id: int, number: int, work: str, step: float) -> None:
        """Late, repeated, out of order, of a call that the floor never heard of."""
        self._report(agent_id, call(number), work, step)

    @precondition(lambda self: any(x.call_id for x in self._agents()))
    @rule(data=st.data(), work=st.sampled_from(WORKS), step=steps)
    def report_of_a_call(self, data: st.DataObject, work: str, step: float) -> None:
        agent = data.draw(st.sampled_from([x for x in self._agents() if x.call_id is not None]))
        assert agent.call_id is not None
        self._report(agent.target.agent_id, agent.call_id, work, step)

    @rule(agent_id=agents, number=numbers, is_forced=st.booleans(), step=steps)
    def claim(self, agent_id: int, number: int, is_forced: bool, step: float) -> None:
        if call(number) not in self.wanting:
            self._happen(ev.AgentClaimed(self.play.at + step, agent_id, call(number), is_forced))

    @rule(agent_id=agents, seconds=st.sampled_from((0.0, 4.0)), step=steps)
    def ask_wrap_up(self, agent_id: int, seconds: float, step: float) -> None:
        self._happen(ev.WrapUpAsked(self.play.at + step, agent_id, seconds))

    @rule(agent_id=agents, leg=st.sampled_from((None, "line")), is_lost=st.booleans(), step=steps)
    def change_line(self, agent_id: int, leg: str | None, is_lost: bool, step: float) -> None:
        self._happen(ev.LineChanged(self.play.at + step, agent_id, leg, is_lost))

    @rule(number=numbers)
    def ask_position(self, number: int) -> None:
        self._happen(ev.PositionAsked(self.play.at, call(number)))
        waiting = call(number) in self.play.floor.waiting
        assert len(self.play.told) == waiting

    @rule(seconds=st.sampled_from((1.0, 11.0, 40.0, 300.0)))
    def pass_time(self, seconds: float) -> None:
        self._happen(ev.TimePassed(self.play.at + seconds))

    @rule(late=st.floats(0, 5))
    def hear_late(self, late: float) -> None:
        self._happen(ev.TimePassed(self.play.at - late))

    @rule(service=policies(SERVICE), sales=st.none() | policies(SALES))
    def change_settings(self, service: QueuePolicy, sales: QueuePolicy | None) -> None:
        self.play.queues = (service, sales) if sales is not None else (service,)
        self._read()

    # --- what follows ---------------------------------------------------------------------------------------------

    def _agents(self) -> list[Agent]:
        return list(self.play.floor.agents.values())

    def _read(self) -> None:
        before = self.play.floor
        self.play.read()
        self._judge(before)

    def _report(self, agent_id: int, call_id: UUID, work: str, step: float) -> None:
        self._happen(ev.TimePassed(self.play.at + step))
        floor = self.play.floor
        agent = floor.agents.get(agent_id)
        if agent is None:
            return
        is_own = agent.call_id in (None, call_id)
        offer = floor.offers.get(call_id)
        if work in ("dialing", "talking", "held", "consulting") and is_own:
            if call_id in floor.waiting or (offer is not None and agent_id not in offer.agent_ids):
                return  # a call leaves its queue before it talks with somebody else
            if work == "dialing" and call_id in self.wanting:
                return
            self.wanting.pop(call_id, None)
        if work == "released" and offer is not None and offer.agent_ids == {agent_id}:
            self.wanting.pop(call_id, None)
        self._happen(ev.WorkReported(self.play.at, agent_id, call_id, work))

    def _happen(self, event: ev.FloorEvent) -> None:
        before = self.play.floor
        self.play.happen(event)
        self._judge(before)

    def _judge(self, before: Floor) -> None:
        floor = self.play.floor
        told_no: set[UUID] = set()
        for effect in self.play.told:
            if isinstance(effect, ef.RefuseQueue):
                assert effect.call_id not in told_no, "refused twice"
                told_no.add(effect.call_id)
                assert self.wanting.pop(effect.call_id, None) is not None, "refused, though it wanted nobody"
            elif isinstance(effect, ef.OfferAgents):
                assert effect.agents
                assert len({x.agent_id for x in effect.agents}) == len(effect.agents)
                self._check_turn(before, effect.call_id)
        for call_id, ticket in self.wanting.items():
            offer, waiting = floor.offers.get(call_id), floor.waiting.get(call_id)
            assert (waiting is not None) != (offer is not None and offer.ticket is not None), "a caller is lost"
            kept = waiting.ticket if waiting is not None else offer and offer.ticket
            assert kept == ticket, "the wait of a caller is forgotten"
        assert set(floor.waiting) <= set(self.wanting), "somebody waits who has gone"
        for queue_id, queue in floor.queues.items():
            most, old = queue.policy.max_agents, before.queues.get(queue_id)
            assert not most or old is None or queue.held <= max(most, old.held), "more agents than it may"
        for agent_id, agent in before.agents.items():
            if agent.is_signed_in:
                self.signed_in_s[agent_id] += floor.at - before.at

    def _check_turn(self, before: Floor, call_id: UUID) -> None:
        """Of those who take anybody, nobody who stood further ahead still waits."""
        taken, offer = before.waiting.get(call_id), self.play.floor.offers.get(call_id)
        if taken is None or taken.kept_for is not None or offer is None or offer.ticket != taken.ticket:
            return
        queue_id = taken.ticket.queue_id
        if before.queues[queue_id].policy != self.play.floor.queues[queue_id].policy:
            return  # places are others now
        for other in self.play.floor.waiting.values():
            if other.ticket.queue_id == queue_id and not other.needs and other.kept_for is None:
                assert other.place > taken.place, "a caller was overtaken"

    @invariant()
    def indexes_are_true(self) -> None:
        truth.check(self.play.floor)

    @invariant()
    def stretches_are_the_time_signed_in(self) -> None:
        floor = self.play.floor
        total = {agent_id: floor.at - x.counted_since for agent_id, x in floor.agents.items() if x.is_signed_in}
        for stretch in self.play.stretches:
            total[stretch.agent_id] = total.get(stretch.agent_id, 0.0) + stretch.until - stretch.since
        for agent_id in total.keys() | self.signed_in_s.keys():
            assert abs(total.get(agent_id, 0.0) - self.signed_in_s[agent_id]) < 1e-6

    @invariant()
    def stretches_have_no_gaps(self) -> None:
        last: dict[int, ef.KeepStretch] = {}
        for stretch in self.play.stretches:
            assert stretch.since < stretch.until
            before = last.get(stretch.agent_id)
            assert before is None or before.until <= stretch.since
            last[stretch.agent_id] = stretch

    def teardown(self) -> None:
        """Everybody goes home; then nothing is left, and the stretches are the time signed in."""
        for call_id in list(self.wanting):
            self.wanting.pop(call_id)
            self._happen(ev.CallLeft(self.play.at, call_id))
        for agent_id in AGENTS:
            agent = self.play.floor.agents.get(agent_id)
            if agent is not None and agent.call_id is not None:
                self._report(agent_id, agent.call_id, "released", 0.0)
        self.pass_time(300.0)
        assert all(x.work is Work.NONE for x in self.play.floor.agents.values())
        assert not self.play.floor.waiting
        assert not self.play.floor.offers
        assert not self.play.floor.alarms


FloorMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestFloor = FloorMachine.TestCase
