"""Brings sound back after rtpengine was away: it forgets every call, and only a re-INVITE teaches them to it again.

Asterisk sends one to each leg of a bridge when it comes into the media path and one when it leaves it, as it does for
a moment of silence played to the bridge. Legs that are in no bridge (music, menus) have sound again with their next
change. What was recorded goes on in a second capture.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import structlog

from ucc.border.ng import NgClient, NgError
from ucc.engine.state import Live
from ucc.engine.wants import Talk, wants
from ucc.kit.ids import new_id
from ucc.switch.perform import Recorder, RecorderError, bridge_name
from ucc.switch.port import Switch, SwitchError
from ucc.switch.runner import Runner

log = structlog.get_logger("controller")
LOOK_EVERY_S = 1.0
AT_ONCE = 8
TRIES = 3
BACK_WITHIN_S = 3.0


@dataclass(frozen=True, slots=True)
class _Lost:
    call_id: UUID
    sip_call_ids: frozenset[str]


class MediaKeeper:
    """Looks every second whether rtpengine still has what it had of live calls."""

    def __init__(self, runner: Runner, switch: Switch, ng: NgClient, recorder: Recorder, silence: Path) -> None:
        self._runner = runner
        self._switch = switch
        self._ng = ng
        self._recorder = recorder
        self._silence = str(silence.with_suffix(""))
        self._had: set[str] = set()
        self._missed: set[str] = set()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._renewing: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            with contextlib.suppress(NgError, OSError):
                for lost in self._find_lost(set(await self._ng.list_calls())):
                    task = asyncio.create_task(self._renew(lost))
                    self._renewing.add(task)
                    task.add_done_callback(self._renewing.discard)

    def _find_lost(self, listed: set[str]) -> list[_Lost]:
        """Calls with answered legs that rtpengine had and twice in a row has not: a leg that ends goes there first."""
        owners = {
            leg.sip_call_id: actor.call_id
            for actor in self._runner.calls.values()
            if isinstance(actor.state, Live)
            for leg in actor.state.facts.live_legs
            if leg.sip_call_id is not None and leg.answered_at is not None
        }
        missed = (self._had & owners.keys()) - listed
        lost = missed & self._missed
        self._missed = missed - lost
        self._had = ((self._had | listed) & owners.keys()) - lost
        by_call: dict[UUID, set[str]] = {}
        for sip_call_id in lost:
            by_call.setdefault(owners[sip_call_id], set()).add(sip_call_id)
        return [_Lost(call_id, frozenset(ids)) for call_id, ids in by_call.items()]

    async def _renew(self, lost: _Lost) -> None:
        async with self._turns:
            for _ in range(TRIES):
                if not await self._play_silence(lost.call_id):
                    return
                if await self._are_back(lost.sip_call_ids):
                    await self._record_again(lost.call_id)
                    log.warning("the sound of a call that rtpengine forgot is back", call=str(lost.call_id))
                    return
            log.error("a call has no sound: rtpengine forgot it", call=str(lost.call_id))

    async def _play_silence(self, call_id: UUID) -> bool:
        """False when the call has no bridge or has ended, or the switch cannot be told."""
        state = self._state(call_id)
        if state is None:
            return False
        bridges = {x.bridge for x in wants(state).media.values() if isinstance(x, Talk)}
        try:
            for bridge in bridges:
                name = bridge_name(call_id, bridge)
                await self._switch.play_in_bridge(name, f"ucc.silence.{new_id()}", (self._silence,))
        except SwitchError:
            return False
        return bool(bridges)

    async def _are_back(self, sip_call_ids: frozenset[str]) -> bool:
        deadline = self._runner.clock.time() + BACK_WITHIN_S
        while self._runner.clock.time() < deadline:
            await asyncio.sleep(0.1)
            with contextlib.suppress(NgError, OSError):
                if sip_call_ids <= set(await self._ng.list_calls()):
                    return True
        return False

    async def _record_again(self, call_id: UUID) -> None:
        state = self._state(call_id)
        recording = state.facts.recording if state is not None else None
        if recording is None or recording.is_paused:
            return
        try:
            await self._recorder.start(recording.sip_call_id)
        except RecorderError as error:
            log.error("a recording did not go on after rtpengine was away", call=str(call_id), why=str(error))

    def _state(self, call_id: UUID) -> Live | None:
        actor = self._runner.calls.get(call_id)
        return actor.state if actor is not None and isinstance(actor.state, Live) else None
