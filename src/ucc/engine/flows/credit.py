"""Credit: our side hears a tone a minute before the money of a call ends; the call ends with it. More money moves
that."""

from __future__ import annotations

from dataclasses import replace

from ucc.engine import events as ev
from ucc.engine.effects import PlayPrompt
from ucc.engine.ending import end_call, result_so_far
from ucc.engine.record import EndedBy
from ucc.engine.state import Ended, Live, Talking

END, WARNING = "credit", "credit_warning"
EXHAUSTED = "balance_exhausted"
TONE = ("warning",)
NORMAL_CLEARING = 16
EARLY_S = 0.05
"""A timer of before may still ring after the end was moved; one that rings so little early is the right one."""
LATE_S = 2.0
"""A call that is ended within this of the moment its money ends was ended at that moment: no increment is begun for
the milliseconds of the hang-up. One that is ended later (nobody watched it) has talked until then."""


def decide(live: Live, event: ev.CreditUntil | ev.TimerFired) -> Live | Ended:
    """What the end of the money, or its coming, does to a call in whatever stage."""
    facts = live.facts
    match event:
        case ev.CreditUntil(until=until):
            return replace(live, facts=replace(facts, paid_until=until))
        case _ if facts.paid_until is None:
            return live
        case ev.TimerFired(name="credit_warning"):
            return _warn(live, facts.paid_until)
        case _ if event.at >= facts.paid_until - EARLY_S:
            is_prompt = event.at - facts.paid_until <= LATE_S
            at = facts.paid_until if is_prompt else event.at
            return end_call(live, at, NORMAL_CLEARING, EndedBy.SYSTEM, result_so_far(facts), EXHAUSTED)
        case _:
            return live


def _warn(live: Live, until: float) -> Live:
    """Our side hears it; the customer does not."""
    facts = replace(live.facts, warned_of=until)
    stage = live.stage
    legs = [x.leg for x in stage.participants if x.agent is not None] if isinstance(stage, Talking) else []
    tones = tuple(PlayPrompt(leg, f"credit.{leg}", TONE, facts.language) for leg in legs if facts.is_up(leg))
    return replace(live, facts=facts, once=tones)
