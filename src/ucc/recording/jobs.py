"""Makes MP3 files of waiting recordings: claims a row, waits for its captures, encodes in a process, tells the row.

The row is the truth and the job only wakes: a lost job, a repeated one, two workers or a dead one change nothing but
the moment. Captures are deleted after the file is on disk and its row is committed, never before.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, timedelta
from pathlib import Path
from uuid import UUID

from ucc.config import Settings
from ucc.db.unit import Database
from ucc.kit.logging import describe_error, get_logger
from ucc.recording import service
from ucc.recording.encode import EncodedFile, EncodeFailed, EncodeRequest
from ucc.recording.failure import Failure
from ucc.recording.pool import EncoderPool
from ucc.recording.service import ClaimedRecording
from ucc.recording.sides import Hints
from ucc.recording.spool import Spool, SpooledCapture

log = get_logger()

QUEUE = "recording"
OVERDUE = timedelta(seconds=10)
"""A recording that waits longer than this was missed by its job."""
PATIENCE_S = 10.0
"""How long after the end of a recording its captures may take to be complete."""
SILENT_END_S = 2.0
"""A capture that ends this much before the recording, on a full disk, was cut off by it."""
ORPHAN_AFTER_S = 600.0
_FRESHEN_S = 15.0


class RecordingEncoder:
    """Encodes recordings of this machine, as many at once as the pool has processes."""

    def __init__(self, database: Database, settings: Settings, pool: EncoderPool) -> None:
        self._database = database
        self._settings = settings
        self._pool = pool
        self._spool = Spool(settings.capture_dir)
        self._slots = asyncio.Semaphore(settings.encode_workers)
        self._reported: set[str] = set()

    async def encode(self, recording_id: UUID) -> bool:
        """Encode one recording if it waits; False when there was nothing to do. Raises what the database raises."""
        async with self._database.begin() as session:
            claimed = await service.claim_recording(session, recording_id)
        if claimed is not None:
            await self._encode_claimed(claimed)
        return claimed is not None

    async def sweep(self) -> int:
        """Encode what no job came for: missed, abandoned, or due for another try. How many."""
        count = 0
        while True:
            async with self._database.begin() as session:
                claimed = await service.claim_next(session, OVERDUE)
            if claimed is None:
                return count
            await self._encode_claimed(claimed)
            count += 1

    async def _encode_claimed(self, claimed: ClaimedRecording) -> None:
        started = time.monotonic()
        try:
            async with self._freshened(claimed.recording_id):
                captures = await self._await_captures(claimed)
                request = self._make_request(claimed, captures)
                async with self._slots:
                    encoded = await self._pool.encode(request)
                if encoded.silent_end_s > SILENT_END_S and not self._spool.has_room():
                    request.target.unlink(missing_ok=True)
                    captured = encoded.duration_ms / 1000 - encoded.silent_end_s
                    raise EncodeFailed(Failure.CUT_SHORT, f"only {captured:.0f} s were captured", is_temporary=False)
        except (EncodeFailed, BrokenProcessPool) as error:
            await self._fail(claimed, error)
            return
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(1), self._database.begin() as session:
                    await service.release_claim(session, claimed.recording_id)
            raise
        await self._finish(claimed, request.target, encoded, captures, time.monotonic() - started)

    async def _await_captures(self, claimed: ClaimedRecording) -> list[SpooledCapture]:
        """The captures, complete; as they are when they do not become so in time. Raises EncodeFailed: none at all."""
        given_up_at = min(claimed.ended_at.timestamp(), time.time()) + PATIENCE_S
        while True:
            captures = await asyncio.to_thread(self._find_captures, claimed)
            at = time.time()
            if captures and all(one.is_complete(at) for one in captures):
                return captures
            if at > given_up_at:
                if captures:
                    return captures
                raise EncodeFailed(Failure.NOTHING_CAPTURED, "no capture of this SIP call", is_temporary=False)
            await asyncio.sleep(0.2)

    def _find_captures(self, claimed: ClaimedRecording) -> list[SpooledCapture]:
        found = self._spool.find_captures(claimed.sip_call_id)
        return found or self._spool.find_named(list(claimed.captures))

    def _make_request(self, claimed: ClaimedRecording, captures: list[SpooledCapture]) -> EncodeRequest:
        settings = self._settings
        return EncodeRequest(
            captures=tuple(one.capture for one in captures),
            started_at=claimed.started_at.timestamp(),
            ended_at=claimed.ended_at.timestamp(),
            channels=claimed.channels,
            stretches=claimed.stretches,
            target=settings.recording_dir / self.path_of(claimed),
            hints=Hints(
                customer_hosts=frozenset({claimed.trunk_host} if claimed.trunk_host else ()),
                switch_host=settings.address,
                switch_ports=range(settings.switch_rtp_min, settings.switch_rtp_max + 1),
            ),
        )

    @staticmethod
    def path_of(claimed: ClaimedRecording) -> str:
        """Where the file lies, relative to the recording folder: tenant, then the UTC day the recording began."""
        day = claimed.started_at.astimezone(UTC)
        return f"{claimed.tenant_id}/{day:%Y/%m/%d}/{claimed.recording_id}.mp3"

    async def _finish(
        self,
        claimed: ClaimedRecording,
        target: Path,
        encoded: EncodedFile,
        captures: list[SpooledCapture],
        took_s: float,
    ) -> None:
        async with self._database.begin() as session:
            has_others = await service.finish_recording(
                session,
                claimed.recording_id,
                path=str(target.relative_to(self._settings.recording_dir)),
                bytes=encoded.bytes,
                duration_ms=encoded.duration_ms,
                sha256=encoded.sha256,
                captures=[self._spool.name_of(one) for one in captures],
            )
        if not has_others or not await self._is_capture_needed(claimed):
            await asyncio.to_thread(self._remove, captures)
        log.info(
            "recording ready",
            recording=claimed.recording_id,
            call=claimed.call_id,
            bytes=encoded.bytes,
            seconds=encoded.duration_ms / 1000,
            took_s=took_s,
        )
        if claimed.channels == "stereo" and not encoded.is_side_sure:
            log.warning(
                "left and right may be swapped: nothing told them apart",
                recording=claimed.recording_id,
            )

    async def _is_capture_needed(self, claimed: ClaimedRecording) -> bool:
        async with self._database.begin() as session:
            return await service.is_capture_needed(session, claimed)

    def _remove(self, captures: list[SpooledCapture]) -> None:
        for one in captures:
            self._spool.remove(one)

    async def _fail(self, claimed: ClaimedRecording, error: EncodeFailed | BrokenProcessPool) -> None:
        if isinstance(error, EncodeFailed):
            failure, detail, is_temporary = error.failure, error.detail, error.is_temporary
        else:
            failure, detail, is_temporary = Failure.ENCODER_DIED, str(error), True
        if not is_temporary and failure is not Failure.CUT_SHORT and not self._spool.has_room():
            failure, detail = Failure.DISK_FULL, f"{failure}: {detail}"
        async with self._database.begin() as session:
            await service.fail_recording(session, claimed.recording_id, failure, is_temporary=is_temporary)
        log.error(
            "recording failed",
            recording=claimed.recording_id,
            call=claimed.call_id,
            reason=failure.value,
            detail=detail,
            again=is_temporary,
        )

    @contextlib.asynccontextmanager
    async def _freshened(self, recording_id: UUID) -> AsyncIterator[None]:
        """Keeps the claim fresh for the length of the block; a database that is away for a while does no harm."""

        async def freshen() -> None:
            while True:
                await asyncio.sleep(_FRESHEN_S)
                try:
                    async with self._database.begin() as session:
                        await service.freshen_claim(session, recording_id)
                except Exception as error:
                    log.warning("cannot keep the claim fresh", recording=recording_id, error=describe_error(error))

        task = asyncio.create_task(freshen())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def tidy(self) -> None:
        """Look through the spool: remove what is done with, report captures that no recording claims. They are kept."""
        horizon = time.time() - ORPHAN_AFTER_S
        old = [
            one
            for one in await asyncio.to_thread(lambda: list(self._spool.list_captures()))
            if one.changed_at < horizon
        ]
        calls = sorted({one.sip_call_id for one in old})
        if calls:
            async with self._database.begin() as session:
                known = await service.list_known_calls(session, calls)
                live = await service.find_live_calls(session, calls)
            done = [one for one in old if known.get(one.sip_call_id, False) and one.sip_call_id not in live]
            await asyncio.to_thread(self._remove, done)
            orphans = [one for one in old if one.sip_call_id not in known and one.sip_call_id not in live]
            self._report(orphans)
        await asyncio.to_thread(self._spool.sweep_metadata)
        await asyncio.to_thread(remove_leftovers, self._settings.recording_dir)

    def _report(self, orphans: list[SpooledCapture]) -> None:
        for one in orphans:
            if one.pcap.name not in self._reported:
                self._reported.add(one.pcap.name)
                log.warning("a capture belongs to no recording; it is kept", capture=one.pcap.name, bytes=one.bytes)


def remove_leftovers(folder: Path, older_than_s: float = 3600.0) -> int:
    """Delete temporary files that a killed encoder left; how many."""
    horizon, count = time.time() - older_than_s, 0
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root, name)
            if name.startswith(".") and name.endswith(".part"):
                with contextlib.suppress(FileNotFoundError):
                    if path.stat().st_mtime < horizon:
                        path.unlink()
                        count += 1
    return count
