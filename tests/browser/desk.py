"""An agent's or a manager's browser: Chromium with a microphone that plays a tone, and the console in it."""

from __future__ import annotations

import shutil
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from ucc.config import CHECKOUT, Settings
from ucc.secrets import Secrets

MICROPHONE_HZ = 1004
MICROPHONE_RATE = 48000
SHOWN_WITHIN_MS = 15000
WINDOW_SIZE = {"width": 1360, "height": 860}

# The tests' page is alone on its machine: nothing of the browser's own may go to a network.
QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-first-run",
    "--no-pings",
)
MEDIA = (
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
)


def write_microphone(path: Path) -> Path:
    """A WAV that Chromium's fake microphone repeats: 1004 Hz, without a jump where it begins again."""
    seconds = np.arange(MICROPHONE_RATE * 10) / MICROPHONE_RATE
    samples = 0.25 * np.sin(2 * np.pi * MICROPHONE_HZ * seconds)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(MICROPHONE_RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


@asynccontextmanager
async def open_browser(folder: Path) -> AsyncIterator[Browser]:
    """Chromium of the machine. Raises RuntimeError when the machine has none, or the console is not built."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise RuntimeError("there is no Chromium on this machine: `make run` installs it")
    if not (CHECKOUT / "console" / "dist" / "index.html").is_file():
        raise RuntimeError("the console is not built: `make run` builds it")
    microphone = write_microphone(folder / "microphone.wav")
    arguments = [*QUIET, *MEDIA, f"--use-file-for-fake-audio-capture={microphone}"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Desk:
    """The console of one logged-in user."""

    page: Page
    errors: list[str]

    def part(self, name: str) -> Any:
        return self.page.get_by_test_id(name)

    async def click(self, name: str) -> None:
        await self.part(name).click()

    async def go_to(self, page: str) -> None:
        await self.click(f"menu-{page}")

    async def is_in(self, state: str) -> None:
        """Waits until the presence bar shows the state."""
        await expect(self.part("presence")).to_have_attribute("data-state", state, timeout=SHOWN_WITHIN_MS)

    async def is_registered(self) -> None:
        await expect(self.part("line")).to_have_attribute("data-line", "registered", timeout=SHOWN_WITHIN_MS)

    async def call_is(self, stage: str) -> None:
        """Waits until the phone shows its call as ringing, talking ..."""
        await expect(self.part("call")).to_have_attribute("data-stage", stage, timeout=SHOWN_WITHIN_MS)

    async def has_no_call(self) -> None:
        await expect(self.part("call")).to_have_count(0, timeout=SHOWN_WITHIN_MS)

    async def sign_in(self) -> None:
        """签入, then 置闲: afterwards calls come."""
        await self.click("sign-in")
        await self.is_in("paused")
        await self.is_registered()
        await self.click("ready")
        await self.is_in("ready")

    async def open_call(self, row_text: str) -> None:
        """Opens the newest call of the list whose row has the text."""
        await self.go_to("calls")
        await self.page.locator("tr", has_text=row_text).first.get_by_role("button").first.click()
        await expect(self.part("recording")).to_be_visible()

    async def play(self) -> dict[str, float]:
        """Plays the recording of the open call from its middle for half a second; what its audio element says (s)."""
        await self.click("play")
        played: dict[str, float] = await self.part("recording").evaluate(
            """async (part) => {
                const audio = part.querySelector('audio')
                const sought = new Promise((resolve) => audio.addEventListener('seeked', resolve, { once: true }))
                audio.currentTime = audio.duration / 2
                await sought
                const soughtTo = audio.currentTime
                await new Promise((resolve) => setTimeout(resolve, 500))
                return { readyState: audio.readyState, duration: audio.duration, soughtTo, playedTo: audio.currentTime }
            }"""
        )
        return played


@asynccontextmanager
async def open_desk(
    browser: Browser,
    settings: Settings,
    secrets: Secrets,
    username: str,
    language: str = "zh-CN",
    *,
    cleaning: str = "off",
) -> AsyncIterator[Desk]:
    """Logs in through the login page. Fails at the end when the page reported an error of its own."""
    context: BrowserContext = await browser.new_context(viewport=WINDOW_SIZE, locale=language)  # type: ignore[arg-type]
    base = f"http://{settings.address}:{settings.api_port}"
    await context.add_init_script(f"localStorage.setItem('ucc.language', {language!r})")
    # A steady tone is what the browser's noise filter takes out.
    await context.add_init_script(f"localStorage.setItem('ucc.microphone_cleaning', {cleaning!r})")
    page = await context.new_page()
    page.set_default_timeout(SHOWN_WITHIN_MS)
    desk = Desk(page, [])
    page.on("pageerror", lambda error: desk.errors.append(str(error)))
    try:
        await page.goto(f"{base}/login")
        await page.locator("#username").fill(username)
        await page.locator("#password").fill(secrets.demo_password)
        await page.locator("button[type=submit]").click()
        await page.wait_for_url(lambda url: "/login" not in url)
        yield desk
        assert desk.errors == []
    finally:
        await context.close()
