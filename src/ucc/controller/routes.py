"""What calls ask: where a DID leads, what a phone dialled, how a target is reached, what somebody's server says."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from uuid import UUID

import structlog

from ucc.config import get_settings
from ucc.controller.deadline import within_deadline
from ucc.controller.features import Features
from ucc.controller.floors import Floors
from ucc.controller.store import AWAY
from ucc.db.unit import Database
from ucc.engine import effects as ef
from ucc.engine import events as ev
from ucc.engine.dialled import Feature, Short, Undialable, read_dialled
from ucc.engine.ivr import HttpQuestion
from ucc.engine.limits import LimitCounter, refusal_code
from ucc.engine.record import LegKind
from ucc.engine.state import CallState, Live
from ucc.engine.target import AgentPlan, LimitKey, Plan, RecordingPolicy, ToNumber, TrunkPlan
from ucc.errors import CallRefused
from ucc.ivr.http import HttpAsker
from ucc.rating.price import Service
from ucc.reception.loading import CallerBlacklisted, InboundPlan, TargetFailed, find_inbound_plan, find_target
from ucc.recording_policy.service import load_policies
from ucc.switch.runner import Question
from ucc.trunk.number import find_e164
from ucc.trunk.plan import find_inbound_limits, find_outbound_plan

log = structlog.get_logger("office")
NOT_FOUND, BUSY, REFUSED, CONGESTION = 1, 17, 21, 34
CAUSES = {"invalid_number": NOT_FOUND, "invalid": NOT_FOUND, "unknown_did": NOT_FOUND, "agent_busy": BUSY}
CAUSES |= dict.fromkeys(
    ("trunk_limit", "caller_id_limit", "tenant_limit", "reseller_limit", "tenant_calls_per_second"), CONGESTION
)


class Routes:
    """Answers questions of calls, each within a deadline; what a call takes of limits it holds until it ends."""

    def __init__(self, database: Database, floors: Floors, features: Features) -> None:
        self._database = database
        self._floors = floors
        self._features = features
        self._plans: dict[UUID, dict[str, TrunkPlan]] = {}
        self._http = HttpAsker(get_settings())
        self.limits = LimitCounter()
        self.unknown_dids: Counter[str] = Counter()

    def rebuild(self, states: list[CallState]) -> None:
        """Count the calls of before."""
        live = [x.facts for x in states if isinstance(x, Live) and x.facts.limits]
        self.limits.rebuild([(facts.call_id, list(facts.limits)) for facts in live])

    async def close(self) -> None:
        await self._http.close()

    async def answer(self, call_id: UUID, question: Question, at: float) -> ev.CallEvent:
        match question:
            case ef.FindInboundRoute():
                return await self._find_inbound(call_id, question, at)
            case ef.FindOutboundRoute():
                return await self._find_outbound(call_id, question, at)
            case ef.FindTarget():
                return await self._find_target(call_id, question, at)
            case ef.RequestHttp():
                return await self._request_http(question, at)

    # --- inbound --------------------------------------------------------------------------------------------------

    async def _find_inbound(
        self, call_id: UUID, question: ef.FindInboundRoute, at: float
    ) -> ev.InboundRouteFound | ev.RouteRefused:
        try:
            plan, limits = await within_deadline(self._load_inbound(call_id, question))
        except CallerBlacklisted as blacklisted:
            return ev.RouteRefused(at, "blacklisted", REFUSED, blacklisted.tenant_id)
        except CallRefused as refused:
            log.warning("an inbound call is refused", did=question.did, code=refused.refusal)
            return ev.RouteRefused(at, refused.refusal, CAUSES.get(refused.refusal, REFUSED))
        except AWAY as error:
            log.error("no route while the database is away", did=question.did, why=type(error).__name__)
            return ev.RouteRefused(at, "database_unavailable", CONGESTION)
        if plan is None:
            self.unknown_dids[question.did] += 1
            log.warning("unknown DID", did=question.did, times=self.unknown_dids[question.did])
            return ev.RouteRefused(at, "unknown_did", NOT_FOUND)
        if plan.tenant_id not in self._floors.floors:
            log.error("the tenant of a DID is not on this controller", did=question.did, tenant=plan.tenant_id)
            return ev.RouteRefused(at, "unknown_tenant", NOT_FOUND, plan.tenant_id)
        if (full := self.limits.acquire(call_id, limits, at)) is not None:
            return ev.RouteRefused(at, refusal_code(full), CONGESTION, plan.tenant_id)
        return ev.InboundRouteFound(
            at=at,
            tenant_id=plan.tenant_id,
            did_id=plan.did_id,
            tree=plan.tree,
            caller=find_e164(question.caller) or question.caller,
            callee=plan.callee,
            known=plan.caller,
            recording=plan.recording,
            language=plan.language,
            limits=limits,
        )

    async def _load_inbound(
        self, call_id: UUID, question: ef.FindInboundRoute
    ) -> tuple[InboundPlan | None, tuple[LimitKey, ...]]:
        async with self._database.begin() as session:
            plan = await find_inbound_plan(session, question.did, question.caller, call_id=call_id)
            limits = await find_inbound_limits(session, plan.tenant_id, question.trunk) if plan is not None else ()
            return plan, limits

    # --- outbound and internal ------------------------------------------------------------------------------------

    async def _find_outbound(
        self, call_id: UUID, question: ef.FindOutboundRoute, at: float
    ) -> ev.OutboundRouteFound | ev.FeatureFound | ev.RouteRefused:
        found = self._floors.find_agent_by_extension(question.extension)
        if found is None:
            log.warning("an extension of no agent dialled", extension=question.extension)
            return ev.RouteRefused(at, "no_agent", REFUSED)
        tenant_id, agent = found
        agent_id = agent.target.agent_id
        dialled = read_dialled(question.callee)
        try:
            if isinstance(dialled, Feature):
                return await within_deadline(self._features.serve(tenant_id, agent, dialled, at))
            recording = RecordingPolicy()
            plan: Plan | None = self._find_inside(tenant_id, question.callee)
            if plan is not None:
                recording = await within_deadline(self._load_policy(tenant_id, agent_id))
            else:
                if isinstance(dialled, Undialable):
                    raise CallRefused("invalid_number")
                plan = await within_deadline(
                    self._plan_outside(call_id, "call", tenant_id, agent_id, question.callee, question.caller_id, at)
                )
        except CallRefused as refused:
            log.info("a call is refused", extension=question.extension, callee=question.callee, code=refused.refusal)
            cause = CAUSES.get(refused.refusal, REFUSED)
            return ev.RouteRefused(at, refused.refusal, cause, tenant_id, agent_id)
        except AWAY as error:
            log.error("no route while the database is away", callee=question.callee, why=type(error).__name__)
            return ev.RouteRefused(at, "database_unavailable", CONGESTION, tenant_id, agent_id)
        callee = plan.callee if isinstance(plan, TrunkPlan) else question.callee
        return ev.OutboundRouteFound(at, tenant_id, agent.target, callee, plan, recording=recording)

    async def _load_policy(self, tenant_id: int, agent_id: int) -> RecordingPolicy:
        async with self._database.begin() as session:
            return (await load_policies(session, tenant_id)).choose(agent_id=agent_id)

    def _find_inside(self, tenant_id: int, text: str) -> AgentPlan | None:
        """A colleague by work number, then by extension."""
        dialled = read_dialled(text)
        if not isinstance(dialled, Short):
            return None
        found = self._floors.find_colleague(tenant_id, dialled.number)
        return AgentPlan(found.target, is_forced=True) if found is not None else None

    async def _plan_outside(
        self,
        call_id: UUID,
        holder: str,
        tenant_id: int,
        agent_id: int | None,
        callee: str,
        caller_id: str | None,
        at: float,
        is_forwarded: bool = False,
        service: Service = Service.OUTBOUND,
    ) -> TrunkPlan:
        """The trunks to an outside number, its limits taken. Raises CallRefused."""
        key = (call_id, holder)

        def admit(plan: TrunkPlan) -> TrunkPlan:
            admitted = self.limits.admit(key, plan, at)
            if isinstance(admitted, LimitKey):
                raise CallRefused(refusal_code(admitted))
            return admitted

        try:
            async with self._database.begin() as session:
                plan = await find_outbound_plan(
                    session,
                    tenant_id,
                    agent_id,
                    callee,
                    caller_id,
                    at,
                    call_id=call_id,
                    service=service,
                    is_forwarded=is_forwarded,
                    admit=admit,
                )
        except BaseException:
            self.limits.release(key)
            raise
        self._plans.setdefault(call_id, {})[holder] = plan
        return plan

    async def plan_verification(self, call_id: UUID, tenant_id: int, callee: str, at: float) -> TrunkPlan:
        """The same for a call that reads a code. Raises CallRefused."""
        return await self._plan_outside(
            call_id, "call", tenant_id, None, callee, None, at, service=Service.VERIFICATION
        )

    def admit_trunk(self, call_id: UUID, trunk: ef.TrunkTarget, at: float) -> bool:
        """The first trunk of a plan was admitted with its route; the next ones are asked for here."""
        for holder, plan in self._plans.get(call_id, {}).items():
            if trunk in plan.routes[1:] and trunk != plan.routes[0]:
                return self.limits.move((call_id, holder), plan, trunk.trunk_id, at) is None
        return True

    def note(self, state: CallState) -> None:
        """An outside number that this call reached and that is gone holds no place any more."""
        plans = self._plans.get(state.facts.call_id) if isinstance(state, Live) else None
        if not plans or not isinstance(state, Live):
            return
        reached = {leg.number for leg in state.facts.live_legs if leg.kind is LegKind.TRUNK}
        dialled = {leg.number for leg in state.facts.legs if leg.kind is LegKind.TRUNK}
        for holder in [key for key, plan in plans.items() if plan.callee in dialled - reached]:
            del plans[holder]
            self.limits.release((state.facts.call_id, holder))

    def note_ended(self, call_id: UUID) -> None:
        self.limits.release(call_id)
        for holder in self._plans.pop(call_id, {}):
            self.limits.release((call_id, holder))

    # --- targets --------------------------------------------------------------------------------------------------

    async def _find_target(self, call_id: UUID, question: ef.FindTarget, at: float) -> ev.TargetFound | ev.RouteRefused:
        try:
            plan = await within_deadline(self._plan_target(call_id, question, at))
        except CallRefused as refused:
            cause = CAUSES.get(refused.refusal, REFUSED)
            return ev.RouteRefused(at, refused.refusal, cause, serial=question.serial)
        except TargetFailed as failed:
            return ev.RouteRefused(at, failed.reason, CAUSES.get(failed.reason, REFUSED), serial=question.serial)
        except AWAY as error:
            log.error("no target while the database is away", why=type(error).__name__)
            return ev.RouteRefused(at, "database_unavailable", CONGESTION, serial=question.serial)
        return ev.TargetFound(at, question.serial, plan)

    async def _plan_target(self, call_id: UUID, question: ef.FindTarget, at: float) -> Plan:
        tenant_id, target = question.tenant_id, question.target
        async with self._database.begin() as session:
            plan = await find_target(session, tenant_id, target, question.caller, at)
        if isinstance(plan, AgentPlan):
            found = self._floors.find_agent(plan.agent.agent_id)
            if found is None:
                raise TargetFailed("unreachable")
            return replace(plan, agent=found[1].target)
        if plan is not None:
            return plan
        assert isinstance(target, ToNumber)
        by, holder = question.by_agent_id, f"target {question.serial}"
        is_forwarded = by is None
        return await self._plan_outside(
            call_id, holder, tenant_id, by, target.number, None, at, is_forwarded=is_forwarded
        )

    # --- http -----------------------------------------------------------------------------------------------------

    async def _request_http(self, question: ef.RequestHttp, at: float) -> ev.HttpAnswered:
        """What the enterprise's own server says to an IVR node."""
        status, body = await self._http.ask(
            HttpQuestion(question.serial, question.method, question.url, question.body, question.timeout_s)
        )
        return ev.HttpAnswered(at, question.serial, status, body)
