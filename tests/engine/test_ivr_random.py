"""Random trees and random callers: nothing crashes, nothing goes on for ever, and a checked tree never dangles."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from ucc.engine.events import HttpAnswered, KeyPressed, PromptEnded, TimerFired
from ucc.engine.hours import Hours, Schedule
from ucc.engine.ivr import MAX_STEPS, Exit, Run, Step, begin, resume, step
from ucc.engine.ivr_check import check_tree
from ucc.engine.ivr_tree import (
    FAILURES,
    INSTANT,
    Caller,
    CallerCase,
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
    link,
)

NAMES = [f"n{number}" for number in range(9)]
name = st.sampled_from(NAMES)
key = st.sampled_from("0123456789*#")
sounds = st.lists(st.sampled_from(["prompt:1", "prompt:9", "builtin:bye", "digits:x"]), max_size=2).map(tuple)
some_sounds = st.lists(st.sampled_from(["prompt:1", "digits:x"]), min_size=1, max_size=2).map(tuple)
retries = st.integers(0, 3)


def exits(kind: str) -> st.SearchStrategy[dict[str, str]]:
    return st.dictionaries(st.sampled_from([*FAILURES[kind], "otherwise"]), name, max_size=3)


nodes: st.SearchStrategy[Node] = st.one_of(
    st.builds(Play, some_sounds, name, st.booleans()),
    st.builds(Menu, sounds, st.dictionaries(key, name, min_size=1, max_size=3), name, name, retries=retries),
    st.builds(
        Collect,
        sounds,
        st.just("x"),
        name,
        name,
        name,
        max_digits=st.integers(1, 4),
        terminator=st.sampled_from(["", "#"]),
    ),
    st.builds(TimeSwitch, st.integers(1, 2), name, name, st.none() | name),
    st.builds(
        CallerSwitch, st.lists(st.builds(CallerCase, name, st.booleans()), min_size=1, max_size=2).map(tuple), name
    ),
    st.builds(VariableSwitch, st.just("x"), st.dictionaries(key, name, min_size=1, max_size=2), name),
    st.builds(HttpRequest, st.just("https://x.example/{x}"), name, name, sounds=sounds, results=st.just({"x": "a.0"})),
    st.builds(SubMenu, st.integers(1, 3), name),
    st.just(Return()),
    st.builds(GoQueue, st.just(1), exits("queue")),
    st.builds(GoAgent, st.just(1), exits("agent")),
    st.builds(DialWorkNumber, sounds, name, name, exits("work_number"), max_digits=st.integers(1, 4)),
    st.builds(GoNumber, st.just("+8610"), exits("number")),
    st.builds(GoVoicemail, st.just(1), exits("voicemail")),
    st.just(HangUp()),
)


@st.composite
def trees(draw: st.DrawFn, tree_id: int = 1) -> Tree:
    """A tree without unreachable nodes; it may still be endless."""
    made = {one: draw(nodes) for one in NAMES}
    reached: set[str] = set()
    ahead = [NAMES[0]]
    while ahead:
        one = ahead.pop()
        if one not in reached:
            reached.add(one)
            ahead += branches_of(made[one]).values()
    schedules = {1: Schedule(weekly=((Hours(0, 0),),) * 7)}
    kept = {one: node for one, node in made.items() if one in reached}
    return Tree(tree_id, 1, NAMES[0], kept, {"prompt:1": ("/p/1",)}, schedules, voice="/v")


def play(tree: Tree, data: st.DataObject, turns: int, failing: str | None) -> Step:
    """Run a tree under random events; with `failing`, by nothing but that, which never gives the caller a say."""
    at = 1000.0
    now: Step = begin(tree, Caller("+86138"), at, "c.")
    for _ in range(turns):
        if isinstance(now, Exit):
            if now.target is None:
                return now
            now = resume(
                now.run, failing or data.draw(st.sampled_from(sorted({x for y in FAILURES.values() for x in y}))), at
            )
            continue
        assert now.deadline is not None, "a run that waits for nothing"
        what = "timer" if failing else data.draw(st.sampled_from(["key", "prompt", "timer", "http", "stale"]))
        before = now
        match what:
            case "key":
                now = step(now, KeyPressed(at, "leg", data.draw(key)), at)
            case "prompt":
                now = step(now, PromptEnded(at, "leg", now.playback), at)
            case "timer":
                at = now.deadline
                now = step(now, TimerFired(at, "ivr"), at)
            case "http":
                body = data.draw(st.sampled_from([{}, {"a": [1]}, {"a": ["2"]}, {"a": {"0": None}}, {"a": 5}]))
                now = step(now, HttpAnswered(at, now.serial, data.draw(st.sampled_from([0, 200, 500])), body), at)
            case _:
                now = step(now, PromptEnded(at, "leg", "c.-1"), at)
                assert now == before
    return now


@settings(max_examples=300, deadline=None)
@given(trees(), st.data())
def test_random_callers(tree: Tree, data: st.DataObject) -> None:
    end = play(tree, data, 60, None)
    run = end if isinstance(end, Run) else end.run
    assert run.steps <= MAX_STEPS + 1
    if not check_tree(tree) and isinstance(end, Exit) and end.target is None:
        assert end.why != "dangling" or any(isinstance(x, SubMenu) for x in tree.nodes.values())


@settings(max_examples=300, deadline=None)
@given(trees(), trees(2), trees(3), st.data(), st.sampled_from(["timed_out", "no_agents", "busy", "full", "invalid"]))
def test_a_caller_who_does_nothing_is_let_go(
    one: Tree, two: Tree, three: Tree, data: st.DataObject, reason: str
) -> None:
    """Whatever the trees, also those that no check would pass, also linked to each other."""
    end = play(link(one, {1: one, 2: two, 3: three}), data, 400, reason)
    assert isinstance(end, Exit)
    assert end.target is None


@settings(max_examples=300, deadline=None)
@given(trees(), st.data())
def test_a_checked_tree_never_hurries_for_ever(tree: Tree, data: st.DataObject) -> None:
    """Without failures that come at once and with nobody waiting, a checked tree always comes to a wait or an end."""
    tree = replace(tree, nodes={one: HangUp() if isinstance(x, SubMenu) else x for one, x in tree.nodes.items()})
    if any(fault.code == "endless" for fault in check_tree(tree)):
        return
    for start in tree.nodes:
        now: Step = begin(replace(tree, entry=start), Caller(""), 1000.0)
        for _ in range(len(tree.nodes) + 1):
            match now:
                case Run() if now.sounds and now.question is None and isinstance(tree.nodes[now.node], Play):
                    now = step(now, PromptEnded(1000.0, "leg", now.playback), 1000.0)
                case Run() if now.question is not None:
                    now = step(now, HttpAnswered(1000.0, now.serial, 500, {}), 1000.0)
                case Exit() if now.target is not None and not isinstance(tree.nodes[now.run.node], DialWorkNumber):
                    failures = sorted(INSTANT & set(FAILURES[tree.nodes[now.run.node].kind]))
                    now = resume(now.run, data.draw(st.sampled_from(failures)), 1000.0)
                case _:
                    break
        else:
            raise AssertionError(f"still going from {start}")
