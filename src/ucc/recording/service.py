"""The states of a recording in the database: spooled -> encoding -> ready | failed. Every step is one transaction.

A claim is a row in state `encoding` whose `updated_at` is kept fresh by the worker that holds it; a stale one belongs
to a worker that died and may be taken over. `ready` is final, and a repeated claim of it finds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast
from uuid import UUID

from sqlalchemy import Result, Text, and_, bindparam, func, or_, select, text, update
from sqlalchemy import cast as cast_type
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.call.models import CallRecord, LiveCallState
from ucc.recording.failure import Failure
from ucc.recording.models import Recording
from ucc.tenant.models import Tenant
from ucc.trunk.models import Trunk

STALE_AFTER = timedelta(seconds=90)
"""A claim that was not kept fresh for so long is abandoned. Workers freshen theirs every 15 s."""
RETRY_AFTER = timedelta(minutes=2)
RETRY_UNTIL = timedelta(days=7)

# What is said for every recording is said in words ready made: to build them anew took half of the time.
_FINISH = text(
    "UPDATE recording SET state = 'ready', path = :path, bytes = :bytes, duration_ms = :duration_ms, sha256 = :sha256,"
    " captures = :captures, failure = NULL, updated_at = now() WHERE id = :id"
    " RETURNING EXISTS (SELECT FROM recording r WHERE r.call_id = recording.call_id AND r.id <> recording.id)"
)
_CHANNELS = select(Tenant.recording_channels).where(Tenant.id == Recording.tenant_id).scalar_subquery()
_TRUNK_HOST = (
    select(Trunk.host)
    .join(CallRecord, CallRecord.trunk_id == Trunk.id)
    .where(CallRecord.id == Recording.call_id)
    .scalar_subquery()
)
_TAKE = (
    update(Recording)
    .values(state="encoding", failure=None, will_retry=False, updated_at=func.now())
    .returning(
        Recording.id,
        Recording.call_id,
        Recording.tenant_id,
        Recording.sip_call_id,
        Recording.started_at,
        Recording.ended_at,
        Recording.stretches,
        Recording.captures,
        _CHANNELS,
        _TRUNK_HOST,
    )
    .execution_options(synchronize_session=False)
)
_IS_ABANDONED = and_(Recording.state == "encoding", Recording.updated_at < func.now() - STALE_AFTER)
_TAKE_ONE = _TAKE.where(Recording.id == bindparam("wanted"), or_(Recording.state == "spooled", _IS_ABANDONED))


@dataclass(frozen=True, slots=True)
class ClaimedRecording:
    """A recording this worker may encode, and what it needs to know of its call."""

    recording_id: UUID
    call_id: UUID
    tenant_id: int
    sip_call_id: str
    started_at: datetime
    ended_at: datetime
    stretches: tuple[tuple[float, float], ...]
    captures: tuple[str, ...]
    channels: Literal["mono", "stereo"]
    trunk_host: str | None


async def claim_recording(session: AsyncSession, recording_id: UUID) -> ClaimedRecording | None:
    """Take one recording that waits; None when it is done, being done, or unknown."""
    return _read_claim(await session.execute(_TAKE_ONE, {"wanted": recording_id}))


async def claim_next(session: AsyncSession, overdue: timedelta) -> ClaimedRecording | None:
    """Take the oldest that no job came for: waiting longer than `overdue`, abandoned, or due for another try."""
    is_missed = and_(Recording.state == "spooled", Recording.updated_at < func.now() - overdue)
    is_due = and_(
        Recording.state == "failed",
        Recording.will_retry,
        Recording.updated_at < func.now() - RETRY_AFTER,
        Recording.created_at > func.now() - RETRY_UNTIL,
    )
    oldest = (
        select(Recording.id)
        .where(Recording.state != "ready", or_(is_missed, _IS_ABANDONED, is_due))
        .order_by(Recording.updated_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    return _read_claim(await session.execute(_TAKE.where(Recording.id == oldest)))


def _read_claim(taken: Result[Any]) -> ClaimedRecording | None:
    row = taken.first()
    if row is None:
        return None
    recording_id, call_id, tenant_id, sip_call_id, started_at, ended_at, stretches, captures, layout, trunk_host = (
        tuple(row)
    )
    return ClaimedRecording(
        recording_id=recording_id,
        call_id=call_id,
        tenant_id=tenant_id,
        sip_call_id=sip_call_id,
        started_at=started_at,
        ended_at=ended_at,
        stretches=tuple(_moments(started_at, begin, end) for begin, end in stretches),
        captures=tuple(captures),
        channels=cast(Literal["mono", "stereo"], layout or "mono"),
        trunk_host=trunk_host,
    )


def _moments(started_at: datetime, begin_ms: int, end_ms: int) -> tuple[float, float]:
    first = started_at.timestamp()
    return first + begin_ms / 1000, first + end_ms / 1000


async def freshen_claim(session: AsyncSession, recording_id: UUID) -> None:
    """Show that the claim's worker lives."""
    await session.execute(
        update(Recording)
        .where(Recording.id == recording_id, Recording.state == "encoding")
        .values(updated_at=func.now())
    )


async def finish_recording(
    session: AsyncSession,
    recording_id: UUID,
    *,
    path: str,
    bytes: int,
    duration_ms: int,
    sha256: str,
    captures: Sequence[str],
) -> bool:
    """The file is on disk, made of these captures. Whether its call has other recordings. Twice is harmless."""
    values = {"path": path, "bytes": bytes, "duration_ms": duration_ms, "sha256": sha256, "captures": list(captures)}
    return bool((await session.execute(_FINISH, values | {"id": recording_id})).scalar())


async def fail_recording(session: AsyncSession, recording_id: UUID, failure: Failure, *, is_temporary: bool) -> None:
    """The file could not be made. A finished recording never goes back."""
    await session.execute(
        update(Recording)
        .where(Recording.id == recording_id, Recording.state != "ready")
        .values(state="failed", failure=failure.value, will_retry=is_temporary, updated_at=func.now())
    )


async def release_claim(session: AsyncSession, recording_id: UUID) -> None:
    """Give a claim back at once: this worker stops."""
    await session.execute(
        update(Recording)
        .where(Recording.id == recording_id, Recording.state == "encoding")
        .values(state="spooled", updated_at=func.now())
    )


async def is_capture_needed(session: AsyncSession, claimed: ClaimedRecording) -> bool:
    """Whether another recording of the call, not ready yet, is made of captures of the same SIP call."""
    is_open = and_(Recording.sip_call_id == claimed.sip_call_id, Recording.state != "ready")
    open_one = select(Recording.id).where(Recording.call_id == claimed.call_id, is_open).limit(1)
    return await session.scalar(open_one) is not None


async def list_known_calls(session: AsyncSession, sip_call_ids: Sequence[str]) -> dict[str, bool]:
    """Of these SIP calls those that have recordings: Call-ID -> all of them are ready."""
    rows = await session.execute(
        select(Recording.sip_call_id, func.bool_and(Recording.state == "ready"))
        .where(Recording.sip_call_id.in_(sip_call_ids))
        .group_by(Recording.sip_call_id)
    )
    return {sip_call_id: bool(is_ready) for sip_call_id, is_ready in rows}


async def find_live_calls(session: AsyncSession, sip_call_ids: Sequence[str]) -> set[str]:
    """Of these SIP calls those that a live call's saved state speaks of."""
    states = (await session.scalars(select(cast_type(LiveCallState.state, Text)))).all()
    return {one for one in sip_call_ids if any(one in state for state in states)}
