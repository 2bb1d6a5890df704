"""When a recording begins, stops, pauses and ends, by policy."""

from __future__ import annotations

import pytest

from engine.playbook import CUSTOMER, Playbook
from ucc.engine import effects as ef
from ucc.engine import events as ev
from ucc.engine.target import RecordingMode, RecordingPolicy, RecordingStart


@pytest.fixture
def play() -> Playbook:
    return Playbook()


def ask(play: Playbook, action: str) -> None:
    play.when(ev.RecordingRequested(play.tick(), action))


def recorded(play: Playbook) -> list[ef.Effect]:
    kinds = (ef.StartRecording, ef.StopRecording, ef.PauseRecording, ef.ResumeRecording)
    return [x for x in play.all_effects if isinstance(x, kinds)]


def end(play: Playbook) -> None:
    play.when(ev.LegEnded(play.tick(), CUSTOMER, 16))


def test_forced_runs_from_answer_to_end_whatever_is_asked(play: Playbook) -> None:
    play.policy = RecordingPolicy(RecordingMode.FORCED)
    play.inbound_talk()
    ask(play, "stop")
    end(play)
    assert recorded(play) == [ef.StartRecording("sip-c")]
    (one,) = play.finished.recordings
    assert (one.started_at, one.ended_at, one.stretches) == (play.finished.answered_at, play.finished.ended_at, ())


def test_forbidden_never_starts(play: Playbook) -> None:
    play.policy = RecordingPolicy(RecordingMode.FORBIDDEN)
    play.inbound_talk()
    for action in ("start", "pause", "resume"):
        ask(play, action)
    end(play)
    assert recorded(play) == []
    assert play.finished.recordings == ()


def test_on_demand_is_one_recording_of_the_stretches_asked_for(play: Playbook) -> None:
    play.policy = RecordingPolicy(RecordingMode.ON_DEMAND)
    play.inbound_talk()
    assert recorded(play) == []
    times = []
    for action in ("start", "stop", "start", "stop"):
        ask(play, action)
        times.append(play.at)
    end(play)
    (one,) = play.finished.recordings
    assert one.stretches == ((times[0], times[1]), (times[2], times[3]))
    assert (one.started_at, one.ended_at) == (times[0], times[3])


@pytest.mark.parametrize("starts_at", RecordingStart)
def test_it_starts_at_ring_back_or_at_answer(play: Playbook, starts_at: RecordingStart) -> None:
    play.policy = RecordingPolicy(starts_at=starts_at)
    leg = play.agent_dials()
    play.when(ev.LegRinging(play.tick(), leg))
    rang_at = play.at
    assert bool(recorded(play)) is (starts_at is RecordingStart.RINGBACK)
    play.when(ev.LegAnswered(play.tick(5), leg))
    play.when(ev.LegEnded(play.tick(9), leg, 16))
    (one,) = play.finished.recordings
    assert one.sip_call_id == "sip-t"
    assert one.started_at == (rang_at if starts_at is RecordingStart.RINGBACK else rang_at + 5)


def test_early_media_starts_it_too(play: Playbook) -> None:
    play.policy = RecordingPolicy(starts_at=RecordingStart.RINGBACK)
    leg = play.agent_dials()
    play.when(ev.EarlyMedia(play.tick(), leg))
    assert recorded(play) == [ef.StartRecording("sip-t")]


def test_a_pause_is_no_stretch_and_keys_in_it_are_forgotten(play: Playbook) -> None:
    play.inbound_talk()
    play.when(ev.KeyPressed(play.tick(), CUSTOMER, "1"))
    ask(play, "pause")
    play.when(ev.KeyPressed(play.tick(), CUSTOMER, "4"))
    ask(play, "resume")
    play.when(ev.KeyPressed(play.tick(), CUSTOMER, "2"))
    end(play)
    assert recorded(play) == [
        ef.StartRecording("sip-c"),
        ef.PauseRecording("sip-c"),
        ef.ResumeRecording("sip-c"),
    ]
    (one,) = play.finished.recordings
    assert (one.stretches, play.finished.keys) == ((), "12")


def test_a_pause_may_be_forbidden(play: Playbook) -> None:
    play.policy = RecordingPolicy(RecordingMode.FORCED, can_pause=False)
    play.inbound_talk()
    ask(play, "pause")
    assert recorded(play) == [ef.StartRecording("sip-c")]


def test_a_start_that_failed_is_forgotten_when_a_later_one_did_not(play: Playbook) -> None:
    play.policy = RecordingPolicy(RecordingMode.ON_DEMAND)
    play.inbound_talk()
    ask(play, "start")
    play.when(ev.RecordingFailed(play.tick(), "border_away"))
    ask(play, "stop")
    ask(play, "start")
    again_at = play.at
    end(play)
    (one,) = play.finished.recordings
    assert (one.failure, one.started_at, one.stretches) == (None, again_at, ())
