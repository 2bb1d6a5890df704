"""The runner: one mailbox per call, one floor per tenant; decides, keeps the state, then has the effects carried out.

A call in which the engine fails is ended cleanly and takes no other call with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import UUID

import structlog

from ucc.engine import call
from ucc.engine import effects as ef
from ucc.engine import events as ev
from ucc.engine.acd import effects as fe
from ucc.engine.acd import events as fl
from ucc.engine.acd.decide import decide as decide_floor
from ucc.engine.acd.model import Floor
from ucc.engine.diff import effects_between
from ucc.engine.ending import end_call
from ucc.engine.leg import Leg
from ucc.engine.record import EndedBy, FinishedCall, LegKind, Result
from ucc.engine.state import CallState, Ended, Line, Live, New, Talking
from ucc.engine.wants import wants
from ucc.kit.clock import SteadyClock
from ucc.kit.ids import new_id
from ucc.switch.perform import Performer, Recorder
from ucc.switch.port import Switch, SwitchError

log = structlog.get_logger("runner")
MAILBOX_SIZE = 1000
LINGER_S = 10.0
Question = ef.FindInboundRoute | ef.FindOutboundRoute | ef.FindTarget | ef.RequestHttp


class Office(Protocol):
    """What the rest of the product knows and keeps for calls."""

    async def answer(self, call_id: UUID, question: Question, at: float) -> ev.CallEvent:
        """Look up a route, a target, or what somebody's server says; a refusal is an answer too."""

    def admit_trunk(self, call_id: UUID, trunk: ef.TrunkTarget, at: float) -> bool:
        """Whether the trunk has room for this leg; the first of a plan was admitted with its route."""

    def keep_state(self, state: CallState) -> None:
        """Keep a live call so that it survives this process; returns once it would."""

    def finish(self, finished: FinishedCall) -> None:
        """Keep a finished call until it is in the database."""

    def read_code(self, call_id: UUID) -> tuple[str, ...]:
        """The sounds of the digits that this call reads aloud."""

    def note_ended(self, call_id: UUID) -> None:
        """The call holds nothing any more: its places on lines are free."""

    def keep_presence(self, effect: fe.KeepPresence) -> None: ...

    def keep_stretch(self, effect: fe.KeepStretch) -> None: ...

    def publish_call(self, state: CallState) -> None: ...

    def publish_floor(self, before: Floor, after: Floor) -> None: ...


@dataclass
class Actor:
    """A call: its state, its mailbox, its timers."""

    call_id: UUID
    state: CallState
    mailbox: asyncio.Queue[ev.CallEvent] = field(default_factory=lambda: asyncio.Queue(MAILBOX_SIZE))
    timers: dict[str, asyncio.TimerHandle] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None
    is_hung_up_by_us: bool = False

    def start_timer(self, name: str, seconds: float, fire: Callable[[], None]) -> None:
        self.cancel_timer(name)
        self.timers[name] = asyncio.get_running_loop().call_later(seconds, fire)

    def cancel_timer(self, name: str) -> None:
        timer = self.timers.pop(name, None)
        if timer is not None:
            timer.cancel()


class Runner:
    """All calls and floors that this controller owns, on one switch."""

    def __init__(self, switch: Switch, recorder: Recorder, office: Office, clock: SteadyClock, prompt_dir: str) -> None:
        self.office = office
        self.clock = clock
        self.calls: dict[UUID, Actor] = {}
        self.floors: dict[int, Floor] = {}
        self.borrowers: dict[str, UUID] = {}
        self._switch = switch
        self._performer = Performer(self, switch, recorder, prompt_dir)
        self._call_by_leg: dict[str, UUID] = {}
        self._background: set[asyncio.Task[None]] = set()

    # --- in -------------------------------------------------------------------------------------------------------

    def take_event(self, leg: str, event: ev.CallEvent) -> None:
        """An event of the switch; the sink that the switch is given."""
        call_id = self._find_call(leg)
        if call_id is None and isinstance(event, ev.CallArrived):
            call_id = new_id()
            self._call_by_leg[leg] = call_id
            self.adopt(New(call_id))
        if isinstance(event, ev.PromptEnded) and call_id is not None:
            event = replace(event, playback=event.playback.removeprefix(f"{call_id}."))
        if call_id is not None and call_id in self.calls:
            self.post(call_id, event)
            borrower = self.borrowers.get(leg)
            if borrower is not None and borrower != call_id:
                self.post(borrower, event)
        elif isinstance(event, ev.LegAnswered | ev.LegRinging):
            log.warning("a leg of no known call is hung up", leg=leg)
            self._spawn(self._hang_up_stray(leg))

    def take_key(self, sip_call_id: str, key: str, at: float, *, is_near: bool = False) -> None:
        """A key that the border heard on the leg with this SIP Call-ID: of its far end, or (near) of who talks with it.

        A desk phone's media meets the border on the other party's leg only; a browser's on its own too, once more.
        """
        for actor in self.calls.values():
            if isinstance(actor.state, Live):
                for leg in actor.state.facts.live_legs:
                    if leg.sip_call_id == sip_call_id and (by := _find_presser(actor.state, leg, is_near)) is not None:
                        self.post(actor.call_id, ev.KeyPressed(at, by, key))

    def sip_call_ids(self) -> set[str]:
        """The SIP Call-IDs of every leg of every call."""
        states = (actor.state for actor in self.calls.values())
        legs = (leg for state in states if isinstance(state, Live) for leg in state.facts.legs)
        return {leg.sip_call_id for leg in legs if leg.sip_call_id is not None}

    def adopt(self, state: CallState) -> Actor:
        """Take a call in, new or read back after a restart."""
        call_id = state.facts.call_id if isinstance(state, Live) else state.call_id
        actor = Actor(call_id, state)
        self.calls[call_id] = actor
        if isinstance(state, Live):
            own = [leg for leg in state.facts.legs if not leg.is_line]
            self._call_by_leg.update((leg.leg, call_id) for leg in own)
            self.borrowers.update((leg.leg, call_id) for leg in state.facts.live_legs if leg.is_line)
            self._claim_agents(state)
        actor.task = asyncio.create_task(self._run(actor), name=f"call {call_id}")
        return actor

    def _claim_agents(self, state: Live) -> None:
        """Its agents are taken before any call that waits joins a queue again."""
        facts, at = state.facts, self.clock.time()
        for agent_id, work in wants(state).agents.items() if facts.tenant_id is not None else ():
            report = fl.WorkReported(at, agent_id, facts.call_id, work, facts.queue_id)
            self.post_floor(facts.tenant_id or 0, report)

    def begin(self, event: ev.CallRequested | ev.LineRequested | ev.CodeRequested, call_id: UUID | None = None) -> UUID:
        """A call that somebody asked for, maybe under an id of its own."""
        actor = self.adopt(New(call_id or new_id()))
        self.post(actor.call_id, event)
        return actor.call_id

    def post(self, call_id: UUID, event: ev.CallEvent) -> None:
        """Put an event into a call's mailbox; a call that is overrun by events is not worth more memory."""
        actor = self.calls.get(call_id)
        if actor is None:
            return
        try:
            actor.mailbox.put_nowait(event)
        except asyncio.QueueFull:
            log.error(
                "the mailbox of a call is full, its event is dropped", call=str(call_id), got=type(event).__name__
            )

    def post_floor(self, tenant_id: int, event: fl.FloorEvent) -> None:
        """Decide a floor event at once: a floor's decisions touch no switch, so they need no mailbox of their own."""
        before = self.floors.get(tenant_id)
        if before is None:
            log.error("no floor for this tenant", tenant=tenant_id)
            return
        after, effects = decide_floor(before, event)
        self.floors[tenant_id] = after
        at = self.clock.time()
        for effect in effects:
            match effect:
                case fe.OfferAgents(call_id, agents):
                    self.post(call_id, ev.AgentsOffered(at, agents))
                    if call_id not in self.calls:
                        self.post_floor(tenant_id, fl.CallLeft(at, call_id))
                        for agent in agents:
                            self.post_floor(tenant_id, fl.WorkReported(at, agent.agent_id, call_id, "released"))
                case fe.RefuseQueue(call_id, reason):
                    self.post(call_id, ev.QueueRefused(at, reason))
                case fe.RefuseAgent(call_id, agent_id, code):
                    self.post(call_id, ev.AgentRefused(at, code, agent_id))
                case fe.TellPosition(call_id, position, wait_s):
                    self.post(call_id, ev.PositionTold(at, position, wait_s))
                case fe.KeepPresence():
                    self.office.keep_presence(effect)
                case fe.KeepStretch():
                    self.office.keep_stretch(effect)
        self.office.publish_floor(before, self.floors[tenant_id])

    def give_leg(self, call_id: UUID, event: ev.LegGiven) -> None:
        """A leg moves to another call; when that is gone, the leg is hung up."""
        target = self.calls.get(call_id)
        if target is None or not isinstance(target.state, Live):
            self._spawn(self._hang_up_stray(event.leg.leg))
            return
        self._call_by_leg[event.leg.leg] = call_id
        self.post(call_id, event)

    def find_line(self, leg: str) -> Leg | None:
        """The leg of a nailed-up line, while it is up."""
        call_id = self._find_call(leg)
        actor = self.calls.get(call_id) if call_id is not None else None
        if actor is None or not isinstance(actor.state, Live) or not isinstance(actor.state.stage, Line):
            return None
        found = actor.state.facts.leg(leg)
        return found if found is not None and found.is_up else None

    async def reconcile(self, last_seen: float) -> None:
        """Hold every call against what the switch really has. `last_seen`: when the switch was heard before.

        Who has waited longest joins its queue again first: an agent may be free already.
        """
        observed = await self._switch.observe()
        at = self.clock.time()
        for actor in sorted(self.calls.values(), key=_stands_since):
            state = actor.state
            if isinstance(state, New):
                continue
            prefix = f"ucc.{actor.call_id}."
            facts = state.facts
            lines = {x.leg for x in facts.legs if x.is_line} if facts is not None else set()
            known = {x.leg for x in facts.legs} if isinstance(state, Live) and facts is not None else set()
            legs = frozenset(leg for leg in observed if leg in known or (leg.startswith(prefix) and leg not in lines))
            answered = frozenset(leg for leg in legs if observed[leg])
            self.post(actor.call_id, ev.LegsObserved(at, legs, answered, last_seen))

    async def find_strays(self) -> set[str]:
        """Legs in the switch that belong to no call."""
        return {leg for leg in await self._switch.observe() if self._find_call(leg) not in self.calls}

    async def hang_up_strays(self, legs: set[str]) -> None:
        for leg in legs:
            log.warning("a stray leg is hung up", leg=leg)
            await self._hang_up_stray(leg)

    async def close(self) -> None:
        """Stop deciding. Calls go on in the switch."""
        for actor in self.calls.values():
            for name in list(actor.timers):
                actor.cancel_timer(name)
        tasks = [actor.task for actor in self.calls.values() if actor.task is not None] + list(self._background)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- decide ---------------------------------------------------------------------------------------------------

    async def _run(self, actor: Actor) -> None:
        while True:
            event = await actor.mailbox.get()
            try:
                await self._apply(actor, event)
            except Exception:
                log.exception("a call failed and is ended", call=str(actor.call_id), on=type(event).__name__)
                await self._abandon(actor)
            if isinstance(actor.state, Ended) and "linger" not in actor.timers:
                self.office.note_ended(actor.call_id)
                actor.start_timer("linger", LINGER_S, lambda: self._forget(actor))

    async def _apply(self, actor: Actor, event: ev.CallEvent) -> None:
        was_ended = isinstance(actor.state, Ended)
        if isinstance(event, ev.HangUpRequested):
            actor.is_hung_up_by_us = True
        actor.state, effects = call.decide(actor.state, event)
        if not was_ended:
            self.office.keep_state(actor.state)
            self.office.publish_call(actor.state)
        for effect in effects:
            if (answer := await self._performer.perform(actor, effect)) is not None:
                await self._apply(actor, answer)

    async def _abandon(self, actor: Actor) -> None:
        state = actor.state
        if not isinstance(state, Live):
            return
        result = Result.ANSWERED if state.facts.connected_at is not None else Result.LINE_FAULT
        at = self.clock.time()
        actor.state = ended = end_call(state, at, 41, EndedBy.SYSTEM, result, "system_error")
        self.office.keep_state(ended)
        self.office.publish_call(ended)
        for effect in effects_between(state, ended, at):
            try:
                await self._performer.perform(actor, effect)
            except Exception:
                log.exception("ending a failed call", call=str(actor.call_id), effect=type(effect).__name__)

    # --- small things ---------------------------------------------------------------------------------------------

    def ask_office(self, actor: Actor, question: Question) -> None:
        """The answer comes through the mailbox; meanwhile the call hears everything else."""
        self._spawn(self._ask(actor, question))

    async def _ask(self, actor: Actor, question: Question) -> None:
        at = self.clock.time()
        try:
            answer = await self.office.answer(actor.call_id, question, at)
        except Exception:
            log.exception("a question of a call failed", call=str(actor.call_id), question=type(question).__name__)
            serial = question.serial if isinstance(question, ef.FindTarget | ef.RequestHttp) else None
            answer = ev.RouteRefused(self.clock.time(), "system_error", 41, serial=serial)
            if isinstance(question, ef.RequestHttp):
                answer = ev.HttpAnswered(self.clock.time(), question.serial, 0)
        if isinstance(actor.state, Ended):
            self.office.note_ended(actor.call_id)
        self.post(actor.call_id, answer)

    def fire(self, actor: Actor, name: str) -> None:
        actor.timers.pop(name, None)
        self.post(actor.call_id, ev.TimerFired(self.clock.time(), name))

    def _find_call(self, leg: str) -> UUID | None:
        if leg in self._call_by_leg:
            return self._call_by_leg[leg]
        prefix, _, rest = leg.partition(".")
        try:
            return UUID(rest.partition(".")[0]) if prefix == "ucc" else None
        except ValueError:
            return None

    def _forget(self, actor: Actor) -> None:
        """An ended call is remembered a little longer, for what the switch still says of it."""
        for name in list(actor.timers):
            actor.cancel_timer(name)
        self.calls.pop(actor.call_id, None)
        if actor.task is not None:
            actor.task.cancel()
        for leg in [leg for leg, call_id in self._call_by_leg.items() if call_id == actor.call_id]:
            del self._call_by_leg[leg]

    async def _hang_up_stray(self, leg: str) -> None:
        try:
            await self._switch.hang_up(leg, 16)
        except SwitchError as error:
            log.debug("a stray leg went by itself", leg=leg, why=str(error))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _stands_since(actor: Actor) -> float:
    ticket = wants(actor.state).ticket if isinstance(actor.state, Live) else None
    return ticket.since if ticket is not None else 0.0


def _find_presser(live: Live, leg: Leg, is_near: bool) -> str | None:
    """The leg of who pressed a key that was heard on `leg`; None when it is reported elsewhere too."""
    stage = live.stage
    if not isinstance(stage, Talking):
        return None if is_near else leg.leg
    customer = live.facts.leg(stage.customer)
    if customer is None or customer.kind is not LegKind.TRUNK:
        return None if is_near else leg.leg
    if leg.leg != customer.leg:
        return leg.leg if leg.kind is LegKind.TRUNK and not is_near else None
    return stage.participants[0].leg if is_near else leg.leg
