"""Counting live calls: never above a limit, back to nothing when idle, right after a restart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ucc.engine.effects import TrunkTarget
from ucc.engine.limits import CODES, LimitCounter, refusal_code
from ucc.engine.target import LimitKey, TrunkPlan

A, B = TrunkTarget(1, "192.0.2.1", 5060, "1", "2"), TrunkTarget(2, "192.0.2.2", 5060, "1", "2")
PLAN = TrunkPlan("+8613800138000", "+861088880001", (A, B))
TENANT, CALLER = LimitKey("tenant", 7, 3), LimitKey("caller_id", 5, 2)
TRUNK_A, TRUNK_B = LimitKey("trunk", 1, 1), LimitKey("trunk", 2, 1)


def with_limits(*keys: LimitKey) -> TrunkPlan:
    return replace(PLAN, limits=keys)


def test_without_limits_everything_is_let_in() -> None:
    counter = LimitCounter()
    assert all(counter.admit(number, PLAN, 0.0) == PLAN for number in range(1000))
    assert counter.count("tenant", 7) == 0


def test_a_full_key_refuses_and_takes_nothing() -> None:
    counter = LimitCounter()
    plan = with_limits(TENANT, CALLER)
    assert [counter.admit(number, plan, 0.0) for number in range(3)] == [plan, plan, CALLER]
    assert (counter.count("tenant", 7), counter.count("caller_id", 5)) == (2, 2)
    counter.release(0)
    counter.release(0)
    assert counter.admit(3, plan, 0.0) == plan
    assert refusal_code(CALLER) == "caller_id_limit"


def test_a_full_trunk_leads_to_the_next() -> None:
    counter = LimitCounter()
    plan = with_limits(TRUNK_A, TRUNK_B)
    assert counter.admit("first", plan, 0.0) == plan
    assert counter.admit("second", plan, 0.0) == replace(plan, routes=(B,))
    assert counter.admit("third", plan, 0.0) == TRUNK_A
    counter.release("first")
    assert counter.admit("third", plan, 0.0) == plan


def test_second_choice_moves_the_place() -> None:
    counter = LimitCounter()
    plan = with_limits(TENANT, TRUNK_A, TRUNK_B)
    counter.admit("call", plan, 0.0)
    assert counter.move("call", plan, 2, 0.1) is None
    assert (counter.count("trunk", 1), counter.count("trunk", 2), counter.count("tenant", 7)) == (0, 1, 1)
    counter.admit("other", plan, 0.2)
    assert counter.move("other", plan, 2, 0.3) == TRUNK_B
    assert counter.count("trunk", 1) == 0
    for holder in ("call", "other"):
        counter.release(holder)
    assert not counter.holders
    assert counter.count("tenant", 7) == 0


def test_calls_per_second() -> None:
    counter = LimitCounter()
    plan = replace(with_limits(LimitKey("calls_per_second", 1, 2)), routes=(A,))
    times = (0.0, 0.5, 0.9, 1.0, 1.2, 1.51)
    admitted = [isinstance(counter.admit(number, plan, at), TrunkPlan) for number, at in enumerate(times)]
    assert admitted == [True, True, False, True, False, True]
    counter.release(0)
    assert not isinstance(counter.admit("later", plan, 1.6), TrunkPlan), "a call that ended has begun all the same"


def test_inbound_calls_take_places_too() -> None:
    counter = LimitCounter()
    assert [counter.acquire(number, (TRUNK_A,), 0.0) for number in range(2)] == [None, TRUNK_A]


def test_rebuilt_from_the_live_calls() -> None:
    counter = LimitCounter()
    counter.acquire("gone", (TENANT,), 0.0)
    counter.rebuild([(number, (TENANT, CALLER)) for number in range(5)])
    assert counter.count("tenant", 7) == 5
    assert counter.acquire("new", (TENANT,), 0.0) == TENANT
    for number in range(5):
        counter.release(number)
    assert counter.acquire("new", (TENANT,), 0.0) is None


def test_every_kind_has_a_code() -> None:
    kinds = ("tenant", "reseller", "caller_id", "trunk", "calls_per_second", "tenant_calls_per_second")
    assert {refusal_code(LimitKey(kind, 1, 1)) for kind in kinds} == set(CODES.values())
    with pytest.raises(KeyError):
        refusal_code(LimitKey("line", 1, 1))


STEPS = st.lists(st.tuples(st.sampled_from(["admit", "release", "move"]), st.integers(0, 12)), max_size=80)


@settings(deadline=None)
@given(STEPS)
def test_never_above_a_limit(steps: list[tuple[str, int]]) -> None:
    keys = (LimitKey("tenant", 7, 4), LimitKey("trunk", 1, 2), LimitKey("trunk", 2, 3))
    counter, plan, live = LimitCounter(), with_limits(*keys), set()
    for number, (step, holder) in enumerate(steps):
        if step == "admit" and holder not in live:
            if isinstance(counter.admit(holder, plan, float(number)), TrunkPlan):
                live.add(holder)
        elif step == "move" and holder in live:
            counter.move(holder, plan, 2, float(number))
        elif step == "release":
            counter.release(holder)
            live.discard(holder)
        assert all(counter.count(key.kind, key.id) <= key.most for key in keys)
        assert counter.count("tenant", 7) == len(live)
    for holder in live:
        counter.release(holder)
    assert [counter.count(key.kind, key.id) for key in keys] == [0, 0, 0]
