"""A playbook: a call driven event by event, in the words of the field; no clock, no switch, no sleeping."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from ucc.engine import call
from ucc.engine import effects as ef
from ucc.engine import events as ev
from ucc.engine.ivr_tree import Caller, GoQueue, Tree
from ucc.engine.record import FinishedCall, LegKind
from ucc.engine.state import CallState, Live, New, Stage
from ucc.engine.target import AgentPlan, Plan, QueuePlan, RecordingPolicy, TrunkPlan

T = TypeVar("T")
CALL = UUID("01900000-0000-7000-8000-000000000001")
CUSTOMER = "1700000000.1"
PHONE = "1700000000.2"
LI = ef.AgentTarget(1, "8001", "Li")
WANG = ef.AgentTarget(2, "8002", "Wang")
CALLER, DID = "+8613900139000", "+861088880001"
QUEUE = QueuePlan(4, 60.0, 15.0)
TREE = Tree(0, 0, "queue", {"queue": GoQueue(4)})
TRUNK = ef.TrunkTarget(5, "192.0.2.9", 5080, "+8613800138001", "+861088880001")
OUTSIDE = TrunkPlan("+8613800138001", "+861088880001", (TRUNK,))
SECOND = ef.TrunkTarget(6, "192.0.2.10", 5080, "013800138001", "+861088880001")


class Playbook:
    """Feeds events one second apart and remembers every effect."""

    def __init__(self) -> None:
        self.policy = RecordingPolicy()
        self.state: CallState = New(CALL)
        self.at = 1000.0
        self.effects: list[ef.Effect] = []
        self.all_effects: list[ef.Effect] = []

    def when(self, event: ev.CallEvent) -> list[ef.Effect]:
        self.state, effects = call.decide(self.state, event)
        self.effects = list(effects)
        self.all_effects += self.effects
        return self.effects

    def tick(self, seconds: float = 1.0) -> float:
        self.at += seconds
        return self.at

    # --- what usually happens -------------------------------------------------------------------------------------

    def customer_calls(self) -> None:
        self.when(
            ev.CallArrived(
                self.at, CUSTOMER, LegKind.TRUNK, "+8613900139000", "+861088880001", "192.0.2.9:5080", "sip-c"
            )
        )

    def customer_waits(self) -> None:
        self.customer_calls()
        self.when(ev.InboundRouteFound(self.at, 3, 7, TREE, CALLER, DID, Caller(CALLER), self.policy))
        self.target_found(QUEUE)
        self.when(ev.LegAnswered(self.tick(0.1), CUSTOMER))

    def agent_rings(self, agent: ef.AgentTarget = LI) -> str:
        self.when(ev.AgentsOffered(self.tick(), (agent,)))
        leg = self.only(ef.DialAgent).leg
        self.when(ev.LegCreated(self.at, leg, f"sip-{agent.extension}"))
        self.when(ev.LegRinging(self.at, leg))
        return leg

    def inbound_talk(self) -> str:
        self.customer_waits()
        leg = self.agent_rings()
        self.when(ev.LegAnswered(self.tick(3), leg))
        return leg

    def agent_dials(self, callee: str = "13800138001") -> str:
        self.when(ev.CallArrived(self.at, PHONE, LegKind.PHONE, "8001", callee, "8001", "sip-p"))
        self.when(ev.OutboundRouteFound(self.tick(0.1), 3, LI, TRUNK.number, self.outside()))
        leg = self.only(ef.DialTrunk).leg
        self.when(ev.LegCreated(self.at, leg, "sip-t"))
        return leg

    def outside(self, *routes: ef.TrunkTarget) -> TrunkPlan:
        return TrunkPlan(TRUNK.number, TRUNK.caller_id, routes or (TRUNK,), recording=self.policy)

    def target_found(self, plan: Plan) -> list[ef.Effect]:
        """The office answers the last question for a target."""
        asked = [x for x in self.all_effects if isinstance(x, ef.FindTarget)][-1]
        return self.when(ev.TargetFound(self.at, asked.serial, plan))

    def agent_found(self, agent: ef.AgentTarget) -> str:
        """The office names a colleague, the floor gives him; the leg that rings."""
        self.target_found(AgentPlan(agent))
        self.when(ev.AgentsOffered(self.at, (agent,)))
        leg = self.only(ef.DialAgent).leg
        self.when(ev.LegCreated(self.at, leg, f"sip-{agent.extension}"))
        return leg

    @property
    def stage(self) -> Stage:
        assert isinstance(self.state, Live), self.state
        return self.state.stage

    # --- what was done --------------------------------------------------------------------------------------------

    def only(self, kind: type[T]) -> T:
        found = [x for x in self.effects if isinstance(x, kind)]
        assert len(found) == 1, f"one {kind.__name__} in {self.effects}"
        return found[0]

    def has(self, *effects: ef.Effect) -> bool:
        return all(x in self.effects for x in effects)

    @property
    def finished(self) -> FinishedCall:
        saved = [x.finished for x in self.all_effects if isinstance(x, ef.SaveCall)]
        assert len(saved) == 1, f"saved once, not {len(saved)} times"
        return saved[0]
