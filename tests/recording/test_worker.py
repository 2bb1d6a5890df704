"""The worker as a process: jobs wake it, it survives what is killed, it stops when told."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import psutil
import pytest
from capture_writer import INSIDE, OUTSIDE, SWITCH, Stream, make_tone, write_capture
from sqlalchemy import select

from database_fixtures import TestDatabase
from ucc.call.service import finish_call
from ucc.config import get_settings
from ucc.db.unit import Database
from ucc.engine.record import RecordingRecord
from ucc.kit.ids import new_id
from ucc.recording.models import Recording
from world import World, finished_call

pytestmark = pytest.mark.db


@asynccontextmanager
async def running_worker(home: Path, database: TestDatabase) -> AsyncIterator[subprocess.Popen[bytes]]:
    home.mkdir(exist_ok=True)
    shutil.copy(get_settings().secrets_path, home / "secrets.toml")
    url = database.admin.render_as_string(hide_password=False)
    environment = os.environ | {"UCC_HOME": str(home), "UCC_DATABASE_URL": url, "UCC_ADDRESS": SWITCH[0]}
    with (home / "worker.log").open("ab") as log:
        worker = subprocess.Popen([sys.executable, "-m", "ucc.worker"], env=environment, stderr=log, stdout=log)
    try:
        yield worker
    finally:
        worker.kill()
        worker.wait()


async def finish_recorded_call(database: Database, world: World, home: Path) -> UUID:
    recording_id, begin = new_id(), time.time() - 2
    stem = f"{recording_id}-0123456789abcdef"
    streams = [Stream(("192.0.2.1", 4000), OUTSIDE, ssrc=1), Stream(SWITCH, INSIDE, ssrc=2)]
    tones = [stream.talk(begin, make_tone(425, 2)) for stream in streams]
    write_capture(home / "capture" / "pcaps" / f"{stem}.pcap", *tones)
    (home / "capture" / "metadata").mkdir(exist_ok=True)
    (home / "capture" / "metadata" / f"rtpengine-meta-{stem}.txt").write_text("done")
    stretch = RecordingRecord(recording_id, str(recording_id), begin, begin + 2)
    async with database.begin() as session:
        await finish_call(session, finished_call(world.first, 2, started_at=begin, recordings=(stretch,)))
    return recording_id


async def await_state(database: Database, recording_id: UUID, state: str, within_s: float) -> float:
    """Seconds until the recording was in this state."""
    started = time.monotonic()
    async with asyncio.timeout(within_s):
        while True:
            async with database.begin() as session:
                found = await session.scalar(select(Recording.state).where(Recording.id == recording_id))
            if found == state:
                return time.monotonic() - started
            await asyncio.sleep(0.05)


async def test_a_job_wakes_the_worker_and_a_signal_stops_it(
    database: Database, fresh_database: TestDatabase, world: World, tmp_path: Path
) -> None:
    async with running_worker(tmp_path, fresh_database) as worker:
        early = await finish_recorded_call(database, world, tmp_path)
        await await_state(database, early, "ready", 20)
        prompt = await finish_recorded_call(database, world, tmp_path)
        assert await await_state(database, prompt, "ready", 10) < 3
        children = psutil.Process(worker.pid).children()
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(worker.wait, 5) == 0
        _, alive = await asyncio.to_thread(psutil.wait_procs, children, timeout=3)
        assert not [child for child in alive if child.status() != psutil.STATUS_ZOMBIE]
    log = (tmp_path / "worker.log").read_text()
    assert "worker started" in log
    assert log.count("recording ready") == 2
    assert "Traceback" not in log


async def test_encoders_die_with_a_killed_worker_and_the_next_one_goes_on(
    database: Database, fresh_database: TestDatabase, world: World, tmp_path: Path
) -> None:
    async with running_worker(tmp_path, fresh_database) as worker:
        await await_state(database, await finish_recorded_call(database, world, tmp_path), "ready", 20)
        children = psutil.Process(worker.pid).children(recursive=True)
        worker.kill()
        worker.wait()
        _, alive = await asyncio.to_thread(psutil.wait_procs, children, 3)
        assert not [child for child in alive if child.status() != psutil.STATUS_ZOMBIE]
    missed = await finish_recorded_call(database, world, tmp_path)
    async with running_worker(tmp_path, fresh_database):
        await await_state(database, missed, "ready", 20)


async def test_a_lost_connection_costs_nothing(
    database: Database, fresh_database: TestDatabase, world: World, tmp_path: Path
) -> None:
    from ucc.db.setup import connect

    async with running_worker(tmp_path, fresh_database):
        await await_state(database, await finish_recorded_call(database, world, tmp_path), "ready", 20)
        with connect(fresh_database.admin, "postgres") as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (fresh_database.name,)
            )
        await database.engine.dispose()
        after = await finish_recorded_call(database, world, tmp_path)
        await await_state(database, after, "ready", 20)
    assert "Traceback" not in (tmp_path / "worker.log").read_text()
