"""Two agents, a supervisor, three calls: whatever people do, in any order the switch tells it, late, twice, never."""

from __future__ import annotations

import random

from engine.small_world import EVERYTHING, World
from ucc.engine.acd import events as fl
from ucc.engine.state import Ended

STEPS, STEPS_OF_A_DAY = 100_000, 1000


def play_day(seed: int) -> World:
    world = World(random.Random(seed))
    world.open()
    next_act = world.at
    while world.steps < STEPS_OF_A_DAY:
        if sum(not isinstance(x, Ended) for x in world.calls.values()) < 3:
            world.begin_call(len(world.calls) + 1)
        next_act += world.random.expovariate(1 / 1.5)
        while world.to_come and world.to_come[0][0] <= next_act:
            world.deliver()
        world.at = next_act
        world.decide_floor(fl.TimePassed(world.at))
        world.act()
        if world.random.random() < 0.3:
            world.check()
    world.go_home()
    return world


def test_random_days() -> None:
    steps, seed = 0, 0
    seen: set[str] = set()
    while steps < STEPS:
        seed += 1
        try:
            world = play_day(seed)
        except Exception as error:
            raise AssertionError(f"day {seed}") from error
        steps += world.steps
        seen |= world.seen
    assert seen >= EVERYTHING, "the days were too quiet"
