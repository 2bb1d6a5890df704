"""The IVR: runs a tree of nodes over one call. Pure: `begin`, `step` and `resume` give the next `Run`, which says what
to play and how long to wait, or an `Exit` to somebody else or out of the call.

A tree is the enterprise's data; it travels in the call's state, so a change acts on the next call only.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal, assert_never
from urllib.parse import quote

from ucc.engine import events as ev
from ucc.engine.hours import Opening
from ucc.engine.ivr_tree import (
    Caller,
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
    Play,
    Return,
    SubMenu,
    TimeSwitch,
    Tree,
    VariableSwitch,
    exits_of,
)
from ucc.engine.target import Target, ToAgent, ToNumber, ToQueue, ToVoicemail

MAX_IDLE_STEPS = 60
"""Nodes that one call may pass without a key from the caller; then it ends. Trees that loop end here."""
MAX_STEPS = 2000
MAX_DEPTH = 16
MAX_KEYS = 32
MAX_VALUE = 256
MAX_VARIABLES = 64
PROMPT_LIMIT_S = 600.0
"""The longest a node plays; the end of a prompt that is never reported counts then."""
ANSWER_MARGIN_S = 2.0
"""An HTTP answer that has not come so long after the request's own deadline never will."""
EARLY_S = 0.05
"""A timer may fire this much early by the clocks of others."""


@dataclass(frozen=True, slots=True)
class HttpQuestion:
    """A request to somebody's server; the answer comes back as `HttpAnswered` with the same serial."""

    serial: int
    method: Literal["GET", "POST"]
    url: str
    body: dict[str, str]
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Run:
    """Where a call is in its tree. `sounds` are what the caller is to hear now, under the name `playback`; `deadline`
    is when `TimerFired("ivr")` is wanted; `question` is what is asked outside."""

    tree: Tree
    caller: Caller
    node: str
    prefix: str = ""
    serial: int = 0
    sounds: tuple[str, ...] = ()
    keys: str = ""
    tries: int = 0
    deadline: float | None = None
    question: HttpQuestion | None = None
    variables: dict[str, str] = field(default_factory=dict)
    stack: tuple[str, ...] = ()
    idle_steps: int = 0
    steps: int = 0

    @property
    def playback(self) -> str:
        """The name of what plays now; changes with every play."""
        return f"{self.prefix}{self.serial}"


@dataclass(frozen=True, slots=True)
class Exit:
    """The tree gives the call away. No target: the call ends. `exits`: the node that goes on when the target fails for
    a reason; give it back with `resume`. `why`: asked | returned | endless | dangling."""

    target: Target | None
    run: Run
    exits: dict[str, str] = field(default_factory=dict)
    why: str = "asked"


Step = Run | Exit
Listening = Menu | Collect | DialWorkNumber


def begin(tree: Tree, caller: Caller, at: float, prefix: str = "") -> Step:
    """Enter a tree. `prefix` comes before the names of all its playbacks."""
    variables = {"caller": caller.number, "province": caller.province, "city": caller.city}
    return _enter(Run(tree, caller, tree.entry, prefix, variables=variables), tree.entry, at)


def step(run: Run, event: object, at: float) -> Step:
    """What an event does; one that is late or not for this node changes nothing."""
    match event:
        case ev.KeyPressed(key=key) if len(key) == 1 and key in "0123456789*#ABCD":
            return _press(replace(run, idle_steps=0), key, at)
        case ev.PromptEnded(playback=playback) if run.sounds and playback == run.playback:
            return _fall_silent(run, at)
        case ev.TimerFired(name="ivr") if run.deadline is not None and at >= run.deadline - EARLY_S:
            return _fall_silent(run, at) if run.sounds and run.question is None else _time_out(run, at)
        case ev.HttpAnswered(serial=serial) if run.question is not None and serial == run.question.serial:
            return _take_answer(run, event.status, event.body, at)
        case _:
            return run


def resume(run: Run, reason: str, at: float) -> Step:
    """Go on after the target that the tree gave the call to failed for `reason`."""
    node = run.tree.nodes.get(run.node)
    if isinstance(node, DialWorkNumber) and reason == "invalid":
        return _try_again(run, node, node.invalid_sounds, "invalid", at)
    if node is None:
        return Exit(None, run, why="dangling")
    exits = exits_of(node)
    after = exits.get(reason, exits.get("otherwise"))
    return _enter(run, after, at) if after is not None else Exit(None, _still(run))


def has_branch(run: Run, reason: str) -> bool:
    """Whether the tree itself says what is to be done when its target failed for `reason`."""
    node = run.tree.nodes.get(run.node)
    if node is None:
        return False
    exits = exits_of(node)
    return reason in exits or "otherwise" in exits or (isinstance(node, DialWorkNumber) and reason == "invalid")


def _enter(run: Run, name: str, at: float) -> Step:
    """Pass nodes until one waits or leaves."""
    while True:
        node = run.tree.nodes.get(name)
        steps, idle_steps = run.steps + 1, run.idle_steps + 1
        run = replace(_still(run), node=name, tries=0, steps=steps, idle_steps=idle_steps)
        if node is None:
            return Exit(None, run, why="dangling")
        if _is_endless(run):
            return Exit(None, run, why="endless")
        match node:
            case Play():
                played = _play(run, node.sounds, at)
                if played.sounds:
                    return played
                name = node.next
            case Menu() | Collect() | DialWorkNumber():
                return _await_keys(run, node, at)
            case TimeSwitch():
                name = _by_time(run, node, at)
            case CallerSwitch():
                name = next((case.next for case in node.cases if case.holds(run.caller)), node.otherwise)
            case VariableSwitch():
                name = node.cases.get(run.variables.get(node.variable, ""), node.otherwise)
            case HttpRequest():
                return _ask(run, node, at)
            case SubMenu():
                if len(run.stack) >= MAX_DEPTH:
                    return Exit(None, run, why="endless")
                run = replace(run, stack=(*run.stack, node.next))
                name = run.tree.entry_of(node.tree_id)
            case Return():
                if not run.stack:
                    return Exit(None, run, why="returned")
                name, run = run.stack[-1], replace(run, stack=run.stack[:-1])
            case GoQueue():
                return Exit(ToQueue(node.queue_id, node.priority, node.skills), run, node.exits)
            case GoAgent():
                return Exit(ToAgent(node.agent_id), run, node.exits)
            case GoNumber():
                return Exit(ToNumber(node.number), run, node.exits)
            case GoVoicemail():
                return Exit(ToVoicemail(node.box_id), run, node.exits)
            case HangUp():
                return Exit(None, run)
            case _:
                assert_never(node)


def _is_endless(run: Run) -> bool:
    return run.idle_steps > MAX_IDLE_STEPS or run.steps > MAX_STEPS


def _still(run: Run) -> Run:
    return replace(run, sounds=(), deadline=None, question=None)


def _play(run: Run, refs: tuple[str, ...], at: float) -> Run:
    """Nothing to hear: the run as it is, silent."""
    sounds = tuple(sound for ref in refs for sound in _sounds_of(run, ref))
    if not sounds:
        return _still(run)
    return replace(_still(run), sounds=sounds, serial=run.serial + 1, deadline=at + PROMPT_LIMIT_S)


def _sounds_of(run: Run, ref: str) -> tuple[str, ...]:
    """`digits:NAME` reads a variable out; any other reference is a sound that the office looked up."""
    if ref.startswith("digits:"):
        value = run.variables.get(ref.removeprefix("digits:"), "")
        return tuple(f"{run.tree.voice}/digit_{x}" for x in value[:MAX_KEYS] if x.isascii() and x.isdigit())
    return run.tree.sounds.get(ref, ())


def _await_keys(run: Run, node: Listening, at: float) -> Step:
    """Keys pressed before count at once; else the prompt plays."""
    if run.keys:
        return _judge(run, node, at)
    played = _play(run, node.sounds, at)
    return played if played.sounds else replace(played, deadline=at + node.timeout_s)


def _fall_silent(run: Run, at: float) -> Step:
    """The prompt is over."""
    if run.question is not None:
        return replace(run, sounds=())
    run = _still(run)
    match run.tree.nodes.get(run.node):
        case Play(next=after):
            return _enter(run, after, at)
        case Menu() | Collect() | DialWorkNumber() as node:
            return replace(run, deadline=at + node.timeout_s)
        case _:
            return run


def _press(run: Run, key: str, at: float) -> Step:
    match run.tree.nodes.get(run.node):
        case Play() as node if node.is_interruptible:
            return _enter(replace(_still(run), keys=(run.keys + key)[:MAX_KEYS]), node.next, at)
        case Menu() | Collect() | DialWorkNumber() as node:
            return _judge(replace(_still(run), keys=run.keys + key), node, at)
        case HttpRequest() if len(run.keys) < MAX_KEYS:
            return replace(run, keys=run.keys + key)
        case _:
            return run


def _judge(run: Run, node: Listening, at: float) -> Step:
    """The keys so far choose, are enough, or are to be followed by more."""
    run = _still(run)
    if isinstance(node, Menu):
        key, run = run.keys[0], replace(run, keys=run.keys[1:])
        after = node.keys.get(key)
        if after is not None:
            return _enter(run, after, at)
        return _try_again(run, node, node.invalid_sounds, "invalid", at)
    digits, end, rest = run.keys.partition(node.terminator) if node.terminator else (run.keys, "", "")
    if len(digits) >= node.max_digits:
        digits, rest, end = digits[: node.max_digits], digits[node.max_digits :] + end + rest, "."
        rest = rest.removeprefix(node.terminator) if node.terminator else rest
    if not end:
        return replace(run, deadline=at + node.timeout_s)
    return _complete(replace(run, keys=rest), node, digits, at)


def _complete(run: Run, node: Collect | DialWorkNumber, digits: str, at: float) -> Step:
    if len(digits) < node.min_digits:
        return _try_again(run, node, node.invalid_sounds, "invalid", at)
    if isinstance(node, DialWorkNumber):
        return Exit(ToNumber(digits, is_short=True), replace(run, keys=""), node.exits)
    return _enter(_with_variable(run, node.variable, digits), node.next, at)


def _time_out(run: Run, at: float) -> Step:
    match run.tree.nodes.get(run.node):
        case Menu() as node:
            return _try_again(run, node, (), "timeout", at)
        case Collect() | DialWorkNumber() as node:
            if run.keys:
                return _complete(replace(_still(run), keys=""), node, run.keys, at)
            return _try_again(run, node, (), "timeout", at)
        case HttpRequest() as node:
            return _enter(run, node.on_failed, at)
        case _:
            return _still(run)


def _try_again(run: Run, node: Listening, before: tuple[str, ...], why: str, at: float) -> Step:
    """Say it once more, or give up when it was said often enough."""
    run = replace(_still(run), keys="", tries=run.tries + 1, idle_steps=run.idle_steps + 1, steps=run.steps + 1)
    if _is_endless(run):
        return Exit(None, run, why="endless")
    if run.tries > node.retries:
        return _enter(run, node.on_timeout if why == "timeout" else node.on_invalid, at)
    played = _play(run, (*before, *node.sounds), at)
    return played if played.sounds else replace(played, deadline=at + node.timeout_s)


def _by_time(run: Run, node: TimeSwitch, at: float) -> str:
    schedule = run.tree.schedules.get(node.schedule_id)
    opening = schedule.opening(at) if schedule is not None else Opening.CLOSED
    match opening:
        case Opening.OPEN:
            return node.on_open
        case Opening.HOLIDAY if node.on_holiday is not None:
            return node.on_holiday
        case _:
            return node.on_closed


def _ask(run: Run, node: HttpRequest, at: float) -> Run:
    serial = run.serial + 1
    body = {name: _fill(text, run.variables) for name, text in node.body.items()}
    url = _fill(node.url, {name: quote(value, safe="") for name, value in run.variables.items()})
    question = HttpQuestion(serial, node.method, url, body, node.timeout_s)
    sounds = tuple(sound for ref in node.sounds for sound in _sounds_of(run, ref))
    deadline = at + node.timeout_s + ANSWER_MARGIN_S
    return replace(run, serial=serial, sounds=sounds, question=question, deadline=deadline)


def _fill(text: str, variables: dict[str, str]) -> str:
    """`{name}` is the variable's value; what names none stays."""
    for name, value in variables.items():
        text = text.replace("{" + name + "}", value)
    return text[:4096]


def _take_answer(run: Run, status: int, body: dict[str, Any], at: float) -> Step:
    node = run.tree.nodes.get(run.node)
    if not isinstance(node, HttpRequest):
        return _still(run)
    if not 200 <= status < 300:
        return _enter(run, node.on_failed, at)
    for variable, path in node.results.items():
        run = _with_variable(run, variable, _dig(body, path))
    return _enter(run, node.next, at)


def _dig(body: object, path: str) -> str:
    """`order.items.0.state` of a JSON answer, as text; empty when it is not there or is no plain value."""
    for part in path.split("."):
        match body:
            case dict():
                body = body.get(part)
            case list() if part.isascii() and part.isdigit() and len(part) < 6 and int(part) < len(body):
                body = body[int(part)]
            case _:
                return ""
    match body:
        case bool():
            return "true" if body else "false"
        case str() | int() | float():
            return str(body)[:MAX_VALUE]
        case _:
            return ""


def _with_variable(run: Run, name: str, value: str) -> Run:
    if name not in run.variables and len(run.variables) >= MAX_VARIABLES:
        return run
    return replace(run, variables={**run.variables, name: value[:MAX_VALUE]})
