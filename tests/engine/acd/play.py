"""Words for plays on a floor: who is there, what happens, what is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from ucc.engine.acd import effects as ef
from ucc.engine.acd import events as ev
from ucc.engine.acd.decide import decide
from ucc.engine.acd.model import AgentProfile, Floor, Member, Presence, QueuePolicy, Strategy, Ticket
from ucc.engine.effects import AgentTarget

LI, WANG, ZHAO, QIAN = 1, 2, 3, 4
SERVICE, SALES = 40, 50
READY, PAUSED, OFFLINE = Presence.READY, Presence.PAUSED, Presence.OFFLINE


def profile(agent_id: int, skills: Mapping[str, int] | None = None) -> AgentProfile:
    target = AgentTarget(agent_id, f"80{agent_id:02}", f"agent {agent_id}")
    return AgentProfile(target, f"10{agent_id:02}", skills or {})


def policy(queue_id: int = SERVICE, members: tuple[int, ...] = (LI, WANG, ZHAO), **settings: object) -> QueuePolicy:
    penalties = settings.pop("penalties", {})
    assert isinstance(penalties, dict)
    known = {x: Member(x, penalties.get(x, 0), order) for order, x in enumerate(members)}
    if isinstance(settings.get("strategy"), str):
        settings["strategy"] = Strategy(str(settings["strategy"]))
    return replace(QueuePolicy(queue_id, f"queue {queue_id}", known), **settings)  # type: ignore[arg-type]


def call(number: int) -> UUID:
    return UUID(int=number)


class Play:
    """A floor on which events happen one after another; `told` has the effects of the last one."""

    def __init__(
        self,
        *queues: QueuePolicy,
        skills: Mapping[int, Mapping[str, int]] | None = None,
        ready: tuple[int, ...] = (),
        outbound_wrap_up_s: float = 0.0,
    ) -> None:
        self.queues = queues or (policy(),)
        self.skills = dict(skills or {})
        self.outbound_wrap_up_s = outbound_wrap_up_s
        self.at = 0.0
        self.floor = Floor(3)
        self.told: list[ef.FloorEffect] = []
        self.stretches: list[ef.KeepStretch] = []
        self.read()
        for number, agent_id in enumerate(ready):
            self.ask(agent_id, READY, at=1 + number / 100)

    def happen(self, event: ev.FloorEvent) -> list[ef.FloorEffect]:
        self.at = max(self.at, event.at)
        self.floor, effects = decide(self.floor, event)
        self.stretches += [x for x in effects if isinstance(x, ef.KeepStretch)]
        self.told = [x for x in effects if not isinstance(x, ef.KeepStretch)]
        return self.told

    def read(self, at: float | None = None) -> list[ef.FloorEffect]:
        members = sorted({x for queue in self.queues for x in queue.members} | self.skills.keys())
        agents = tuple(ev.StoredAgent(profile(x, self.skills.get(x))) for x in members)
        return self.happen(ev.SettingsRead(self.at if at is None else at, agents, self.queues, self.outbound_wrap_up_s))

    def ask(
        self, agent_id: int, presence: Presence, reason: str | None = None, *, at: float | None = None
    ) -> list[ef.FloorEffect]:
        return self.happen(ev.PresenceAsked(self._now(at), agent_id, presence, reason))

    def join(
        self,
        number: int,
        queue_id: int = SERVICE,
        *,
        at: float | None = None,
        since: float | None = None,
        priority: int = 0,
        skills: Mapping[str, int] | None = None,
        last: int | None = None,
    ) -> list[ef.FloorEffect]:
        at = self._now(at)
        ticket = Ticket(queue_id, at if since is None else since, priority, "", skills or {}, last)
        return self.happen(ev.CallJoined(at, call(number), ticket))

    def leave(self, number: int, *, at: float | None = None) -> list[ef.FloorEffect]:
        return self.happen(ev.CallLeft(self._now(at), call(number)))

    def report(self, agent_id: int, number: int, *works: str, at: float | None = None) -> list[ef.FloorEffect]:
        for work in works:
            self.happen(ev.WorkReported(self._now(at), agent_id, call(number), work))
        return self.told

    def serve(self, agent_id: int, number: int, *, start: float, end: float) -> None:
        """The agent takes the call that he was offered, and talks from `start` to `end`."""
        self.report(agent_id, number, "ringing", "talking", at=start)
        self.report(agent_id, number, "released", at=end)

    def claim(self, agent_id: int, number: int, *, is_forced: bool = False) -> list[ef.FloorEffect]:
        return self.happen(ev.AgentClaimed(self._now(None), agent_id, call(number), is_forced))

    def wait(self, seconds: float) -> list[ef.FloorEffect]:
        """Time passes second by second, as the controller says it."""
        told: list[ef.FloorEffect] = []
        end = self.at + seconds
        while self.at < end:
            told += self.happen(ev.TimePassed(min(self.at + 1, end)))
        self.told = told
        return told

    def _now(self, at: float | None) -> float:
        return self.at + 0.01 if at is None else at

    def state(self, agent_id: int) -> str:
        return self.floor.agents[agent_id].state

    @property
    def offered(self) -> list[tuple[int, tuple[int, ...]]]:
        """Calls and agents of the offers in `told`."""
        return offers_in(self.told)


def offers_in(told: list[ef.FloorEffect]) -> list[tuple[int, tuple[int, ...]]]:
    offers = [x for x in told if isinstance(x, ef.OfferAgents)]
    return [(x.call_id.int, tuple(agent.agent_id for agent in x.agents)) for x in offers]
