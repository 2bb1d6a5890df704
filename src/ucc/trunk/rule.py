"""How a trunk wants its numbers, and which trunks a call tries, in which order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar


class RuleLike(Protocol):
    """What a rule needs to be followed; `ucc.trunk.models.TrunkRule` has it."""

    @property
    def kind(self) -> str: ...
    @property
    def prefix(self) -> str: ...
    @property
    def strip(self) -> int: ...
    @property
    def prepend(self) -> str: ...


class Choice(Protocol):
    @property
    def priority(self) -> int: ...
    @property
    def weight(self) -> int: ...


C = TypeVar("C", bound=Choice)


def write_number(rules: Iterable[RuleLike], kind: str, number: str) -> str:
    """An E.164 number as the trunk wants it: by its rule with the longest prefix; without one, as it is."""
    fitting = [rule for rule in rules if rule.kind == kind and number.startswith(rule.prefix)]
    if not fitting:
        return number
    rule = max(fitting, key=lambda found: len(found.prefix))
    return rule.prepend + number[rule.strip :]


def is_carried(allowed_prefixes: Sequence[str], number: str) -> bool:
    """Whether a trunk takes calls to this number. No prefixes: it takes all."""
    return not allowed_prefixes or number.startswith(tuple(allowed_prefixes))


def order_choices(choices: Iterable[C], draw: Callable[[], float]) -> list[C]:
    """Lower priorities first; among equals by chance, each first as often as its weight says. `draw` gives [0, 1)."""
    keyed = [(choice.priority, -(draw() ** (1 / choice.weight)), at, choice) for at, choice in enumerate(choices)]
    return [choice for *_, choice in sorted(keyed, key=lambda key: key[:3])]
