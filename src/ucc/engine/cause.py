"""Q.850 causes: what they mean for a call that was not answered (domain: hang-up cause to result)."""

from __future__ import annotations

from ucc.engine.record import Result

NORMAL = 16
BUSY = 17
NO_ANSWER = 19
REJECTED = 21
TEMPORARY_FAILURE = 41

_RESULTS = {
    17: Result.BUSY,
    18: Result.NO_ANSWER,
    19: Result.NO_ANSWER,
    20: Result.NO_ANSWER,
    1: Result.INVALID,
    22: Result.INVALID,
    28: Result.INVALID,
    21: Result.REJECTED,
    16: Result.NO_ANSWER,
}

ROUTABLE = frozenset({27, 34, 38, 41, 42, 44, 102})
"""Faults of the line, not of the callee: the call is tried again on the next trunk (中继二次选路)."""


def is_routable(cause: int) -> bool:
    """Whether a call that failed with this cause may succeed on another trunk."""
    return cause in ROUTABLE


def unanswered_result(cause: int) -> Result:
    """The result of an outbound call that ended before answer with this cause; unknown causes are line faults."""
    return _RESULTS.get(cause, Result.LINE_FAULT)


def failure_reason(cause: int) -> str:
    """The word for an outside number that did not answer: busy, no_answer, rejected, invalid, line_fault."""
    return unanswered_result(cause).value
