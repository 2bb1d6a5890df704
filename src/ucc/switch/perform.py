"""Carries out effects on the switch, the recorder, the floor and the office. What it returns is decided at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import structlog

from ucc.engine import effects as ef
from ucc.engine import events as ev
from ucc.engine.acd import events as floor
from ucc.engine.acd.model import Ticket
from ucc.engine.spoken import CODE
from ucc.engine.state import Ended, Live
from ucc.switch.port import Gateway, LegGone, Phone, Switch, SwitchError

if TYPE_CHECKING:
    from ucc.switch.runner import Actor, Runner

log = structlog.get_logger("runner")
DIALS = ef.DialAgent | ef.DialTrunk | ef.BorrowLine
BEEP = "beep"


class Recorder(Protocol):
    """Capturing at the border. Each raises RecorderError with the reason, a stable code."""

    async def start(self, sip_call_id: str) -> None: ...

    async def stop(self, sip_call_id: str) -> None: ...

    async def pause(self, sip_call_id: str) -> None: ...

    async def resume(self, sip_call_id: str) -> None: ...


class RecorderError(Exception):
    """The capture did not start (or stop); the call goes on."""


def bridge_name(call_id: UUID, bridge: str) -> str:
    """What the switch calls a bridge of a call."""
    return f"ucc.{call_id}" if bridge == "talk" else f"ucc.{call_id}.{bridge}"


class Performer:
    """One for a runner. "The leg is gone" is handled here once: the end of the leg follows as an event."""

    def __init__(self, runner: Runner, switch: Switch, recorder: Recorder, prompt_dir: str) -> None:
        self._runner = runner
        self._switch = switch
        self._recorder = recorder
        self._prompt_dir = Path(prompt_dir)

    async def perform(self, actor: Actor, effect: ef.Effect) -> ev.CallEvent | None:
        """Carry out one effect. What it returns is decided before anything else in the mailbox."""
        try:
            return await self._perform_once(actor, effect)
        except LegGone as gone:
            log.debug("the leg was gone", call=str(actor.call_id), why=str(gone))
            if isinstance(effect, ef.BorrowLine):
                return ev.LegEnded(self._now(), effect.leg, 41)
        except SwitchError as error:
            log.warning("the switch failed", call=str(actor.call_id), effect=type(effect).__name__, why=str(error))
            if isinstance(effect, DIALS):
                return ev.LegEnded(self._now(), effect.leg, 41)
        return None

    def sound(self, name: str, language: str) -> str:
        """The file of a sound, without its ending: a path is taken as it is, a name is one of the built-in sounds."""
        if name.startswith("/"):
            return name
        return str(self._prompt_dir / language.split("-")[0] / name)

    def _now(self) -> float:
        return self._runner.clock.time()

    async def _perform_once(self, actor: Actor, effect: ef.Effect) -> ev.CallEvent | None:
        match effect:
            case ef.StartTimer(name, seconds):
                actor.start_timer(name, seconds, lambda: self._runner.fire(actor, name))
            case ef.CancelTimer(name):
                actor.cancel_timer(name)
            case ef.SaveCall(finished):
                self._runner.office.finish(finished)
            case ef.FindInboundRoute() | ef.FindOutboundRoute() | ef.FindTarget() | ef.RequestHttp():
                self._runner.ask_office(actor, effect)
            case ef.StartRecording() | ef.StopRecording() | ef.PauseRecording() | ef.ResumeRecording():
                return await self._record(effect)
            case (
                ef.JoinQueue()
                | ef.LeaveQueue()
                | ef.ReportAgent()
                | ef.ReportLine()
                | ef.ClaimAgent()
                | ef.AskPosition()
            ):
                self._tell_floor(actor, effect)
            case (
                ef.AnswerLeg()
                | ef.DialAgent()
                | ef.DialTrunk()
                | ef.HangUpLeg()
                | ef.BorrowLine()
                | ef.ReturnLine()
                | ef.GiveLeg()
            ):
                return await self._change_leg(actor, effect)
            case _:
                await self._change_media(actor, effect)
        return None

    # --- legs -----------------------------------------------------------------------------------------------------

    async def _change_leg(
        self,
        actor: Actor,
        effect: ef.AnswerLeg | ef.DialAgent | ef.DialTrunk | ef.HangUpLeg | ef.BorrowLine | ef.ReturnLine | ef.GiveLeg,
    ) -> ev.CallEvent | None:
        switch = self._switch
        match effect:
            case ef.AnswerLeg(leg):
                await switch.answer(leg)
            case ef.DialAgent(leg, agent, caller, is_auto, is_captured):
                phone = Phone(agent.extension, is_captured)
                sip_call_id = await switch.dial(leg, phone, caller, is_auto_answered=is_auto)
                return ev.LegCreated(self._now(), leg, sip_call_id)
            case ef.DialTrunk(leg, trunk):
                if not self._runner.office.admit_trunk(actor.call_id, trunk, self._now()):
                    return ev.LegEnded(self._now(), leg, 34)
                gateway = Gateway(trunk.host, trunk.port, trunk.number)
                return ev.LegCreated(self._now(), leg, await switch.dial(leg, gateway, trunk.caller_id))
            case ef.HangUpLeg(leg, cause):
                await switch.hang_up(leg, cause)
            case ef.BorrowLine(leg):
                return await self._borrow(actor, leg)
            case ef.ReturnLine(leg):
                self._runner.borrowers.pop(leg, None)
            case ef.GiveLeg(call_id, leg, agent):
                facts = actor.state.facts if isinstance(actor.state, Ended) else None
                given = facts.leg(leg) if facts is not None else None
                if given is not None:
                    given = replace(given, ended_at=None, is_gone=False)
                    self._runner.give_leg(call_id, ev.LegGiven(self._now(), given, agent))
        return None

    async def _borrow(self, actor: Actor, leg: str) -> ev.CallEvent:
        """The line beeps; whoever is bridged to it next waits for the end of the beep."""
        line = self._runner.find_line(leg)
        if line is None:
            return ev.LegEnded(self._now(), leg, 41)
        self._runner.borrowers[leg] = actor.call_id
        if line.sip_call_id is not None:
            self._runner.post(actor.call_id, ev.LegCreated(self._now(), leg, line.sip_call_id))
        await self._switch.play(leg, f"{actor.call_id}.beep.{leg}", (self.sound(BEEP, "zh"),))
        return ev.LegAnswered(self._now(), leg)

    # --- media ----------------------------------------------------------------------------------------------------

    async def _change_media(self, actor: Actor, effect: ef.Effect) -> None:
        switch, call_id = self._switch, actor.call_id
        match effect:
            case ef.RingLeg(leg):
                await switch.ring(leg)
            case ef.StopRinging(leg):
                await switch.stop_ringing(leg)
            case ef.BridgeLegs(legs, bridge):
                await switch.bridge(bridge_name(actor.call_id, bridge), legs, is_proxied=_has_line(actor))
            case ef.UnbridgeLegs(legs, bridge):
                await switch.unbridge(bridge_name(actor.call_id, bridge), legs)
            case ef.DestroyBridge(bridge):
                await switch.destroy_bridge(bridge_name(actor.call_id, bridge))
            case ef.StartMusic(leg, music):
                await switch.start_music(leg, music)
            case ef.StopMusic(leg):
                await switch.stop_music(leg)
            case ef.PlayPrompt(leg, playback, sounds, language):
                names = (y for x in sounds for y in (self._runner.office.read_code(call_id) if x == CODE else (x,)))
                files = tuple(self.sound(x, language) for x in names)
                await switch.play(leg, f"{call_id}.{playback}", files)
            case ef.StopPrompt(playback):
                await switch.stop_playing(f"{call_id}.{playback}")
            case ef.MuteLeg(leg, is_muted):
                await switch.mute(leg, is_muted)
            case ef.WatchLeg(watch, leg, watcher, is_whispering):
                await switch.watch(f"{call_id}.{watch}", leg, watcher, is_whispering=is_whispering)
            case ef.ChangeWatch(watch, watcher, is_whispering):
                await switch.set_whispering(f"{call_id}.{watch}", watcher, is_whispering)
            case ef.EndWatch(watch, watcher):
                await switch.unwatch(f"{call_id}.{watch}", watcher)
            case ef.SendKeys(leg, keys):
                await switch.send_keys(leg, keys)
            case ef.SettleTransfer(leg, is_done):
                await switch.settle_transfer(leg, is_done)

    # --- recorder, floor ------------------------------------------------------------------------------------------

    async def _record(
        self, effect: ef.StartRecording | ef.StopRecording | ef.PauseRecording | ef.ResumeRecording
    ) -> ev.RecordingFailed | None:
        try:
            match effect:
                case ef.StartRecording(sip_call_id):
                    await self._recorder.start(sip_call_id)
                case ef.StopRecording(sip_call_id):
                    await self._recorder.stop(sip_call_id)
                case ef.PauseRecording(sip_call_id):
                    await self._recorder.pause(sip_call_id)
                case ef.ResumeRecording(sip_call_id):
                    await self._recorder.resume(sip_call_id)
        except RecorderError as error:
            if isinstance(effect, ef.StopRecording):
                log.debug("a recording had stopped already", why=str(error))
                return None
            log.error("a recording failed, its call goes on", effect=type(effect).__name__, why=str(error))
            if isinstance(effect, ef.StartRecording):
                return ev.RecordingFailed(self._now(), str(error))
        return None

    def _tell_floor(
        self,
        actor: Actor,
        effect: ef.JoinQueue | ef.LeaveQueue | ef.ReportAgent | ef.ReportLine | ef.ClaimAgent | ef.AskPosition,
    ) -> None:
        at, call_id = self._now(), actor.call_id
        event: floor.FloorEvent
        match effect:
            case ef.JoinQueue(_, plan, since, caller):
                ticket = Ticket(plan.queue_id, since, plan.priority, caller, plan.skills, plan.last_agent_id)
                event = floor.CallJoined(at, call_id, ticket)
            case ef.LeaveQueue():
                event = floor.CallLeft(at, call_id)
            case ef.ReportAgent(_, agent_id, work):
                facts = actor.state.facts if isinstance(actor.state, Live) else None
                event = floor.WorkReported(at, agent_id, call_id, work, facts.queue_id if facts else None)
            case ef.ReportLine(_, agent_id, leg):
                event = floor.LineChanged(at, agent_id, leg, is_lost=not actor.is_hung_up_by_us)
            case ef.ClaimAgent(_, _, agent_id, is_forced):
                event = floor.AgentClaimed(at, agent_id, call_id, is_forced)
            case ef.AskPosition():
                event = floor.PositionAsked(at, call_id)
        self._runner.post_floor(effect.tenant_id, event)


def _has_line(actor: Actor) -> bool:
    """A nailed-up line is heard by the switch throughout: it tells a dead phone by its silence (`lines.py`)."""
    return isinstance(actor.state, Live) and any(leg.is_line for leg in actor.state.facts.live_legs)
