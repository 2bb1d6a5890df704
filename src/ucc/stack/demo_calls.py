"""The demo's two calls: one from the carrier to an agent's desk phone, one from that agent to the carrier.

Placed from outside, over SIP and over the API, as customers and agents do.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp

from ucc.config import Settings
from ucc.db.unit import Database
from ucc.demo import Demo
from ucc.emulator import EmulatorError, hang_up, place_call
from ucc.secrets import Secrets
from ucc.softphone import SoftPhone, SoftPhoneError
from ucc.stack.api_client import ApiClient, ApiRefused, log_in, wait_for
from ucc.stack.demo_proof import AGENT_TONE_HZ, CallProof, prove_call
from ucc.stack.live_calls import LiveCalls

CALLER = "+8613800138000"
AGENT_LOGIN = "agent1"
CHARGED_LEVELS = 3
"""Operator, reseller and enterprise of the demo."""
AGENT_PHONE = "8001"
TALK_S = 6.0
ANSWERED_WITHIN_S = 20.0

Tell = Callable[[str], None]


class DemoFailed(Exception):
    """A demo call could not even be placed; the text says why."""


def api_url(settings: Settings) -> str:
    return f"http://{settings.address}:{settings.api_port}"


async def place_demo_calls(settings: Settings, secrets: Secrets, demo: Demo, tell: Tell) -> list[CallProof]:
    """Places both calls and proves them. Raises DemoFailed."""
    url = api_url(settings)
    try:
        async with (
            log_in(url, "operator", secrets.demo_password) as operator,
            log_in(url, AGENT_LOGIN, secrets.demo_password) as agent,
            Database.of_role("system", pool_size=2) as database,
        ):
            tell(f"desk phone {AGENT_PHONE} registers")
            async with _signed_in(agent), _desk_phone(settings, demo):
                inbound = await _call_in(settings, secrets, agent, demo, tell)
                outbound = await _call_out(agent, tell)
            proofs, levels = [], CHARGED_LEVELS if settings.has_billing else 0
            for direction, call_id in (("inbound", inbound), ("outbound", outbound)):
                tell(f"{direction} call {call_id}: waiting for its recording and its charges")
                proofs.append(await prove_call(operator, database, direction, call_id, levels))
            return proofs
    except (
        TimeoutError,
        ApiRefused,
        EmulatorError,
        SoftPhoneError,
        aiohttp.ClientError,
        OSError,
        RuntimeError,
    ) as error:
        raise DemoFailed(str(error) or type(error).__name__) from error


@asynccontextmanager
async def _desk_phone(settings: Settings, demo: Demo) -> AsyncIterator[SoftPhone]:
    password = demo.phone_passwords[AGENT_PHONE]
    async with SoftPhone(settings, number=AGENT_PHONE, password=password, tone_hz=AGENT_TONE_HZ) as phone:
        yield phone


@asynccontextmanager
async def _signed_in(agent: ApiClient) -> AsyncIterator[None]:
    """The agent is ready inside and offline after."""
    await _set_presence(agent, "ready")
    try:
        yield
    finally:
        with contextlib.suppress(ApiRefused, aiohttp.ClientError, TimeoutError):
            await _set_presence(agent, "offline")


async def _set_presence(agent: ApiClient, presence: str) -> None:
    await agent.request("PUT", "/agent/presence", json={"presence": presence, "reason": None})


async def _call_in(settings: Settings, secrets: Secrets, agent: ApiClient, demo: Demo, tell: Tell) -> str:
    """The carrier calls the DID, the desk phone answers, they talk, the carrier hangs up. The call's id."""
    tell(f"inbound: {CALLER} calls {demo.did}")
    began = datetime.now(UTC)
    async with LiveCalls.watch(agent) as live:
        call = await place_call(settings, secrets, CALLER, demo.did, answered_within_s=ANSWERED_WITHIN_S)
        if not call.is_answered:
            raise RuntimeError(f"UCC did not answer the call to {demo.did}: {call.cause_text}, SIP {call.sip_status}")
        call_id = await live.wait_talking("inbound")
        tell(f"inbound: answered after {(datetime.now(UTC) - began).total_seconds():.1f} s, talking {TALK_S:g} s")
        await asyncio.sleep(TALK_S)
        await hang_up(settings, secrets, call)
        await live.wait_ended(call_id)
    return call_id


def _choose_callee() -> str:
    """Ends in 0: the emulator answers it and talks until it is hung up. Another each time: nobody is dialled often."""
    return f"139{random.SystemRandom().randrange(10**7):07d}0"


async def _call_out(agent: ApiClient, tell: Tell) -> str:
    """The agent calls out over the API, the carrier answers, they talk, the agent hangs up. The call's id."""
    callee = _choose_callee()

    async def ask() -> dict[str, Any] | None:
        try:
            placed: dict[str, Any] = await agent.request("POST", "/agent/calls", json={"callee": callee})
            return placed
        except ApiRefused as error:
            if error.status == 409:  # the agent is still on its way out of the last call
                return None
            raise

    tell(f"outbound: agent {AGENT_PHONE} calls {callee}")
    async with LiveCalls.watch(agent) as live:
        placed = await wait_for(ask, "the agent to be free again", 10)
        call_id = await live.wait_talking("outbound", placed["call_id"])
        tell(f"outbound: answered, talking {TALK_S:g} s")
        await asyncio.sleep(TALK_S)
        await agent.request("POST", f"/calls/{call_id}/hang-up")
        await live.wait_ended(call_id)
    return call_id
