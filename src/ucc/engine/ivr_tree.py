"""IVR trees as data: one dataclass per kind of node. A branch is the name of the node that comes next.

Sounds are references (`prompt:12`, `builtin:goodbye`, `digits:balance`); the office looks them up, and the schedules
and sub-trees too, when it hands the tree to a call.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal, assert_never

from ucc.engine.hours import Schedule

FAILURES = {
    "queue": ("timed_out", "overflowed", "no_agents", "closed"),
    "agent": ("busy", "no_answer", "declined", "unreachable", "offline"),
    "number": ("busy", "no_answer", "declined", "unreachable", "invalid", "refused"),
    "work_number": ("busy", "no_answer", "declined", "unreachable", "offline"),
    "voicemail": ("done", "full"),
}
"""Why a target may fail, by its kind. A branch `otherwise` stands for all that are not named."""
INSTANT = frozenset(
    {"overflowed", "no_agents", "closed", "busy", "declined", "unreachable", "offline", "invalid", "refused", "full"}
)
"""Failures that may come at once, without anybody having waited."""


@dataclass(frozen=True, slots=True)
class Caller:
    """What is known of the caller before anything is asked. `number` is empty when it is withheld."""

    number: str
    is_vip: bool = False
    is_blacklisted: bool = False
    province: str = ""
    city: str = ""


@dataclass(frozen=True, slots=True)
class Play:
    """Keys pressed meanwhile end it, if it is interruptible, and count for the menu that follows."""

    sounds: tuple[str, ...]
    next: str
    is_interruptible: bool = True
    label: str = ""
    kind: Literal["play"] = "play"


@dataclass(frozen=True, slots=True)
class Menu:
    """One key chooses. `timeout_s` counts from the end of the prompt; the prompt is said 1 + `retries` times."""

    sounds: tuple[str, ...]
    keys: dict[str, str]
    on_timeout: str
    on_invalid: str
    timeout_s: float = 5.0
    retries: int = 2
    invalid_sounds: tuple[str, ...] = ()
    label: str = ""
    kind: Literal["menu"] = "menu"


@dataclass(frozen=True, slots=True)
class Collect:
    """Several digits into a variable. `timeout_s` counts from the prompt's end and from each digit."""

    sounds: tuple[str, ...]
    variable: str
    next: str
    on_timeout: str
    on_invalid: str
    min_digits: int = 1
    max_digits: int = 16
    terminator: str = "#"
    timeout_s: float = 5.0
    retries: int = 2
    invalid_sounds: tuple[str, ...] = ()
    label: str = ""
    kind: Literal["collect"] = "collect"


@dataclass(frozen=True, slots=True)
class TimeSwitch:
    """By business hours. Without `on_holiday` a holiday is closed like any other closed hour."""

    schedule_id: int
    on_open: str
    on_closed: str
    on_holiday: str | None = None
    label: str = ""
    kind: Literal["time_switch"] = "time_switch"


@dataclass(frozen=True, slots=True)
class CallerCase:
    """Holds for a caller of whom everything that is given here is true."""

    next: str
    is_vip: bool | None = None
    is_blacklisted: bool | None = None
    provinces: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()

    def holds(self, caller: Caller) -> bool:
        return (
            self.is_vip in (None, caller.is_vip)
            and self.is_blacklisted in (None, caller.is_blacklisted)
            and (not self.provinces or caller.province in self.provinces)
            and (not self.cities or caller.city in self.cities)
            and (not self.prefixes or caller.number.startswith(self.prefixes))
        )


@dataclass(frozen=True, slots=True)
class CallerSwitch:
    """The first case that holds."""

    cases: tuple[CallerCase, ...]
    otherwise: str
    label: str = ""
    kind: Literal["caller_switch"] = "caller_switch"


@dataclass(frozen=True, slots=True)
class VariableSwitch:
    """By the value of a variable: collected digits, or a result of an HTTP request."""

    variable: str
    cases: dict[str, str]
    otherwise: str
    label: str = ""
    kind: Literal["variable_switch"] = "variable_switch"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """Asks a server of the enterprise. `{name}` in the address and the body are variables; `results` gives variables
    their values from the JSON answer by paths like `order.state`. `sounds` play meanwhile."""

    url: str
    next: str
    on_failed: str
    method: Literal["GET", "POST"] = "GET"
    body: dict[str, str] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    timeout_s: float = 5.0
    sounds: tuple[str, ...] = ()
    label: str = ""
    kind: Literal["http_request"] = "http_request"


@dataclass(frozen=True, slots=True)
class SubMenu:
    """Another tree of the enterprise; its `Return` goes on at `next`."""

    tree_id: int
    next: str
    label: str = ""
    kind: Literal["sub_menu"] = "sub_menu"


@dataclass(frozen=True, slots=True)
class Return:
    """Back to the tree that led here; the end of the call when none did."""

    label: str = ""
    kind: Literal["return"] = "return"


@dataclass(frozen=True, slots=True)
class GoQueue:
    """`exits`: the node that goes on, by the reason why nobody came. `skills` are levels an agent needs."""

    queue_id: int
    exits: dict[str, str] = field(default_factory=dict)
    priority: int = 0
    skills: dict[str, int] = field(default_factory=dict)
    label: str = ""
    kind: Literal["queue"] = "queue"


@dataclass(frozen=True, slots=True)
class GoAgent:
    agent_id: int
    exits: dict[str, str] = field(default_factory=dict)
    label: str = ""
    kind: Literal["agent"] = "agent"


@dataclass(frozen=True, slots=True)
class DialWorkNumber:
    """The caller dials an agent's work number (工号); no other number can be reached so."""

    sounds: tuple[str, ...]
    on_timeout: str
    on_invalid: str
    exits: dict[str, str] = field(default_factory=dict)
    min_digits: int = 1
    max_digits: int = 8
    terminator: str = "#"
    timeout_s: float = 4.0
    retries: int = 2
    invalid_sounds: tuple[str, ...] = ()
    label: str = ""
    kind: Literal["work_number"] = "work_number"


@dataclass(frozen=True, slots=True)
class GoNumber:
    """An outside number, at the enterprise's cost."""

    number: str
    exits: dict[str, str] = field(default_factory=dict)
    label: str = ""
    kind: Literal["number"] = "number"


@dataclass(frozen=True, slots=True)
class GoVoicemail:
    box_id: int
    exits: dict[str, str] = field(default_factory=dict)
    label: str = ""
    kind: Literal["voicemail"] = "voicemail"


@dataclass(frozen=True, slots=True)
class HangUp:
    label: str = ""
    kind: Literal["hang_up"] = "hang_up"


Node = (
    Play
    | Menu
    | Collect
    | TimeSwitch
    | CallerSwitch
    | VariableSwitch
    | HttpRequest
    | SubMenu
    | Return
    | GoQueue
    | GoAgent
    | DialWorkNumber
    | GoNumber
    | GoVoicemail
    | HangUp
)


@dataclass(frozen=True, slots=True)
class Tree:
    """`sounds`, `schedules`, `entries` (of sub-trees, whose nodes are among `nodes`) and `voice`, the folder of digits,
    are looked up by the office; an enterprise edits the rest."""

    tree_id: int
    version: int
    entry: str
    nodes: dict[str, Node]
    sounds: dict[str, tuple[str, ...]] = field(default_factory=dict)
    schedules: dict[int, Schedule] = field(default_factory=dict)
    entries: dict[int, str] = field(default_factory=dict)
    voice: str = ""

    def entry_of(self, tree_id: int) -> str:
        """The first node of a sub-tree; a name that no node has when the sub-tree is not there."""
        return self.entries.get(tree_id, f"{tree_id}/")


def exits_of(node: Node) -> dict[str, str]:
    """The branches for a target that failed."""
    match node:
        case GoQueue() | GoAgent() | GoNumber() | GoVoicemail() | DialWorkNumber():
            return node.exits
        case _:
            return {}


def branches_of(node: Node) -> dict[str, str]:
    """Every branch of a node by its name in the form, `keys.1` or `next`."""
    match node:
        case Play():
            return {"next": node.next}
        case Menu():
            keys = {f"keys.{key}": name for key, name in node.keys.items()}
            return {**keys, "on_timeout": node.on_timeout, "on_invalid": node.on_invalid}
        case Collect():
            return {"next": node.next, "on_timeout": node.on_timeout, "on_invalid": node.on_invalid}
        case TimeSwitch():
            holiday = {"on_holiday": node.on_holiday} if node.on_holiday is not None else {}
            return {"on_open": node.on_open, "on_closed": node.on_closed, **holiday}
        case CallerSwitch():
            cases = {f"cases.{number}": case.next for number, case in enumerate(node.cases)}
            return {**cases, "otherwise": node.otherwise}
        case VariableSwitch():
            return {**{f"cases.{value}": name for value, name in node.cases.items()}, "otherwise": node.otherwise}
        case HttpRequest():
            return {"next": node.next, "on_failed": node.on_failed}
        case SubMenu():
            return {"next": node.next}
        case DialWorkNumber():
            return {"on_timeout": node.on_timeout, "on_invalid": node.on_invalid, **_exit_branches(node.exits)}
        case GoQueue() | GoAgent() | GoNumber() | GoVoicemail():
            return _exit_branches(node.exits)
        case Return() | HangUp():
            return {}
        case _:
            assert_never(node)


def _exit_branches(exits: dict[str, str]) -> dict[str, str]:
    return {f"exits.{reason}": name for reason, name in exits.items()}


def sounds_of(node: Node) -> tuple[str, ...]:
    """Every sound a node refers to."""
    match node:
        case Play() | HttpRequest():
            return node.sounds
        case Menu() | Collect() | DialWorkNumber():
            return (*node.sounds, *node.invalid_sounds)
        case _:
            return ()


def link(tree: Tree, others: dict[int, Tree]) -> Tree:
    """The tree with the nodes of all sub-trees it leads to, so that it runs without them. `others` has those trees."""
    nodes, entries = dict(tree.nodes), dict(tree.entries)
    open_ids = _sub_trees(nodes.values())
    while open_ids:
        tree_id = open_ids.pop()
        if tree_id in entries or tree_id not in others:
            continue
        other = others[tree_id]
        added = {f"{tree_id}/{name}": _rename(node, f"{tree_id}/") for name, node in other.nodes.items()}
        nodes.update(added)
        entries[tree_id] = f"{tree_id}/{other.entry}"
        open_ids |= _sub_trees(added.values())
    return replace(tree, nodes=nodes, entries=entries)


def _sub_trees(nodes: Iterable[Node]) -> set[int]:
    return {node.tree_id for node in nodes if isinstance(node, SubMenu)}


def _rename(node: Node, prefix: str) -> Node:
    """The node with the prefix before the names of all its branches."""
    match node:
        case Menu():
            keys = {key: prefix + name for key, name in node.keys.items()}
            return replace(node, keys=keys, on_timeout=prefix + node.on_timeout, on_invalid=prefix + node.on_invalid)
        case Collect():
            return replace(
                node,
                next=prefix + node.next,
                on_timeout=prefix + node.on_timeout,
                on_invalid=prefix + node.on_invalid,
            )
        case TimeSwitch():
            return replace(
                node,
                on_open=prefix + node.on_open,
                on_closed=prefix + node.on_closed,
                on_holiday=prefix + node.on_holiday if node.on_holiday is not None else None,
            )
        case CallerSwitch():
            cases = tuple(replace(case, next=prefix + case.next) for case in node.cases)
            return replace(node, cases=cases, otherwise=prefix + node.otherwise)
        case VariableSwitch():
            cases_by = {value: prefix + name for value, name in node.cases.items()}
            return replace(node, cases=cases_by, otherwise=prefix + node.otherwise)
        case HttpRequest():
            return replace(node, next=prefix + node.next, on_failed=prefix + node.on_failed)
        case Play() | SubMenu():
            return replace(node, next=prefix + node.next)
        case DialWorkNumber():
            return replace(
                node,
                on_timeout=prefix + node.on_timeout,
                on_invalid=prefix + node.on_invalid,
                exits=_prefixed(node.exits, prefix),
            )
        case GoQueue() | GoAgent() | GoNumber() | GoVoicemail():
            return replace(node, exits=_prefixed(node.exits, prefix))
        case Return() | HangUp():
            return node
        case _:
            assert_never(node)


def _prefixed(exits: dict[str, str], prefix: str) -> dict[str, str]:
    return {reason: prefix + name for reason, name in exits.items()}
