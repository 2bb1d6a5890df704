"""A switch under test with phones that can be heard: the fake tells what each hears, at the real one they record.

Every far end sends a tone of its own; sounds that are played are tones too. What a far end hears is
named by what sends it: a leg, a sound, or `default`, the switch's own music.
"""

from __future__ import annotations

import asyncio
import os
import time
import wave
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from typing import Any

import aiohttp
import numpy as np
from sqlalchemy import text

from ucc.config import get_settings
from ucc.db.unit import Database
from ucc.engine import events as ev
from ucc.engine.record import LegKind
from ucc.kit.clock import SteadyClock
from ucc.kit.ids import new_id
from ucc.resource.service import compute_ha1
from ucc.secrets import get_secrets
from ucc.softphone import SoftPhone
from ucc.stack.namespace import user_ids
from ucc.stack.tones import SAMPLE_RATE, Samples, decode_mono, measure_share
from ucc.switch.asterisk import Asterisk
from ucc.switch.fake import FakeSwitch
from ucc.switch.port import DEFAULT_MUSIC, Gateway, Phone, Switch, SwitchError

EXTENSIONS = ("80911", "80912", "80913", "80914")
LEG_TONES = (1004, 1507, 1903, 3109)
SOUND_TONES = {"contract-a": 2300, "contract-b": 2700}
MUSIC_TONES = (196, 220, 262, 294, 330, 392, 440, 523, 587, 659, 784)
SOUND_S = 1.0
LISTEN_S = 0.8
LEAST_SHARE = 0.01


class Rig:
    """A switch, the events it told, and far ends that behave by the last digit of their numbers."""

    def __init__(self, switch: Switch, gateway: tuple[str, int]) -> None:
        self.switch = switch
        self.events: list[ev.CallEvent] = []
        self.exits = AsyncExitStack()
        self.tones: dict[str, int] = {}
        self.phones: dict[str, SoftPhone] = {}
        self._seen: dict[str, list[tuple[float, int]]] = {}
        self._gateway = gateway
        self._call = new_id()

    @property
    def fake(self) -> FakeSwitch | None:
        return self.switch if isinstance(self.switch, FakeSwitch) else None

    def take(self, leg: str, event: ev.CallEvent) -> None:
        self.events.append(event)

    def new_leg(self) -> str:
        leg = f"ucc.{self._call}.{len(self.tones) + 1}"
        self.tones[leg] = LEG_TONES[len(self.tones)]
        return leg

    @property
    def bridge(self) -> str:
        return f"ucc.{self._call}"

    @property
    def watch(self) -> str:
        return f"ucc.{self._call}.w"

    async def dial(self, last_digit: str, *, has_early_media: bool = False) -> str:
        """A leg to the carrier."""
        leg = self.new_leg()
        number = f"{'+86171' if has_early_media else '+86170'}001{self.tones[leg]:04d}{last_digit}"
        assert await self.switch.dial(leg, Gateway(*self._gateway, number), "+861088880001")
        return leg

    async def talk(self) -> str:
        """A leg to a phone that has answered and sends its tone."""
        leg = self.new_leg()
        extension = EXTENSIONS[len(self.tones) - 1]
        if self.fake:
            self.fake.answering.add(extension)
        else:
            await self._open_phone(leg, extension)
        assert await self.switch.dial(leg, Phone(extension), "1")
        await self.until(ev.LegAnswered, leg)
        return leg

    async def arrive(self) -> str:
        """A leg that a phone made, not answered yet."""
        if self.fake:
            self.fake.arrive("phone-leg", EXTENSIONS[-1], "123", LegKind.PHONE)
            return "phone-leg"
        phone = await self._open_phone("arriving", EXTENSIONS[-1])
        await phone.dial("123")
        leg = str((await self.until(ev.CallArrived, None)).leg)
        self.phones[leg], self.tones[leg] = self.phones.pop("arriving"), LEG_TONES[-1]
        return leg

    async def _open_phone(self, leg: str, extension: str) -> SoftPhone:
        hz = LEG_TONES[EXTENSIONS.index(extension)]
        phone = SoftPhone(get_settings(), extension, extension, tone_hz=hz)
        self.phones[leg] = await self.exits.enter_async_context(phone)
        return phone

    def sound(self, name: str, seconds: float = SOUND_S) -> str:
        """A sound to play: one tone. Its absolute path without extension."""
        settings = get_settings()
        path = settings.home / "prompt" / f"{name}.wav"
        if not self.fake:
            t = np.arange(int(SAMPLE_RATE * seconds)) / SAMPLE_RATE
            with wave.open(str(path), "wb") as file:
                file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
                file.writeframes((6000 * np.sin(2 * np.pi * SOUND_TONES[name] * t)).astype(np.int16).tobytes())
            os.chown(path, *user_ids(settings, "asterisk"))
        return str(path.with_suffix(""))

    async def until(self, kind: type[Any], leg: str | None, within_s: float = 8.0) -> Any:
        """The first such event of a leg; of any leg, when it is None."""
        async with asyncio.timeout(within_s):
            while True:
                for event in self.events:
                    if isinstance(event, kind) and leg in (None, event.leg):
                        return event
                await asyncio.sleep(0.02)

    def heard(self, leg: str) -> Samples:
        """What the phone of a leg has heard so far."""
        return decode_mono(self.phones[leg].heard)

    def hears(self, leg: str) -> set[str]:
        if self.fake:
            return self.fake.hears(leg)
        latest = self._latest(leg)
        names = {x: hz for x, hz in self.tones.items() if x != leg}
        names |= {str(get_settings().home / "prompt" / name): hz for name, hz in SOUND_TONES.items()}
        found = {name for name, hz in names.items() if measure_share(latest, hz) >= LEAST_SHARE}
        if any(measure_share(latest, hz) >= 2 * LEAST_SHARE for hz in MUSIC_TONES):
            found.add(DEFAULT_MUSIC)
        return found

    def _latest(self, leg: str) -> Samples:
        """What came within the last moment, by the clock: in silence nothing comes."""
        samples, now = self.heard(leg), time.monotonic()
        seen = self._seen.setdefault(leg, [])
        seen.append((now, len(samples)))
        begin = len(samples) - int(LISTEN_S * SAMPLE_RATE)
        old = [length for at, length in seen if at <= now - LISTEN_S]
        return samples[max(0, *old[-1:], begin) :]

    async def until_hears(self, leg: str, names: set[str], within_s: float = 8.0) -> None:
        """Wait until the far end of a leg hears just these, and go on hearing them."""
        found: set[str] = set()
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while True:
                    found = self.hears(leg)
                    if found == names:
                        return
                    await asyncio.sleep(0.1)
        raise AssertionError(f"{leg} hears {found}, not {names}")

    async def hang_up_all(self) -> None:
        for leg in await self.switch.observe():
            with suppress(SwitchError):
                await self.switch.hang_up(leg, 16)
        for bridge in await self.switch.observe_bridges():
            with suppress(SwitchError):
                await self.switch.destroy_bridge(bridge)
        await self.exits.aclose()


def count_breaks(sound: Samples, hz: float) -> int:
    """Steps of 10 ms in which a steady tone is weaker, or goes on at another phase than it would: a click is heard.

    A lost packet of 20 ms shows only with a tone that does not turn a whole number of times in it.
    """
    step = SAMPLE_RATE // 100
    turned = sound * np.exp(-2j * np.pi * hz * np.arange(len(sound)) / SAMPLE_RATE)
    means = turned[: len(turned) // step * step].reshape(-1, step).mean(axis=1)
    is_weak = np.abs(means) < 0.7 * np.median(np.abs(means))
    is_jump = np.abs(np.angle(means[1:] * np.conj(means[:-1]))) > 0.3
    return int(np.sum(is_weak[1:] | is_jump))


@asynccontextmanager
async def open_fake() -> AsyncIterator[Rig]:
    rig = Rig(FakeSwitch(lambda leg, event: rig.take(leg, event)), ("192.0.2.9", 5080))
    yield rig
    await rig.hang_up_all()


@contextmanager
def borrow_switch(stack: Any) -> Iterator[None]:
    """The real switch belongs to the tests: the controller is stopped, and there are phones for them."""
    with ThreadPoolExecutor(1) as thread:  # pytest's own loop may be running in this one
        stack.stop("controller")
        thread.submit(asyncio.run, _keep_extensions(True)).result()
        try:
            yield
        finally:
            thread.submit(asyncio.run, _keep_extensions(False)).result()
            stack.start("controller")
            stack.wait_ready("controller")


@asynccontextmanager
async def open_real() -> AsyncIterator[Rig]:
    """In the place of the controller."""
    settings, secrets = get_settings(), get_secrets()
    switch = Asterisk(
        settings.address,
        ari_port=settings.ari_port,
        event_port=settings.ari_event_port,
        password=secrets.ari,
        sip_domain=settings.sip_domain,
        clock=SteadyClock(),
        on_event=lambda leg, event: rig.take(leg, event),
        on_connect=lambda: None,
    )
    rig = Rig(switch, (settings.emulator_address, settings.emulator_sip_port))
    task = asyncio.create_task(switch.run())
    try:
        async with asyncio.timeout(10):
            while not switch.is_connected:
                await asyncio.sleep(0.05)
        yield rig
        await rig.hang_up_all()
        await _assert_nothing_left(settings, secrets.ari)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _keep_extensions(is_wanted: bool) -> None:
    """Phones of the test's own, known to the border; each one's password is its number."""
    domain = get_settings().sip_domain
    async with Database.of_role("system", pool_size=1) as database, database.begin() as session:
        for number in EXTENSIONS:
            await session.execute(text("DELETE FROM extension WHERE number = :number"), {"number": number})
            if is_wanted:
                await session.execute(
                    text("INSERT INTO extension (tenant_id, number, ha1) SELECT min(id), :number, :ha1 FROM tenant"),
                    {"number": number, "ha1": compute_ha1(number, domain, number)},
                )


async def _assert_nothing_left(settings: Any, password: str) -> None:
    """Not even what is no leg: snoops, announcers and their bridges."""
    url = f"http://{settings.address}:{settings.ari_port}"
    headers = {"Authorization": aiohttp.encode_basic_auth("ucc", password)}
    async with aiohttp.ClientSession(url, headers=headers) as session:
        for _ in range(50):
            left = []
            for path in ("/ari/channels", "/ari/bridges"):
                async with session.get(path) as reply:
                    left += await reply.json()
            if not left:
                return
            await asyncio.sleep(0.1)
    raise AssertionError(f"left in the switch: {[x['id'] for x in left]}")
