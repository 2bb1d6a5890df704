"""A verification code that is read to a number, and the second choice of trunks: playbooks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.playbook import CALL, PHONE, SECOND, TRUNK, Playbook
from ucc.controller.store import STATE
from ucc.engine import effects as ef
from ucc.engine import events as ev
from ucc.engine.record import EndedBy, LegKind, Party, Result
from ucc.engine.spoken import CODE
from ucc.engine.state import Live, ReadingCode
from ucc.engine.target import LimitKey, RecordingMode, TrunkPlan
from ucc.switch.runner import _find_presser

SOUNDS = ("verification_code_is", CODE, "verification_repeat")


@pytest.fixture
def play() -> Playbook:
    return Playbook()


def read(play: Playbook) -> str:
    """The call is placed and answered; the callee's leg."""
    play.when(ev.CodeRequested(play.at, 3, play.outside()))
    leg = play.only(ef.DialTrunk).leg
    play.when(ev.LegCreated(play.at, leg, "sip-t"))
    play.when(ev.LegAnswered(play.tick(4), leg))
    return leg


def prompt(play: Playbook) -> ef.PlayPrompt:
    return play.only(ef.PlayPrompt)


def stage(play: Playbook) -> ReadingCode:
    found = play.stage
    assert isinstance(found, ReadingCode)
    return found


class TestReading:
    def test_twice_then_it_listens_and_hangs_up(self, play: Playbook) -> None:
        leg = read(play)
        assert (prompt(play).leg, prompt(play).sounds) == (leg, SOUNDS)
        assert not stage(play).is_heard
        play.when(ev.PromptEnded(play.tick(8), leg, prompt(play).playback))
        assert (prompt(play).sounds, stage(play).is_heard) == (SOUNDS, True)
        play.when(ev.PromptEnded(play.tick(8), leg, prompt(play).playback))
        assert play.only(ef.StartTimer).name == "reading"
        play.when(ev.TimerFired(play.tick(6), "reading"))
        assert play.has(ef.HangUpLeg(leg, 16))
        finished = play.finished
        assert (finished.call_id, finished.result, finished.ended_by) == (CALL, Result.ANSWERED, EndedBy.SYSTEM)
        assert (finished.is_heard, finished.recordings) == (True, ()), "a code is never recorded"
        assert finished.talk_s == pytest.approx(22)
        assert [(x.kind, x.party, x.number) for x in finished.legs] == [
            (LegKind.TRUNK, Party.CUSTOMER, "+8613800138001")
        ]

    def test_again_on_key_1_but_not_for_ever(self, play: Playbook) -> None:
        leg = read(play)
        played = [prompt(play).playback]
        for _ in range(20):
            play.when(ev.KeyPressed(play.tick(), leg, "1"))
            played += [x.playback for x in play.effects if isinstance(x, ef.PlayPrompt)]
        assert len(played) == len(set(played)) == 6
        play.when(ev.KeyPressed(play.tick(), leg, "2"))
        assert play.effects == []
        play.when(ev.PromptEnded(play.tick(), leg, played[0]))
        assert not stage(play).is_heard, "that reading was cut short"
        play.when(ev.PromptEnded(play.tick(), leg, played[-1]))
        assert stage(play).is_heard

    def test_a_key_while_it_listens(self, play: Playbook) -> None:
        leg = read(play)
        for _ in range(2):
            play.when(ev.PromptEnded(play.tick(8), leg, prompt(play).playback))
        play.when(ev.KeyPressed(play.tick(), leg, "1"))
        assert play.has(ef.CancelTimer("reading"))
        assert prompt(play).sounds == SOUNDS

    def test_who_hangs_up_early_has_not_heard(self, play: Playbook) -> None:
        leg = read(play)
        play.when(ev.LegEnded(play.tick(2), leg, 16))
        assert (play.finished.is_heard, play.finished.ended_by) == (False, EndedBy.CUSTOMER)

    @pytest.mark.parametrize(("cause", "result"), [(17, Result.BUSY), (19, Result.NO_ANSWER), (34, Result.LINE_FAULT)])
    def test_nobody_answers(self, play: Playbook, cause: int, result: Result) -> None:
        play.when(ev.CodeRequested(play.at, 3, play.outside()))
        play.when(ev.LegEnded(play.tick(), play.only(ef.DialTrunk).leg, cause))
        assert (play.finished.result, play.finished.is_heard, play.finished.answered_at) == (result, False, None)

    def test_a_stored_state_is_the_same_and_has_no_code(self, play: Playbook) -> None:
        read(play)
        stored = STATE.dump_json(play.state)
        assert STATE.validate_json(stored) == play.state
        assert b"digit_" not in stored

    def test_a_policy_that_forces_recording_does_not_reach_it(self, play: Playbook) -> None:
        play.policy = replace(play.policy, mode=RecordingMode.FORCED)
        read(play)
        assert not any(isinstance(x, ef.StartRecording) for x in play.all_effects)


def keys_of(play: Playbook) -> list[tuple[str, int]]:
    assert isinstance(play.state, Live)
    return [(key.kind, key.id) for key in play.state.facts.limits]


def dial(play: Playbook, plan: TrunkPlan) -> str:
    play.when(ev.CallArrived(play.at, PHONE, LegKind.PHONE, "8001", "13800138001", "8001", "sip-p"))
    play.when(ev.OutboundRouteFound(play.tick(0.1), 3, ef.AgentTarget(1, "8001", "Li"), plan.callee, plan))
    return play.only(ef.DialTrunk).leg


class TestSecondChoice:
    PLAN = TrunkPlan(
        TRUNK.number,
        TRUNK.caller_id,
        (TRUNK, SECOND),
        (
            LimitKey("tenant", 3, 9),
            LimitKey("trunk", 5, 9),
            LimitKey("trunk", 6, 9),
            LimitKey("calls_per_second", 5, 9),
        ),
    )

    @pytest.mark.parametrize("cause", [27, 34, 38, 41, 42, 44, 102])
    def test_the_agent_notices_nothing(self, play: Playbook, cause: int) -> None:
        leg = dial(play, self.PLAN)
        assert keys_of(play) == [("tenant", 3), ("trunk", 5)]
        play.when(ev.LegEnded(play.tick(), leg, cause))
        second = play.only(ef.DialTrunk)
        assert second.trunk == SECOND
        assert not any(isinstance(x, ef.StopRinging | ef.HangUpLeg | ef.ReportAgent) for x in play.effects)
        assert keys_of(play) == [("tenant", 3), ("trunk", 6)]
        play.when(ev.LegAnswered(play.tick(3), second.leg))
        play.when(ev.LegEnded(play.tick(10), second.leg, 16))
        finished = play.finished
        assert (finished.result, finished.trunk_id, finished.talk_s) == (Result.ANSWERED, 6, pytest.approx(10))
        trunks = [(x.trunk_id, x.number, x.answered_at is not None) for x in finished.legs if x.trunk_id]
        assert trunks == [(5, "+8613800138001", False), (6, "+8613800138001", True)]

    @pytest.mark.parametrize("cause", [1, 17, 18, 19, 21, 22, 28])
    def test_answers_of_the_callee_are_final(self, play: Playbook, cause: int) -> None:
        leg = dial(play, self.PLAN)
        play.when(ev.LegEnded(play.tick(), leg, cause))
        assert play.has(ef.HangUpLeg(PHONE, cause))
        assert play.finished.cause == cause

    def test_after_the_last_trunk_the_fault_is_told(self, play: Playbook) -> None:
        leg = dial(play, self.PLAN)
        play.when(ev.LegEnded(play.tick(), leg, 34))
        play.when(ev.LegEnded(play.tick(), play.only(ef.DialTrunk).leg, 42))
        assert (play.finished.result, play.finished.cause) == (Result.LINE_FAULT, 42)

    def test_an_agent_who_gives_up_is_dialled_nobody_more(self, play: Playbook) -> None:
        leg = dial(play, self.PLAN)
        play.when(ev.LegEnded(play.tick(), PHONE, 16))
        play.when(ev.LegEnded(play.tick(), leg, 34))
        assert not any(isinstance(x, ef.DialTrunk) for x in play.effects)


def test_whose_keys_they_are(play: Playbook) -> None:
    """The border hears both sides of the customer's leg; a browser's own leg would tell the same once more."""
    customer = play.inbound_talk()
    assert isinstance(play.state, Live)
    legs = {leg.kind: leg for leg in play.state.facts.live_legs}
    assert _find_presser(play.state, legs[LegKind.TRUNK], False) == legs[LegKind.TRUNK].leg
    assert _find_presser(play.state, legs[LegKind.TRUNK], True) == customer == legs[LegKind.PHONE].leg
    assert _find_presser(play.state, legs[LegKind.PHONE], False) is None


def test_keys_before_anybody_talks_are_the_callers(play: Playbook) -> None:
    play.customer_waits()
    assert isinstance(play.state, Live)
    (leg,) = play.state.facts.live_legs
    assert _find_presser(play.state, leg, False) == leg.leg
    assert _find_presser(play.state, leg, True) is None
