"""The floor: who gets which call. Example plays, then random interleavings against the invariants."""

from __future__ import annotations

import random
from uuid import UUID

from ucc.engine import floor as fl
from ucc.engine.effects import AgentTarget

LI, WANG = 1, 2


def make_floor(wrap_up_s: float = 0) -> fl.Floor:
    agents = {x: fl.Agent(AgentTarget(x, f"800{x}", f"agent {x}"), f"100{x}") for x in (LI, WANG)}
    queue = fl.Queue(4, "service", frozenset(agents), wrap_up_s=wrap_up_s)
    return fl.Floor(3, agents, {4: queue})


def call(number: int) -> UUID:
    return UUID(int=number)


def play(floor: fl.Floor, *events: fl.FloorEvent) -> tuple[fl.Floor, list[fl.FloorEffect]]:
    effects: list[fl.FloorEffect] = []
    for event in events:
        floor, new = fl.decide(floor, event)
        effects += new
    return floor, effects


def test_the_longest_idle_agent_is_offered_first() -> None:
    floor, _ = play(
        make_floor(),
        fl.PresenceAsked(1, WANG, fl.Presence.READY),
        fl.PresenceAsked(2, LI, fl.Presence.READY),
    )
    floor, effects = play(floor, fl.CallJoined(3, call(1), 4), fl.CallJoined(3, call(2), 4))

    assert [(x.call_id, x.agent.agent_id) for x in effects if isinstance(x, fl.OfferAgent)] == [
        (call(1), WANG),
        (call(2), LI),
    ]
    assert floor.agents[LI].state == "reserved"


def test_nobody_signed_in_refuses_at_once() -> None:
    _, effects = play(make_floor(), fl.CallJoined(1, call(1), 4))
    assert effects == [fl.RefuseQueue(call(1))]


def test_paused_agents_keep_the_caller_waiting() -> None:
    floor, effects = play(
        make_floor(), fl.PresenceAsked(1, LI, fl.Presence.PAUSED, "tea"), fl.CallJoined(2, call(1), 4)
    )
    assert floor.queues[4].waiting == (call(1),)
    _, effects = play(floor, fl.PresenceAsked(3, LI, fl.Presence.READY))
    assert fl.OfferAgent(call(1), floor.agents[LI].target) in effects


def test_the_last_agent_signing_out_refuses_those_who_wait() -> None:
    floor, _ = play(make_floor(), fl.PresenceAsked(1, LI, fl.Presence.PAUSED), fl.CallJoined(2, call(1), 4))
    floor, effects = play(floor, fl.PresenceAsked(3, LI, fl.Presence.OFFLINE))
    assert fl.RefuseQueue(call(1)) in effects
    assert floor.queues[4].waiting == ()


def test_a_dead_phone_is_paused_and_the_next_agent_is_offered() -> None:
    floor, _ = play(
        make_floor(),
        fl.PresenceAsked(1, LI, fl.Presence.READY),
        fl.PresenceAsked(2, WANG, fl.Presence.READY),
        fl.CallJoined(3, call(1), 4),
        fl.WorkReported(3, LI, call(1), "ringing"),
    )
    floor, effects = play(
        floor, fl.WorkReported(4, LI, call(1), "unreachable"), fl.CallJoined(4, call(1), 4, is_head=True)
    )
    assert floor.agents[LI].state == "paused"
    assert fl.KeepPresence(LI, fl.Presence.PAUSED, "phone_unreachable") in effects
    assert fl.OfferAgent(call(1), floor.agents[WANG].target) in effects


def test_a_pause_asked_in_a_call_acts_after_it() -> None:
    floor, _ = play(
        make_floor(),
        fl.PresenceAsked(1, LI, fl.Presence.READY),
        fl.CallJoined(2, call(1), 4),
        fl.WorkReported(3, LI, call(1), "talking"),
        fl.PresenceAsked(4, LI, fl.Presence.PAUSED, "lunch"),
    )
    assert floor.agents[LI].state == "on_call"
    floor, _ = play(floor, fl.WorkReported(5, LI, call(1), "released"))
    assert (floor.agents[LI].state, floor.agents[LI].reason) == ("paused", "lunch")


def test_wrap_up_follows_a_queue_call_and_ends_by_its_timer() -> None:
    floor, effects = play(
        make_floor(wrap_up_s=10),
        fl.PresenceAsked(1, LI, fl.Presence.READY),
        fl.CallJoined(2, call(1), 4),
        fl.WorkReported(3, LI, call(1), "talking"),
        fl.WorkReported(5, LI, call(1), "released"),
    )
    assert floor.agents[LI].state == "wrap_up"
    assert fl.StartWrapUp(LI, 10) in effects
    floor, _ = play(floor, fl.WrapUpEnded(15, LI))
    assert floor.agents[LI].state == "ready"


def test_an_agent_in_a_call_is_refused_another() -> None:
    _, effects = play(
        make_floor(), fl.WorkReported(1, LI, call(1), "dialing"), fl.WorkReported(2, LI, call(2), "dialing")
    )
    assert effects == [fl.RefuseAgent(call(2), "agent_busy")]


def test_random_interleavings_never_offer_an_agent_twice_nor_lose_a_caller() -> None:
    rng = random.Random(20260101)
    floor, at = make_floor(wrap_up_s=5), 0.0
    alive: set[UUID] = set()
    for step in range(20_000):
        at += rng.random()
        event = _random_event(rng, at, step, alive)
        if isinstance(event, fl.CallJoined) and not event.is_head:
            alive.add(event.call_id)
        before = floor
        floor, effects = fl.decide(floor, event)
        offered = [x.agent.agent_id for x in effects if isinstance(x, fl.OfferAgent)]
        assert len(offered) == len(set(offered))
        assert all(
            before.agents[x].call_id is None or floor.agents[x].call_id != before.agents[x].call_id for x in offered
        )
        alive -= {x.call_id for x in effects if isinstance(x, fl.RefuseQueue)}
        for queue in floor.queues.values():
            assert len(queue.waiting) == len(set(queue.waiting))
            free = [x for x in queue.members if floor.agents[x].is_free]
            assert not (queue.waiting and free), "somebody waits while somebody is free"
        held = {x.call_id for x in floor.agents.values() if x.work is fl.Work.RESERVED}
        assert not held & set(floor.queues[4].waiting)


def _random_event(rng: random.Random, at: float, step: int, alive: set[UUID]) -> fl.FloorEvent:
    agent = rng.choice((LI, WANG))
    some = rng.choice(sorted(alive)) if alive else call(step)
    match rng.randrange(6):
        case 0:
            return fl.PresenceAsked(at, agent, rng.choice(list(fl.Presence)))
        case 1:
            return fl.CallJoined(at, call(step + 1), 4)
        case 2:
            return fl.CallJoined(at, some, 4, is_head=True)
        case 3:
            alive.discard(some)
            return fl.CallLeft(at, some)
        case 4:
            return fl.WrapUpEnded(at, agent)
        case _:
            works = ("ringing", "dialing", "talking", "released", "no_answer", "declined", "unreachable")
            return fl.WorkReported(at, agent, some, rng.choice(works))
