"""An agent's presence, work, wrap-up, line and time."""

from __future__ import annotations

import pytest

from engine.acd.play import LI, OFFLINE, PAUSED, READY, WANG, Play, call, offers_in, policy
from ucc.engine.acd import effects as ef
from ucc.engine.acd.events import LineChanged, TimePassed, WorkReported, WrapUpAsked


def test_a_pause_asked_in_a_call_acts_after_it_and_the_last_request_wins() -> None:
    play = Play(ready=(LI,))
    play.join(1)
    play.report(LI, 1, "talking")
    play.ask(LI, PAUSED, "lunch")
    play.ask(LI, OFFLINE)
    play.ask(LI, PAUSED, "tea")
    assert play.state(LI) == "on_call"
    play.report(LI, 1, "released")
    assert (play.state(LI), play.floor.agents[LI].reason) == ("paused", "tea")


def test_a_repeated_request_does_nothing() -> None:
    play = Play(ready=(LI,))
    play.ask(LI, PAUSED, "tea", at=5)
    assert play.ask(LI, PAUSED, "tea", at=9) == []
    assert play.floor.agents[LI].since == 5
    assert play.ask(LI, PAUSED, "lunch", at=9) == [ef.KeepPresence(LI, PAUSED, "lunch")]


def test_wrap_up_ends_by_itself() -> None:
    play = Play(policy(wrap_up_s=10), ready=(LI,))
    play.join(1, at=5)
    play.serve(LI, 1, start=6, end=20)
    assert (play.state(LI), play.floor.agents[LI].wrap_up_ends_at) == ("wrap_up", 30)
    play.join(2, at=21)
    assert offers_in(play.wait(8)) == []
    assert offers_in(play.wait(2)) == [(2, (LI,))]


def test_wrap_up_is_extended_or_ended_by_the_agent() -> None:
    play = Play(policy(wrap_up_s=10), ready=(LI,))
    play.join(1, at=5)
    play.serve(LI, 1, start=6, end=20)
    play.happen(WrapUpAsked(25, LI, 60))
    play.wait(50)
    assert play.state(LI) == "wrap_up"
    play.happen(WrapUpAsked(76, LI))
    assert play.state(LI) == "ready"
    assert play.happen(WrapUpAsked(77, LI, 60)) == []
    assert play.state(LI) == "ready"


def test_signing_out_ends_wrap_up_and_a_pause_waits_for_its_end() -> None:
    play = Play(policy(wrap_up_s=10), ready=(LI, WANG))
    for number, agent_id in ((1, LI), (2, WANG)):
        play.join(number, at=5)
        play.serve(agent_id, number, start=6, end=20)
    play.ask(LI, OFFLINE, at=21)
    play.ask(WANG, PAUSED, "tea", at=21)
    assert (play.state(LI), play.state(WANG)) == ("offline", "wrap_up")
    play.wait(10)
    assert play.state(WANG) == "paused"


@pytest.mark.parametrize(("seconds", "state"), [(0.0, "ready"), (15.0, "wrap_up")])
def test_wrap_up_after_outbound_calls_is_the_tenants_choice(seconds: float, state: str) -> None:
    play = Play(policy(wrap_up_s=30), ready=(LI,), outbound_wrap_up_s=seconds)
    play.report(LI, 1, "dialing", "talking", "released")
    assert play.state(LI) == state
    play = Play(ready=(LI,), outbound_wrap_up_s=15)
    play.report(LI, 1, "dialing", "released")
    assert play.state(LI) == "ready", "nobody answered"


def test_an_agent_in_a_call_is_refused_another() -> None:
    play = Play(ready=(LI,))
    play.report(LI, 1, "dialing")
    assert play.report(LI, 2, "dialing") == [ef.RefuseAgent(call(2), LI, "agent_busy")]
    assert play.report(LI, 2, "released") == []
    assert play.floor.agents[LI].call_id == call(1)


def test_an_agent_who_dials_by_himself_is_busy() -> None:
    play = Play(ready=(LI,))
    play.report(LI, 1, "dialing", "talking")
    assert play.join(2) == []
    assert offers_in(play.report(LI, 1, "released")) == [(2, (LI,))]


def test_a_signed_out_agent_may_dial() -> None:
    play = Play()
    assert play.report(LI, 1, "dialing", "talking") == []
    assert play.state(LI) == "on_call"
    play.report(LI, 1, "released")
    assert play.state(LI) == "offline"
    assert play.stretches == []


def test_one_agent_is_claimed_for_a_direct_call() -> None:
    play = Play(ready=(LI,))
    assert play.claim(WANG, 1) == [ef.RefuseAgent(call(1), WANG, "agent_offline")]
    assert play.claim(99, 1) == [ef.RefuseAgent(call(1), 99, "agent_offline")]
    assert offers_in(play.claim(LI, 1)) == [(1, (LI,))]
    assert play.claim(LI, 1) == [], "said twice"
    assert play.claim(LI, 2) == [ef.RefuseAgent(call(2), LI, "agent_busy")]
    play.join(3)
    play.report(LI, 1, "ringing")
    assert offers_in(play.report(LI, 1, "no_answer")) == [(3, (LI,))], "a direct call does not pause him"
    play.leave(3)
    play.ask(LI, PAUSED, "tea")
    assert play.claim(LI, 4) == [ef.RefuseAgent(call(4), LI, "agent_paused")]
    assert offers_in(play.claim(LI, 4, is_forced=True)) == [(4, (LI,))]
    play.report(LI, 4, "talking", "released")
    assert play.state(LI) == "paused"


def test_wrap_up_gives_way_to_a_forced_claim_only() -> None:
    play = Play(policy(wrap_up_s=30), ready=(LI,))
    play.join(1, at=5)
    play.serve(LI, 1, start=6, end=20)
    assert play.claim(LI, 2) == [ef.RefuseAgent(call(2), LI, "agent_busy")]
    assert offers_in(play.claim(LI, 2, is_forced=True)) == [(2, (LI,))]


def test_a_dead_phone_pauses_even_after_a_direct_call() -> None:
    play = Play(ready=(LI,))
    play.claim(LI, 1)
    assert play.report(LI, 1, "unreachable") == [ef.KeepPresence(LI, PAUSED, "phone_unreachable")]


def test_offers_go_to_the_line_while_it_is_up() -> None:
    play = Play(ready=(LI,))
    play.happen(LineChanged(5, LI, "line.1"))
    (offer,) = play.join(1)
    assert isinstance(offer, ef.OfferAgents)
    assert offer.agents[0].line == "line.1"
    play.report(LI, 1, "talking")
    assert play.read() == []
    assert play.floor.agents[LI].line == "line.1", "settings leave it"
    assert play.happen(LineChanged(9, LI, None)) == [ef.KeepPresence(LI, OFFLINE, "line_lost")]
    assert (play.state(LI), play.floor.agents[LI].line) == ("on_call", None)
    play.report(LI, 1, "released")
    assert (play.state(LI), play.floor.agents[LI].reason) == ("offline", "line_lost")


def test_a_line_that_is_put_down_signs_nobody_out() -> None:
    play = Play(ready=(LI,))
    play.happen(LineChanged(5, LI, "line.1"))
    assert play.happen(LineChanged(6, LI, None, is_lost=False)) == []
    assert play.state(LI) == "ready"


def test_a_lost_line_with_the_last_agent_refuses_those_who_wait() -> None:
    play = Play(ready=(LI,))
    play.happen(LineChanged(2, LI, "line.1"))
    play.join(1)
    play.report(LI, 1, "talking")
    play.join(2)
    assert ef.RefuseQueue(call(2), "no_agents") in play.happen(LineChanged(5, LI, None))


def test_a_floor_that_begins_in_the_middle_believes_the_calls() -> None:
    """After a restart: calls say again what they do, and join again."""
    play = Play(policy(wrap_up_s=10), ready=(LI, WANG))
    play.happen(WorkReported(5, LI, call(1), "talking", 40))
    play.happen(WorkReported(5, WANG, call(2), "ringing", 40))
    assert play.join(2, since=1) == [], "it has its agent"
    play.happen(WorkReported(20, LI, call(1), "released"))
    assert play.state(LI) == "wrap_up"
    play.report(WANG, 2, "no_answer")
    assert [x.int for x in play.floor.queues[40].waiting] == [2]


def test_the_stretches_of_a_day_are_the_time_signed_in() -> None:
    play = Play(policy(wrap_up_s=10), ready=())
    play.ask(LI, READY, at=10)
    play.join(1, at=15)
    play.report(LI, 1, "ringing", at=15)
    play.report(LI, 1, "talking", at=20)
    play.report(LI, 1, "held", at=30)
    play.report(LI, 1, "talking", at=34)
    play.ask(LI, PAUSED, "lunch", at=36)
    play.report(LI, 1, "released", at=40)
    play.happen(TimePassed(52.5))
    play.ask(LI, PAUSED, "tea", at=60)
    play.ask(LI, OFFLINE, at=70)
    assert [(x.state, x.since, x.until, x.reason) for x in play.stretches] == [
        ("ready", 10, 15, None),
        ("ringing", 15, 20, None),
        ("talk", 20, 30, None),
        ("hold", 30, 34, None),
        ("talk", 34, 40, None),
        ("wrap_up", 40, 50, None),
        ("paused", 50, 60, "lunch"),
        ("paused", 60, 70, "tea"),
    ]


def test_a_supervisor_who_watches_has_no_wrap_up_unless_it_takes_over() -> None:
    play = Play(policy(wrap_up_s=10), ready=(LI, WANG), outbound_wrap_up_s=10)
    play.happen(WorkReported(5, LI, call(1), "watching", 40))
    assert (play.state(LI), play.floor.agents[LI].detail) == ("on_call", "watching")
    play.report(LI, 1, "released", at=20)
    assert (play.state(LI), play.floor.queues[40].handled) == ("ready", 0)
    play.happen(WorkReported(21, LI, call(1), "watching", 40))
    play.report(LI, 1, "talking", "released", at=30)
    assert play.state(LI) == "ready", "the call was given by no queue"
