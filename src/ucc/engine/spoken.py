"""What the system reads aloud, as names of built-in sounds: numbers digit by digit, money in yuan, an agent's state."""

from __future__ import annotations

from typing import Literal

Language = Literal["zh-CN", "en"]
CODE = "code"
"""Stands for the digits of a call's verification code, which no state of a call contains: the office fills them in."""
MICROS_PER_CENT = 10_000
GROUPS = {1: "ten_thousand", 2: "hundred_million"}
PLACES = {1: "ten", 2: "hundred", 3: "thousand"}


def speak_digits(number: str) -> tuple[str, ...]:
    """Every digit of a number; a leading + and anything that is no digit is left out."""
    return tuple(f"digit_{digit}" for digit in number if digit.isascii() and digit.isdecimal())


def speak_own_number(extension: str, work_number: str) -> tuple[str, ...]:
    """*65: 您的分机号是 … 您的工号是 …"""
    return ("your_extension_is", *speak_digits(extension), "your_work_number_is", *speak_digits(work_number))


def speak_state(state: str) -> tuple[str, ...]:
    """*67: 您的状态是 … The states are those of the floor."""
    return ("your_state_is", f"state_{state}")


def speak_balance(balance_micros: int, language: Language) -> tuple[str, ...]:
    """*66: 您的余额是 … 元. A balance is cut to whole cents towards zero, never said to be more than it is."""
    cents = abs(balance_micros) // MICROS_PER_CENT
    is_negative = balance_micros < 0 and cents > 0
    sign = ("minus",) if is_negative else ()
    return ("your_balance_is", *sign, *speak_yuan(cents, language))


def speak_yuan(cents: int, language: Language) -> tuple[str, ...]:
    """12345 cents: 一百二十三点四五元 in Chinese; one two three point four five yuan in English."""
    if cents < 0:
        raise ValueError("an amount to be spoken is not negative")
    yuan, rest = divmod(cents, 100)
    whole = speak_whole(yuan) if language == "zh-CN" else speak_digits(str(yuan))
    fraction = ("point", *speak_digits(f"{rest:02d}".rstrip("0"))) if rest else ()
    return (*whole, *fraction, "yuan")


def speak_whole(number: int) -> tuple[str, ...]:
    """A whole number the Chinese way: 10010 is 一万零一十. From 10**12 on it is read digit by digit."""
    if number == 0 or number >= 10**12:
        return speak_digits(str(number))
    digits = str(number)
    spoken: list[str] = []
    is_gap = False
    for at, digit in enumerate(digits):
        group, place = divmod(len(digits) - 1 - at, 4)
        if digit == "0":
            is_gap = True
        else:
            if is_gap:
                spoken.append("digit_0")
            is_gap = False
            if (digit, place) != ("1", 1) or spoken:
                spoken.append(f"digit_{digit}")
            if place:
                spoken.append(PLACES[place])
        if place == 0 and group and number // 10 ** (4 * group) % 10**4:
            spoken.append(GROUPS[group])
            is_gap = False
    return tuple(spoken)
