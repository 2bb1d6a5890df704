"""Asterisk as a `Switch`: legs are channels, both ends of every leg are the border.

What this process must know of a leg it can learn again after a restart; what a watch is made of has names that follow
from the watch's. Channels that are no legs (snoops, announcers) are never told of.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from itertools import count

import structlog

from ucc.engine import events as ev
from ucc.kit.clock import SteadyClock
from ucc.switch.ari import AriEvents, AriLists, AriRequests, Json
from ucc.switch.port import DEFAULT_MUSIC, EventSink, Gateway, LegGone, Phone, SwitchError
from ucc.switch.translate import read_arrival, read_time

log = structlog.get_logger("switch")
OWN_PREFIX = "ucc."
LEG_NAME = "PJSIP/"
WATCH_PREFIX = "watch-"
MUSIC_PREFIX = "music-"
START_DEADLINE_S = 5.0
DIAL_TIMEOUT_S = 120
UNUSED_EVENTS = (
    "ChannelVarset",
    "ChannelDialplan",
    "ChannelCallerId",
    "ChannelConnectedLine",
    "ChannelTalkingStarted",
    "ChannelTalkingFinished",
    "BridgeCreated",
    "BridgeDestroyed",
    "ChannelEnteredBridge",
    "PlaybackStarted",
    "PlaybackContinuing",
    "DeviceStateChanged",
)
KEY_MS, KEY_PAUSE_MS = 120, 100
SETTLE_S = 0.4
"""Until a media path has moved."""


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
        self._lists = AriLists(host, ari_port, password)
        self._events = AriEvents(host, event_port, password, self._take_event, self._connected)
        self._starting: dict[str, asyncio.Future[bool]] = {}
        self._hang_up_causes: dict[str, int] = {}
        self._unanswered: set[str] = set()
        """Legs that came in and are not answered: sound reaches them once the switch has announced early media."""
        self._music: dict[str, str] = {}
        self._ended_music: set[str] = set()
        """Legs whose looped music was stopped by us: its end is no reason to play it again."""
        self._making_watches: set[str] = set()
        self._keyings = count()
        self._background: set[asyncio.Task[None]] = set()
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
            case Phone(extension, _):
                uri = f"sip:{extension}@{self._domain}"
            case Gateway(host, port, number):
                uri = f"sip:{number}@{host}:{port}"
        variables = {"CONNECTEDLINE(num,i)": caller, "CONNECTEDLINE(name,i)": ""}
        if isinstance(to, Phone) and to.is_captured:
            variables["PJSIP_HEADER(add,X-UCC-Capture)"] = "1"
        if is_auto_answered:
            variables["PJSIP_HEADER(add,X-UCC-Answer-After)"] = "0"
        try:
            async with self._settled_start(leg) as started:
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

    async def bridge(self, bridge: str, legs: tuple[str, ...], *, is_proxied: bool = False) -> None:
        newcomers, kind = legs, "mixing,proxy_media" if is_proxied else "mixing"
        try:
            await self._requests.request("POST", f"bridges/{bridge}", bridge, type=kind)
        except LegGone:  # 409: there is one already. Adding a leg anew would take it out for a moment.
            present = (await self._requests.request("GET", f"bridges/{bridge}", bridge))["channels"]
            newcomers = tuple(leg for leg in legs if leg not in present)
        if newcomers:
            await self._requests.request("POST", f"bridges/{bridge}/addChannel", bridge, channel=",".join(newcomers))
        for leg in legs:
            if leg in self._unanswered:
                with contextlib.suppress(LegGone):
                    await self._requests.request("POST", f"channels/{leg}/progress", leg)

    async def unbridge(self, bridge: str, legs: tuple[str, ...]) -> None:
        await self._requests.request("POST", f"bridges/{bridge}/removeChannel", bridge, channel=",".join(legs))

    async def destroy_bridge(self, bridge: str) -> None:
        await self._requests.request("DELETE", f"bridges/{bridge}", bridge)

    async def start_music(self, leg: str, music: str = DEFAULT_MUSIC) -> None:
        if music == DEFAULT_MUSIC:
            await self._requests.request("POST", f"channels/{leg}/moh", leg, mohClass="default")
        else:
            await self.play(leg, MUSIC_PREFIX + leg, (music,))
            self._ended_music.discard(leg)
        self._music[leg] = music

    async def stop_music(self, leg: str) -> None:
        music = self._music.pop(leg, None)
        if music != DEFAULT_MUSIC:
            self._ended_music.add(leg)
            try:
                await self.stop_playing(MUSIC_PREFIX + leg)
                return
            except LegGone:
                self._ended_music.discard(leg)
        await self._requests.request("DELETE", f"channels/{leg}/moh", leg)

    async def play(self, leg: str, playback: str, sounds: tuple[str, ...]) -> None:
        await self._requests.request("POST", f"channels/{leg}/play/{playback}", leg, media=_media(sounds))

    async def play_in_bridge(self, bridge: str, playback: str, sounds: tuple[str, ...]) -> None:
        await self._requests.request("POST", f"bridges/{bridge}/play/{playback}", bridge, media=_media(sounds))

    async def stop_playing(self, playback: str) -> None:
        await self._requests.request("DELETE", f"playbacks/{playback}", playback)

    async def mute(self, leg: str, is_muted: bool) -> None:
        await self._requests.request("POST" if is_muted else "DELETE", f"channels/{leg}/mute", leg, direction="in")

    async def watch(self, watch: str, leg: str, watcher: str, *, is_whispering: bool) -> None:
        name = WATCH_PREFIX + watch
        self._making_watches.add(name)
        try:
            async with self._settled_start(name) as started:
                path = f"channels/{leg}/snoop/{name}"
                await self._requests.request("POST", path, watch, spy="both", whisper="out", app="ucc")
                if not await asyncio.wait_for(started, START_DEADLINE_S):
                    raise LegGone(leg)
            await self.mute(watcher, not is_whispering)
            await self.bridge(name, (name, watcher))
        except TimeoutError:
            await self._end_watch(name)
            raise SwitchError(f"the switch did not start {name} in {START_DEADLINE_S} s") from None
        except SwitchError:
            await self._end_watch(name)
            raise
        finally:
            self._making_watches.discard(name)

    async def set_whispering(self, watch: str, watcher: str, is_whispering: bool) -> None:
        await self.mute(watcher, not is_whispering)

    async def unwatch(self, watch: str, watcher: str) -> None:
        await self._end_watch(WATCH_PREFIX + watch)
        with contextlib.suppress(LegGone):
            await self.mute(watcher, False)

    async def count_received(self, leg: str) -> int | None:
        found = await self._requests.request("GET", f"channels/{leg}/rtp_statistics", leg)
        return int(found["rxcount"]) if "rxcount" in found else None

    async def send_keys(self, leg: str, keys: str) -> None:
        # Keys are heard only from where the sound comes: a snoop brings the switch into it while they last.
        name = f"{WATCH_PREFIX}keys-{leg}-{next(self._keyings)}"
        await self._requests.request("POST", f"channels/{leg}/snoop/{name}", leg, spy="in", app="ucc")
        self._spawn(self._type(leg, keys, name))

    async def _type(self, leg: str, keys: str, snoop: str) -> None:
        length_s = len(keys) * (KEY_MS + KEY_PAUSE_MS) / 1000
        with contextlib.suppress(LegGone):
            await asyncio.sleep(SETTLE_S)
            await self._requests.request(
                "POST", f"channels/{leg}/dtmf", leg, dtmf=keys, duration=str(KEY_MS), between=str(KEY_PAUSE_MS)
            )
            await asyncio.sleep(length_s + SETTLE_S)
        with contextlib.suppress(LegGone):
            await self._requests.request("DELETE", f"channels/{snoop}", leg)

    async def settle_transfer(self, leg: str, is_done: bool) -> None:
        await asyncio.sleep(SETTLE_S)  # what overtakes the answer to its REFER a phone does not believe
        states = "channel_answered" if is_done else "channel_declined"
        await self._requests.request("POST", f"channels/{leg}/transfer_progress", leg, states=states)

    async def observe(self) -> dict[str, bool]:
        channels: list[Json] = await self._lists.read("channels")
        legs = {x["id"]: x["state"] == "Up" for x in channels if x["name"].startswith(LEG_NAME)}
        self._unanswered = {leg for leg, is_up in legs.items() if not is_up and not leg.startswith(OWN_PREFIX)}
        return legs

    async def observe_bridges(self) -> list[str]:
        bridges: list[Json] = await self._lists.read("bridges")
        return [x["id"] for x in bridges if not x["id"].startswith(WATCH_PREFIX)]

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
        at = read_time(message, now)
        if channel.get("name", LEG_NAME).startswith(LEG_NAME):
            self._take_leg_event(message, channel, str(channel.get("id", "")), at)
        elif message.get("type") == "StasisStart":
            self._settle_start(channel["id"], True)
        elif message.get("type") in ("StasisEnd", "ChannelDestroyed", "ChannelLeftBridge"):
            self._settle_start(channel["id"], False)
            self._clear_watch(str(channel["id"]))

    def _take_leg_event(self, message: Json, channel: Json, leg: str, at: float) -> None:
        match message.get("type"):
            case "StasisStart":
                if leg.startswith(OWN_PREFIX):
                    self._settle_start(leg, True)
                else:
                    self._unanswered.add(leg)
                    self._on_event(leg, read_arrival(message, channel, at))
            case "ChannelStateChange" if channel.get("state") == "Ringing":
                self._on_event(leg, ev.LegRinging(at, leg))
            case "ChannelStateChange" if channel.get("state") == "Up":
                self._unanswered.discard(leg)
                self._on_event(leg, ev.LegAnswered(at, leg))
            case "Dial" if message.get("dialstatus") == "PROGRESS":
                dialled = str(message["peer"]["id"])
                self._on_event(dialled, ev.EarlyMedia(at, dialled))
            case "ChannelHold" | "ChannelUnhold" as kind:
                self._on_event(leg, ev.LegHeld(at, leg, kind == "ChannelHold"))
            case "ChannelTransfer":
                self._take_transfer(message, at)
            case "ChannelHangupRequest" if not leg.startswith(OWN_PREFIX):
                self._hang_up_causes[leg] = int(message.get("cause") or 16)
            case "ChannelLeftBridge":
                self._clear_watch(str(message["bridge"]["id"]))
            case "StasisEnd" if not leg.startswith(OWN_PREFIX):
                # A leg that came in leaves the application only to be hung up, and its ChannelDestroyed is not told.
                self._end_leg(leg, self._hang_up_causes.pop(leg, 16), at)
            case "ChannelDestroyed" if leg.startswith(OWN_PREFIX):
                self._settle_start(leg, False)
                self._end_leg(leg, int(message.get("cause") or 16), at)
            case "PlaybackFinished":
                self._take_playback(message["playback"], at)

    def _end_leg(self, leg: str, cause: int, at: float) -> None:
        self._unanswered.discard(leg)
        self._ended_music.discard(leg)
        self._music.pop(leg, None)
        self._on_event(leg, ev.LegEnded(at, leg, cause))

    def _take_playback(self, playback: Json, at: float) -> None:
        name, target = str(playback["id"]), str(playback["target_uri"]).partition(":")[2]
        if not name.startswith(MUSIC_PREFIX):
            self._on_event(target, ev.PromptEnded(at, target, name))
        elif target in self._ended_music:
            self._ended_music.discard(target)
        elif playback["state"] == "done":
            self._spawn(self._loop_music(target, str(playback["media_uri"]).removeprefix("sound:")))
        else:
            log.warning("the music of a leg cannot be played", leg=target, music=playback["media_uri"])

    async def _loop_music(self, leg: str, music: str) -> None:
        """The sound has come to its end: play it again, whoever started it."""
        self._music.setdefault(leg, music)
        try:
            await self.play(leg, MUSIC_PREFIX + leg, (music,))
            if leg not in self._music:
                self._ended_music.add(leg)
                await self.stop_playing(MUSIC_PREFIX + leg)
        except SwitchError as error:
            log.debug("music ends", leg=leg, why=str(error))

    def _take_transfer(self, message: Json, at: float) -> None:
        """A REFER. One that joins two calls of the phone is refused: the controller knows each as a call of its own."""
        leg = str(message["referred_by"]["source_channel"]["id"])
        target = message["refer_to"].get("requested_destination", {}).get("destination")
        if target:
            self._on_event(leg, ev.TransferAsked(at, leg, str(target)))
        else:
            self._spawn(self._refuse_transfer(leg))

    async def _refuse_transfer(self, leg: str) -> None:
        with contextlib.suppress(SwitchError):
            await self.settle_transfer(leg, False)

    def _clear_watch(self, name: str) -> None:
        """A leg has left a watch, or the snoop has ended with the leg that it watched."""
        if name.startswith(WATCH_PREFIX) and name not in self._making_watches:
            self._spawn(self._clear_broken_watch(name))

    async def _clear_broken_watch(self, name: str) -> None:
        with contextlib.suppress(SwitchError):
            whole = len((await self._requests.request("GET", f"bridges/{name}", name))["channels"]) == 2
            if not whole and name not in self._making_watches:
                await self._end_watch(name)

    async def _end_watch(self, name: str) -> None:
        for path in (f"channels/{name}", f"bridges/{name}"):
            with contextlib.suppress(LegGone):
                await self._requests.request("DELETE", path, name)

    @contextlib.asynccontextmanager
    async def _settled_start(self, channel: str) -> AsyncIterator[asyncio.Future[bool]]:
        """Tells whether a channel that is being made has come into the application, or has ended."""
        started: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._starting[channel] = started
        try:
            yield started
        finally:
            self._starting.pop(channel, None)

    def _settle_start(self, channel: str, is_started: bool) -> None:
        future = self._starting.get(channel)
        if future is not None and not future.done():
            future.set_result(is_started)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _media(sounds: tuple[str, ...]) -> str:
    return ",".join(f"sound:{sound}" for sound in sounds)
