"""What was dialled, and what is read back."""

from __future__ import annotations

import pytest

from ucc.engine.cause import is_routable, unanswered_result
from ucc.engine.dialled import FEATURES, Dialled, Feature, FeatureCode, Outside, Short, Undialable, read_dialled
from ucc.engine.record import Result
from ucc.engine.spoken import speak_balance, speak_own_number, speak_state, speak_whole, speak_yuan


@pytest.mark.parametrize(
    ("text", "dialled"),
    [
        ("*65", Feature(FeatureCode.OWN_NUMBER)),
        ("*66#", Feature(FeatureCode.BALANCE)),
        ("*72", Feature(FeatureCode.SIGN_IN)),
        ("*77", Feature(FeatureCode.PAUSE)),
        ("*71", Feature(FeatureCode.LINE_ON)),
        ("*8", Feature(FeatureCode.PICK_UP)),
        ("*81002", Feature(FeatureCode.PICK_UP, "1002")),
        ("*8#", Feature(FeatureCode.PICK_UP)),
        ("*8501", Feature(FeatureCode.RETRIEVE, "01")),
        ("*85", Undialable("*85")),
        ("*651", Undialable("*651")),
        ("*99", Undialable("*99")),
        ("*", Undialable("*")),
        ("*8x", Undialable("*8x")),
        ("1001", Short("1001")),
        ("80-01", Short("8001")),
        ("95588", Short("95588")),
        ("12345678", Short("12345678")),
        ("0101234", Outside("0101234")),
        ("110", Short("110")),
        ("13800138000", Outside("13800138000")),
        ("+8613800138000", Outside("+8613800138000")),
        ("010 8888 0001", Outside("01088880001")),
        ("1", Outside("1")),
        ("", Undialable("")),
        (" ", Undialable(" ")),
        ("+", Undialable("+")),
        ("hello", Undialable("hello")),
        ("１００１", Undialable("１００１")),
        ("1" * 33, Undialable("1" * 33)),
    ],
)
def test_read(text: str, dialled: Dialled) -> None:
    assert read_dialled(text) == dialled


def test_every_feature_can_be_dialled() -> None:
    reached = {
        found.code for code in FEATURES for number in ("", "01") if isinstance(found := _read(code + number), Feature)
    }
    assert reached == set(FeatureCode)


def _read(text: str) -> Dialled:
    return read_dialled(text)


NUMBERS = {
    0: "0",
    1: "1",
    10: "ten",
    15: "ten 5",
    20: "2 ten",
    100: "1 hundred",
    101: "1 hundred 0 1",
    110: "1 hundred 1 ten",
    1001: "1 thousand 0 1",
    1010: "1 thousand 0 1 ten",
    10010: "1 ten_thousand 0 1 ten",
    100500: "ten ten_thousand 0 5 hundred",
    1000005: "1 hundred ten_thousand 0 5",
    20000500: "2 thousand ten_thousand 0 5 hundred",
    100000000: "1 hundred_million",
    1234567890: "ten 2 hundred_million 3 thousand 4 hundred 5 ten 6 ten_thousand 7 thousand 8 hundred 9 ten",
}


@pytest.mark.parametrize(("number", "words"), NUMBERS.items())
def test_whole_numbers(number: int, words: str) -> None:
    assert speak_whole(number) == tuple(f"digit_{word}" if word.isdecimal() else word for word in words.split(" "))


PLACES = {"ten": 10, "hundred": 100, "thousand": 1000}
GROUPS = {"ten_thousand": 10**4, "hundred_million": 10**8}


def listen(sounds: tuple[str, ...]) -> int:
    """What somebody who knows Chinese understands."""
    total = group = digit = 0
    for sound in sounds:
        if sound in GROUPS:
            total, group, digit = total + (group + digit) * GROUPS[sound], 0, 0
        elif sound in PLACES:
            group, digit = group + (digit or 1) * PLACES[sound], 0
        else:
            digit = int(sound.removeprefix("digit_"))
    return total + group + digit


def test_what_is_spoken_is_understood() -> None:
    numbers = [*range(20_001), *(7 * 10**power + 10**low for power in range(5, 12) for low in range(power))]
    assert [listen(speak_whole(number)) for number in numbers] == numbers


def test_money() -> None:
    assert speak_yuan(12345, "en") == ("digit_1", "digit_2", "digit_3", "point", "digit_4", "digit_5", "yuan")
    assert speak_yuan(1050, "zh-CN") == ("ten", "point", "digit_5", "yuan")
    assert speak_yuan(5, "zh-CN") == ("digit_0", "point", "digit_0", "digit_5", "yuan")
    assert speak_balance(-1_999_999, "en") == (
        "your_balance_is",
        "minus",
        "digit_1",
        "point",
        "digit_9",
        "digit_9",
        "yuan",
    )
    assert speak_balance(-9_999, "en") == ("your_balance_is", "digit_0", "yuan")
    with pytest.raises(ValueError, match="negative"):
        speak_yuan(-1, "en")


def test_numbers_and_states() -> None:
    assert speak_own_number("8001", "12") == (
        "your_extension_is", "digit_8", "digit_0", "digit_0", "digit_1", "your_work_number_is", "digit_1", "digit_2",
    )  # fmt: skip
    assert speak_state("paused") == ("your_state_is", "state_paused")


@pytest.mark.parametrize("cause", range(1, 128))
def test_only_faults_of_the_line_are_tried_again(cause: int) -> None:
    assert is_routable(cause) == (cause in (27, 34, 38, 41, 42, 44, 102))
    if is_routable(cause):
        assert unanswered_result(cause) is Result.LINE_FAULT
