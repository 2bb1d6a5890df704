"""Calls that the PSTN emulator places to UCC, as customers do: over the ARI of its Asterisk."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp

from ucc.config import Settings
from ucc.emulator.conf import heard_dir
from ucc.emulator.heard import heard_name
from ucc.kit.clock import now
from ucc.secrets import Secrets

RING_TIMEOUT_S = 180
CARRIER_TONE_HZ = 425
_WATCHED = ("ChannelStateChange", "ChannelDestroyed")


class EmulatorError(Exception):
    """The emulator does not run or refuses the request; the text says which."""


@dataclass
class PlacedCall:
    """One call from the carrier to UCC, kept up to date until it has ended."""

    id: str
    caller: str
    did: str
    heard: Path
    """Raw A-law of what the caller hears, from the answer on; exists once answered, complete once ended."""
    placed_at: datetime
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    cause: int | None = None
    """Q.850 cause, once ended."""
    cause_text: str = ""
    sip_status: int | None = None
    """SIP status of the refusal (404, 486, 503 ...), when UCC refused the call."""
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition, repr=False)
    _watcher: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def is_answered(self) -> bool:
        return self.answered_at is not None

    @property
    def has_ended(self) -> bool:
        return self.ended_at is not None

    async def wait_answered(self, within_s: float = 20.0) -> bool:
        """True once answered; False when it ends first or the time is over."""
        await self._wait(lambda: self.is_answered or self.has_ended, within_s)
        return self.is_answered

    async def wait_ended(self, within_s: float = 20.0) -> bool:
        """True once it has ended; False when the time is over."""
        return await self._wait(lambda: self.has_ended, within_s)

    async def _wait(self, is_true: Any, within_s: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s), self._changed:
                await self._changed.wait_for(is_true)
        return bool(is_true())

    async def apply(self, event: dict[str, Any]) -> None:
        """Takes one ARI event of any channel."""
        channel = event.get("channel") or {}
        if channel.get("id") != self.id:
            return
        async with self._changed:
            if event["type"] == "ChannelDestroyed":
                self.cause, self.cause_text = event["cause"], event["cause_txt"]
                tech_cause = event.get("tech_cause") or 0
                self.sip_status = tech_cause if tech_cause >= 300 and not self.is_answered else None
                self.ended_at = now()
            elif channel["state"] == "Up" and self.answered_at is None:
                self.answered_at = now()
            elif channel["state"] == "Ringing" and self.ringing_at is None:
                self.ringing_at = now()
            self._changed.notify_all()


async def place_call(
    settings: Settings,
    secrets: Secrets,
    caller: str,
    did: str,
    *,
    answered_within_s: float = 20.0,
    tone_hz: int = CARRIER_TONE_HZ,
) -> PlacedCall:
    """Calls `did` as `caller` and waits until UCC answers, refuses, or the time is over (then it goes on ringing; 0: do
    not wait). The carrier plays its tone on it until `hang_up`. Raises EmulatorError.
    """
    call_id = f"placed-{uuid4().hex[:12]}"
    placed_at = now()
    name = heard_name(placed_at, caller, did, call_id)
    call = PlacedCall(call_id, caller, did, heard_dir(settings) / f"{name}.alaw", placed_at)
    is_watching = asyncio.Event()
    call._watcher = asyncio.create_task(_watch(settings, secrets, call, is_watching), name=call_id)
    ready = asyncio.create_task(is_watching.wait())
    await asyncio.wait({call._watcher, ready}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    ready.cancel()
    try:
        if call._watcher.done():
            call._watcher.result()  # raises why
        async with _open(settings, secrets) as session:
            body = {
                "endpoint": f"PJSIP/ucc/sip:{did}@{settings.address}:{settings.sip_port}",
                "context": "talk",
                "extension": "s",
                "priority": 1,
                "callerId": caller,
                "timeout": RING_TIMEOUT_S,
                "formats": "alaw",
                "variables": {"HEARD": name, "TONE": str(tone_hz)},
            }
            async with session.post(f"channels/{call_id}", json=body) as response:
                if response.status >= 300:
                    raise EmulatorError(f"the emulator refuses the call: {response.status} {await response.text()}")
    except (aiohttp.ClientError, OSError) as error:
        call._watcher.cancel()
        raise EmulatorError(f"the emulator does not answer: {error or type(error).__name__}") from error
    except EmulatorError:
        call._watcher.cancel()
        raise
    if answered_within_s > 0:
        await call.wait_answered(answered_within_s)
    return call


async def hang_up(settings: Settings, secrets: Secrets, call: PlacedCall, *, reason: str = "normal") -> None:
    """The caller hangs up; returns when the emulator's side has ended. A call that has ended is left alone. Raises
    EmulatorError.
    """
    if call.has_ended:
        return
    try:
        async with (
            _open(settings, secrets) as session,
            session.delete(f"channels/{call.id}", params={"reason": reason}) as response,
        ):
            if response.status >= 300 and response.status != 404:
                raise EmulatorError(f"the emulator refuses to hang up: {response.status} {await response.text()}")
    except (aiohttp.ClientError, OSError) as error:
        raise EmulatorError(f"the emulator does not answer: {error or type(error).__name__}") from error
    if not await call.wait_ended(5):
        raise EmulatorError(f"the call {call.id} does not end")


async def wait_ended(call: PlacedCall, within_s: float = 20.0) -> bool:
    """True once the call has ended, whoever ended it; False when the time is over."""
    return await call.wait_ended(within_s)


@asynccontextmanager
async def _open(settings: Settings, secrets: Secrets) -> AsyncIterator[aiohttp.ClientSession]:
    url = f"http://{settings.emulator_address}:{settings.emulator_ari_port}/ari/"
    headers = {"Authorization": aiohttp.encode_basic_auth("ucc", secrets.emulator_ari)}
    async with aiohttp.ClientSession(url, headers=headers, timeout=aiohttp.ClientTimeout(total=5)) as session:
        yield session


async def _watch(settings: Settings, secrets: Secrets, call: PlacedCall, is_watching: asyncio.Event) -> None:
    """Feeds the call with its events until it has ended or the emulator is gone."""
    try:
        async with (
            _open(settings, secrets) as session,
            session.ws_connect("events", params={"app": call.id, "subscribeAll": "true"}) as socket,
        ):
            allowed = {"allowed": [{"type": kind} for kind in _WATCHED]}
            async with session.put(f"applications/{call.id}/eventFilter", json=allowed) as response:
                response.raise_for_status()
            is_watching.set()
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    await call.apply(message.json())
                if call.has_ended:
                    return
    except (aiohttp.ClientError, OSError) as error:
        if not is_watching.is_set():
            raise EmulatorError(f"the emulator does not answer: {error or type(error).__name__}") from error
    async with call._changed:  # the emulator died, and the call with it
        call.ended_at, call.cause_text = now(), "the emulator is gone"
        call._changed.notify_all()
