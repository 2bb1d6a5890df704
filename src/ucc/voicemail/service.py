"""Voicemail boxes and messages. An agent sees its own box; who sets the enterprise up sees them all."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.db.scope import Scoped
from ucc.engine.record import FinishedCall, RecordingPurpose
from ucc.errors import NotFound, RecordingNotReady
from ucc.identity.access import Viewer, Work
from ucc.kit.clock import now, to_moment
from ucc.recording.models import Recording
from ucc.voicemail.models import VoicemailBox, VoicemailMessage
from ucc.voicemail.schemas import BoxBody, BoxView, MessageFilter, MessageMark, MessageView

LIMIT = 1000


async def note_messages(session: AsyncSession, finished: FinishedCall) -> None:
    """The messages that a call left. One for a box that is gone by then stays a recording of the call only."""
    for recording in finished.recordings:
        if recording.purpose is not RecordingPurpose.VOICEMAIL or recording.box_id is None:
            continue
        box_id = await session.scalar(
            select(VoicemailBox.id).where(
                VoicemailBox.tenant_id == finished.tenant_id, VoicemailBox.id == recording.box_id
            )
        )
        if box_id is not None:
            await session.execute(
                insert(VoicemailMessage).values(
                    recording_id=recording.recording_id,
                    tenant_id=finished.tenant_id,
                    box_id=box_id,
                    call_id=finished.call_id,
                    caller=finished.caller,
                    received_at=to_moment(recording.started_at),
                )
            )


async def list_boxes(scoped: Scoped) -> list[BoxView]:
    rows = (await scoped.session.scalars(select(VoicemailBox).order_by(VoicemailBox.name).limit(LIMIT))).all()
    counts = await _count(scoped, [row.id for row in rows])
    return [_show_box(row, *counts.get(row.id, (0, 0))) for row in rows]


async def create_box(scoped: Scoped, body: BoxBody) -> BoxView:
    row = VoicemailBox(tenant_id=scoped.scope.tenant_id, **body.model_dump())
    scoped.session.add(row)
    await scoped.session.flush()
    return _show_box(row, 0, 0)


async def update_box(scoped: Scoped, box_id: int, body: BoxBody) -> BoxView:
    """Raises NotFound."""
    row = await _get_box(scoped, box_id)
    for name, value in body.model_dump().items():
        setattr(row, name, value)
    await scoped.session.flush()
    return _show_box(row, *(await _count(scoped, [box_id])).get(box_id, (0, 0)))


async def delete_box(scoped: Scoped, box_id: int) -> None:
    """Raises NotFound; the database refuses while there are messages in it, or anything leads to it."""
    await scoped.session.delete(await _get_box(scoped, box_id))
    await scoped.session.flush()


async def list_messages(work: Work, wanted: MessageFilter) -> list[MessageView]:
    """The newest first."""
    query = _select(work.viewer)
    if wanted.box_id is not None:
        query = query.where(VoicemailMessage.box_id == wanted.box_id)
    if wanted.is_heard is not None:
        heard = VoicemailMessage.heard_at
        query = query.where(heard.is_not(None) if wanted.is_heard else heard.is_(None))
    rows = await work.session.execute(query.order_by(VoicemailMessage.received_at.desc()).limit(wanted.limit))
    return [_show(message, recording) for message, recording in rows]


async def get_message(work: Work, message_id: UUID) -> tuple[VoicemailMessage, Recording]:
    """Raises NotFound, also for messages in boxes that an agent does not see."""
    row = (await work.session.execute(_select(work.viewer).where(VoicemailMessage.recording_id == message_id))).first()
    if row is None:
        raise NotFound
    return row[0], row[1]


async def mark_message(work: Work, message_id: UUID, mark: MessageMark) -> MessageView:
    """Raises NotFound."""
    message, recording = await get_message(work, message_id)
    heard_at = (message.heard_at or now()) if mark.is_heard else None
    heard_by = work.viewer.user_id if mark.is_heard else None
    await work.session.execute(
        update(VoicemailMessage)
        .where(VoicemailMessage.recording_id == message_id)
        .values(heard_at=heard_at, heard_by=heard_by)
    )
    await work.session.refresh(message)
    return _show(message, recording)


async def delete_message(work: Work, message_id: UUID) -> str:
    """The message and its recording; where the file lies, "" when there is none. Raises NotFound, RecordingNotReady."""
    await get_message(work, message_id)
    path = await work.session.scalar(text("SELECT delete_voicemail_message(:id)"), {"id": message_id})
    if path is None:
        raise RecordingNotReady("The message is still being encoded.")
    return str(path)


def _select(viewer: Viewer) -> Select[VoicemailMessage, Recording]:
    query = select(VoicemailMessage, Recording).join(Recording, Recording.id == VoicemailMessage.recording_id)
    if viewer.own_calls_only:
        query = query.join(VoicemailBox, VoicemailBox.id == VoicemailMessage.box_id).where(
            VoicemailBox.agent_id == viewer.own_calls_of
        )
    return query


async def _count(scoped: Scoped, box_ids: list[int]) -> dict[int, tuple[int, int]]:
    """All and unheard messages, by box."""
    rows = await scoped.session.execute(
        select(
            VoicemailMessage.box_id,
            func.count(),
            func.count().filter(VoicemailMessage.heard_at.is_(None)),
        )
        .where(VoicemailMessage.box_id.in_(box_ids))
        .group_by(VoicemailMessage.box_id)
    )
    return {box_id: (every, unheard) for box_id, every, unheard in rows}


async def _get_box(scoped: Scoped, box_id: int) -> VoicemailBox:
    row = await scoped.session.get(VoicemailBox, box_id)
    if row is None:
        raise NotFound
    return row


def _show_box(row: VoicemailBox, messages: int, unheard: int) -> BoxView:
    values = {name: getattr(row, name) for name in BoxBody.model_fields}
    return BoxView(**values, id=row.id, messages=messages, unheard=unheard)


def _show(message: VoicemailMessage, recording: Recording) -> MessageView:
    return MessageView(
        id=message.recording_id,
        box_id=message.box_id,
        call_id=message.call_id,
        caller=message.caller,
        received_at=message.received_at,
        state=recording.state,
        duration_ms=recording.duration_ms,
        is_heard=message.heard_at is not None,
        heard_at=message.heard_at,
    )
