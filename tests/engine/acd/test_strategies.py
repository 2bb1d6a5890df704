"""Who of the free agents is offered a call."""

from __future__ import annotations

import itertools

import pytest

from engine.acd.play import LI, QIAN, SALES, SERVICE, WANG, ZHAO, Play, call, offers_in, policy
from ucc.engine.acd import effects as ef
from ucc.engine.acd.model import RelaxStep

EVERYBODY = (LI, WANG, ZHAO)


def test_the_longest_idle_agent_is_offered_first() -> None:
    play = Play(ready=(WANG, LI))
    assert [play.join(1) and play.offered, play.join(2) and play.offered] == [[(1, (WANG,))], [(2, (LI,))]]
    play.serve(LI, 2, start=5, end=10)
    play.serve(WANG, 1, start=5, end=20)
    play.join(3, at=30)
    assert play.offered == [(3, (LI,))]


def test_an_agent_who_was_reserved_in_vain_keeps_his_turn() -> None:
    play = Play(ready=(LI, WANG))
    play.join(1, at=5)
    play.leave(1)
    play.join(2, at=6)
    assert play.offered == [(2, (LI,))]


def test_the_agent_with_the_fewest_calls_is_offered() -> None:
    play = Play(policy(strategy="fewest_calls"), ready=EVERYBODY)
    for number, agent_id in enumerate((LI, WANG, ZHAO, LI), 1):
        play.join(number, at=10.0 * number)
        assert play.offered == [(number, (agent_id,))]
        play.serve(agent_id, number, start=10.0 * number + 1, end=10.0 * number + 5)
    play.join(5, at=60)
    assert play.offered == [(5, (WANG,))]


def test_one_who_signs_in_late_is_not_flooded() -> None:
    play = Play(policy(strategy="fewest_calls"), ready=(LI, WANG))
    for number in range(1, 9):
        play.join(number, at=10.0 * number)
        agent_id = play.offered[0][1][0]
        play.serve(agent_id, number, start=10.0 * number + 1, end=10.0 * number + 5)
    play.ask(ZHAO, play.floor.agents[LI].presence, at=100)
    taken = []
    for number in range(10, 16):
        play.join(number, at=10.0 * number + 10)
        agent_id = play.offered[0][1][0]
        taken.append(agent_id)
        play.serve(agent_id, number, start=10.0 * number + 11, end=10.0 * number + 15)
    assert sorted(taken) == [LI, LI, WANG, WANG, ZHAO, ZHAO]


def test_round_robin_goes_on_from_the_last_one() -> None:
    play = Play(policy(strategy="round_robin"), ready=EVERYBODY)
    taken = []
    for number in range(1, 6):
        play.join(number, at=10.0 * number)
        taken.append(play.offered[0][1][0])
        play.serve(taken[-1], number, start=10.0 * number + 1, end=10.0 * number + 5)
    assert taken == [LI, WANG, ZHAO, LI, WANG]


def test_ordered_takes_the_first_of_the_list_who_is_free() -> None:
    play = Play(policy(members=(ZHAO, LI, WANG), strategy="ordered"), ready=EVERYBODY)
    assert [offers_in(play.join(number)) for number in (1, 2, 3)] == [[(1, (ZHAO,))], [(2, (LI,))], [(3, (WANG,))]]
    play.report(WANG, 3, "talking", "released")
    play.report(ZHAO, 1, "talking", "released")
    assert offers_in(play.join(4)) == [(4, (ZHAO,))]


def test_random_is_fair_and_the_same_for_the_same_floor() -> None:
    def deal() -> list[int]:
        play = Play(policy(strategy="random"), ready=EVERYBODY)
        taken = []
        for number in range(1, 301):
            play.join(number, at=10.0 * number)
            taken.append(play.offered[0][1][0])
            play.serve(taken[-1], number, start=10.0 * number + 1, end=10.0 * number + 5)
        return taken

    taken = deal()
    assert taken == deal()
    assert all(75 <= taken.count(agent_id) <= 125 for agent_id in EVERYBODY)
    assert sum(a == b for a, b in itertools.pairwise(taken)) > 60, "no pattern"


def test_ring_all_rings_everybody_and_the_first_to_answer_wins() -> None:
    play = Play(policy(strategy="ring_all"), ready=EVERYBODY)
    assert offers_in(play.join(1)) == [(1, (LI, WANG, ZHAO))]
    play.report(LI, 1, "ringing")
    play.report(WANG, 1, "ringing")
    play.report(WANG, 1, "talking")
    assert (play.state(WANG), play.state(ZHAO)) == ("on_call", "ready"), "who was only reserved is free at once"
    assert play.state(LI) == "ringing", "this phone still rings until the call has stopped it"
    play.report(LI, 1, "released")
    assert play.state(LI) == "ready"
    assert not play.floor.offers


def test_ring_all_begins_again_when_nobody_answers() -> None:
    play = Play(policy(strategy="ring_all"), ready=(LI, WANG))
    play.join(1, at=5)
    for agent_id in (LI, WANG):
        play.report(agent_id, 1, "ringing", at=6)
    assert play.report(LI, 1, "no_answer", at=21) == []
    play.report(WANG, 1, "no_answer", at=21)
    assert [(number, set(agents)) for number, agents in play.offered] == [(1, {LI, WANG})]
    assert play.floor.agents[LI].presence == "ready"


def test_ring_all_rings_no_more_phones_than_the_queue_may() -> None:
    play = Play(policy(strategy="ring_all", ring_all_most=2), ready=EVERYBODY)
    assert offers_in(play.join(1)) == [(1, (LI, WANG))]
    play = Play(policy(strategy="ring_all", max_agents=2), ready=EVERYBODY)
    assert offers_in(play.join(1)) == [(1, (LI, WANG))]


@pytest.mark.parametrize("strategy", ["longest_idle", "ordered", "round_robin", "random", "fewest_calls", "ring_all"])
def test_a_higher_penalty_waits_until_nobody_else_is_free(strategy: str) -> None:
    play = Play(policy(strategy=strategy, penalties={LI: 2, WANG: 1, ZHAO: 1}), ready=EVERYBODY)
    play.join(1)
    play.join(2)
    play.join(3)
    rung = [x.call_id for x in play.told if isinstance(x, ef.OfferAgents) and x.agents[0].agent_id == LI]
    assert rung == ([call(2)] if strategy == "ring_all" else [call(3)]) or (strategy == "ring_all" and not rung)


def test_skills_are_required() -> None:
    skills = {LI: {"english": 2}, WANG: {"english": 5, "billing": 1}, ZHAO: {}}
    play = Play(skills=skills, ready=EVERYBODY)
    assert offers_in(play.join(1, skills={"english": 3})) == [(1, (WANG,))]
    assert play.join(2, skills={"english": 3}) == []
    assert offers_in(play.join(3, skills={"english": 1})) == [(3, (LI,))]
    assert offers_in(play.join(4)) == [(4, (ZHAO,))], "a call behind one that nobody fits is not held up"
    play.report(WANG, 1, "talking", "released")
    assert play.offered == [(2, (WANG,))]


def test_the_most_skilled_is_offered_first() -> None:
    skills = {LI: {"english": 2}, WANG: {"english": 5}, ZHAO: {"english": 3}}
    play = Play(policy(strategy="most_skilled"), skills=skills, ready=EVERYBODY)
    taken = [offers_in(play.join(number, skills={"english": 2}))[0][1][0] for number in (1, 2, 3)]
    assert taken == [WANG, ZHAO, LI]


def test_what_is_asked_for_relaxes_over_the_wait() -> None:
    relax = (RelaxStep(10, 2), RelaxStep(20, None))
    skills = {LI: {"english": 3}, WANG: {}}
    play = Play(policy(members=(LI, WANG), relax=relax), skills=skills, ready=(LI, WANG))
    play.join(1, at=10, skills={"english": 5})
    play.join(2, at=10, skills={"english": 6})
    assert play.told == []
    assert offers_in(play.wait(9)) == []
    assert offers_in(play.wait(2)) == [(1, (LI,))]
    play.report(LI, 1, "talking")
    assert offers_in(play.wait(8)) == []
    assert offers_in(play.wait(2)) == [(2, (WANG,))]


def test_an_agent_of_two_queues_takes_the_heavier_then_the_lower_penalty_then_the_older_call() -> None:
    queues = (
        policy(SERVICE, (LI,), penalties={LI: 1}),
        policy(SALES, (LI,)),
        policy(60, (LI,), weight=5),
    )
    play = Play(*queues)
    play.ask(LI, play.floor.agents[LI].presence.PAUSED, at=1)
    play.join(1, SERVICE, at=2)
    play.join(2, SALES, at=3)
    play.join(3, SALES, at=4)
    play.join(4, 60, at=5)
    play.ask(LI, play.floor.agents[LI].presence.READY, at=6)
    taken = []
    for _ in range(4):
        number = play.offered[0][0]
        taken.append(number)
        play.report(LI, number, "talking", "released")
    assert taken == [4, 2, 3, 1]


def test_priority_goes_first_or_counts_as_so_much_wait() -> None:
    for priority_s, expected in ((0, [3, 1, 2]), (60, [3, 1, 2]), (1, [1, 3, 2])):
        play = Play(policy(members=(LI,), priority_s=priority_s))
        play.ask(LI, play.floor.agents[LI].presence.PAUSED, at=1)
        for number, (at, priority) in enumerate(((10, 0), (20, 0), (15, 2)), 1):
            play.join(number, at=max(at, play.at), since=at, priority=priority)
        assert [x.int for x in play.floor.queues[SERVICE].waiting] == expected


def test_a_queue_holds_no_more_agents_than_it_may() -> None:
    """Blended agents: what is left over is free for outbound calls."""
    play = Play(policy(max_agents=2, wrap_up_s=5), ready=EVERYBODY)
    for number in (1, 2, 3):
        play.join(number, at=5)
    assert [play.state(x) for x in EVERYBODY] == ["reserved", "reserved", "ready"]
    play.report(WANG, 2, "talking")
    play.serve(LI, 1, start=6, end=10)
    assert play.offered == [], "wrap-up belongs to the queue"
    assert offers_in(play.wait(6)) == [(3, (ZHAO,))]


def test_the_last_agent_is_waited_for_then_anybody() -> None:
    play = Play(policy(members=(LI, WANG), last_agent_s=10), ready=(LI, WANG))
    play.join(1, at=5, last=LI)
    assert play.offered == [(1, (LI,))]
    assert play.join(2, at=6, last=LI) == [], "Wang is free, but Li spoke with this caller"
    play.report(LI, 1, "talking", "released", at=9)
    assert play.offered == [(2, (LI,))]
    play.report(LI, 2, "talking")
    play.join(3, at=10, last=LI)
    assert offers_in(play.wait(9)) == []
    assert offers_in(play.wait(2)) == [(3, (WANG,))]


def test_nobody_waits_for_a_last_agent_who_goes() -> None:
    play = Play(policy(members=(LI, WANG), last_agent_s=60), ready=(LI, WANG))
    play.join(1, at=5)
    play.join(2, at=6, last=LI)
    assert play.state(WANG) == "ready"
    play.ask(LI, play.floor.agents[LI].presence.PAUSED, "lunch", at=7)
    assert play.offered == [(2, (WANG,))]
    assert offers_in(play.join(3, last=QIAN)) == [], "Qian is no member, and nobody is free"
