"""长签: one leg that stays up; calls borrow it and give it back; what happens when it is lost."""

from __future__ import annotations

from dataclasses import replace

from engine.playbook import CUSTOMER, LI, QUEUE, Playbook
from ucc.engine import effects as ef
from ucc.engine import events as ev
from ucc.engine.record import EndedBy
from ucc.engine.requests import HangUpRequested
from ucc.engine.state import Ended, Line, Queued, Seeking, Talking

LINE = "ucc.01900000-0000-7000-8000-000000000009.0"
OVER_LINE = replace(LI, line=LINE)


def put_line_up(play: Playbook) -> str:
    play.when(ev.LineRequested(play.at, 3, LI))
    dial = play.only(ef.DialAgent)
    assert dial.is_auto_answered
    play.when(ev.LegCreated(play.at, dial.leg, "sip-line"))
    play.when(ev.LegAnswered(play.tick(), dial.leg))
    return dial.leg


def test_a_line_is_reported_when_it_is_up_and_leaves_no_record() -> None:
    play = Playbook()
    leg = put_line_up(play)
    assert play.has(ef.ReportLine(3, 1, leg), ef.CancelTimer("line"))
    assert not any(isinstance(x, ef.ReportAgent) for x in play.all_effects), "the agent is free meanwhile"
    assert play.when(ev.LegAnswered(play.tick(), leg)) == []

    play.when(ev.LegEnded(play.tick(), leg, 16))
    assert play.effects == [ef.ReportLine(3, 1, None)]
    assert isinstance(play.state, Ended)


def test_a_line_that_nobody_answers_is_given_up() -> None:
    play = Playbook()
    play.when(ev.LineRequested(play.at, 3, LI))
    leg = play.only(ef.DialAgent).leg
    play.when(ev.TimerFired(play.tick(20), "line"))
    assert play.has(ef.HangUpLeg(leg, 19))
    assert isinstance(play.state, Ended)


def test_a_line_on_hold_is_known_to_be_silent() -> None:
    play = Playbook()
    leg = put_line_up(play)
    for is_held in (True, False):
        assert play.when(ev.LegHeld(play.tick(), leg, is_held)) == []
        assert isinstance(play.stage, Line)
        assert play.stage.is_held is is_held


def talk_over_line(play: Playbook) -> None:
    play.customer_waits()
    play.when(ev.AgentsOffered(play.tick(), (OVER_LINE,)))
    assert play.has(ef.BorrowLine(LINE))
    assert not any(isinstance(x, ef.DialAgent) for x in play.effects), "the phone does not ring"
    play.when(ev.LegAnswered(play.at, LINE))
    assert isinstance(play.stage, Talking)
    assert play.has(ef.BridgeLegs((CUSTOMER, LINE)))


def test_a_call_gives_the_line_back() -> None:
    for event in (ev.LegEnded(1010.0, CUSTOMER, 16), HangUpRequested(1010.0, EndedBy.AGENT)):
        play = Playbook()
        talk_over_line(play)
        play.when(event)
        assert play.has(ef.ReturnLine(LINE), ef.ReportAgent(3, 1, "released"))
        assert ef.HangUpLeg(LINE, 16) not in play.effects


def test_a_lost_line_gives_the_customer_back_the_head_of_the_queue() -> None:
    play = Playbook()
    talk_over_line(play)
    joined = next(x for x in play.all_effects if isinstance(x, ef.JoinQueue))
    play.when(ev.LegEnded(play.tick(30), LINE, 27))
    assert isinstance(play.stage, Seeking)
    play.target_found(QUEUE)
    assert isinstance(play.stage.reach, Queued)
    assert play.only(ef.JoinQueue).since == joined.since, "its place goes by when it first came"
    assert play.stage.reach.since == play.at, "the wait begins anew"
    play.when(ev.LegEnded(play.tick(5), CUSTOMER, 16))
    assert play.finished.waited_s < 10, "the talk is no wait"


def test_a_line_that_is_gone_when_it_is_borrowed_costs_the_caller_nothing() -> None:
    play = Playbook()
    play.customer_waits()
    play.when(ev.AgentsOffered(play.tick(), (OVER_LINE,)))
    play.when(ev.LegEnded(play.at, LINE, 41))
    assert play.has(ef.ReportAgent(3, 1, "unreachable"))
    assert isinstance(play.stage, Seeking)
    assert isinstance(play.stage.reach, Queued)
