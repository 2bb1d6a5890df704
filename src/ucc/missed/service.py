"""Missed calls: written with the call's record, closed when the caller is reached or somebody says so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.agent.models import Agent
from ucc.db.scope import TenantKind
from ucc.engine.record import Direction, FinishedCall, Result
from ucc.errors import InvalidInput, NotFound
from ucc.identity.access import Viewer, Work
from ucc.identity.models import User
from ucc.kit.clock import EPOCH, now, to_moment, to_ms
from ucc.missed.models import MissedCall
from ucc.missed.schemas import MissedCallFilter, MissedCallMark, MissedCallPage, MissedCallRow
from ucc.queue.models import Queue, QueueMember
from ucc.voicemail.models import VoicemailMessage


async def note_missed_call(session: AsyncSession, finished: FinishedCall) -> None:
    """An inbound call that no agent answered is missed; one that was talked in closes those of the same number."""
    if finished.result is Result.ANSWERED and finished.connected_at is not None:
        await _close(session, finished)
    elif finished.direction is Direction.INBOUND and finished.refusal is None:
        row = upsert(MissedCall).values(
            call_id=finished.call_id,
            tenant_id=finished.tenant_id,
            caller=finished.caller,
            callee=finished.callee,
            queue_id=finished.queue_id,
            agent_id=finished.agent_id,
            started_at=to_moment(finished.started_at),
            waited_ms=to_ms(finished.waited_s) or max(0, to_ms(finished.ended_at) - to_ms(finished.started_at)),
            result=finished.result.value,
        )
        await session.execute(row.on_conflict_do_nothing())


async def _close(session: AsyncSession, finished: FinishedCall) -> None:
    how = {Direction.INBOUND: "called_again", Direction.OUTBOUND: "called_back"}.get(finished.direction)
    number = finished.caller if finished.direction is Direction.INBOUND else finished.callee
    if how is None or not number or finished.agent_id is None:
        return
    await session.execute(
        update(MissedCall)
        .where(
            MissedCall.tenant_id == finished.tenant_id,
            MissedCall.caller == number,
            MissedCall.done_at.is_(None),
            MissedCall.started_at < to_moment(finished.ended_at),
        )
        .values(done_at=to_moment(finished.ended_at), done_how=how, done_call_id=finished.call_id)
    )


async def list_missed_calls(work: Work, wanted: MissedCallFilter) -> MissedCallPage:
    """One page, newest first. Agents see those of their queues and their own. Raises InvalidInput."""
    query = _select(work.viewer)
    if wanted.is_done is not None:
        query = query.where(MissedCall.done_at.is_not(None) if wanted.is_done else MissedCall.done_at.is_(None))
    if wanted.queue_id is not None:
        query = query.where(MissedCall.queue_id == wanted.queue_id)
    if wanted.number is not None:
        query = query.where(MissedCall.caller.contains(wanted.number, autoescape=True))
    if wanted.starts_from is not None:
        query = query.where(MissedCall.started_at >= wanted.starts_from)
    if wanted.starts_before is not None:
        query = query.where(MissedCall.started_at < wanted.starts_before)
    if wanted.cursor is not None:
        query = query.where(tuple_(MissedCall.started_at, MissedCall.call_id) < _parse_cursor(wanted.cursor))
    query = query.order_by(MissedCall.started_at.desc(), MissedCall.call_id.desc()).limit(wanted.limit + 1)
    rows = (await work.session.execute(query)).all()
    page = rows[: wanted.limit]
    next_cursor = _cursor_after(page[-1][0]) if len(rows) > wanted.limit else None
    return MissedCallPage(items=[_show(*row) for row in page], next_cursor=next_cursor)


async def get_missed_call(work: Work, call_id: UUID) -> MissedCallRow:
    """Raises NotFound, also for those that an agent does not see."""
    row = (await work.session.execute(_select(work.viewer).where(MissedCall.call_id == call_id))).first()
    if row is None:
        raise NotFound
    return _show(*row)


async def mark_missed_call(work: Work, call_id: UUID, mark: MissedCallMark) -> MissedCallRow:
    """Raises NotFound."""
    await get_missed_call(work, call_id)
    values: dict[str, Any] = {"done_at": None, "done_how": None, "done_by": None}
    if mark.is_done:
        values = {"done_at": now(), "done_how": "marked", "done_by": work.viewer.user_id}
    if mark.note is not None:
        values["note"] = mark.note
    await work.session.execute(update(MissedCall).where(MissedCall.call_id == call_id).values(**values))
    return await get_missed_call(work, call_id)


def _select(viewer: Viewer) -> Select[MissedCall, str, str, UUID]:
    message = (
        select(VoicemailMessage.recording_id)
        .where(VoicemailMessage.call_id == MissedCall.call_id)
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(MissedCall, Queue.name, User.display_name, message)
        .outerjoin(Queue, Queue.id == MissedCall.queue_id)
        .outerjoin(Agent, Agent.id == MissedCall.agent_id)
        .outerjoin(User, User.id == Agent.user_id)
    )
    if viewer.scope.kind is TenantKind.ENTERPRISE:
        query = query.where(MissedCall.tenant_id == viewer.scope.tenant_id)
    if viewer.own_calls_only:
        agent_id = viewer.own_calls_of
        queues = select(QueueMember.queue_id).where(QueueMember.agent_id == agent_id)
        query = query.where(or_(MissedCall.agent_id == agent_id, MissedCall.queue_id.in_(queues)))
    return query


def _show(call: MissedCall, queue_name: str | None, agent_name: str | None, message_id: UUID | None) -> MissedCallRow:
    return MissedCallRow(
        call_id=call.call_id,
        caller=call.caller,
        callee=call.callee,
        queue_id=call.queue_id,
        queue_name=queue_name,
        agent_id=call.agent_id,
        agent_name=agent_name,
        started_at=call.started_at,
        waited_ms=call.waited_ms,
        result=Result(call.result),
        message_id=message_id,
        note=call.note,
        done_at=call.done_at,
        done_how=call.done_how,
        done_by=call.done_by,
        done_call_id=call.done_call_id,
    )


def _cursor_after(call: MissedCall) -> str:
    return f"{(call.started_at - EPOCH) // timedelta(milliseconds=1)}.{call.call_id}"


def _parse_cursor(cursor: str) -> tuple[Any, Any]:
    milliseconds, _, call_id = cursor.partition(".")
    try:
        return EPOCH + timedelta(milliseconds=int(milliseconds)), UUID(call_id)
    except (ValueError, OverflowError) as error:
        raise InvalidInput("The cursor is not one that this API made.") from error
