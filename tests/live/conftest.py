"""One house a test, on the one running stack; after each test nothing may be left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from live.house import House, open_house
from ucc.config import get_settings
from ucc.demo import Demo, fill
from ucc.secrets import get_secrets
from ucc.stack.client import StackClient


@pytest.fixture(scope="session")
def demo(stack: StackClient) -> Demo:
    return asyncio.run(fill())


@pytest.fixture
async def house(stack: StackClient, demo: Demo) -> AsyncIterator[House]:
    async with open_house(get_settings(), get_secrets(), stack, demo) as house:
        yield house
        for agent in house.agents:
            await house.sign_in(agent, "offline")
        await house.exits.aclose()
        await house.assert_nothing_left()
