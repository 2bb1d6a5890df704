"""The audio of a recording: whole, in parts, or a reason why not."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import update

from api_fixtures import Api
from ucc.call.service import finish_call
from ucc.db.unit import Database
from ucc.recording.models import Recording
from world import World, finished_call

pytestmark = pytest.mark.db
CONTENT = bytes(range(256)) * 40


async def make_recording(api: Api, database: Database, world: World, path: str = "1/2026/11/23/x.mp3") -> str:
    """A recording that is ready; its address."""
    call = finished_call(world.first, 50)
    file = api.settings.recording_dir / "1/2026/11/23/x.mp3"
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENT)
    async with database.begin() as session:
        await finish_call(session, call)
        values = {"path": path, "bytes": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest()}
        await session.execute(update(Recording).values(state="ready", duration_ms=50_000, **values))
    return f"recordings/{call.recordings[0].recording_id}/audio"


async def test_whole(api: Api, database: Database, world: World) -> None:
    address = await make_recording(api, database, world)
    for username in ("operator", "reseller1", "enterprise1", "supervisor1", "agent1"):
        browser = await api.browser(username)
        async with browser.get(address) as response:
            assert response.status == 200
            assert response.content_type == "audio/mpeg"
            assert response.headers["Accept-Ranges"] == "bytes"
            assert response.headers["Cache-Control"] == "private, no-cache"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert await response.read() == CONTENT


PARTS = [("bytes=0-99", 0, 100), ("bytes=10000-", 10_000, len(CONTENT)), ("bytes=-5", len(CONTENT) - 5, len(CONTENT))]


async def test_parts(api: Api, database: Database, world: World) -> None:
    address = await make_recording(api, database, world)
    browser = await api.browser("enterprise1")
    for wanted, start, end in PARTS:
        async with browser.get(address, headers={"Range": wanted}) as response:
            assert response.status == 206
            assert response.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"
            assert await response.read() == CONTENT[start:end]
    async with browser.get(address, headers={"Range": "bytes=99999-"}) as response:
        assert response.status == 416


async def test_not_ready_and_failed(api: Api, database: Database, world: World) -> None:
    address = await make_recording(api, database, world)
    browser = await api.browser("enterprise1")
    for state, failure in (("spooled", None), ("encoding", None), ("failed", "disk_full")):
        async with database.begin() as session:
            await session.execute(update(Recording).values(state=state, failure=failure))
        async with browser.get(address) as response:
            body = await response.json()
            assert (response.status, body["code"]) == (409, "recording_not_ready")
            assert (failure or "") in body["message"]


async def test_only_files_in_the_folder_of_recordings(api: Api, database: Database, world: World) -> None:
    (api.settings.home / "secrets.toml").write_text("secret")
    address = await make_recording(api, database, world)
    browser = await api.browser("enterprise1")
    for path in ("../secrets.toml", "/etc/passwd", "1/2026/11/23/gone.mp3", "1/2026"):
        async with database.begin() as session:
            await session.execute(update(Recording).values(path=path))
        async with browser.get(address) as response:
            assert response.status == 404, path
