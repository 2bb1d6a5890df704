"""Number rules and the order of second choices: pure."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

import pytest

from ucc.trunk.rule import is_carried, order_choices, write_number


@dataclass(frozen=True)
class Rule:
    kind: str
    prefix: str
    strip: int
    prepend: str


@dataclass(frozen=True)
class Choice:
    name: str
    priority: int = 1
    weight: int = 1


RULES = (
    Rule("callee", "", 1, "00"),
    Rule("callee", "+86", 3, "0"),
    Rule("callee", "+861", 3, ""),
    Rule("callee", "+8610", 3, "9"),
    Rule("caller_id", "+86", 16, "95588"),
)


@pytest.mark.parametrize(
    ("kind", "number", "written"),
    [
        ("callee", "+8613800138000", "13800138000"),
        ("callee", "+861088880001", "91088880001"),
        ("callee", "+862161234567", "02161234567"),
        ("callee", "+14155552671", "0014155552671"),
        ("caller_id", "+861088880001", "95588"),
        ("caller_id", "+14155552671", "+14155552671"),
    ],
)
def test_the_longest_prefix_decides(kind: str, number: str, written: str) -> None:
    assert write_number(RULES, kind, number) == written


def test_without_rules_numbers_stay_as_they_are() -> None:
    assert write_number((), "callee", "+8613800138000") == "+8613800138000"


def test_what_a_trunk_carries() -> None:
    assert is_carried((), "+14155552671")
    assert is_carried(("+86",), "+8613800138000")
    assert not is_carried(("+86", "+852"), "+14155552671")


def test_priorities_come_in_order() -> None:
    choices = [Choice("c", 3), Choice("a", 1), Choice("b", 2)]
    assert [choice.name for choice in order_choices(choices, random.Random(1).random)] == ["a", "b", "c"]


def test_weights_share_equals() -> None:
    draw = random.Random(7).random
    choices = (Choice("heavy", 1, 3), Choice("light", 1, 1), Choice("last", 2, 100))
    orders = [tuple(choice.name for choice in order_choices(choices, draw)) for _ in range(4000)]
    assert all(order[2] == "last" for order in orders)
    first = Counter(order[0] for order in orders)
    assert 2800 < first["heavy"] < 3200
