"""The live tests' house, and a browser in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from browser.desk import open_browser
from live.house import House, open_house
from ucc.config import get_settings
from ucc.demo import Demo, fill
from ucc.secrets import get_secrets
from ucc.stack.client import StackClient


@pytest.fixture
async def demo(stack: StackClient) -> Demo:
    return await fill()


async def hang_up_all(house: House) -> None:
    for call in (await house.snapshot())["calls"]:
        async with house.controller.post(f"/calls/{call['call_id']}/hang-up", json={"by": "agent"}):
            pass


@pytest.fixture
async def house(stack: StackClient, demo: Demo) -> AsyncIterator[House]:
    async with open_house(get_settings(), get_secrets(), stack, demo) as house:
        for agent in ("agent1", "agent2"):
            await house.sign_in(agent, "offline")
        yield house
        await house.exits.aclose()
        try:
            await house.assert_nothing_left()
        except AssertionError:
            await hang_up_all(house)  # the next test starts from nothing
            raise


@pytest.fixture
async def browser(tmp_path: Path, house: House) -> AsyncIterator[Browser]:
    """Closed before the house looks for what is left."""
    async with open_browser(tmp_path) as browser:
        yield browser
