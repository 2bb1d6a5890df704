"""Is a tree fit to run? Every branch leads somewhere, every node can be reached, and nothing goes round for ever
without the caller having a say. Which prompts, queues and agents exist is for the service to check."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from ucc.engine.ivr_tree import (
    FAILURES,
    INSTANT,
    CallerSwitch,
    Collect,
    DialWorkNumber,
    GoAgent,
    GoNumber,
    GoQueue,
    GoVoicemail,
    HangUp,
    HttpRequest,
    Menu,
    Node,
    Play,
    Return,
    SubMenu,
    TimeSwitch,
    Tree,
    VariableSwitch,
    branches_of,
    exits_of,
    sounds_of,
)

MAX_NODES = 300
MAX_SOUNDS = 20
MAX_TEXT = 200
NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
VARIABLE = re.compile(r"[a-z][a-z0-9_]{0,39}")
SOUND = re.compile(r"prompt:[1-9][0-9]{0,17}|builtin:[a-z0-9_]{1,40}|digits:[a-z][a-z0-9_]{0,39}")
URL = re.compile(r"https?://[^\s/?#{}@]+(/\S*)?")
PHONE = re.compile(r"\+?[0-9]{3,20}")
KEYS = frozenset("0123456789*#")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a tree, and where. `branch` is empty when the node itself is wrong."""

    node: str
    code: str
    branch: str = ""
    message: str = ""


def check_tree(tree: Tree) -> list[Fault]:
    """Everything that is wrong with one tree, sub-trees aside: bad_name, too_many_nodes, bad_value, dangling,
    unreachable, endless."""
    faults = [
        Fault(name, "bad_name", message="Letters, digits, - and _ only.") for name in tree.nodes if not _is_name(name)
    ]
    if len(tree.nodes) > MAX_NODES:
        faults.append(Fault("", "too_many_nodes", message=f"At most {MAX_NODES}."))
    for name, node in tree.nodes.items():
        faults += [Fault(name, "bad_value", field, message) for field, message in _bad_values(node)]
    return [*faults, *check_linked(tree)]


def check_linked(tree: Tree) -> list[Fault]:
    """The branches only, also those of a tree that was linked with its sub-trees."""
    faults = []
    if tree.entry not in tree.nodes:
        faults.append(Fault("", "dangling", "entry", f"There is no node {tree.entry!r}."))
    for name, node in tree.nodes.items():
        for branch, after in branches_of(node).items():
            if after not in tree.nodes:
                faults.append(Fault(name, "dangling", branch, f"There is no node {after!r}."))
    reached = _reach(tree)
    faults += [
        Fault(name, "unreachable", message="No branch leads here.") for name in tree.nodes if name not in reached
    ]
    faults += [
        Fault(name, "endless", message="Goes round without the caller having a say: " + " > ".join(circle))
        for name, circle in _circles(tree)
    ]
    return faults


def _is_name(name: str) -> bool:
    return NAME.fullmatch(name) is not None


def _reach(tree: Tree) -> set[str]:
    reached: set[str] = set()
    ahead = [tree.entry]
    while ahead:
        name = ahead.pop()
        node = tree.nodes.get(name)
        if node is None or name in reached:
            continue
        reached.add(name)
        ahead += branches_of(node).values()
        if isinstance(node, SubMenu):
            ahead.append(tree.entry_of(node.tree_id))
    return reached


def _circles(tree: Tree) -> Iterable[tuple[str, list[str]]]:
    """Circles of branches that are taken without waiting for the caller or for an agent, each at one of its nodes."""
    after = {name: [x for x in _hurries_to(tree, node) if x in tree.nodes] for name, node in tree.nodes.items()}
    done: set[str] = set()
    for start in tree.nodes:
        path: list[str] = []
        ahead = [(start, iter(after[start]))] if start not in done else []
        if ahead:
            path.append(start)
        while ahead:
            name, rest = ahead[-1]
            following = next(rest, None)
            if following is None:
                ahead.pop()
                path.pop()
                done.add(name)
            elif following in path:
                yield following, [*path[path.index(following) :], following]
                done.update(path)
            elif following not in done:
                path.append(following)
                ahead.append((following, iter(after[following])))


def _hurries_to(tree: Tree, node: Node) -> list[str]:
    """Where a call may go from a node at once, whatever the caller does."""
    match node:
        case Menu() | Collect():
            return []
        case SubMenu():
            return [tree.entry_of(node.tree_id), *([node.next] if _comes_back_at_once(tree, node.tree_id) else [])]
        case GoQueue() | GoAgent() | GoNumber() | GoVoicemail() | DialWorkNumber():
            waits = isinstance(node, DialWorkNumber)
            return [] if waits else [x for reason, x in exits_of(node).items() if _is_instant(node, reason)]
        case _:
            return list(branches_of(node).values())


def _is_instant(node: Node, reason: str) -> bool:
    """`otherwise` stands for every failure that is not named."""
    if reason != "otherwise":
        return reason in INSTANT
    named = exits_of(node)
    return any(x in INSTANT and x not in named for x in FAILURES[node.kind])


def _comes_back_at_once(tree: Tree, tree_id: int) -> bool:
    """Whether a sub-tree may return without waiting. One that is not linked is taken to wait."""
    seen: set[str] = set()
    ahead = [tree.entry_of(tree_id)]
    while ahead:
        name = ahead.pop()
        node = tree.nodes.get(name)
        if node is None or name in seen:
            continue
        seen.add(name)
        match node:
            case Return():
                return True
            case SubMenu():
                ahead += [tree.entry_of(node.tree_id), node.next]
            case _:
                ahead += _hurries_to(tree, node)
    return False


def _bad_values(node: Node) -> Iterable[tuple[str, str]]:
    """Field and what is wrong with it."""
    if len(node.label) > MAX_TEXT:
        yield "label", f"At most {MAX_TEXT} characters."
    sounds = sounds_of(node)
    if len(sounds) > MAX_SOUNDS or any(not SOUND.fullmatch(ref) for ref in sounds):
        yield "sounds", f"At most {MAX_SOUNDS}, each prompt:ID, builtin:NAME or digits:VARIABLE."
    match node:
        case Play():
            if not node.sounds:
                yield "sounds", "There must be something to play."
        case Menu():
            if not node.keys or not KEYS.issuperset(node.keys) or any(len(key) != 1 for key in node.keys):
                yield "keys", "At least one, each a digit, * or #."
            yield from _bad_waits(node.timeout_s, node.retries)
        case Collect():
            if not VARIABLE.fullmatch(node.variable):
                yield "variable", "A small letter, then small letters, digits and _."
            yield from _bad_digits(node.min_digits, node.max_digits, node.terminator)
            yield from _bad_waits(node.timeout_s, node.retries)
        case DialWorkNumber():
            yield from _bad_digits(node.min_digits, node.max_digits, node.terminator)
            yield from _bad_waits(node.timeout_s, node.retries)
            yield from _bad_exits(node)
        case CallerSwitch():
            if not 1 <= len(node.cases) <= 50:
                yield "cases", "1 to 50."
            for number, case in enumerate(node.cases):
                texts = (*case.provinces, *case.cities, *case.prefixes)
                if len(texts) > 200 or any(not 1 <= len(text) <= 40 for text in texts):
                    yield f"cases.{number}", "At most 200 places and prefixes, each of 1 to 40 characters."
                elif not texts and case.is_vip is None and case.is_blacklisted is None:
                    yield f"cases.{number}", "Says nothing of the caller."
        case VariableSwitch():
            if not VARIABLE.fullmatch(node.variable):
                yield "variable", "A small letter, then small letters, digits and _."
            if not 1 <= len(node.cases) <= 100 or any(len(value) > MAX_TEXT for value in node.cases):
                yield "cases", f"1 to 100, each of at most {MAX_TEXT} characters."
        case HttpRequest():
            yield from _bad_request(node)
        case GoQueue():
            if not -100 <= node.priority <= 100:
                yield "priority", "-100 to 100."
            if len(node.skills) > 20 or any(
                not 1 <= len(skill) <= 40 or not 1 <= level <= 10 for skill, level in node.skills.items()
            ):
                yield "skills", "At most 20, levels 1 to 10."
            yield from _bad_exits(node)
        case GoNumber():
            if not PHONE.fullmatch(node.number):
                yield "number", "3 to 20 digits."
            yield from _bad_exits(node)
        case GoAgent() | GoVoicemail():
            yield from _bad_exits(node)
        case TimeSwitch() | SubMenu() | Return() | HangUp():
            pass
        case _:
            assert_never(node)


def _bad_waits(timeout_s: float, retries: int) -> Iterable[tuple[str, str]]:
    if not 1 <= timeout_s <= 60:
        yield "timeout_s", "1 to 60 seconds."
    if not 0 <= retries <= 10:
        yield "retries", "0 to 10."


def _bad_digits(least: int, most: int, terminator: str) -> Iterable[tuple[str, str]]:
    if not 1 <= least <= most <= 24:
        yield "max_digits", "min_digits is at least 1, max_digits at most 24."
    if terminator not in ("", "#", "*"):
        yield "terminator", "#, * or nothing."


def _bad_exits(node: Node) -> Iterable[tuple[str, str]]:
    known = (*FAILURES[node.kind], "otherwise")
    for reason in exits_of(node):
        if reason not in known:
            yield f"exits.{reason}"[:MAX_TEXT], "One of " + ", ".join(known) + "."


def _bad_request(node: HttpRequest) -> Iterable[tuple[str, str]]:
    if len(node.url) > 1000 or not URL.fullmatch(node.url):
        yield "url", "An http or https address without a user; variables only after the server's name."
    if not 1 <= node.timeout_s <= 15:
        yield "timeout_s", "1 to 15 seconds."
    if len(node.body) > 40 or any(len(name) > 40 or len(text) > 1000 for name, text in node.body.items()):
        yield "body", "At most 40 fields, of at most 1000 characters."
    if len(node.results) > 40 or any(
        not VARIABLE.fullmatch(name) or not 1 <= len(path) <= MAX_TEXT for name, path in node.results.items()
    ):
        yield "results", "At most 40 variables with their paths."
