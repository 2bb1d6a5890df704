"""Calls that wait: refusals, positions, offers that fail."""

from __future__ import annotations

from engine.acd.play import LI, OFFLINE, PAUSED, READY, SALES, SERVICE, WANG, ZHAO, Play, call, offers_in, policy
from ucc.engine.acd import effects as ef
from ucc.engine.acd.events import PositionAsked


def waiting(play: Play, queue_id: int = SERVICE) -> list[int]:
    return [call_id.int for call_id in play.floor.queues[queue_id].waiting]


def _asked(play: Play, number: int) -> PositionAsked:
    return PositionAsked(play.at, call(number))


def test_nobody_signed_in_refuses_at_once() -> None:
    assert Play().join(1) == [ef.RefuseQueue(call(1), "no_agents")]


def test_an_unknown_or_closed_queue_refuses() -> None:
    play = Play(policy(is_open=False), ready=(LI,))
    assert play.join(1) == [ef.RefuseQueue(call(1), "closed")]
    assert play.join(2, queue_id=99) == [ef.RefuseQueue(call(2), "closed")]


def test_paused_agents_keep_the_caller_waiting() -> None:
    play = Play()
    play.ask(LI, PAUSED, "tea")
    assert play.join(1) == []
    assert offers_in(play.ask(LI, READY)) == [(1, (LI,))]


def test_paused_agents_may_count_as_none() -> None:
    play = Play(policy(is_refused_when_paused=True))
    play.ask(LI, PAUSED, "tea")
    assert play.join(1) == [ef.RefuseQueue(call(1), "no_agents")]
    play.ask(LI, READY)
    play.join(2)
    play.report(LI, 2, "talking")
    assert play.join(3) == []
    assert ef.RefuseQueue(call(3), "no_agents") in play.ask(LI, PAUSED, "tea")


def test_the_last_agent_signing_out_refuses_those_who_wait() -> None:
    play = Play()
    play.ask(LI, PAUSED)
    play.ask(WANG, PAUSED)
    play.join(1)
    play.join(2)
    assert play.ask(LI, OFFLINE) == [ef.KeepPresence(LI, OFFLINE, None)]
    told = play.ask(WANG, OFFLINE)
    assert told[1:] == [ef.RefuseQueue(call(1), "no_agents"), ef.RefuseQueue(call(2), "no_agents")]
    assert waiting(play) == []
    assert not play.floor.waiting


def test_a_full_queue_refuses_but_never_whom_somebody_could_take() -> None:
    play = Play(policy(max_length=2), ready=(LI,))
    told = [play.join(number) for number in (1, 2, 3, 4)]
    assert [offers_in(x) for x in told[:3]] == [[(1, (LI,))], [], []]
    assert told[3] == [ef.RefuseQueue(call(4), "full")]
    assert play.join(2) == [], "to join again changes nothing"
    assert waiting(play) == [2, 3]


def test_too_many_waiting_for_each_agent_is_full() -> None:
    play = Play(policy(max_ratio=1.5), ready=(LI, WANG))
    told = [play.join(number) for number in range(1, 7)]
    assert [x for x in told if x and isinstance(x[0], ef.RefuseQueue)] == [[ef.RefuseQueue(call(6), "full")]]


def test_a_wait_that_would_be_too_long_is_refused() -> None:
    play = Play(policy(max_estimate_s=100, expected_handling_s=60), ready=(LI,))
    play.join(1)
    assert play.join(2) == []
    assert play.join(3) == [ef.RefuseQueue(call(3), "wait_too_long")]


def test_position_and_wait_come_from_measured_handling() -> None:
    play = Play(policy(wrap_up_s=10), ready=(LI, WANG))
    play.join(1, at=10)
    play.serve(LI, 1, start=11, end=51)
    play.wait(11)
    for number in (2, 3, 4, 5):
        play.join(number, at=70)
    assert play.happen(_asked(play, 4)) == [ef.TellPosition(call(4), 1, 25.0)], (
        "40 s of talk and 10 s of wrap-up, 2 agents"
    )
    assert play.happen(_asked(play, 5)) == [ef.TellPosition(call(5), 2, 50.0)]
    assert play.happen(_asked(play, 9)) == []
    play.ask(LI, PAUSED, "tea", at=71)
    play.ask(WANG, PAUSED, "tea", at=71)
    assert play.happen(_asked(play, 4)) == [ef.TellPosition(call(4), 1, None)]


def test_an_offer_that_fails_pauses_the_agent_and_goes_to_the_next() -> None:
    for work, reason in (("no_answer", "ring_timeout"), ("declined", "declined"), ("unreachable", "phone_unreachable")):
        play = Play(ready=(LI, WANG))
        play.join(1, at=5)
        play.report(LI, 1, "ringing")
        told = play.report(LI, 1, work)
        assert told[0] == ef.KeepPresence(LI, PAUSED, reason)
        assert offers_in(told) == [(1, (WANG,))]
        assert play.join(1, since=5) == [], "the call may join again, it has its agent already"


def test_the_call_goes_back_to_the_head_with_its_wait() -> None:
    play = Play(ready=(LI,))
    play.join(1, at=5)
    play.join(2, at=6)
    play.report(LI, 1, "ringing", at=7)
    play.report(LI, 1, "no_answer", at=22)
    assert waiting(play) == [1, 2]
    assert offers_in(play.ask(LI, READY)) == [(1, (LI,))]


def test_an_agent_may_let_several_ring_out() -> None:
    play = Play(policy(max_no_answers=2), ready=(LI, WANG))
    play.join(1, at=5)
    play.report(LI, 1, "ringing")
    assert offers_in(play.report(LI, 1, "no_answer")) == [(1, (WANG,))], "the next one, though Li is ready"
    play.report(WANG, 1, "ringing")
    assert offers_in(play.report(WANG, 1, "no_answer")) == [(1, (LI,))]
    play.report(LI, 1, "ringing")
    assert ef.KeepPresence(LI, PAUSED, "ring_timeout") in play.report(LI, 1, "no_answer")
    play = Play(policy(max_no_answers=0), ready=(LI,))
    play.join(1)
    for _ in range(5):
        play.report(LI, 1, "ringing")
        assert offers_in(play.report(LI, 1, "no_answer")) == [(1, (LI,))]


def test_a_caller_who_leaves_frees_the_reserved_agent() -> None:
    play = Play(ready=(LI,))
    play.join(1)
    play.join(2)
    assert offers_in(play.leave(1)) == [(2, (LI,))]
    play.leave(2)
    assert play.state(LI) == "ready"
    assert not play.floor.offers


def test_a_ringing_phone_is_free_when_the_call_says_so() -> None:
    play = Play(ready=(LI,))
    play.join(1)
    play.join(2)
    play.report(LI, 1, "ringing")
    assert play.leave(1) == [], "it still rings"
    assert offers_in(play.report(LI, 1, "released")) == [(2, (LI,))]


def test_a_call_that_never_reports_does_not_keep_its_agent() -> None:
    play = Play(ready=(LI,))
    play.join(1, at=5)
    play.join(2, at=6)
    told = play.wait(11)
    assert offers_in(told) == [(1, (LI,))], "the call may live, so it is offered again, at its place"
    assert offers_in(play.leave(1)) == [(2, (LI,))]
    play.report(LI, 2, "ringing")
    assert offers_in(play.wait(29)) == []
    assert offers_in(play.wait(2)) == [(2, (LI,))], "longer than any ringing"


def test_a_call_moves_to_another_queue() -> None:
    play = Play(policy(), policy(SALES, (LI,)), ready=(LI, WANG))
    play.join(1)
    play.join(2)
    play.join(3)
    play.join(3, SALES)
    assert (waiting(play), waiting(play, SALES)) == ([], [3])
    play.join(1, SALES)
    assert play.state(LI) == "reserved"
    assert {x.call_id for x in play.floor.agents.values()} >= {call(2)}


def test_settings_act_at_once_and_keep_what_goes_on() -> None:
    play = Play(policy(members=(LI,)), policy(SALES, (WANG,)), ready=(LI, WANG))
    play.join(1)
    play.join(2)
    play.join(3, SALES)
    play.report(WANG, 3, "talking")
    play.queues = (policy(members=(LI, ZHAO, WANG)), policy(SALES, (WANG,)))
    play.read()
    assert waiting(play) == [2]
    assert offers_in(play.ask(ZHAO, READY)) == [(2, (ZHAO,))]
    play.join(4)
    assert offers_in(play.report(WANG, 3, "released")) == [(4, (WANG,))]
    play.join(5)
    play.queues = (policy(SALES, (WANG,)),)
    told = play.read()
    assert told == [ef.RefuseQueue(call(5), "closed")]
    assert SERVICE not in play.floor.queues
    assert play.report(WANG, 4, "ringing", "no_answer")[-1] == ef.RefuseQueue(call(4), "closed")


def test_an_agent_who_is_deleted_leaves_after_his_call() -> None:
    play = Play(ready=(LI, WANG))
    play.join(1)
    play.report(LI, 1, "talking")
    play.queues = (policy(members=(WANG,)),)
    play.read()
    assert play.state(LI) == "on_call"
    play.report(LI, 1, "released")
    assert offers_in(play.join(2)) == [(2, (WANG,))]
    play.read()
    assert set(play.floor.agents) == {WANG}
