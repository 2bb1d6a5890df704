"""Outbound: from the phone and from the page."""

from __future__ import annotations

import pytest

from engine.playbook import LI, OUTSIDE, PHONE, TRUNK, Playbook
from ucc.engine import effects as ef
from ucc.engine import events as ev
from ucc.engine.record import EndedBy, LegKind, Result
from ucc.engine.state import RingingAgent, Talking


@pytest.fixture
def play() -> Playbook:
    return Playbook()


def test_the_agent_hears_ringing_while_the_trunk_is_dialled(play: Playbook) -> None:
    play.when(ev.CallArrived(play.at, PHONE, LegKind.PHONE, "8001", "13800138001", "8001", "sip-p"))
    assert play.effects == [ef.FindOutboundRoute("8001", "13800138001")]

    play.when(ev.OutboundRouteFound(play.tick(), 3, LI, TRUNK.number, OUTSIDE))

    leg = play.only(ef.DialTrunk).leg
    assert play.has(ef.ReportAgent(3, 1, "dialing"), ef.RingLeg(PHONE), ef.DialTrunk(leg, TRUNK))


def test_an_answer_answers_the_agent_too_and_starts_the_recording(play: Playbook) -> None:
    leg = play.agent_dials()

    play.when(ev.LegAnswered(play.tick(5), leg))

    assert isinstance(play.stage, Talking)
    assert play.effects == [
        ef.CancelTimer("ring"),
        ef.ReportAgent(3, 1, "talking"),
        ef.AnswerLeg(PHONE),
        ef.StartRecording("sip-t"),
        ef.BridgeLegs((leg, PHONE)),
    ]
    play.when(ev.LegEnded(play.tick(50), leg, 16))
    assert play.finished.talk_s == pytest.approx(50)
    assert (play.finished.caller, play.finished.trunk_id) == ("+861088880001", 5)


@pytest.mark.parametrize(
    ("cause", "result"),
    [
        (17, Result.BUSY),
        (19, Result.NO_ANSWER),
        (21, Result.REJECTED),
        (1, Result.INVALID),
        (34, Result.LINE_FAULT),
        (127, Result.LINE_FAULT),
    ],
)
def test_the_agent_hears_why_nobody_answered(play: Playbook, cause: int, result: Result) -> None:
    leg = play.agent_dials()

    play.when(ev.LegEnded(play.tick(), leg, cause))

    assert play.has(ef.HangUpLeg(PHONE, cause), ef.ReportAgent(3, 1, "released"))
    assert (play.finished.result, play.finished.talk_s, play.finished.recordings) == (result, 0, ())


def test_an_agent_who_gives_up_cancels_the_call(play: Playbook) -> None:
    leg = play.agent_dials()
    play.when(ev.LegEnded(play.tick(), PHONE, 16))

    assert play.has(ef.HangUpLeg(leg, 16))
    assert (play.finished.result, play.finished.ended_by) == (Result.CANCELLED, EndedBy.AGENT)


def test_a_refused_route_tells_the_agent_and_is_recorded(play: Playbook) -> None:
    play.when(ev.CallArrived(play.at, PHONE, LegKind.PHONE, "8001", "110", "8001", "sip-p"))
    play.when(ev.RouteRefused(play.tick(), "balance_exhausted", 21, 3, 1))

    assert play.has(ef.HangUpLeg(PHONE, 21))
    assert (play.finished.result, play.finished.refusal, play.finished.agent_id) == (
        Result.REFUSED,
        "balance_exhausted",
        1,
    )


def test_a_click_rings_the_agents_own_phone_first(play: Playbook) -> None:
    play.when(ev.CallRequested(play.at, 3, LI, "13800138001"))
    play.when(ev.OutboundRouteFound(play.tick(), 3, LI, TRUNK.number, OUTSIDE))
    agent_leg = play.only(ef.DialAgent).leg
    assert isinstance(play.stage, RingingAgent)
    assert play.only(ef.DialAgent).is_auto_answered

    play.when(ev.LegAnswered(play.tick(), agent_leg))
    customer = play.only(ef.DialTrunk).leg
    play.when(ev.LegCreated(play.at, customer, "sip-t"))
    play.when(ev.LegAnswered(play.tick(), customer))

    assert play.has(ef.StopRinging(agent_leg), ef.BridgeLegs((customer, agent_leg)))
    assert not any(isinstance(x, ef.AnswerLeg) for x in play.effects), "the agent's phone has answered already"


def test_a_page_that_never_answers_ends_the_click(play: Playbook) -> None:
    play.when(ev.CallRequested(play.at, 3, LI, "13800138001"))
    play.when(ev.OutboundRouteFound(play.tick(), 3, LI, TRUNK.number, OUTSIDE))
    play.when(ev.TimerFired(play.tick(20), "ring"))

    assert play.finished.refusal == "agent_phone_not_answered"


def test_a_busy_agent_is_refused_a_second_call(play: Playbook) -> None:
    leg = play.agent_dials()
    play.when(ev.AgentRefused(play.tick(), "agent_busy"))

    assert play.has(ef.HangUpLeg(PHONE, 17), ef.HangUpLeg(leg, 17))
    assert play.finished.refusal == "agent_busy"
