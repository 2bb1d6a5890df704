"""From a finished call to a ready recording, with everything that may go wrong on the way."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio
from capture_writer import INSIDE, OUTSIDE, SWITCH, Stream, make_tone, write_capture
from sound import decode_mp3, measure_tone
from sqlalchemy import select, text, update

from ucc.call.service import finish_call
from ucc.config import Settings
from ucc.db.unit import Database
from ucc.engine.record import RecordingPurpose, RecordingRecord
from ucc.kit.ids import new_id
from ucc.recording import jobs, service
from ucc.recording.encode import EncodedFile, EncodeFailed, EncodeRequest, encode_captures
from ucc.recording.failure import Failure
from ucc.recording.jobs import RecordingEncoder, remove_leftovers
from ucc.recording.models import Recording
from ucc.recording.spool import Spool
from ucc.tenant.models import Tenant
from world import World, finished_call

pytestmark = pytest.mark.db

TRUNK = ("192.0.2.1", 30000)


class InlinePool:
    """Encodes in this process; tells of a failure instead when it is given one."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.requests: list[EncodeRequest] = []

    async def encode(self, request: EncodeRequest) -> EncodedFile:
        self.requests.append(request)
        if self.failure is not None:
            raise self.failure
        return await asyncio.to_thread(encode_captures, request)


@dataclass
class Bench:
    database: Database
    settings: Settings
    pool: InlinePool
    encoder: RecordingEncoder
    world: World

    async def finish(self, *, captured: bool = True, complete: bool = True, seconds: float = 2.0) -> UUID:
        """A call of so many seconds that has just ended; the id of its recording."""
        recording_id = new_id()
        begin = time.time() - seconds
        sip_call_id = f"{recording_id}@carrier"
        if captured:
            self.capture(sip_call_id, begin, seconds, complete=complete)
        stretch = RecordingRecord(recording_id, sip_call_id, begin, begin + seconds)
        call = finished_call(
            self.world.first, seconds, started_at=begin - 5, recordings=(stretch,), trunk_id=self.world.trunk_id
        )
        async with self.database.begin() as session:
            await finish_call(session, call)
        return recording_id

    def capture(self, sip_call_id: str, begin: float, seconds: float, *, complete: bool = True) -> Path:
        stem = f"{sip_call_id.replace('@', '%40')}-0123456789abcdef"
        customer = Stream(TRUNK, OUTSIDE, ssrc=1).talk(begin, make_tone(425, seconds))
        ours = Stream(SWITCH, INSIDE, ssrc=2).talk(begin, make_tone(1004, seconds))
        path = write_capture(self.settings.capture_dir / "pcaps" / f"{stem}.pcap", customer, ours)
        texts = self.settings.capture_dir / "metadata"
        texts.mkdir(exist_ok=True)
        if complete:
            (texts / f"rtpengine-meta-{stem}.txt").write_text("done")
        return path

    async def row(self, recording_id: UUID) -> Recording:
        async with self.database.begin() as session:
            return (await session.scalars(select(Recording).where(Recording.id == recording_id))).one()

    async def age(self, recording_id: UUID, by: timedelta, **values: str) -> None:
        async with self.database.begin() as session:
            moment = text(f"now() - interval '{by.total_seconds()} seconds'")
            await session.execute(
                update(Recording).where(Recording.id == recording_id).values(updated_at=moment, **values)
            )

    def captures(self) -> list[str]:
        return [path.name for path in self.settings.capture_dir.rglob("*") if path.is_file()]


@pytest_asyncio.fixture
async def bench(database: Database, world: World, tmp_path: Path) -> AsyncIterator[Bench]:
    settings = Settings(home=tmp_path, address=SWITCH[0])
    pool = InlinePool()
    yield Bench(database, settings, pool, RecordingEncoder(database, settings, pool), world)  # type: ignore[arg-type]


async def test_a_finished_call_becomes_a_file_and_its_captures_go(bench: Bench) -> None:
    recording_id = await bench.finish()
    assert await bench.encoder.encode(recording_id)
    row = await bench.row(recording_id)
    assert (row.state, row.duration_ms, row.failure) == ("ready", 2000, None)
    content = (bench.settings.recording_dir / str(row.path)).read_bytes()
    assert row.bytes == len(content)
    assert str(row.path).startswith(f"{bench.world.first.enterprise_id}/20")
    sound = decode_mp3(content)[0]
    assert min(measure_tone(sound, frequency, 0.2, 1.8) for frequency in (425, 1004)) > 0.2
    assert row.captures == [f"pcaps/{recording_id}%40carrier-0123456789abcdef.pcap"]
    assert bench.captures() == []


async def test_stereo_is_the_choice_of_the_tenant(bench: Bench) -> None:
    async with bench.database.begin() as session:
        await session.execute(update(Tenant).values(recording_channels="stereo"))
    recording_id = await bench.finish()
    await bench.encoder.encode(recording_id)
    left, right = decode_mp3((bench.settings.recording_dir / str((await bench.row(recording_id)).path)).read_bytes())
    assert measure_tone(left, 425, 0.2, 1.8) > 0.2 > 0.01 > measure_tone(right, 425, 0.2, 1.8)


async def test_a_repeated_job_does_nothing(bench: Bench) -> None:
    recording_id = await bench.finish()
    assert await bench.encoder.encode(recording_id)
    before = await bench.row(recording_id)
    assert not await bench.encoder.encode(recording_id)
    assert not await bench.encoder.encode(new_id())
    after = await bench.row(recording_id)
    assert (before.updated_at, before.sha256) == (after.updated_at, after.sha256)


async def test_two_workers_encode_a_recording_once(bench: Bench) -> None:
    recording_id = await bench.finish()
    assert sorted(await asyncio.gather(*(bench.encoder.encode(recording_id) for _ in range(4)))) == [False] * 3 + [True]
    assert len(bench.pool.requests) == 1


async def test_the_sweep_takes_what_no_job_came_for(bench: Bench) -> None:
    missed, fresh = await bench.finish(), await bench.finish()
    await bench.age(missed, jobs.OVERDUE * 2)
    assert await bench.encoder.sweep() == 1
    assert [(await bench.row(one)).state for one in (missed, fresh)] == ["ready", "spooled"]


async def test_the_claim_of_a_dead_worker_is_taken_over(bench: Bench) -> None:
    recording_id = await bench.finish()
    await bench.age(recording_id, timedelta(seconds=5), state="encoding")
    assert await bench.encoder.sweep() == 0
    await bench.age(recording_id, service.STALE_AFTER * 2, state="encoding")
    assert await bench.encoder.sweep() == 1
    assert (await bench.row(recording_id)).state == "ready"


async def test_a_capture_still_being_written_is_waited_for(bench: Bench) -> None:
    recording_id = await bench.finish(captured=False)
    task = asyncio.create_task(bench.encoder.encode(recording_id))
    await asyncio.sleep(0.5)
    row = await bench.row(recording_id)
    assert row.state == "encoding"
    bench.capture(row.sip_call_id, row.started_at.timestamp(), 2.0)
    assert await task
    assert (await bench.row(recording_id)).state == "ready"


async def test_no_capture_at_all_fails(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "PATIENCE_S", 0.3)
    recording_id = await bench.finish(captured=False)
    await bench.encoder.encode(recording_id)
    row = await bench.row(recording_id)
    assert (row.state, row.failure) == ("failed", "nothing_captured")


async def test_a_full_disk_fails_with_the_reason_and_is_tried_again(bench: Bench) -> None:
    recording_id = await bench.finish()
    bench.pool.failure = EncodeFailed(Failure.STORAGE_FULL, "no space", is_temporary=True)
    await bench.encoder.encode(recording_id)
    row = await bench.row(recording_id)
    assert (row.state, row.failure, row.will_retry) == ("failed", "storage_full", True)
    assert bench.captures() != []
    bench.pool.failure = None
    assert await bench.encoder.sweep() == 0
    await bench.age(recording_id, service.RETRY_AFTER * 2)
    assert await bench.encoder.sweep() == 1
    assert (await bench.row(recording_id)).state == "ready"


async def test_a_full_capture_disk_is_named(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "PATIENCE_S", 0.3)
    monkeypatch.setattr(Spool, "has_room", lambda self: False)
    nothing, part = await bench.finish(captured=False), await bench.finish(seconds=8.0)
    capture = next((bench.settings.capture_dir / "pcaps").iterdir())
    capture.write_bytes(capture.read_bytes()[: capture.stat().st_size // 2])
    for recording_id in (nothing, part):
        await bench.encoder.encode(recording_id)
    row = await bench.row(nothing)
    assert (row.failure, row.will_retry) == ("disk_full", False)
    row = await bench.row(part)
    assert (row.state, row.failure) == ("failed", "cut_short")
    assert capture.exists()
    assert not list(bench.settings.recording_dir.rglob("*.mp3"))


async def test_an_encoder_that_dies_costs_one_try(bench: Bench) -> None:
    recording_id = await bench.finish()
    bench.pool.failure = BrokenProcessPool("killed")
    await bench.encoder.encode(recording_id)
    row = await bench.row(recording_id)
    assert (row.failure, row.will_retry) == ("encoder_died", True)


async def test_a_worker_that_is_told_to_stop_gives_its_claim_back(bench: Bench) -> None:
    recording_id = await bench.finish(captured=False)
    task = asyncio.create_task(bench.encoder.encode(recording_id))
    await asyncio.sleep(0.4)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await bench.row(recording_id)).state == "spooled"


async def test_captures_of_two_recordings_stay_until_both_are_ready(bench: Bench) -> None:
    begin = time.time() - 4
    stretches = tuple(RecordingRecord(new_id(), "two@carrier", begin + at, begin + at + 1.5) for at in (0, 2))
    bench.capture("two@carrier", begin, 4)
    call = finished_call(bench.world.first, 4, started_at=begin - 5, recordings=stretches)
    async with bench.database.begin() as session:
        await finish_call(session, call)
    await bench.encoder.encode(stretches[0].recording_id)
    assert len(bench.captures()) == 2
    await bench.encoder.encode(stretches[1].recording_id)
    assert bench.captures() == []
    assert {(await bench.row(one.recording_id)).duration_ms for one in stretches} == {1500}


async def test_a_message_is_cut_out_of_the_calls_capture(bench: Bench) -> None:
    """The call's recording keeps everything; the message is a file of its own, and the call does not show it."""
    begin = time.time() - 4
    whole = RecordingRecord(new_id(), "box@carrier", begin, begin + 4)
    message = RecordingRecord(new_id(), "box@carrier", begin + 2.5, begin + 4, purpose=RecordingPurpose.VOICEMAIL)
    bench.capture("box@carrier", begin, 4)
    call = finished_call(bench.world.first, 4, started_at=begin - 5, recordings=(whole, message))
    async with bench.database.begin() as session:
        await finish_call(session, call)
    for one in (whole, message):
        await bench.encoder.encode(one.recording_id)
    rows = [await bench.row(one.recording_id) for one in (whole, message)]
    assert [(row.purpose, row.state, row.duration_ms) for row in rows] == [
        ("call", "ready", 4000),
        ("voicemail", "ready", 1500),
    ]
    assert len({row.path for row in rows}) == 2
    assert bench.captures() == []


async def test_stretches_of_a_recording_on_demand_are_kept_and_joined(bench: Bench) -> None:
    begin = time.time() - 6
    stretches = ((begin, begin + 1), (begin + 4, begin + 5.25))
    record = RecordingRecord(new_id(), "demand@carrier", begin, begin + 5.25, stretches=stretches)
    bench.capture("demand@carrier", begin, 6)
    call = finished_call(bench.world.first, 6, started_at=begin - 5, recordings=(record,))
    async with bench.database.begin() as session:
        await finish_call(session, call)
    await bench.encoder.encode(record.recording_id)
    row = await bench.row(record.recording_id)
    assert (row.state, row.duration_ms, row.stretches) == ("ready", 2250, [[0, 1000], [4000, 5250]])


async def test_orphans_are_kept_and_finished_captures_are_tidied(bench: Bench) -> None:
    recording_id = await bench.finish()
    await bench.encoder.encode(recording_id)
    sip_call_id = (await bench.row(recording_id)).sip_call_id
    finished = bench.capture(sip_call_id, time.time(), 0.1)
    orphan = bench.capture("nobody@carrier", time.time(), 0.1)
    fresh = bench.capture("fresh@carrier", time.time(), 0.1)
    for path in (finished, orphan):
        os.utime(path, (time.time() - 3600,) * 2)
    await bench.encoder.tidy()
    assert not finished.exists()
    assert orphan.exists()
    assert fresh.exists()


async def test_temporary_files_of_a_killed_encoder_are_swept(tmp_path: Path) -> None:
    old, new, other = tmp_path / "1" / ".a.mp3.x.part", tmp_path / ".b.mp3.y.part", tmp_path / "1" / "c.mp3"
    old.parent.mkdir()
    for path in (old, new, other):
        path.write_bytes(b"x")
    for path in (old, other):
        os.utime(path, (time.time() - 7200,) * 2)
    assert remove_leftovers(tmp_path) == 1
    assert [path.exists() for path in (old, new, other)] == [False, True, True]
