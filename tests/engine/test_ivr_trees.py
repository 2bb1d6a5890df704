"""The IVR in the words of the field: given a tree, when the caller does this, then he hears that and gets there."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from ucc.engine.events import HttpAnswered, KeyPressed, PromptEnded, TimerFired
from ucc.engine.hours import Hours, Schedule
from ucc.engine.ivr import Exit, Run, Step, begin, resume, step
from ucc.engine.ivr_check import check_tree
from ucc.engine.ivr_tree import (
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
    link,
)
from ucc.engine.target import ToAgent, ToNumber, ToQueue, ToVoicemail

CALLER = Caller("+8613800138000", province="广东", city="深圳")
SOUNDS = {f"prompt:{n}": (f"/p/{n}",) for n in range(1, 10)}
BYE = HangUp()


def tree(entry: str = "top", **nodes: Node) -> Tree:
    return Tree(1, 1, entry, nodes, sounds=SOUNDS, voice="/voice")


def menu(**changes: Any) -> Menu:
    values = {"sounds": ("prompt:1",), "keys": {"1": "sales"}, "on_timeout": "bye", "on_invalid": "bye"}
    return Menu(**{**values, **changes})


class Visit:
    """Plays a caller against a tree; time goes on by itself."""

    def __init__(self, tree: Tree, caller: Caller = CALLER, at: float = 1000.0) -> None:
        self.at = at
        self.now: Step = begin(tree, caller, at, "c.")

    @property
    def run(self) -> Run:
        assert isinstance(self.now, Run), self.now
        return self.now

    @property
    def exit(self) -> Exit:
        assert isinstance(self.now, Exit), self.now
        return self.now

    def press(self, keys: str) -> None:
        for key in keys:
            self.at += 0.1
            self.now = step(self.run, KeyPressed(self.at, "leg", key), self.at)

    def hear(self) -> tuple[str, ...]:
        """Listen to what plays until its end."""
        heard = self.run.sounds
        self.at += 2.0
        self.now = step(self.run, PromptEnded(self.at, "leg", self.run.playback), self.at)
        return heard

    def wait(self) -> None:
        """Do nothing until the timer fires."""
        assert self.run.deadline is not None
        self.at = self.run.deadline
        self.now = step(self.run, TimerFired(self.at, "ivr"), self.at)

    def answer(self, status: int, body: dict[str, Any]) -> None:
        assert self.run.question is not None
        self.at += 0.2
        self.now = step(self.run, HttpAnswered(self.at, self.run.question.serial, status, body), self.at)

    def fail(self, reason: str) -> None:
        self.now = resume(self.exit.run, reason, self.at)


class TestMenu:
    TREE = tree(
        top=menu(keys={"1": "sales", "2": "boss", "0": "out", "*": "box"}, invalid_sounds=("prompt:2",)),
        sales=GoQueue(5, priority=3, skills={"en": 2}),
        boss=GoAgent(7),
        out=GoNumber("+861088880000"),
        box=GoVoicemail(9),
        bye=Play(("prompt:3",), "end"),
        end=BYE,
    )

    def test_each_key_leads_to_its_target(self) -> None:
        for key, target in {
            "1": ToQueue(5, 3, {"en": 2}),
            "2": ToAgent(7),
            "0": ToNumber("+861088880000"),
            "*": ToVoicemail(9),
        }.items():
            caller = Visit(self.TREE)
            assert caller.hear() == ("/p/1",)
            caller.press(key)
            assert caller.exit.target == target

    def test_a_key_barges_in(self) -> None:
        caller = Visit(self.TREE)
        caller.press("2")
        assert caller.exit.target == ToAgent(7)

    def test_wrong_keys_are_said_and_counted(self) -> None:
        caller = Visit(self.TREE)
        for _ in range(2):
            caller.press("9")
            assert caller.run.sounds == ("/p/2", "/p/1")
        caller.press("9")
        assert caller.hear() == ("/p/3",)
        assert caller.exit.target is None

    def test_silence_repeats_the_prompt_then_gives_up(self) -> None:
        caller = Visit(self.TREE)
        for _ in range(3):
            assert caller.hear() == ("/p/1",)
            assert caller.run.deadline == caller.at + 5.0
            caller.wait()
        assert caller.hear() == ("/p/3",)

    def test_every_play_has_its_own_name(self) -> None:
        caller = Visit(self.TREE)
        first = caller.run.playback
        caller.press("9")
        assert caller.run.playback != first
        late = step(caller.run, PromptEnded(caller.at, "leg", first), caller.at)
        assert late == caller.run

    def test_an_early_timer_does_nothing(self) -> None:
        caller = Visit(self.TREE)
        caller.hear()
        assert step(caller.run, TimerFired(caller.at + 1, "ivr"), caller.at + 1) == caller.run
        assert step(caller.run, TimerFired(caller.at + 9, "ring"), caller.at + 9) == caller.run

    def test_the_end_of_a_prompt_that_nobody_reports(self) -> None:
        caller = Visit(self.TREE)
        caller.wait()
        assert caller.run.sounds == ()
        assert caller.run.deadline == caller.at + 5.0


class TestPlay:
    def test_keys_count_for_the_menu_behind(self) -> None:
        caller = Visit(tree(top=Play(("prompt:1",), "menu"), menu=menu(), sales=GoQueue(5), bye=BYE))
        caller.press("1")
        assert caller.exit.target == ToQueue(5)

    def test_what_must_be_heard_is_heard(self) -> None:
        caller = Visit(tree(top=Play(("prompt:1",), "menu", False), menu=menu(), sales=GoQueue(5), bye=BYE))
        caller.press("1")
        assert caller.hear() == ("/p/1",)
        assert caller.run.node == "menu"
        assert caller.run.sounds == ("/p/1",)

    def test_a_sound_that_is_not_there_does_not_stop_the_call(self) -> None:
        caller = Visit(tree(top=Play(("prompt:99",), "bye"), bye=BYE))
        assert caller.exit.target is None


class TestCollect:
    TREE = tree(
        top=Collect(("prompt:1",), "account", "read", "bye", "bye", min_digits=3, max_digits=5),
        read=Play(("digits:account", "prompt:2"), "by"),
        by=VariableSwitch("account", {"1234": "sales"}, "bye"),
        sales=GoQueue(5),
        bye=BYE,
    )

    def test_the_last_digit_is_enough(self) -> None:
        caller = Visit(self.TREE)
        caller.press("12345")
        assert caller.hear() == (
            "/voice/digit_1",
            "/voice/digit_2",
            "/voice/digit_3",
            "/voice/digit_4",
            "/voice/digit_5",
            "/p/2",
        )
        assert caller.exit.target is None

    def test_the_terminator_ends_it(self) -> None:
        caller = Visit(self.TREE)
        caller.press("1234#")
        caller.hear()
        assert caller.exit.target == ToQueue(5)

    def test_a_pause_ends_it(self) -> None:
        caller = Visit(self.TREE)
        caller.press("1234")
        caller.wait()
        assert caller.run.node == "read"

    def test_too_few_are_asked_again(self) -> None:
        caller = Visit(self.TREE)
        for _ in range(3):
            caller.press("12#")
        assert caller.exit.run.node == "bye"


class TestWorkNumber:
    TREE = tree(
        top=DialWorkNumber(
            ("prompt:1",), "bye", "bye", {"no_answer": "box"}, max_digits=4, invalid_sounds=("prompt:2",)
        ),
        box=GoVoicemail(1),
        bye=BYE,
    )

    def test_reaches_a_work_number_only(self) -> None:
        caller = Visit(self.TREE)
        caller.press("8001")
        assert caller.exit.target == ToNumber("8001", is_short=True)
        caller.fail("no_answer")
        assert caller.exit.target == ToVoicemail(1)

    def test_an_unknown_one_is_asked_again(self) -> None:
        caller = Visit(self.TREE)
        for _ in range(2):
            caller.press("9999")
            caller.fail("invalid")
            assert caller.run.sounds == ("/p/2", "/p/1")
        caller.press("9999")
        caller.fail("invalid")
        assert caller.exit.target is None


class TestSwitches:
    def test_hours(self) -> None:
        here = tree(top=TimeSwitch(3, "open", "closed", "off"), open=GoQueue(1), closed=GoQueue(2), off=GoQueue(3))
        always, never = Schedule(weekly=((Hours(0, 0),),) * 7), Schedule()
        for schedule, queue in ((always, 1), (never, 2)):
            told = Tree(1, 1, "top", here.nodes, schedules={3: schedule})
            assert Visit(told).exit.target == ToQueue(queue)

    def test_callers(self) -> None:
        cases = (
            CallerCase("blocked", is_blacklisted=True),
            CallerCase("vip", is_vip=True),
            CallerCase("south", provinces=("广东", "广西")),
            CallerCase("abroad", prefixes=("+1", "+44")),
        )
        here = tree(
            top=CallerSwitch(cases, "rest"),
            blocked=BYE,
            vip=GoQueue(1, priority=10),
            south=GoQueue(2),
            abroad=GoQueue(3),
            rest=GoQueue(4),
        )
        for caller, target in (
            (Caller("+8613", is_vip=True, is_blacklisted=True), None),
            (Caller("+8613", is_vip=True), ToQueue(1, 10)),
            (Caller("+8613", province="广西"), ToQueue(2)),
            (Caller("+4420"), ToQueue(3)),
            (Caller(""), ToQueue(4)),
        ):
            assert Visit(here, caller).exit.target == target


class TestHttp:
    TREE = tree(
        top=HttpRequest(
            "https://crm.example/who?n={caller}",
            "by",
            "bye",
            "POST",
            {"n": "{caller}", "c": "{city}"},
            {"level": "customer.level", "first": "orders.0.id", "is_new": "new"},
            sounds=("prompt:1",),
        ),
        by=VariableSwitch("level", {"3": "sales"}, "bye"),
        sales=GoQueue(5),
        bye=BYE,
    )

    def test_the_answer_decides(self) -> None:
        caller = Visit(self.TREE)
        question = caller.run.question
        assert question is not None
        assert question.url == "https://crm.example/who?n=%2B8613800138000"
        assert question.body == {"n": "+8613800138000", "c": "深圳"}
        caller.answer(200, {"customer": {"level": 3}, "orders": [{"id": "A1"}], "new": False})
        assert caller.exit.target == ToQueue(5)
        values = caller.exit.run.variables
        assert (values["level"], values["first"], values["is_new"]) == ("3", "A1", "false")

    def test_the_end_of_the_sound_does_not_end_the_question(self) -> None:
        caller = Visit(self.TREE)
        assert caller.hear() == ("/p/1",)
        assert caller.run.question is not None
        caller.answer(200, {"customer": {"level": "3"}})
        assert caller.exit.target == ToQueue(5)

    def test_failures(self) -> None:
        for status in (0, 404, 500):
            caller = Visit(self.TREE)
            caller.answer(status, {"customer": {"level": 3}})
            assert caller.exit.target is None
        caller = Visit(self.TREE)
        caller.wait()
        assert caller.exit.target is None

    def test_an_answer_to_another_question(self) -> None:
        caller = Visit(self.TREE)
        assert step(caller.run, HttpAnswered(caller.at, 99, 200, {}), caller.at) == caller.run


class TestTargetsThatFail:
    def test_by_reason(self) -> None:
        here = tree(
            top=GoQueue(5, {"timed_out": "box", "otherwise": "bye"}),
            box=GoVoicemail(1),
            bye=Play(("prompt:1",), "end"),
            end=BYE,
        )
        for reason, wanted in (("timed_out", ToVoicemail(1)), ("no_agents", None)):
            caller = Visit(here)
            caller.fail(reason)
            if wanted is None:
                assert caller.hear() == ("/p/1",)
            assert caller.exit.target == wanted

    def test_without_a_branch_the_call_ends(self) -> None:
        caller = Visit(tree(top=GoQueue(5)))
        caller.fail("timed_out")
        assert caller.exit.target is None


class TestSubMenus:
    SUB = Tree(
        2,
        1,
        "more",
        {
            "more": menu(keys={"1": "five", "*": "back"}, on_timeout="back", on_invalid="back"),
            "five": GoQueue(5),
            "back": Return(),
        },
    )

    def test_there_and_back(self) -> None:
        top = tree(top=menu(keys={"1": "sub", "2": "six"}), sub=SubMenu(2, "top"), six=GoQueue(6), bye=BYE)
        caller = Visit(link(top, {2: self.SUB}))
        caller.press("1")
        assert caller.run.node == "2/more"
        caller.press("*")
        assert caller.run.node == "top"
        caller.press("1")
        caller.press("1")
        assert caller.exit.target == ToQueue(5)

    def test_trees_that_call_each_other(self) -> None:
        one = Tree(1, 1, "a", {"a": SubMenu(2, "end"), "end": BYE})
        two = Tree(2, 1, "b", {"b": SubMenu(1, "back"), "back": Return()})
        linked = link(one, {1: one, 2: two})
        assert {"endless"} <= {fault.code for fault in check_tree(linked)}
        assert Visit(linked).exit.why == "endless"

    def test_return_without_a_way_back_ends_the_call(self) -> None:
        assert Visit(tree(top=Return())).exit.why == "returned"

    def test_a_sub_tree_that_is_gone(self) -> None:
        assert Visit(tree(top=SubMenu(8, "bye"), bye=BYE)).exit.why == "dangling"


class TestBounds:
    def test_a_silent_caller_does_not_stay_for_ever(self) -> None:
        caller = Visit(tree(top=menu(on_timeout="top")))
        for _ in range(1000):
            if isinstance(caller.now, Exit):
                break
            caller.wait()
        assert caller.exit.why == "endless"

    def test_unchecked_trees_end(self) -> None:
        assert Visit(tree(top=Play((), "top"))).exit.why == "endless"
        assert Visit(tree(top=Play((), "gone"))).exit.why == "dangling"
        assert Visit(tree("gone")).exit.why == "dangling"


def test_a_run_can_be_stored() -> None:
    adapter: TypeAdapter[Step] = TypeAdapter(Step)  # type: ignore[arg-type]
    for here in (TestMenu.TREE, TestCollect.TREE, TestHttp.TREE, TestWorkNumber.TREE):
        run = begin(here, CALLER, 1000.0, "c.")
        assert adapter.validate_json(adapter.dump_json(run)) == run
    exit = Visit(tree(top=GoQueue(5, {"timed_out": "top"}))).exit
    assert adapter.validate_json(adapter.dump_json(exit)) == exit


class TestCheck:
    def faults(self, **nodes: Node) -> set[tuple[str, str, str]]:
        return {(fault.node, fault.code, fault.branch) for fault in check_tree(Tree(1, 1, "top", nodes))}

    def test_good_trees(self) -> None:
        for here in (TestMenu.TREE, TestCollect.TREE, TestHttp.TREE, TestWorkNumber.TREE):
            assert check_tree(here) == []

    def test_dangling(self) -> None:
        assert self.faults(top=menu(), bye=BYE) == {("top", "dangling", "keys.1")}
        assert self.faults(top=GoQueue(1, {"timed_out": "x"})) == {("top", "dangling", "exits.timed_out")}
        assert ("", "dangling", "entry") in self.faults(a=BYE)

    def test_unreachable(self) -> None:
        assert self.faults(top=BYE, a=Play(("prompt:1",), "top")) == {("a", "unreachable", "")}

    def test_endless(self) -> None:
        one = Play(("prompt:1",), "b")
        assert [code for _, code, _ in self.faults(top=one, b=Play(("prompt:1",), "top"))] == ["endless"]
        ask = HttpRequest("https://x.example/", "top", "top")
        assert [code for _, code, _ in self.faults(top=ask)] == ["endless"]
        for reason, is_endless in (("no_agents", True), ("otherwise", True), ("timed_out", False)):
            codes = [code for _, code, _ in self.faults(top=GoQueue(1, {reason: "b"}), b=Play(("prompt:1",), "top"))]
            assert codes == (["endless"] if is_endless else []), reason

    def test_waiting_for_the_caller_breaks_the_circle(self) -> None:
        assert (
            self.faults(top=menu(keys={"1": "a"}, on_timeout="a", on_invalid="a"), a=Play(("prompt:1",), "top"))
            == set()
        )

    def test_values(self) -> None:
        for node in (
            menu(keys={"12": "bye"}),
            menu(keys={}),
            menu(timeout_s=0.0),
            menu(timeout_s=float("nan")),
            menu(retries=-1),
            menu(sounds=("/etc/passwd",)),
            Collect((), "Bad", "bye", "bye", "bye"),
            Collect((), "good", "bye", "bye", "bye", min_digits=9, max_digits=3),
            HttpRequest("file:///etc/passwd", "bye", "bye"),
            HttpRequest("http://user@host/", "bye", "bye"),
            HttpRequest("http://{caller}/", "bye", "bye"),
            CallerSwitch((CallerCase("bye"),), "bye"),
            GoNumber("not a number"),
            GoQueue(1, {"whenever": "bye"}),
        ):
            assert "bad_value" in {code for _, code, _ in self.faults(top=node, bye=BYE, sales=BYE)}, node

    def test_names(self) -> None:
        assert ("a/b", "bad_name", "") in self.faults(**{"top": Play(("prompt:1",), "a/b"), "a/b": BYE})
