"""What an agent's phone dialled: a feature code (功能键), one of the enterprise's short numbers, or the outside."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MAX_DIGITS = 32
SHORT_DIGITS = range(2, 9)
RECORDING_KEYS = "*1"
"""Pressed in a call: recording on demand, on or off."""


class FeatureCode(StrEnum):
    """What a feature code does. The values are part of the call record."""

    OWN_NUMBER = "own_number"
    BALANCE = "balance"
    STATE = "state"
    LINE_OFF = "line_off"
    LINE_ON = "line_on"
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    READY = "ready"
    PAUSE = "pause"
    PICK_UP = "pick_up"
    RETRIEVE = "retrieve"


FEATURES = {
    "*65": FeatureCode.OWN_NUMBER,
    "*66": FeatureCode.BALANCE,
    "*67": FeatureCode.STATE,
    "*70": FeatureCode.LINE_OFF,
    "*71": FeatureCode.LINE_ON,
    "*72": FeatureCode.SIGN_IN,
    "*73": FeatureCode.SIGN_OUT,
    "*76": FeatureCode.READY,
    "*77": FeatureCode.PAUSE,
    "*8": FeatureCode.PICK_UP,
    "*85": FeatureCode.RETRIEVE,
}
TAKES_NUMBER = frozenset({FeatureCode.PICK_UP, FeatureCode.RETRIEVE})


@dataclass(frozen=True, slots=True)
class Feature:
    """`number`: the work number to pick up (empty: any colleague), or the slot of the parked call."""

    code: FeatureCode
    number: str = ""


@dataclass(frozen=True, slots=True)
class Short:
    """Maybe a work number or an extension; when nobody has it, it may still be a service number outside (95588)."""

    number: str


@dataclass(frozen=True, slots=True)
class Outside:
    """A number of the world, as dialled: whether there is such a number is not known here."""

    number: str


@dataclass(frozen=True, slots=True)
class Undialable:
    """Nothing that a phone can mean."""

    text: str


Dialled = Feature | Short | Outside | Undialable


def read_dialled(text: str) -> Dialled:
    """Blanks, dots, hyphens and brackets are for people and do not count. The longest feature code wins: *85 is never
    the pick-up of a work number that begins with 5."""
    digits = text.translate(_FOR_PEOPLE)
    if not digits or len(digits) > MAX_DIGITS:
        return Undialable(text)
    if digits[0] == "*":
        return _read_feature(digits, text)
    number = digits.removeprefix("+")
    if not (number.isascii() and number.isdecimal()):
        return Undialable(text)
    is_short = len(digits) in SHORT_DIGITS and digits[0] not in "+0"
    return Short(digits) if is_short else Outside(digits)


def _read_feature(digits: str, text: str) -> Feature | Undialable:
    length = 3 if digits[:3] in FEATURES else 2
    code, number = FEATURES.get(digits[:length]), digits[length:].removesuffix("#")
    if code is None or (number and not (number.isascii() and number.isdecimal())):
        return Undialable(text)
    is_whole = bool(number) == (code in TAKES_NUMBER) or code is FeatureCode.PICK_UP
    return Feature(code, number) if is_whole else Undialable(text)


_FOR_PEOPLE = dict.fromkeys(map(ord, " -.()\u00a0"))
