"""Internal calls and feature codes (功能键) on real phones: no trunk, no money; what is read back is understood."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from live.ear import hear
from live.house import House, until
from live.rules import log_in_as
from ucc.engine.spoken import speak_balance
from ucc.prompt.builtin import NAMES
from ucc.softphone import SoftPhone, tone_strength

pytestmark = pytest.mark.live
FIRST_HZ, SECOND_HZ = 1004, 701
TONES = {"beep", "warning", "connected", "ringback"}
SPOKEN = [name for name in NAMES if name not in TONES]


def understand(house: House, recording: Path) -> list[str]:
    return hear(recording, house.settings.home / "prompt" / "zh", SPOKEN)


async def dial_code(house: House, phone: SoftPhone, code: str) -> list[str]:
    """What the phone heard until the system hung up."""
    call = await phone.dial(code)
    await phone.wait_closed(20)
    return understand(house, call.heard)


async def list_internal(house: House) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await house.operator.get("/calls", direction="internal", limit=200))["items"]
    return items


@pytest.mark.parametrize("number", ["8002", "1002"])
async def test_an_internal_call_meets_no_trunk_and_costs_nothing(house: House, number: str) -> None:
    first, second = await house.phone("8001", tone_hz=FIRST_HZ), await house.phone("8002", tone_hz=SECOND_HZ)
    await house.sign_in("agent2")
    before = len(await list_internal(house))
    await first.dial(number)
    await first.wait_established()
    await house.agent_is("8001", "on_call")
    await house.agent_is("8002", "on_call")
    await asyncio.sleep(3)
    await first.hang_up()
    await second.wait_closed()
    await house.agent_is("8002", "ready")

    async def look() -> dict[str, Any] | None:
        items = await list_internal(house)
        return items[0] if len(items) == before + 1 else None

    newest = await until(look, "the record of the internal call")
    record = await house.operator.get(f"/calls/{newest['id']}")
    assert (record["direction"], record["result"], record["callee"]) == ("internal", "answered", number)
    assert {leg["kind"] for leg in record["legs"]} == {"phone"}
    assert {leg["agent_name"] for leg in record["legs"]} == {"坐席一", "坐席二"}
    assert record["charges"] == []
    assert await house.postings(record["id"]) == (0, 0, 0)
    assert tone_strength(first.heard, SECOND_HZ) > 0.5
    assert tone_strength(second.heard, FIRST_HZ) > 0.5


async def test_a_short_number_of_nobody(house: House) -> None:
    phone = await house.phone()
    await phone.dial("8999")
    assert "404" in await phone.wait_closed()


async def test_own_number(house: House) -> None:
    phone = await house.phone()
    before = await list_internal(house)
    digits = {name: [f"digit_{digit}" for digit in name] for name in ("8001", "1001")}
    heard = await dial_code(house, phone, "*65")
    assert heard == ["your_extension_is", *digits["8001"], "your_work_number_is", *digits["1001"]]
    assert await list_internal(house) == before, "a feature code is no call"


async def test_balance(house: House) -> None:
    phone = await house.phone()
    tenants = (await house.operator.get("/tenants"))["items"]
    balance = next(tenant["balance_micros"] for tenant in tenants if tenant["id"] == house.demo.tenant_id)
    assert await dial_code(house, phone, "*66") == list(speak_balance(balance, "zh-CN"))


async def test_presence_by_phone(house: House) -> None:
    phone = await house.phone()
    for code, heard, state in (
        ("*72", ["signed_in"], "ready"),
        ("*67", ["your_state_is", "state_ready"], "ready"),
        ("*77", ["your_state_is", "state_paused"], "paused"),
        ("*67", ["your_state_is", "state_paused"], "paused"),
        ("*76", ["your_state_is", "state_ready"], "ready"),
        ("*73", ["signed_out"], "offline"),
        ("*67", ["your_state_is", "state_offline"], "offline"),
    ):
        assert await dial_code(house, phone, code) == heard, code
        await house.agent_is("8001", state)


async def test_what_is_no_code(house: House) -> None:
    phone = await house.phone()
    for code in ("*99", "*651", "*85"):
        await phone.dial(code)
        assert "404" in await phone.wait_closed(), code


async def test_a_nailed_up_line_by_phone(house: House) -> None:
    phone = await house.phone()
    assert await dial_code(house, phone, "*70") == ["refused"], "there is none to give up"
    await phone.dial("*71")
    await phone.wait_established()

    async def is_line_up() -> bool | None:
        return True if (await house.agent("8001"))["is_line_up"] else None

    await until(is_line_up, "the line to be up")
    await phone.hang_up()

    async def is_line_down() -> bool | None:
        return None if (await house.agent("8001"))["is_line_up"] else True

    await until(is_line_down, "the line to be down")


@pytest.mark.parametrize("code", ["*8", "*81002"])
async def test_picking_up_a_colleagues_call(house: House, code: str) -> None:
    first = await house.phone("8001", tone_hz=FIRST_HZ)
    second = await house.phone("8002", is_answering=False)
    await house.sign_in("agent2")
    assert await dial_code(house, first, code) == ["nobody_rings"]
    call = await house.call_in(answered_within_s=0)
    await second.wait_ringing()
    await first.dial(code)
    await first.wait_established()
    await second.wait_closed()
    await house.agent_is("8001", "on_call")
    await house.agent_is("8002", "ready")
    await asyncio.sleep(2)
    await house.hang_up(call)
    record = await house.record(call.caller)
    assert (record["result"], record["agent_name"]) == ("answered", "坐席一")
    assert tone_strength(call.heard, FIRST_HZ) > 0.5


@asynccontextmanager
async def recording_policy(house: House, **policy: Any) -> AsyncIterator[None]:
    enterprise = await log_in_as(house, "enterprise")
    made = await enterprise.request("PUT", "/recording-policies", json=policy)
    yield
    await enterprise.request("DELETE", f"/recording-policies/{made['id']}")


async def test_recording_on_demand_by_keys(house: House) -> None:
    """*1 in the call begins a recording; *1 again ends it."""
    phone = await house.phone()
    callee, silent = house.number("0"), house.number("0")
    async with recording_policy(house, mode="on_demand"):
        await phone.dial(silent)
        await phone.wait_established()
        await asyncio.sleep(1)
        await phone.hang_up()
        assert (await house.record(silent))["recording"] is None

        await phone.dial(callee)
        await phone.wait_established()
        await asyncio.sleep(3)
        await phone.press("*1")
        await asyncio.sleep(4)
        await phone.press("*1")
        await asyncio.sleep(3)
        await phone.hang_up()
        record = await house.recorded(callee)
    assert record["recording"]["state"] == "ready"
    assert 3000 < record["recording"]["duration_ms"] < 6000, record["recording"]
    assert record["talk_ms"] > 9500


def list_captures(house: House) -> set[Path]:
    return {path for path in house.settings.capture_dir.rglob("*") if path.is_file()}


async def test_forbidden_leaves_nothing(house: House) -> None:
    phone = await house.phone()
    callee = house.number("0")
    before = list_captures(house)
    async with recording_policy(house, mode="forbidden"):
        await phone.dial(callee)
        await phone.wait_established()
        await phone.press("*1")
        await asyncio.sleep(3)
        captures = list_captures(house)
        await phone.hang_up()
        record = await house.record(callee)
    assert (record["result"], record["recording"]) == ("answered", None)
    assert captures <= before
    assert list_captures(house) <= before


async def test_forced_cannot_be_stopped(house: House) -> None:
    phone = await house.phone()
    callee = house.number("0")
    async with recording_policy(house, mode="forced", can_pause=False):
        await phone.dial(callee)
        await phone.wait_established()
        await phone.press("*1")
        await asyncio.sleep(3)
        await phone.press("*1")
        await asyncio.sleep(1)
        await phone.hang_up()
        record = await house.recorded(callee)
    assert abs(record["recording"]["duration_ms"] - record["talk_ms"]) <= 500
