"""Asterisk as a `Switch`: legs are channels, both ends of every leg are the border."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog

from ucc.engine import events as ev
from ucc.engine.record import LegKind
from ucc.kit.clock import SteadyClock
from ucc.switch.ari import AriEvents, AriRequests, Json
from ucc.switch.port import EventSink, Gateway, LegGone, Phone, SwitchError

log = structlog.get_logger("switch")
OWN_PREFIX = "ucc."
START_DEADLINE_S = 5.0
DIAL_TIMEOUT_S = 120
UNUSED_EVENTS = (
    "ChannelVarset",
    "ChannelDialplan",
    "ChannelCallerId",
    "ChannelConnectedLine",
    "Dial",
    "DeviceStateChanged",
)
STALE_S = 1.0


class Asterisk:
    """One Asterisk node. `on_event` receives what happens to legs; `on_connect` tells that events flow (again)."""

    def __init__(
        self,
        host: str,
        *,
        ari_port: int,
        event_port: int,
        password: str,
        sip_domain: str,
        clock: SteadyClock,
        on_event: EventSink,
        on_connect: Callable[[], None],
    ) -> None:
        self._domain = sip_domain
        self._clock = clock
        self._on_event = on_event
        self._on_connect = on_connect
        self._requests = AriRequests(host, ari_port, password)
        self._events = AriEvents(host, event_port, password, self._take_event, self._connected)
        self._starting: dict[str, asyncio.Future[bool]] = {}
        self._hang_up_causes: dict[str, int] = {}
        self.last_seen = clock.time()

    @property
    def is_connected(self) -> bool:
        return self._events.is_connected and self._requests.is_connected

    async def run(self) -> None:
        try:
            await self._events.run()
        finally:
            await self._requests.close()

    # --- requests -------------------------------------------------------------------------------------------------

    async def dial(self, leg: str, to: Phone | Gateway, caller: str, *, is_auto_answered: bool = False) -> str | None:
        match to:
            case Phone(extension):
                uri = f"sip:{extension}@{self._domain}"
            case Gateway(host, port, number):
                uri = f"sip:{number}@{host}:{port}"
        variables = {"CONNECTEDLINE(num,i)": caller, "CONNECTEDLINE(name,i)": ""}
        if is_auto_answered:
            variables["PJSIP_HEADER(add,X-UCC-Answer-After)"] = "0"
        started: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._starting[leg] = started
        try:
            channel = await self._requests.request(
                "POST",
                "channels/create",
                leg,
                {"variables": variables},
                endpoint=f"PJSIP/border/{uri}",
                app="ucc",
                channelId=leg,
                formats="alaw",
            )
            # "channels/create" then "dial" at once gives 409 now and then: it must be in the application.
            if not await asyncio.wait_for(started, START_DEADLINE_S):
                raise LegGone(leg)
            await self._requests.request("POST", f"channels/{leg}/dial", leg, timeout=str(DIAL_TIMEOUT_S))
        except TimeoutError:
            raise SwitchError(f"the switch did not start {leg} in {START_DEADLINE_S} s") from None
        finally:
            self._starting.pop(leg, None)
        sip_call_id = channel.get("protocol_id")
        return str(sip_call_id) if sip_call_id else None

    async def answer(self, leg: str) -> None:
        await self._requests.request("POST", f"channels/{leg}/answer", leg)

    async def ring(self, leg: str) -> None:
        await self._requests.request("POST", f"channels/{leg}/ring", leg)

    async def stop_ringing(self, leg: str) -> None:
        await self._requests.request("DELETE", f"channels/{leg}/ring", leg)

    async def hang_up(self, leg: str, cause: int) -> None:
        await self._requests.request("DELETE", f"channels/{leg}", leg, reason_code=str(cause))

    async def bridge(self, bridge: str, legs: tuple[str, ...]) -> None:
        with contextlib.suppress(LegGone):  # 409: there is one already
            await self._requests.request("POST", f"bridges/{bridge}", bridge, type="mixing")
        await self._requests.request("POST", f"bridges/{bridge}/addChannel", bridge, channel=",".join(legs))

    async def destroy_bridge(self, bridge: str) -> None:
        await self._requests.request("DELETE", f"bridges/{bridge}", bridge)

    async def start_music(self, leg: str) -> None:
        await self._requests.request("POST", f"channels/{leg}/moh", leg, mohClass="default")

    async def stop_music(self, leg: str) -> None:
        await self._requests.request("DELETE", f"channels/{leg}/moh", leg)

    async def play(self, leg: str, prompt: str) -> None:
        await self._requests.request("POST", f"channels/{leg}/play", leg, media=f"sound:{prompt}")

    async def observe(self) -> dict[str, bool]:
        channels: list[Json] = await self._requests.request("GET", "channels")
        return {x["id"]: x["state"] == "Up" for x in channels}

    async def observe_bridges(self) -> list[str]:
        return [x["id"] for x in await self._requests.request("GET", "bridges")]

    # --- events ---------------------------------------------------------------------------------------------------

    def _connected(self) -> None:
        asyncio.get_running_loop().create_task(self._filter_events())
        self._on_connect()

    async def _filter_events(self) -> None:
        """Asterisk sends much that nobody here reads: have it not sent."""
        body = {"disallowed": [{"type": name} for name in UNUSED_EVENTS]}
        for _ in range(10):
            with contextlib.suppress(SwitchError):
                await self._requests.request("PUT", "applications/ucc/eventFilter", "filter", body)
                return
            await asyncio.sleep(0.5)
        log.warning("the switch took no event filter")

    def _take_event(self, message: Json) -> None:
        now = self._clock.time()
        self.last_seen = now
        channel: Json = message.get("channel") or {}
        leg = str(channel.get("id", ""))
        at = _event_time(message, now)
        match message.get("type"):
            case "StasisStart":
                if leg.startswith(OWN_PREFIX):
                    self._settle_start(leg, True)
                else:
                    self._on_event(leg, _arrival(message, channel, at))
            case "ChannelStateChange" if channel.get("state") == "Ringing":
                self._on_event(leg, ev.LegRinging(at, leg))
            case "ChannelStateChange" if channel.get("state") == "Up":
                self._on_event(leg, ev.LegAnswered(at, leg))
            case "ChannelHangupRequest" if not leg.startswith(OWN_PREFIX):
                self._hang_up_causes[leg] = int(message.get("cause") or 16)
            case "StasisEnd" if not leg.startswith(OWN_PREFIX):
                # A leg that came in leaves the application only to be hung up, and its ChannelDestroyed is not told.
                self._on_event(leg, ev.LegEnded(at, leg, self._hang_up_causes.pop(leg, 16)))
            case "ChannelDestroyed" if leg.startswith(OWN_PREFIX):
                self._settle_start(leg, False)
                self._on_event(leg, ev.LegEnded(at, leg, int(message.get("cause") or 16)))
            case "PlaybackFinished":
                target = str(message["playback"]["target_uri"]).removeprefix("channel:")
                self._on_event(target, ev.PromptEnded(at, target))

    def _settle_start(self, leg: str, is_started: bool) -> None:
        future = self._starting.get(leg)
        if future is not None and not future.done():
            future.set_result(is_started)


def _arrival(message: Json, channel: Json, at: float) -> ev.CallArrived:
    """A channel that the border sent: its dialplan passes the kind of leg, the extension and the trunk."""
    kind, extension, trunk = ([*message.get("args", []), "", "", ""])[:3]
    caller = extension or str(channel.get("caller", {}).get("number", ""))
    return ev.CallArrived(
        at=at,
        leg=str(channel["id"]),
        kind=LegKind.TRUNK if kind == "trunk" else LegKind.PHONE,
        caller=caller,
        callee=str(channel.get("dialplan", {}).get("exten", "")),
        address=trunk or extension,
        sip_call_id=channel.get("protocol_id"),
    )


def _event_time(message: dict[str, Any], now: float) -> float:
    """When it happened: now, or for an event that was queued while we were away, the time the switch stamped on it."""
    with contextlib.suppress(KeyError, ValueError):
        stamped = datetime.strptime(message["timestamp"], "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
        age = time.time() - stamped
        if age > STALE_S:
            return now - age
    return now
