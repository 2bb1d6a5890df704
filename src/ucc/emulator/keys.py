"""Keys that a customer presses in a call which the emulator placed."""

from __future__ import annotations

import asyncio

import aiohttp

from ucc.config import Settings
from ucc.emulator.calls import EmulatorError, PlacedCall
from ucc.secrets import Secrets

TONE_MS = 120


async def press(settings: Settings, secrets: Secrets, call: PlacedCall, keys: str, *, pause_s: float = 0.3) -> None:
    """Sends each key as RFC 4733 events, one after the other. Raises EmulatorError."""
    url = f"http://{settings.emulator_address}:{settings.emulator_ari_port}/"
    basic = {"Authorization": aiohttp.encode_basic_auth("ucc", secrets.emulator_ari)}
    jar = aiohttp.CookieJar(unsafe=True)
    try:
        async with aiohttp.ClientSession(url, cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=5)) as session:
            async with session.get(f"ari/channels/{call.id}", headers=basic) as response:
                if response.status != 200:
                    raise EmulatorError(f"there is no call {call.id}: {response.status}")
                channel = (await response.json())["name"]
            await _ask(session, action="Login", username="ucc", secret=secrets.emulator_ari)
            for key in keys:
                await _ask(session, action="PlayDTMF", channel=channel, digit=key, duration=str(TONE_MS))
                await asyncio.sleep(pause_s)
            await _ask(session, action="Logoff")
    except (aiohttp.ClientError, OSError) as error:
        raise EmulatorError(f"the emulator does not answer: {error or type(error).__name__}") from error


async def _ask(session: aiohttp.ClientSession, **action: str) -> None:
    async with session.get("rawman", params=action) as response:
        text = await response.text()
        if "Response: Success" not in text and "Response: Goodbye" not in text:
            raise EmulatorError(f"the emulator refuses {action['action']}: {text.strip()}")
