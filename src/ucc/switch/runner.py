"""The runner: one mailbox per call and one per tenant's floor; decides, keeps the state, then carries out the effects.

"The leg is gone" is handled here once: the end of the leg is an event that follows by itself or is found by reconcile.
A call in which the engine fails is ended cleanly and takes no other call with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

import structlog

from ucc.engine import call, floor
from ucc.engine import effects as ef
from ucc.engine import events as ev
from ucc.engine.ending import end_call
from ucc.engine.record import EndedBy, FinishedCall, Result
from ucc.engine.state import CallState, Ended, New
from ucc.kit.clock import SteadyClock
from ucc.kit.ids import new_id
from ucc.switch.port import Gateway, LegGone, Phone, Switch, SwitchError

log = structlog.get_logger("runner")
MAILBOX_SIZE = 1000
LINGER_S = 10.0
PROMPTS = {"no_agents": "zh/no_agents"}
InboundAnswer = ev.InboundRouteFound | ev.RouteRefused
OutboundAnswer = ev.OutboundRouteFound | ev.RouteRefused


class Recorder(Protocol):
    """Capturing at the border."""

    async def start(self, sip_call_id: str) -> None:
        """Raises RecorderError with the reason."""

    async def stop(self, sip_call_id: str) -> None: ...


class RecorderError(Exception):
    """The capture did not start; the call goes on."""


class Office(Protocol):
    """What the rest of the product knows and keeps for calls."""

    async def find_inbound_route(self, did: str, caller: str, at: float) -> InboundAnswer: ...

    async def find_outbound_route(
        self, extension: str, callee: str, at: float
    ) -> ev.OutboundRouteFound | ev.RouteRefused: ...

    def keep_state(self, state: CallState) -> None:
        """Keep a live call so that it survives this process; returns once it would."""

    def finish(self, finished: FinishedCall) -> None:
        """Keep a finished call until it is in the database."""

    def keep_presence(self, effect: floor.KeepPresence) -> None: ...

    def publish_call(self, state: CallState) -> None: ...

    def publish_floor(self, before: floor.Floor, after: floor.Floor) -> None: ...


@dataclass
class Actor:
    """A call: its state, its mailbox, its timers."""

    call_id: UUID
    state: CallState
    mailbox: asyncio.Queue[ev.CallEvent] = field(default_factory=lambda: asyncio.Queue(MAILBOX_SIZE))
    timers: dict[str, asyncio.TimerHandle] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None


class Runner:
    """All calls and floors that this controller owns, on one switch."""

    def __init__(self, switch: Switch, recorder: Recorder, office: Office, clock: SteadyClock, prompt_dir: str) -> None:
        self._switch = switch
        self._recorder = recorder
        self._office = office
        self._clock = clock
        self._prompt_dir = prompt_dir
        self.calls: dict[UUID, Actor] = {}
        self.floors: dict[int, floor.Floor] = {}
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
        if call_id is not None and call_id in self.calls:
            self.post(call_id, event)
        elif isinstance(event, ev.LegAnswered | ev.LegRinging):
            log.warning("a leg of no known call is hung up", leg=leg)
            self._spawn(self._hang_up_stray(leg))

    def take_key(self, sip_call_id: str, key: str, at: float) -> None:
        """A key that the border heard on the leg with this SIP Call-ID."""
        for actor in self.calls.values():
            if isinstance(actor.state, New | Ended):
                continue
            for leg in actor.state.facts.live_legs:
                if leg.sip_call_id == sip_call_id:
                    self.post(actor.call_id, ev.KeyPressed(at, leg.leg, key))

    def sip_call_ids(self) -> set[str]:
        """The SIP Call-IDs of every leg of every call."""
        states = (actor.state for actor in self.calls.values())
        legs = (leg for state in states if not isinstance(state, New | Ended) for leg in state.facts.legs)
        return {leg.sip_call_id for leg in legs if leg.sip_call_id is not None}

    def adopt(self, state: CallState) -> Actor:
        """Take a call in, new or read back after a restart."""
        call_id = state.call_id if isinstance(state, New | Ended) else state.facts.call_id
        actor = Actor(call_id, state)
        self.calls[call_id] = actor
        if not isinstance(state, New | Ended):
            self._call_by_leg.update((leg.leg, call_id) for leg in state.facts.legs)
        actor.task = asyncio.create_task(self._run(actor), name=f"call {call_id}")
        return actor

    def request_call(self, tenant_id: int, agent: ef.AgentTarget, callee: str) -> UUID:
        """An agent asked in the page for a call."""
        actor = self.adopt(New(new_id()))
        self.post(actor.call_id, ev.CallRequested(self._clock.time(), tenant_id, agent, callee))
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

    def post_floor(self, tenant_id: int, event: floor.FloorEvent) -> None:
        """Decide a floor event at once: a floor's decisions touch no switch, so they need no mailbox of their own."""
        before = self.floors.get(tenant_id)
        if before is None:
            log.error("no floor for this tenant", tenant=tenant_id)
            return
        after, effects = floor.decide(before, event)
        self.floors[tenant_id] = after
        at = self._clock.time()
        for effect in effects:
            match effect:
                case floor.OfferAgent():
                    self.post(effect.call_id, ev.AgentOffered(at, effect.agent))
                    if effect.call_id not in self.calls:
                        self.post_floor(tenant_id, floor.CallLeft(at, effect.call_id))
                case floor.RefuseQueue():
                    self.post(effect.call_id, ev.QueueRefused(at))
                case floor.RefuseAgent():
                    self.post(effect.call_id, ev.AgentRefused(at, effect.code))
                case floor.KeepPresence():
                    self._office.keep_presence(effect)
                case floor.StartWrapUp():
                    asyncio.get_running_loop().call_later(effect.seconds, self._end_wrap_up, tenant_id, effect.agent_id)
        self._office.publish_floor(before, self.floors[tenant_id])

    async def reconcile(self, last_seen: float) -> None:
        """Hold every call against what the switch really has. `last_seen`: when the switch was heard before."""
        observed = await self._switch.observe()
        at = self._clock.time()
        for actor in list(self.calls.values()):
            if isinstance(actor.state, New):
                continue
            prefix = f"ucc.{actor.call_id}."
            known = frozenset() if isinstance(actor.state, Ended) else frozenset(x.leg for x in actor.state.facts.legs)
            legs = frozenset(leg for leg in observed if leg in known or leg.startswith(prefix))
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
                self._cancel_timer(actor, name)
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
                actor.timers["linger"] = asyncio.get_running_loop().call_later(LINGER_S, self._forget, actor)

    async def _apply(self, actor: Actor, event: ev.CallEvent) -> None:
        was_ended = isinstance(actor.state, Ended)
        actor.state, effects = call.decide(actor.state, event)
        if not was_ended:
            self._office.keep_state(actor.state)
            self._office.publish_call(actor.state)
        for effect in effects:
            if (answer := await self._perform(actor, effect)) is not None:
                await self._apply(actor, answer)

    async def _abandon(self, actor: Actor) -> None:
        if isinstance(actor.state, New | Ended):
            return
        result = Result.ANSWERED if actor.state.facts.answered_at is not None else Result.LINE_FAULT
        actor.state, effects = end_call(actor.state, self._clock.time(), 41, EndedBy.SYSTEM, result, "system_error")
        self._office.keep_state(actor.state)
        self._office.publish_call(actor.state)
        for effect in effects:
            try:
                await self._perform(actor, effect)
            except Exception:
                log.exception("ending a failed call", call=str(actor.call_id), effect=type(effect).__name__)

    # --- act ------------------------------------------------------------------------------------------------------

    async def _perform(self, actor: Actor, effect: ef.Effect) -> ev.CallEvent | None:
        """Carry out one effect. What it returns is decided before anything else in the mailbox."""
        try:
            return await self._perform_once(actor, effect)
        except LegGone as gone:
            log.debug("the leg was gone", call=str(actor.call_id), why=str(gone))
            if isinstance(effect, ef.DialAgent | ef.DialTrunk):
                return None
        except SwitchError as error:
            log.warning("the switch failed", call=str(actor.call_id), effect=type(effect).__name__, why=str(error))
            if isinstance(effect, ef.DialAgent | ef.DialTrunk):
                return ev.LegEnded(self._clock.time(), effect.leg, 41)
        return None

    async def _perform_once(self, actor: Actor, effect: ef.Effect) -> ev.CallEvent | None:
        at, switch, bridge = self._clock.time(), self._switch, f"ucc.{actor.call_id}"
        match effect:
            case ef.FindInboundRoute(did, caller):
                return await self._office.find_inbound_route(did, caller, at)
            case ef.FindOutboundRoute(extension, callee):
                return await self._office.find_outbound_route(extension, callee, at)
            case ef.AnswerLeg(leg):
                await switch.answer(leg)
            case ef.RingLeg(leg):
                await switch.ring(leg)
            case ef.StopRinging(leg):
                await switch.stop_ringing(leg)
            case ef.DialAgent(leg, agent, caller, is_auto):
                sip_call_id = await switch.dial(leg, Phone(agent.extension), caller, is_auto_answered=is_auto)
                return ev.LegCreated(self._clock.time(), leg, sip_call_id)
            case ef.DialTrunk(leg, trunk):
                gateway = Gateway(trunk.host, trunk.port, trunk.number)
                return ev.LegCreated(self._clock.time(), leg, await switch.dial(leg, gateway, trunk.caller_id))
            case ef.HangUpLeg(leg, cause):
                await switch.hang_up(leg, cause)
            case ef.BridgeLegs(legs):
                await switch.bridge(bridge, legs)
            case ef.DestroyBridge():
                await switch.destroy_bridge(bridge)
            case ef.StartMusic(leg):
                await switch.start_music(leg)
            case ef.StopMusic(leg):
                await switch.stop_music(leg)
            case ef.PlayPrompt(leg, prompt):
                await switch.play(leg, f"{leg}.{prompt}", (f"{self._prompt_dir}/{PROMPTS[prompt]}",))
            case ef.StartRecording(sip_call_id):
                return await self._start_recording(sip_call_id)
            case ef.StopRecording(sip_call_id):
                await self._stop_recording(sip_call_id)
            case ef.StartTimer(name, seconds):
                self._cancel_timer(actor, name)
                actor.timers[name] = asyncio.get_running_loop().call_later(seconds, self._fire, actor, name)
            case ef.CancelTimer(name):
                self._cancel_timer(actor, name)
            case ef.JoinQueue(tenant_id, queue_id, is_head):
                self.post_floor(tenant_id, floor.CallJoined(at, actor.call_id, queue_id, is_head))
            case ef.LeaveQueue(tenant_id, _):
                self.post_floor(tenant_id, floor.CallLeft(at, actor.call_id))
            case ef.ReportAgent(tenant_id, agent_id, work):
                self.post_floor(tenant_id, floor.WorkReported(at, agent_id, actor.call_id, work))
            case ef.SaveCall(finished):
                self._office.finish(finished)
        return None

    async def _start_recording(self, sip_call_id: str) -> ev.RecordingFailed | None:
        try:
            await self._recorder.start(sip_call_id)
        except RecorderError as error:
            log.error("a recording did not start, its call goes on", why=str(error))
            return ev.RecordingFailed(self._clock.time(), str(error))
        return None

    async def _stop_recording(self, sip_call_id: str) -> None:
        try:
            await self._recorder.stop(sip_call_id)
        except RecorderError as error:
            log.debug("a recording had stopped already", why=str(error))

    # --- small things ---------------------------------------------------------------------------------------------

    def _fire(self, actor: Actor, name: str) -> None:
        actor.timers.pop(name, None)
        self.post(actor.call_id, ev.TimerFired(self._clock.time(), name))

    def _cancel_timer(self, actor: Actor, name: str) -> None:
        timer = actor.timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def _end_wrap_up(self, tenant_id: int, agent_id: int) -> None:
        self.post_floor(tenant_id, floor.WrapUpEnded(self._clock.time(), agent_id))

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
            self._cancel_timer(actor, name)
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
