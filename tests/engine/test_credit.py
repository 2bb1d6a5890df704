"""A call and the end of its money."""

from __future__ import annotations

from playbook import CALL, Playbook

from ucc.engine import effects as ef
from ucc.engine import events as ev
from ucc.engine.record import EndedBy, Result
from ucc.engine.state import Ended, Live


def ends(book: Playbook) -> Ended:
    assert isinstance(book.state, Ended)
    return book.state


def test_a_call_without_an_end_in_sight_has_no_timer() -> None:
    book = Playbook()
    book.inbound_talk()
    effects = book.when(ev.CreditUntil(book.tick(), None))
    assert effects == []


def test_our_side_is_warned_a_minute_before_and_the_call_ends_on_the_moment() -> None:
    book = Playbook()
    agent = book.inbound_talk()
    until = book.at + 100
    effects = book.when(ev.CreditUntil(book.at, until))
    assert effects == [ef.StartTimer("credit", 100.0), ef.StartTimer("credit_warning", 40.0)]
    book.at = until - 60
    effects = book.when(ev.TimerFired(book.at, "credit_warning"))
    assert effects == [ef.CancelTimer("credit_warning"), ef.PlayPrompt(agent, f"credit.{agent}", ("warning",))]
    book.at = until + 0.004
    book.when(ev.TimerFired(book.at, "credit"))
    finished = ends(book).finished
    assert finished is not None
    assert (finished.ended_at, finished.refusal, finished.ended_by) == (until, "balance_exhausted", EndedBy.SYSTEM)
    assert finished.result is Result.ANSWERED
    assert {leg.ended_at for leg in finished.legs} == {until}


def test_money_that_comes_in_time_moves_the_end_and_warns_again() -> None:
    book = Playbook()
    book.inbound_talk()
    first = book.at + 30
    book.when(ev.CreditUntil(book.at, first))
    book.when(ev.TimerFired(book.tick(0), "credit_warning"))
    second = first + 120
    effects = book.when(ev.CreditUntil(book.tick(), second))
    assert ef.StartTimer("credit", 149.0) in effects
    assert ef.StartTimer("credit_warning", 89.0) in effects
    book.at = first
    assert book.when(ev.TimerFired(book.at, "credit")) == []  # it was in the mailbox already
    assert isinstance(book.state, Live)
    effects = book.when(ev.CreditUntil(book.tick(), None))
    assert {x.name for x in effects if isinstance(x, ef.CancelTimer)} == {"credit", "credit_warning"}


def test_a_call_that_nobody_watched_has_talked_until_it_is_ended() -> None:
    book = Playbook()
    book.inbound_talk()
    until = book.at + 10
    book.when(ev.CreditUntil(book.at, until))
    book.at = until + 90
    assert isinstance(book.state, Live)
    legs = frozenset(x.leg for x in book.state.facts.legs)
    effects = book.when(ev.LegsObserved(book.at, legs, legs, until))
    assert ef.StartTimer("credit", 0.0) in effects
    book.when(ev.TimerFired(book.at, "credit"))
    finished = ends(book).finished
    assert finished is not None
    assert finished.ended_at == until + 90


def test_a_caller_who_waits_is_cut_without_a_tone() -> None:
    book = Playbook()
    book.customer_waits()
    book.when(ev.CreditUntil(book.at, book.at + 60))
    effects = book.when(ev.TimerFired(book.at, "credit_warning"))
    assert not any(isinstance(x, ef.PlayPrompt) for x in effects)
    book.at += 60
    book.when(ev.TimerFired(book.at, "credit"))
    finished = ends(book).finished
    assert finished is not None
    assert (finished.result, finished.refusal) == (Result.ABANDONED, "balance_exhausted")
    assert finished.call_id == CALL
