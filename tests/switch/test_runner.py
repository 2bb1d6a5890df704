"""The runner on the fake switch: whole calls, with the office and the recorder in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from ucc.engine import effects as ef
from ucc.engine import events as ev
from ucc.engine.acd.effects import KeepPresence, KeepStretch
from ucc.engine.acd.events import PresenceAsked, SettingsRead, StoredAgent
from ucc.engine.acd.model import AgentProfile, Floor, Member, Presence, QueuePolicy, Work
from ucc.engine.effects import AgentTarget, TrunkTarget
from ucc.engine.ivr_tree import Caller, GoQueue, Tree
from ucc.engine.record import EndedBy, FinishedCall, LegKind, Result
from ucc.engine.state import CallState, Ended, Live
from ucc.engine.target import QueuePlan, TrunkPlan
from ucc.kit.clock import SteadyClock
from ucc.switch.fake import FakeSwitch
from ucc.switch.port import Phone
from ucc.switch.runner import Question, Runner


@dataclass
class MemoryOffice:
    """An office that knows one DID and keeps everything in lists."""

    finished: list[FinishedCall] = field(default_factory=list)
    states: dict[object, CallState] = field(default_factory=dict)
    ended: set[UUID] = field(default_factory=set)

    async def answer(self, call_id: UUID, question: Question, at: float) -> ev.CallEvent:
        match question:
            case ef.FindInboundRoute(did="explode"):
                raise RuntimeError("a fault in one call")
            case ef.FindInboundRoute(did="+861088880001" as did, caller=caller):
                tree = Tree(0, 0, "queue", {"queue": GoQueue(4)})
                return ev.InboundRouteFound(at, 3, 7, tree, caller, did, Caller(caller))
            case ef.FindOutboundRoute(extension, callee):
                trunk = TrunkTarget(5, "192.0.2.9", 5080, callee, "+861088880001")
                plan = TrunkPlan(callee, "+861088880001", (trunk,))
                return ev.OutboundRouteFound(at, 3, AgentTarget(1, extension), callee, plan)
            case ef.FindTarget(serial=serial):
                return ev.TargetFound(at, serial, QueuePlan(4, 60, 15))
            case _:
                return ev.RouteRefused(at, "unknown_did", 1)

    def admit_trunk(self, call_id: UUID, trunk: TrunkTarget, at: float) -> bool:
        return True

    def note_ended(self, call_id: UUID) -> None:
        self.ended.add(call_id)

    def keep_state(self, state: CallState) -> None:
        if isinstance(state, Ended):
            self.states.pop(state.call_id, None)
        elif isinstance(state, Live):
            self.states[state.facts.call_id] = state

    def finish(self, finished: FinishedCall) -> None:
        self.finished.append(finished)

    def keep_presence(self, effect: KeepPresence) -> None: ...

    def keep_stretch(self, effect: KeepStretch) -> None: ...

    def publish_call(self, state: CallState) -> None: ...

    def publish_floor(self, before: Floor, after: Floor) -> None: ...


class MemoryRecorder:
    def __init__(self) -> None:
        self.running: set[str] = set()

    async def start(self, sip_call_id: str) -> None:
        self.running.add(sip_call_id)

    async def stop(self, sip_call_id: str) -> None:
        self.running.discard(sip_call_id)

    async def pause(self, sip_call_id: str) -> None: ...

    async def resume(self, sip_call_id: str) -> None: ...


@dataclass
class House:
    switch: FakeSwitch
    runner: Runner
    office: MemoryOffice
    recorder: MemoryRecorder

    async def until(self, condition: object, why: str) -> None:
        for _ in range(2000):
            if condition():  # type: ignore[operator]
                return
            await asyncio.sleep(0)
        raise AssertionError(why)

    def ready(self, agent_id: int) -> None:
        self.runner.post_floor(3, PresenceAsked(1.0, agent_id, Presence.READY))

    @property
    def is_empty(self) -> bool:
        """Nothing is left behind: no leg, no bridge, no capture, no busy agent."""
        agents = self.runner.floors[3].agents.values()
        return not self.switch.legs and all(a.work is Work.NONE for a in agents)


def build(switch: FakeSwitch | None = None) -> House:
    clock = SteadyClock()
    office, recorder = MemoryOffice(), MemoryRecorder()
    switch = switch or FakeSwitch(lambda leg, event: None, clock)
    runner = Runner(switch, recorder, office, clock, "/prompt")
    switch.on_event = runner.take_event
    runner.floors[3] = Floor(3)
    agents = tuple(StoredAgent(AgentProfile(AgentTarget(x, f"800{x}", "agent"), f"100{x}")) for x in (1, 2))
    queue = QueuePolicy(4, "service", {x: Member(x) for x in (1, 2)})
    runner.post_floor(3, SettingsRead(0.0, agents, (queue,)))
    return House(switch, runner, office, recorder)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = build()
    yield house
    await house.runner.close()


async def test_an_inbound_call_reaches_an_agent_and_leaves_nothing(house: House) -> None:
    house.switch.answering.add("8001")
    house.ready(1)
    house.switch.arrive("c1", "+8613900139000", "+861088880001")
    await house.until(lambda: any(len(x) == 2 for x in house.switch.bridges.values()), "nobody talks")
    assert house.recorder.running == {"sip-c1"}

    house.switch.far_end_hangs_up("c1")
    await house.until(lambda: house.office.finished and house.is_empty, "something is left")

    assert house.office.finished[0].result is Result.ANSWERED
    assert house.office.finished[0].ended_by is EndedBy.CUSTOMER
    assert house.office.states == {}


async def test_a_dead_phone_passes_the_caller_to_the_next_agent(house: House) -> None:
    house.switch.unreachable.add("8001")
    house.switch.answering.add("8002")
    house.ready(1)
    house.ready(2)
    house.switch.arrive("c1", "+8613900139000", "+861088880001")
    await house.until(lambda: any(len(x) == 2 for x in house.switch.bridges.values()), "nobody talks")

    assert house.runner.floors[3].agents[1].state == "paused"
    assert house.runner.floors[3].agents[2].state == "on_call"


@pytest.mark.parametrize(("number", "result"), [("2", Result.BUSY), ("5", Result.REJECTED), ("6", Result.LINE_FAULT)])
async def test_the_far_end_decides_an_outbound_call(house: House, number: str, result: Result) -> None:
    house.switch.arrive("p1", "8001", f"1380013800{number}", LegKind.PHONE)
    await house.until(lambda: house.office.finished and house.is_empty, "something is left")
    assert house.office.finished[0].result is result


async def test_a_fault_ends_its_own_call_only(house: House) -> None:
    house.switch.answering.add("8001")
    house.ready(1)
    house.switch.arrive("bad", "+8613900139000", "explode")
    house.switch.arrive("good", "+8613900139001", "+861088880001")
    await house.until(lambda: any(len(x) == 2 for x in house.switch.bridges.values()), "the good call died")

    assert "bad" not in house.switch.legs
    assert "good" in house.switch.legs


async def test_a_new_controller_adopts_the_talk(house: House) -> None:
    house.switch.answering.add("8001")
    house.ready(1)
    house.switch.arrive("c1", "+8613900139000", "+861088880001")
    await house.until(lambda: any(len(x) == 2 for x in house.switch.bridges.values()), "nobody talks")
    await house.runner.close()

    second = build(house.switch)
    for state in house.office.states.values():
        second.runner.adopt(state)
    await second.runner.reconcile(0.0)
    await second.until(lambda: second.runner.floors[3].agents[1].state == "on_call", "the agent is not adopted")
    house.switch.far_end_hangs_up("c1")
    await second.until(lambda: second.office.finished and not house.switch.legs, "the call did not end")
    await second.runner.close()

    assert second.office.finished[0].result is Result.ANSWERED


async def test_after_a_restart_an_agent_takes_who_has_waited_longest(house: House) -> None:
    """Whatever order the calls are read back in."""
    house.runner.post_floor(3, PresenceAsked(1.0, 1, Presence.PAUSED, "rest"))
    house.switch.arrive("c1", "+8613900139000", "+861088880001")
    await house.until(lambda: len(house.runner.floors[3].waiting) == 1, "the first does not wait")
    house.switch.arrive("c2", "+8613900139001", "+861088880001")
    await house.until(lambda: len(house.runner.floors[3].waiting) == 2, "the second does not wait")
    await house.runner.close()

    second = build(house.switch)
    house.switch.answering.add("8001")
    second.ready(1)
    for state in reversed(house.office.states.values()):
        second.runner.adopt(state)
    await asyncio.sleep(0)  # their tasks wait for events by the time the switch is there
    await second.runner.reconcile(0.0)
    await second.until(lambda: any(len(x) == 2 for x in house.switch.bridges.values()), "nobody talks")
    await second.runner.close()

    assert any("c1" in legs for legs in house.switch.bridges.values())


async def test_strays_are_found_and_hung_up(house: House) -> None:
    await house.switch.dial("someone", Phone("8009"), "1")
    strays = await house.runner.find_strays()
    await house.runner.hang_up_strays(strays)
    assert strays == {"someone"}
    assert house.switch.legs == {}
