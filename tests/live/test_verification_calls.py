"""语音验证码 on a real call: the right digits are heard, repeated on key 1, and the API tells how it went."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from live.ear import hear
from live.house import House, until
from live.rules import end_all, log_in_as
from ucc.emulator import PlacedCall, list_heard
from ucc.emulator.keys import press
from ucc.stack.api_client import ApiClient

pytestmark = pytest.mark.live
DIGITS = [f"digit_{digit}" for digit in range(10)]
SOUNDS = [*DIGITS, "verification_code_is", "verification_repeat"]


async def place(enterprise: ApiClient, callee: str, **options: Any) -> dict[str, Any]:
    body = {"callee": callee, "idempotency_key": str(uuid4())} | options
    made: dict[str, Any] = await enterprise.request("POST", "/verification-calls", json=body)
    return made


async def wait_state(enterprise: ApiClient, call_id: str, state: str, within_s: float = 10.0) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        found: dict[str, Any] = await enterprise.get(f"/verification-calls/{call_id}")
        return found if found["state"] == state else None

    return await until(look, f"the verification to be {state}", within_s)


async def verify(enterprise: ApiClient, call_id: str, code: str) -> tuple[bool, str | None]:
    result = await enterprise.request("POST", f"/verification-calls/{call_id}/verify", json={"code": code})
    return result["is_right"], result["why"]


def folder(house: House, language: str = "zh") -> Path:
    return house.settings.home / "prompt" / language


@pytest.mark.parametrize(("language", "spoken"), [("zh-CN", "zh"), ("en", "en")])
async def test_the_code_is_heard(house: House, language: str, spoken: str) -> None:
    enterprise = await log_in_as(house, "enterprise")
    callee = house.number("0")
    made = await place(enterprise, callee, code="4071", language=language)
    assert made["state"] == "calling"
    await wait_state(enterprise, made["id"], "answered")
    await wait_state(enterprise, made["id"], "heard", 20)
    record = await house.record(callee, 30)

    (heard,) = list_heard(house.settings, callee=callee)
    once = ["verification_code_is", "digit_4", "digit_0", "digit_7", "digit_1", "verification_repeat"]
    assert hear(heard.path, folder(house, spoken), SOUNDS) == once * 2
    assert (record["id"], record["direction"], record["result"]) == (made["id"], "outbound", "answered")
    assert record["ended_by"] == "system", "the code was read; UCC hangs up"
    assert len(record["charges"]) == 3
    assert await house.postings(record["id"]) == (1, 6, 0)
    ended = await enterprise.get(f"/verification-calls/{made['id']}")
    assert (ended["state"], ended["cause"]) == ("heard", None)
    assert await verify(enterprise, made["id"], "4070") == (False, "wrong")
    assert await verify(enterprise, made["id"], "4071") == (True, None)
    assert await verify(enterprise, made["id"], "4071") == (False, "used")
    assert datetime.fromisoformat(ended["expires_at"]) > datetime.fromisoformat(ended["created_at"])


async def test_again_on_key_1(house: House) -> None:
    enterprise = await log_in_as(house, "enterprise")
    callee = house.number("0")
    made = await place(enterprise, callee, code="2958")
    await wait_state(enterprise, made["id"], "heard", 20)
    (heard,) = list_heard(house.settings, callee=callee)
    ringing = PlacedCall(heard.channel_id, "", callee, heard.path, heard.at)
    await asyncio.sleep(12)  # after the second reading it listens
    await press(house.settings, house.secrets, ringing, "1")
    await house.record(callee, 40)
    once = ["verification_code_is", "digit_2", "digit_9", "digit_5", "digit_8", "verification_repeat"]
    assert hear(heard.path, folder(house), SOUNDS) == once * 3


async def test_a_code_of_the_system_is_nowhere_to_be_read(house: House) -> None:
    enterprise = await log_in_as(house, "enterprise")
    callee = house.number("0")
    made = await place(enterprise, callee)
    await wait_state(enterprise, made["id"], "answered")
    await asyncio.sleep(1)
    async with house.database.begin() as session:
        states = str((await session.execute(text("SELECT state FROM call_state"))).all())
    kept = "".join(path.read_text() for path in (house.settings.spool_dir / "live").glob("*.json"))
    await wait_state(enterprise, made["id"], "heard", 20)
    await house.record(callee, 30)
    (heard,) = list_heard(house.settings, callee=callee)
    digits = [sound.removeprefix("digit_") for sound in hear(heard.path, folder(house), DIGITS)]
    assert len(digits) == 8
    assert digits[:4] == digits[4:]
    code = "".join(digits[:4])
    assert await verify(enterprise, made["id"], code) == (True, None)
    for stored in (states, kept):
        assert made["id"] in stored
        assert f'"{code}"' not in stored
        assert "digit_" not in stored
    async with house.database.begin() as session:
        row = (await session.execute(text("SELECT * FROM verification_call WHERE id = :id"), {"id": made["id"]})).one()
    assert row.sealed_code is None
    assert code.encode() not in row.code_hash


@pytest.mark.parametrize(("outcome", "cause"), [("2", "q850_17"), ("5", "q850_21"), ("7", "q850_1")])
async def test_who_does_not_answer_fails(house: House, outcome: str, cause: str) -> None:
    enterprise = await log_in_as(house, "enterprise")
    callee = house.number(outcome)
    made = await place(enterprise, callee, code="4071")
    failed = await wait_state(enterprise, made["id"], "failed")
    assert failed["cause"] == cause
    assert await verify(enterprise, made["id"], "4071") == (False, "not_answered")
    assert (await house.record(callee))["charges"] == []


async def test_who_hangs_up_early_has_not_heard(house: House) -> None:
    enterprise = await log_in_as(house, "enterprise")
    callee = house.number("0")
    made = await place(enterprise, callee)
    await wait_state(enterprise, made["id"], "answered")
    await end_all(house)
    failed = await wait_state(enterprise, made["id"], "failed")
    assert failed["cause"] == "hung_up"
    assert len((await house.record(callee))["charges"]) == 3


async def test_a_blacklisted_number_is_not_called(house: House) -> None:
    enterprise = await log_in_as(house, "enterprise")
    callee = house.number("0")
    await enterprise.request("POST", "/blacklist", json={"numbers": [callee]})
    made = await place(enterprise, callee)
    assert (await wait_state(enterprise, made["id"], "failed"))["cause"] == "blacklisted"
    assert (await house.record(callee))["refusal"] == "blacklisted"
