"""A caller in menus and boxes: what is played, what is asked, where the call goes on, what is remembered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.playbook import CALLER, CUSTOMER, DID, LI, QUEUE, Playbook
from ucc.engine import effects as ef
from ucc.engine import events as ev
from ucc.engine.ivr_tree import (
    Caller,
    DialWorkNumber,
    GoAgent,
    GoQueue,
    GoVoicemail,
    HangUp,
    HttpRequest,
    Menu,
    Node,
    Play,
    Tree,
)
from ucc.engine.record import EndedBy, RecordingPurpose, Result
from ucc.engine.state import Announcing, Ended, LeavingMessage, Seeking, Talking
from ucc.engine.state import Menu as InMenu
from ucc.engine.target import (
    AgentPlan,
    MenuPlan,
    RecordingMode,
    RecordingPolicy,
    ToMenu,
    ToNumber,
    ToQueue,
    VoicemailPlan,
)

FORBIDDEN = RecordingPolicy(RecordingMode.FORBIDDEN)
BOX = VoicemailPlan(8, ("/p/greeting", "/p/beep"), 60.0)
SOUNDS = {"prompt:1": ("/p/1",), "prompt:2": ("/p/2",)}


@pytest.fixture
def play() -> Playbook:
    return Playbook()


def enter(play: Playbook, entry: str = "top", **nodes: Node) -> None:
    """The call is routed to this tree, and answered if the tree has it answered."""
    play.customer_calls()
    tree = Tree(1, 1, entry, nodes, SOUNDS)
    play.when(ev.InboundRouteFound(play.at, 3, 7, tree, CALLER, DID, Caller(CALLER, is_vip=True), play.policy))
    if any(isinstance(x, ef.AnswerLeg) for x in play.effects):
        play.when(ev.LegAnswered(play.tick(0.1), CUSTOMER))


def menu(**changes: Any) -> Menu:
    values = {"sounds": ("prompt:1",), "keys": {"1": "queue", "*": "box"}, "on_timeout": "bye", "on_invalid": "bye"}
    return Menu(**{**values, **changes})


NODES: dict[str, Node] = {
    "top": menu(retries=0),
    "queue": GoQueue(4, {"no_agents": "sorry"}),
    "box": GoVoicemail(8),
    "sorry": Play(("prompt:2",), "bye"),
    "bye": HangUp(),
}


def heard(play: Playbook) -> tuple[str, ...]:
    return play.only(ef.PlayPrompt).sounds


def press(play: Playbook, keys: str) -> None:
    for key in keys:
        play.when(ev.KeyPressed(play.tick(), CUSTOMER, key))


def prompt_ends(play: Playbook) -> None:
    playing = [x for x in play.all_effects if isinstance(x, ef.PlayPrompt)][-1]
    play.when(ev.PromptEnded(play.tick(2), CUSTOMER, playing.playback))


class TestMenus:
    def test_the_prompt_is_played_once_it_is_answered(self, play: Playbook) -> None:
        enter(play, **NODES)
        assert isinstance(play.stage, InMenu)
        sounds = [x.sounds for x in play.all_effects if isinstance(x, ef.PlayPrompt)]
        assert sounds == [("/p/1",)]
        assert any(isinstance(x, ef.StartRecording) for x in play.all_effects), "the customer's whole call is recorded"

    def test_a_key_stops_the_prompt_and_queues(self, play: Playbook) -> None:
        enter(play, **NODES)
        press(play, "1")
        assert any(isinstance(x, ef.StopPrompt) for x in play.effects)
        assert play.only(ef.FindTarget).target == ToQueue(4)
        play.target_found(QUEUE)
        assert ef.StartMusic(CUSTOMER) in play.all_effects
        leg = play.agent_rings()
        play.when(ev.LegAnswered(play.tick(), leg))
        assert isinstance(play.stage, Talking)
        play.when(ev.LegEnded(play.tick(9), CUSTOMER, 16))
        assert (play.finished.result, play.finished.queue_id, play.finished.keys) == (Result.ANSWERED, 4, "1")

    def test_a_queue_that_nobody_serves_goes_on_in_the_tree(self, play: Playbook) -> None:
        enter(play, **NODES)
        press(play, "1")
        play.target_found(QUEUE)
        play.when(ev.QueueRefused(play.tick(), "no_agents"))
        assert heard(play) == ("/p/2",)
        prompt_ends(play)
        assert isinstance(play.state, Ended)
        assert (play.finished.result, play.finished.ended_by) == (Result.NO_AGENTS, EndedBy.SYSTEM)

    def test_without_a_branch_for_the_reason_it_is_said(self, play: Playbook) -> None:
        enter(play, **NODES)
        press(play, "1")
        play.target_found(QUEUE)
        play.when(ev.TimerFired(play.tick(60), "max_wait"))
        assert isinstance(play.stage, Announcing)
        assert heard(play) == ("timed_out",)
        prompt_ends(play)
        assert play.finished.result is Result.TIMED_OUT

    def test_silence_ends_the_call(self, play: Playbook) -> None:
        enter(play, **NODES)
        prompt_ends(play)
        play.when(ev.TimerFired(play.tick(5), "ivr"))
        assert (play.finished.result, play.finished.ended_by) == (Result.MENU, EndedBy.SYSTEM)

    def test_a_caller_who_leaves_the_menu(self, play: Playbook) -> None:
        enter(play, **NODES)
        play.when(ev.LegEnded(play.tick(), CUSTOMER, 16))
        assert (play.finished.result, play.finished.ended_by) == (Result.MENU, EndedBy.CUSTOMER)

    def test_a_tree_that_runs_in_circles_is_ended(self, play: Playbook) -> None:
        enter(play, top=Play((), "top"))
        assert play.finished.refusal == "endless"

    def test_an_unknown_work_number_is_asked_again(self, play: Playbook) -> None:
        enter(play, top=DialWorkNumber(("prompt:1",), "bye", "bye", max_digits=4), bye=HangUp())
        press(play, "9999")
        asked = play.only(ef.FindTarget)
        assert asked.target == ToNumber("9999", is_short=True)
        play.when(ev.RouteRefused(play.tick(), "invalid", 1, serial=asked.serial))
        assert heard(play) == ("/p/1",)
        press(play, "1001")
        asked = play.only(ef.FindTarget)
        play.when(ev.TargetFound(play.at, asked.serial, AgentPlan(LI)))
        play.when(ev.AgentsOffered(play.at, (LI,)))
        assert isinstance(play.stage, Seeking)

    def test_a_server_is_asked(self, play: Playbook) -> None:
        enter(play, top=HttpRequest("https://x.example/{caller}", "queue", "bye"), queue=GoQueue(4), bye=HangUp())
        asked = [x for x in play.all_effects if isinstance(x, ef.RequestHttp)]
        assert [x.url for x in asked] == ["https://x.example/%2B8613900139000"]
        play.when(ev.HttpAnswered(play.tick(), asked[0].serial, 200, {}))
        assert play.only(ef.FindTarget).target == ToQueue(4)

    def test_an_overflow_menu_knows_the_caller(self, play: Playbook) -> None:
        enter(play, top=GoQueue(4))
        play.target_found(type(QUEUE)(4, 60.0, 15.0, overflow=ToMenu(9)))
        play.when(ev.QueueRefused(play.tick(), "full"))
        tree = Tree(9, 1, "top", {"top": menu()}, SOUNDS)
        play.target_found(MenuPlan(tree, Caller(CALLER, is_vip=True)))
        assert isinstance(play.stage, InMenu)
        assert play.stage.run.caller.is_vip


class TestVoicemail:
    def leave(self, play: Playbook, **nodes: Node) -> None:
        """Up to the tone."""
        enter(play, **{**NODES, **nodes})
        press(play, "*")
        play.target_found(BOX)
        assert heard(play) == BOX.greeting
        prompt_ends(play)
        assert isinstance(play.stage, LeavingMessage)

    def test_until_the_caller_hangs_up(self, play: Playbook) -> None:
        self.leave(play)
        begin = play.at
        play.when(ev.LegEnded(play.tick(7), CUSTOMER, 16))
        message = play.finished.recordings[-1]
        assert (message.purpose, message.box_id) == (RecordingPurpose.VOICEMAIL, 8)
        assert (message.started_at, message.ended_at) == (begin, begin + 7)
        assert play.finished.result is Result.VOICEMAIL

    @pytest.mark.parametrize("by", ["key", "limit"])
    def test_until_the_hash_key_or_the_limit(self, play: Playbook, by: str) -> None:
        self.leave(play)
        begin = play.at
        if by == "key":
            press(play, "#")
        else:
            play.when(ev.TimerFired(play.tick(60), "message"))
        ended = play.at
        assert heard(play) == ("message_saved",)
        prompt_ends(play)
        message = play.finished.recordings[-1]
        assert (message.started_at, message.ended_at) == (begin, ended)
        assert play.finished.result is Result.VOICEMAIL

    def test_nothing_else_is_captured_where_recording_is_forbidden(self, play: Playbook) -> None:
        play.policy = FORBIDDEN
        self.leave(play)
        assert play.has(ef.StartRecording("sip-c"))
        press(play, "#")
        assert play.has(ef.StopRecording("sip-c"))
        prompt_ends(play)
        assert [x.purpose for x in play.finished.recordings] == [RecordingPurpose.VOICEMAIL]

    def test_a_greeting_whose_end_is_never_told(self, play: Playbook) -> None:
        enter(play, **NODES)
        press(play, "*")
        play.target_found(BOX)
        timer = play.only(ef.StartTimer)
        play.when(ev.TimerFired(play.tick(timer.seconds), "message"))
        play.when(ev.LegEnded(play.tick(3), CUSTOMER, 16))
        assert play.finished.recordings[-1].purpose is RecordingPurpose.VOICEMAIL

    def test_a_caller_who_leaves_no_message(self, play: Playbook) -> None:
        enter(play, **NODES)
        press(play, "*")
        play.target_found(BOX)
        play.when(ev.LegEnded(play.tick(), CUSTOMER, 16))
        assert play.finished.result is Result.ABANDONED
        assert all(x.purpose is RecordingPurpose.CALL for x in play.finished.recordings)

    def test_the_tree_goes_on_after_the_message(self, play: Playbook) -> None:
        self.leave(play, box=GoVoicemail(8, {"done": "sorry"}))
        press(play, "#")
        assert heard(play) == ("/p/2",)
        prompt_ends(play)
        assert play.finished.result is Result.VOICEMAIL
        assert len([x for x in play.finished.recordings if x.purpose is RecordingPurpose.VOICEMAIL]) == 1

    def test_one_message_in_a_call(self, play: Playbook) -> None:
        self.leave(play, box=GoVoicemail(8, {"done": "top"}))
        press(play, "#")
        press(play, "*")
        play.target_found(BOX)
        assert heard(play) == ("message_saved",)

    def test_a_full_box(self, play: Playbook) -> None:
        enter(play, **{**NODES, "box": GoVoicemail(8, {"full": "sorry"})})
        press(play, "*")
        asked = play.only(ef.FindTarget)
        play.when(ev.RouteRefused(play.tick(), "full", 21, serial=asked.serial))
        assert heard(play) == ("/p/2",)


def test_a_blacklisted_caller_is_refused_before_the_answer(play: Playbook) -> None:
    play.customer_calls()
    play.when(ev.RouteRefused(play.tick(), "blacklisted", 21, 3))
    assert play.has(ef.HangUpLeg(CUSTOMER, 21))
    assert (play.finished.result, play.finished.refusal) == (Result.BLOCKED, "blacklisted")


class TestRecordingPolicies:
    def test_the_agents_own_policy_of_a_direct_call(self, play: Playbook) -> None:
        enter(play, top=GoAgent(1))
        play.target_found(AgentPlan(LI, recording=FORBIDDEN))
        play.when(ev.AgentsOffered(play.at, (LI,)))
        play.when(ev.LegAnswered(play.tick(), play.only(ef.DialAgent).leg))
        play.when(ev.LegAnswered(play.tick(), CUSTOMER))
        assert not any(isinstance(x, ef.StartRecording) for x in play.all_effects)

    def test_the_agents_policy_over_the_queues(self, play: Playbook) -> None:
        enter(play, top=GoQueue(4))
        play.target_found(replace(QUEUE, agent_recording={1: FORBIDDEN}))
        play.when(ev.LegAnswered(play.tick(), CUSTOMER))
        assert any(isinstance(x, ef.StartRecording) for x in play.all_effects)
        play.when(ev.LegAnswered(play.tick(), play.agent_rings()))
        assert play.has(ef.StopRecording("sip-c"))
