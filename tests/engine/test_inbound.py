"""Inbound: DID -> queue -> agent, hang-up from either side, and everything that goes wrong on the way."""

from __future__ import annotations

import pytest

from engine.playbook import CALLER, CUSTOMER, LI, QUEUE, WANG, Playbook
from ucc.engine import effects as ef
from ucc.engine import events as ev
from ucc.engine.record import EndedBy, Result
from ucc.engine.state import Ended, Queued, Ringing, Seeking, Talking


@pytest.fixture
def play() -> Playbook:
    return Playbook()


def test_a_caller_is_answered_recorded_and_queued_with_music(play: Playbook) -> None:
    play.customer_waits()

    assert isinstance(play.stage, Seeking)
    assert isinstance(play.stage.reach, Queued)
    assert play.effects == [ef.StartRecording("sip-c")]
    wanted = [ef.AnswerLeg(CUSTOMER), ef.StartMusic(CUSTOMER), ef.StartTimer("max_wait", 60)]
    assert all(x in play.all_effects for x in [*wanted, ef.JoinQueue(3, QUEUE, 1000.0, CALLER)])


def test_an_agent_who_answers_talks_without_music(play: Playbook) -> None:
    leg = play.inbound_talk()

    assert isinstance(play.stage, Talking)
    assert play.has(ef.StopMusic(CUSTOMER), ef.BridgeLegs((CUSTOMER, leg)), ef.ReportAgent(3, 1, "talking"))


@pytest.mark.parametrize("by", [EndedBy.CUSTOMER, EndedBy.AGENT])
def test_either_side_ends_the_talk(play: Playbook, by: EndedBy) -> None:
    leg = play.inbound_talk()
    ending, other = (CUSTOMER, leg) if by is EndedBy.CUSTOMER else (leg, CUSTOMER)

    play.when(ev.LegEnded(play.tick(30), ending, 16))

    assert isinstance(play.state, Ended)
    assert play.has(ef.HangUpLeg(other, 16), ef.ReportAgent(3, 1, "released"))
    call = play.finished
    assert (call.ended_by, call.result, call.agent_id) == (by, Result.ANSWERED, 1)
    assert call.talk_s == pytest.approx(34)
    assert call.recordings[0].ended_at - call.recordings[0].started_at == pytest.approx(34)
    assert len(call.legs) == 2


def test_an_unknown_did_is_told_404_and_leaves_no_record(play: Playbook) -> None:
    play.customer_calls()

    play.when(ev.RouteRefused(play.tick(), "unknown_did", 1))

    assert play.effects[0] == ef.HangUpLeg(CUSTOMER, 1)
    assert not any(isinstance(x, ef.SaveCall) for x in play.all_effects)


def test_nobody_signed_in_is_announced_not_silence(play: Playbook) -> None:
    play.customer_waits()

    play.when(ev.QueueRefused(play.tick()))
    assert play.has(ef.StopMusic(CUSTOMER))
    prompt = play.only(ef.PlayPrompt)
    assert prompt.sounds == ("no_agents",)
    play.when(ev.PromptEnded(play.tick(4), CUSTOMER, prompt.playback))

    assert (play.finished.result, play.finished.ended_by) == (Result.NO_AGENTS, EndedBy.SYSTEM)


@pytest.mark.parametrize(
    ("cause", "work"), [(20, "unreachable"), (3, "unreachable"), (21, "declined"), (17, "declined")]
)
def test_a_failed_offer_returns_the_caller_to_the_head(play: Playbook, cause: int, work: str) -> None:
    play.customer_waits()
    leg = play.agent_rings()

    play.when(ev.LegEnded(play.tick(), leg, cause))

    assert isinstance(play.stage, Seeking)
    assert isinstance(play.stage.reach, Queued)
    assert play.has(ef.ReportAgent(3, 1, work))
    assert not any(isinstance(x, ef.LeaveQueue) for x in play.all_effects), "it keeps its place"
    play.agent_rings(WANG)
    assert isinstance(play.stage.reach, Ringing)
    assert play.stage.reach.offers[0].agent == WANG


def test_an_agent_who_does_not_answer_is_hung_up(play: Playbook) -> None:
    play.customer_waits()
    leg = play.agent_rings()

    play.when(ev.TimerFired(play.tick(15), "ring"))

    assert play.has(ef.HangUpLeg(leg, 19), ef.ReportAgent(3, 1, "no_answer"))
    play.when(ev.LegEnded(play.tick(), leg, 19))
    assert play.effects == [], "the late end of the leg changes nothing"


def test_a_caller_who_gives_up_while_an_agent_rings(play: Playbook) -> None:
    play.customer_waits()
    leg = play.agent_rings()

    play.when(ev.LegEnded(play.tick(), CUSTOMER, 16))

    assert play.has(ef.HangUpLeg(leg, 16), ef.ReportAgent(3, 1, "released"))
    assert (play.finished.result, play.finished.ended_by) == (Result.ABANDONED, EndedBy.CUSTOMER)


def test_a_wait_too_long_ends_with_an_announcement(play: Playbook) -> None:
    play.customer_waits()

    play.when(ev.TimerFired(play.tick(60), "max_wait"))

    assert play.has(ef.LeaveQueue(3, 4))
    assert play.only(ef.PlayPrompt).sounds == ("timed_out",)
    play.when(ev.LegEnded(play.tick(), CUSTOMER, 16))
    assert play.finished.result is Result.TIMED_OUT


def test_an_offer_that_comes_too_late_frees_the_agent(play: Playbook) -> None:
    play.customer_waits()
    play.when(ev.LegEnded(play.tick(), CUSTOMER, 16))

    play.when(ev.AgentsOffered(play.tick(), (LI,)))

    assert play.effects == [ef.ReportAgent(3, 1, "released")]


def test_a_recording_that_fails_is_kept_with_its_reason(play: Playbook) -> None:
    play.inbound_talk()
    play.when(ev.RecordingFailed(play.tick(), "disk_full"))
    play.when(ev.LegEnded(play.tick(), CUSTOMER, 16))

    assert play.finished.recordings[0].failure == "disk_full"


def test_an_adopted_talk_goes_on_and_is_billed_to_the_second(play: Playbook) -> None:
    leg = play.inbound_talk()

    play.when(ev.LegsObserved(play.tick(5), frozenset({CUSTOMER, leg}), frozenset({CUSTOMER, leg}), play.at))
    assert play.has(ef.BridgeLegs((CUSTOMER, leg)), ef.ReportAgent(3, 1, "talking"))
    play.when(ev.LegEnded(play.tick(5), CUSTOMER, 16))

    assert play.finished.talk_s == pytest.approx(14)


def test_legs_that_vanished_unseen_end_the_call_when_the_switch_was_last_heard(play: Playbook) -> None:
    play.inbound_talk()
    last_seen = play.tick(7)

    play.when(ev.LegsObserved(play.tick(100), frozenset(), frozenset(), last_seen))

    assert play.finished.ended_at == last_seen
    assert isinstance(play.state, Ended)


def test_an_ended_call_hangs_up_what_appears_late(play: Playbook) -> None:
    play.inbound_talk()
    play.when(ev.HangUpRequested(play.tick(), EndedBy.AGENT))

    assert play.when(ev.LegAnswered(play.tick(), "ucc.x.9")) == [ef.HangUpLeg("ucc.x.9", 16)]
    assert play.when(ev.LegEnded(play.tick(), CUSTOMER, 16)) == []
    assert play.finished.ended_by is EndedBy.AGENT
