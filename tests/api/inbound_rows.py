"""Rows, sounds and calls of an enterprise's reception, for the tests of its settings."""

from __future__ import annotations

import io
import wave
from typing import Any

import aiohttp
import lameenc
import numpy as np
from sqlalchemy import text

from ucc.call.service import finish_call
from ucc.db.unit import Database
from ucc.engine.record import Direction, RecordingPurpose, RecordingRecord, Result
from ucc.kit.ids import new_id
from world import NOON, Branch, finished_call

ROLES = {"operator": "operator", **{f"{role}2": role for role in ("reseller", "enterprise", "supervisor", "agent")}}
TABLES = [
    "queue",
    "queue_member",
    "agent_skill",
    "ivr_tree",
    "ivr_tree_version",
    "prompt",
    "schedule",
    "did",
    "destination",
    "priority_caller",
    "reception_setting",
    "voicemail_box",
    "voicemail_message",
    "missed_call",
    "recording",
]


async def call(browser: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with browser.request(method, path, json=body) as response:
        return response.status, await response.json() if response.status != 204 else None


async def run(database: Database, statement: str, **values: object) -> Any:
    async with database.begin() as session:
        result = await session.execute(text(statement), values)
        return result.scalar() if result.returns_rows else None


def wav(seconds: float = 1.0, rate: int = 44100, channels: int = 2) -> bytes:
    target = io.BytesIO()
    t = np.arange(int(seconds * rate)) / rate
    tone = (8000 * np.sin(2 * np.pi * 800 * t)).astype(np.int16)
    with wave.open(target, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(tone, channels).tobytes())
    return target.getvalue()


def read_wav(sound: bytes) -> Any:
    """What the switch plays."""
    with wave.open(io.BytesIO(sound)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def mp3(seconds: float) -> bytes:
    encoder = lameenc.Encoder()
    encoder.set_in_sample_rate(16000)
    encoder.set_channels(1)
    encoder.silence()
    tone = (8000 * np.sin(2 * np.pi * 800 * np.arange(int(seconds * 16000)) / 16000)).astype(np.int16)
    return bytes(encoder.encode(tone.tobytes()) + encoder.flush())


async def upload(browser: aiohttp.ClientSession, name: str, sound: bytes) -> tuple[int, Any]:
    async with browser.post("prompts/upload", params={"name": name}, data=sound) as response:
        return response.status, await response.json()


def missed_call(branch: Branch, **changes: Any) -> Any:
    values = {
        "direction": Direction.INBOUND,
        "caller": "+8613800138000",
        "callee": branch.did,
        "result": Result.ABANDONED,
        "connected_at": None,
        "agent_id": None,
        "queue_id": branch.queue_id,
    }
    return finished_call(branch, 20, **(values | changes))


async def leave_message(database: Database, branch: Branch, box_id: int, **changes: Any) -> str:
    message = RecordingRecord(
        new_id(), "leg@switch", NOON + 10, NOON + 20, purpose=RecordingPurpose.VOICEMAIL, box_id=box_id
    )
    async with database.begin() as session:
        await finish_call(session, missed_call(branch, recordings=(message,), **changes))
    return str(message.recording_id)


async def make_rows(database: Database, branch: Branch) -> dict[str, int | str]:
    """One row of each kind, of this enterprise."""
    tenant = branch.enterprise_id
    statements = {
        "ivr_tree": (
            "INSERT INTO ivr_tree (tenant_id, name, draft, published_version) VALUES (:t, 'prey', :n, 1) RETURNING id"
        ),
        "prompt": (
            "INSERT INTO prompt (tenant_id, name, sha256, duration_ms)"
            " VALUES (:t, 'prey', repeat('0', 64), 5) RETURNING id"
        ),
        "schedule": (
            "INSERT INTO schedule (tenant_id, name, weekly) VALUES (:t, 'prey', '[[],[],[],[],[],[],[]]') RETURNING id"
        ),
        "priority_caller": "INSERT INTO priority_caller (tenant_id, number) VALUES (:t, '+8613911110000') RETURNING id",
        "voicemail_box": "INSERT INTO voicemail_box (tenant_id, name) VALUES (:t, 'prey') RETURNING id",
    }
    tree = '{"entry": "end", "nodes": {"end": {"kind": "hang_up"}}}'
    rows: dict[str, int | str] = {
        kind: await run(database, statement, **({"t": tenant, "n": tree} if ":n" in statement else {"t": tenant}))
        for kind, statement in statements.items()
    }
    await run(
        database,
        "INSERT INTO ivr_tree_version (tree_id, version, tenant_id, body) VALUES (:i, 1, :t, :n)",
        i=rows["ivr_tree"],
        t=tenant,
        n=tree,
    )
    rows["voicemail_message"] = await leave_message(database, branch, int(rows["voicemail_box"]))
    rows["missed_call"] = str(await run(database, "SELECT call_id FROM missed_call WHERE tenant_id = :t", t=tenant))
    return rows | {"queue": branch.queue_id, "agent": branch.agent_id, "did": branch.did_id}


async def dump(database: Database, branch: Branch) -> list[Any]:
    async with database.begin() as session:
        return [
            (
                await session.execute(
                    text(f"SELECT x::text FROM {table} x WHERE tenant_id = :t ORDER BY 1"), {"t": branch.enterprise_id}
                )
            ).all()
            for table in TABLES
        ]
