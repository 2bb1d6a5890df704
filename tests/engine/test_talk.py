"""In a call: hold, transfers, consultations, conferences, park, supervision. Whatever fails gives the customer back."""

from __future__ import annotations

import pytest

from engine.playbook import CALLER, CUSTOMER, QUEUE, WANG, Playbook
from ucc.engine import effects as ef
from ucc.engine import events as ev
from ucc.engine.record import EndedBy, Party, Result
from ucc.engine.state import Ended, Parked, Queued, Seeking, Talking
from ucc.engine.target import ToAgent, ToNumber, ToQueue

BOSS = ef.AgentTarget(9, "8009", "Boss")


@pytest.fixture
def play() -> Playbook:
    return Playbook()


def test_hold_gives_the_customer_music_and_counts(play: Playbook) -> None:
    leg = play.inbound_talk()

    play.when(ev.HoldRequested(play.tick(), 1, True))
    assert play.effects == [
        ef.ReportAgent(3, 1, "held"),
        ef.DestroyBridge("talk"),
        ef.StartMusic(CUSTOMER),
    ]
    assert play.when(ev.HoldRequested(play.tick(), 1, True)) == [], "held already"
    play.when(ev.HoldRequested(play.tick(9), 1, False))
    assert play.has(ef.StopMusic(CUSTOMER), ef.BridgeLegs((CUSTOMER, leg)), ef.ReportAgent(3, 1, "talking"))

    play.when(ev.LegEnded(play.tick(), CUSTOMER, 16))
    assert play.finished.held_s == pytest.approx(10)


def test_mute_and_keys_reach_the_legs(play: Playbook) -> None:
    leg = play.inbound_talk()
    assert play.when(ev.MuteRequested(play.tick(), 1, True)) == [ef.MuteLeg(leg, True)]
    assert play.when(ev.MuteRequested(play.tick(), 1, False)) == [ef.MuteLeg(leg, False)]
    assert play.when(ev.KeysRequested(play.tick(), 1, "12#")) == [ef.SendKeys(CUSTOMER, "12#")]
    assert play.when(ev.LegRinging(play.tick(), leg)) == [], "keys are sent once"


def consult(play: Playbook, is_attended: bool = True) -> tuple[str, str]:
    leg = play.inbound_talk()
    play.when(ev.TransferRequested(play.tick(), 1, ToAgent(2), is_attended))
    assert play.has(ef.StartMusic(CUSTOMER), ef.ReportAgent(3, 1, "consulting"))
    return leg, play.agent_found(WANG)


def test_an_attended_transfer(play: Playbook) -> None:
    leg, target = consult(play)
    play.when(ev.LegAnswered(play.tick(), target))
    assert play.has(ef.BridgeLegs((leg, target), "consult"))

    play.when(ev.TransferCompleted(play.tick(5), 1))

    assert play.has(ef.HangUpLeg(leg, 16), ef.DestroyBridge("consult"), ef.BridgeLegs((CUSTOMER, target)))
    assert play.has(ef.ReportAgent(3, 1, "released"))
    assert isinstance(play.stage, Talking)
    play.when(ev.LegEnded(play.tick(5), target, 16))
    assert (play.finished.result, play.finished.agent_id, len(play.finished.legs)) == (Result.ANSWERED, 1, 3)
    assert len(play.finished.recordings) == 1, "one recording of the customer's whole call"


def test_an_agent_who_hangs_up_in_a_consultation_transfers(play: Playbook) -> None:
    leg, target = consult(play)
    play.when(ev.LegAnswered(play.tick(), target))
    play.when(ev.LegEnded(play.tick(), leg, 16))
    assert play.has(ef.BridgeLegs((CUSTOMER, target)))


def test_a_cancelled_consultation_gives_the_customer_back(play: Playbook) -> None:
    leg, target = consult(play)
    play.when(ev.TransferCancelled(play.tick(), 1))
    assert play.has(ef.HangUpLeg(target, 16), ef.ReportAgent(3, 2, "released"))
    assert play.has(ef.StopMusic(CUSTOMER), ef.BridgeLegs((CUSTOMER, leg)))


@pytest.mark.parametrize("is_attended", [True, False])
def test_a_target_that_does_not_answer_gives_the_customer_back(play: Playbook, is_attended: bool) -> None:
    leg, target = consult(play, is_attended)
    play.when(ev.LegEnded(play.tick(), target, 21))
    assert play.has(ef.BridgeLegs((CUSTOMER, leg)), ef.ReportAgent(3, 1, "talking"))
    assert isinstance(play.stage, Talking)
    assert play.stage.failure == "declined"


def test_a_blind_transfer_connects_when_the_target_answers(play: Playbook) -> None:
    leg, target = consult(play, is_attended=False)
    play.when(ev.LegAnswered(play.tick(), target))
    assert play.has(ef.HangUpLeg(leg, 16), ef.BridgeLegs((CUSTOMER, target)), ef.ReportAgent(3, 2, "talking"))


def test_a_blind_transfer_goes_on_without_the_agent_and_comes_back(play: Playbook) -> None:
    leg, target = consult(play, is_attended=False)
    play.when(ev.LegEnded(play.tick(), leg, 16))
    assert isinstance(play.stage, Seeking)
    play.when(ev.LegEnded(play.tick(), target, 21))
    assert play.only(ef.FindTarget).target == ToAgent(1), "the agent is rung again"


def test_a_blind_transfer_to_a_queue_frees_the_agent(play: Playbook) -> None:
    leg = play.inbound_talk()
    play.when(ev.TransferRequested(play.tick(), 1, ToQueue(4), False))
    play.target_found(QUEUE)
    assert isinstance(play.stage, Seeking)
    assert isinstance(play.stage.reach, Queued)
    assert play.has(ef.HangUpLeg(leg, 16), ef.ReportAgent(3, 1, "released"), ef.JoinQueue(3, QUEUE, play.at, CALLER))


def test_a_transfer_outside_is_a_leg_of_its_own(play: Playbook) -> None:
    play.inbound_talk()
    play.when(ev.TransferRequested(play.tick(), 1, ToNumber("13800138001"), False))
    play.target_found(play.outside())
    leg = play.only(ef.DialTrunk).leg
    play.when(ev.LegCreated(play.at, leg, "sip-o"))
    play.when(ev.LegAnswered(play.tick(), leg))
    play.when(ev.LegEnded(play.tick(60), leg, 16))
    outside = [x for x in play.finished.legs if x.party is Party.OUTSIDE]
    assert [(x.number, x.trunk_id) for x in outside] == [("+8613800138001", 5)]
    assert play.finished.trunk_id is None, "the customer came over another one"


def test_the_phones_own_transfer_is_blind_and_the_phone_is_told(play: Playbook) -> None:
    leg = play.inbound_talk()
    play.when(ev.TransferAsked(play.tick(), leg, "8002"))
    assert play.only(ef.FindTarget).target == ToNumber("8002")
    play.when(ev.TransferAsked(play.tick(), leg, "8003"))
    assert play.effects == [ef.SettleTransfer(leg, False)], "one at a time"
    target = play.agent_found(WANG)
    play.when(ev.LegAnswered(play.tick(), target))
    assert play.effects[0] == ef.SettleTransfer(leg, True), "before its leg is hung up"
    assert play.has(ef.HangUpLeg(leg, 16), ef.BridgeLegs((CUSTOMER, target)))


def test_the_phone_is_told_that_its_transfer_failed(play: Playbook) -> None:
    leg = play.inbound_talk()
    play.when(ev.TransferAsked(play.tick(), leg, "8002"))
    target = play.agent_found(WANG)
    play.when(ev.LegEnded(play.tick(), target, 17))
    assert play.has(ef.SettleTransfer(leg, False), ef.BridgeLegs((CUSTOMER, leg)))


def test_a_customer_cannot_transfer(play: Playbook) -> None:
    play.inbound_talk()
    play.when(ev.TransferAsked(play.tick(), CUSTOMER, "13800138001"))
    assert play.effects == [ef.SettleTransfer(CUSTOMER, False)]


def test_a_page_that_is_loaded_again_takes_its_place_back(play: Playbook) -> None:
    leg = play.inbound_talk()
    play.when(ev.RejoinRequested(play.tick(), leg))
    dialled = play.only(ef.DialAgent)
    assert dialled.is_auto_answered
    assert play.effects == [dialled], "the agent goes on talking, for all who ask"
    assert play.when(ev.RejoinRequested(play.tick(), leg)) == [], "one at a time"

    play.when(ev.LegAnswered(play.tick(), dialled.leg))

    assert play.has(ef.HangUpLeg(leg, 16), ef.BridgeLegs((dialled.leg,)))
    assert not [x for x in play.effects if isinstance(x, ef.ReportAgent)]
    play.when(ev.LegEnded(play.tick(), leg, 16))
    play.when(ev.HoldRequested(play.tick(), 1, True))
    play.when(ev.LegEnded(play.tick(), CUSTOMER, 16))
    assert play.has(ef.HangUpLeg(dialled.leg, 16))


def test_a_page_that_does_not_come_back(play: Playbook) -> None:
    leg = play.inbound_talk()
    play.when(ev.RejoinRequested(play.tick(), leg))
    first = play.only(ef.DialAgent).leg
    assert play.when(ev.LegEnded(play.tick(), first, 20)) == []
    play.when(ev.RejoinRequested(play.tick(), leg))
    second = play.only(ef.DialAgent).leg
    play.when(ev.LegEnded(play.tick(), leg, 27))
    assert play.has(ef.HangUpLeg(second, 16), ef.HangUpLeg(CUSTOMER, 27))
    assert isinstance(play.state, Ended)


def test_nobody_rejoins_a_call_that_was_handed_on(play: Playbook) -> None:
    leg = play.inbound_talk()
    play.when(ev.RejoinRequested(play.tick(), leg))
    again = play.only(ef.DialAgent).leg
    play.when(ev.ParkRequested(play.tick(), 1, "1"))
    assert play.has(ef.HangUpLeg(leg, 16), ef.HangUpLeg(again, 16))


def test_a_conference_and_who_leaves_it(play: Playbook) -> None:
    leg, target = consult(play)
    play.when(ev.LegAnswered(play.tick(), target))
    play.when(ev.ConferenceRequested(play.tick(), 1))
    assert play.has(ef.DestroyBridge("consult"), ef.BridgeLegs((CUSTOMER, leg, target)))
    assert play.has(ef.ReportAgent(3, 1, "conferencing"), ef.ReportAgent(3, 2, "conferencing"))
    play.when(ev.ParticipantDropped(play.tick(), 1, target))
    assert play.has(ef.HangUpLeg(target, 16), ef.ReportAgent(3, 1, "talking"))
    play.when(ev.LegEnded(play.tick(), leg, 16))
    assert isinstance(play.state, Ended)


def test_a_parked_customer_is_fetched_by_a_colleague(play: Playbook) -> None:
    leg = play.inbound_talk()
    play.when(ev.ParkRequested(play.tick(), 1, "1"))
    assert isinstance(play.stage, Parked)
    assert play.has(ef.HangUpLeg(leg, 16), ef.StartMusic(CUSTOMER))
    play.when(ev.PickUpRequested(play.tick(), WANG))
    play.when(ev.AgentsOffered(play.at, (WANG,)))
    target = play.only(ef.DialAgent)
    assert target.is_auto_answered
    play.when(ev.LegAnswered(play.tick(), target.leg))
    assert play.has(ef.BridgeLegs((CUSTOMER, target.leg)))


def test_a_park_that_nobody_fetches_rings_the_agent_again(play: Playbook) -> None:
    play.inbound_talk()
    play.when(ev.ParkRequested(play.tick(), 1, "1"))
    play.when(ev.TimerFired(play.tick(120), "park"))
    assert play.only(ef.FindTarget).target == ToAgent(1)


def watch(play: Playbook, mode: str) -> tuple[str, str]:
    leg = play.inbound_talk()
    play.when(ev.WatchRequested(play.tick(), BOSS, mode))
    boss = play.only(ef.DialAgent).leg
    play.when(ev.LegAnswered(play.tick(), boss))
    return leg, boss


def test_a_supervisor_changes_between_modes_without_hanging_up(play: Playbook) -> None:
    leg, boss = watch(play, "listen")
    assert play.has(ef.WatchLeg(f"watch.{boss}", leg, boss, False))
    play.when(ev.WatchRequested(play.tick(), BOSS, "whisper"))
    assert play.effects == [ef.ChangeWatch(f"watch.{boss}", boss, True)]
    play.when(ev.WatchRequested(play.tick(), BOSS, "barge"))
    assert play.effects == [ef.EndWatch(f"watch.{boss}", boss), ef.BridgeLegs((boss,))]
    play.when(ev.WatchRequested(play.tick(), BOSS, "listen"))
    assert play.effects == [ef.UnbridgeLegs((boss,)), ef.WatchLeg(f"watch.{boss}", leg, boss, False)]
    play.when(ev.WatchEnded(play.tick(), 9))
    assert play.has(ef.HangUpLeg(boss, 16), ef.ReportAgent(3, 9, "released"))
    assert isinstance(play.stage, Talking)


def test_a_supervisor_takes_over(play: Playbook) -> None:
    leg, boss = watch(play, "take_over")
    assert play.has(ef.HangUpLeg(leg, 16), ef.ReportAgent(3, 1, "released"), ef.BridgeLegs((boss,)))
    play.when(ev.LegEnded(play.tick(), boss, 16))
    assert play.finished.result is Result.ANSWERED


def test_a_forced_release_names_the_supervisor(play: Playbook) -> None:
    leg, boss = watch(play, "listen")
    play.when(ev.HangUpRequested(play.tick(), EndedBy.SUPERVISOR))
    assert play.has(ef.HangUpLeg(leg, 16), ef.HangUpLeg(CUSTOMER, 16), ef.HangUpLeg(boss, 16))
    assert play.finished.ended_by is EndedBy.SUPERVISOR
