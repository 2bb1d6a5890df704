"""Call records that a viewer may see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.agent.models import Agent
from ucc.call.models import CallCharge, CallLeg, CallRecord
from ucc.call.schemas import CallDetail, CallFilter, CallPage, CallRow, ChargeView, LegView, RecordingView
from ucc.db.scope import TenantKind
from ucc.errors import InvalidInput, NotFound
from ucc.identity.access import Viewer, Work
from ucc.identity.models import User
from ucc.kit.clock import EPOCH
from ucc.kit.money import format_yuan
from ucc.queue.models import Queue
from ucc.recording.models import Recording
from ucc.tenant.models import Tenant, TenantTree


async def list_calls(work: Work, wanted: CallFilter) -> CallPage:
    """One page, newest first. Raises InvalidInput for a broken cursor."""
    query = _select_calls(work.viewer)
    if wanted.direction is not None:
        query = query.where(CallRecord.direction == wanted.direction.value)
    if wanted.result is not None:
        query = query.where(CallRecord.result == wanted.result.value)
    if wanted.number is not None:
        contains = [
            column.contains(wanted.number, autoescape=True) for column in (CallRecord.caller, CallRecord.callee)
        ]
        query = query.where(or_(*contains))
    if wanted.starts_from is not None:
        query = query.where(CallRecord.started_at >= wanted.starts_from)
    if wanted.starts_before is not None:
        query = query.where(CallRecord.started_at < wanted.starts_before)
    if wanted.cursor is not None:
        query = query.where(tuple_(CallRecord.started_at, CallRecord.id) < _parse_cursor(wanted.cursor))
    query = query.order_by(CallRecord.started_at.desc(), CallRecord.id.desc()).limit(wanted.limit + 1)
    rows = (await work.session.execute(query)).all()
    page = rows[: wanted.limit]
    next_cursor = _cursor_after(page[-1][0]) if len(rows) > wanted.limit else None
    return CallPage(items=await _show(work, page), next_cursor=next_cursor)


async def get_call(work: Work, call_id: UUID) -> CallDetail:
    """One call with its legs and charges. Raises NotFound, also for calls of others."""
    rows = (await work.session.execute(_select_calls(work.viewer).where(CallRecord.id == call_id))).all()
    if not rows:
        raise NotFound
    (row,) = await _show(work, rows)
    charges = await _list_charges(work.session, call_id) if work.viewer.may_see_money else []
    return CallDetail(**row.model_dump(), legs=await _list_legs(work.session, call_id), charges=charges)


def _select_calls(viewer: Viewer) -> Select[CallRecord, str, str, str]:
    query = (
        select(CallRecord, Tenant.name, Queue.name, User.display_name)
        .join(Tenant, Tenant.id == CallRecord.tenant_id)
        .outerjoin(Queue, Queue.id == CallRecord.queue_id)
        .outerjoin(Agent, Agent.id == CallRecord.agent_id)
        .outerjoin(User, User.id == Agent.user_id)
    )
    if viewer.scope.kind is TenantKind.ENTERPRISE:
        query = query.where(CallRecord.tenant_id == viewer.scope.tenant_id)
    if viewer.own_calls_only:
        query = query.where(CallRecord.agent_id == viewer.own_calls_of)
    return query


async def _show(work: Work, rows: Sequence[Any]) -> list[CallRow]:
    call_ids = [row[0].id for row in rows]
    recordings = await _find_recordings(work.session, call_ids)
    costs = await _find_costs(work, {row[0].id: row[0].tenant_id for row in rows})
    shown = []
    for call, tenant_name, queue_name, agent_name in rows:
        cost = costs.get(call.id)
        shown.append(
            CallRow(
                id=call.id,
                tenant_id=call.tenant_id,
                tenant_name=tenant_name,
                direction=call.direction,
                caller=call.caller,
                callee=call.callee,
                queue_name=queue_name,
                agent_name=agent_name,
                started_at=call.started_at,
                answered_at=call.answered_at,
                connected_at=call.connected_at,
                ended_at=call.ended_at,
                talk_ms=call.talk_ms,
                held_ms=call.held_ms,
                waited_ms=call.waited_ms,
                cause=call.cause,
                ended_by=call.ended_by,
                result=call.result,
                refusal=call.refusal,
                recording=recordings.get(call.id),
                cost_micros=cost,
                cost=None if cost is None else format_yuan(cost),
            )
        )
    return shown


async def _find_recordings(session: AsyncSession, call_ids: Sequence[UUID]) -> dict[UUID, RecordingView]:
    """The last recording of each call: earlier ones are ring-back of trunks that were tried before. Messages left in a
    box are not it."""
    rows = await session.scalars(
        select(Recording)
        .where(Recording.call_id.in_(call_ids), Recording.purpose == "call")
        .order_by(Recording.started_at)
    )
    return {
        row.call_id: RecordingView(
            id=row.id,
            state=row.state,
            duration_ms=row.duration_ms,
            bytes=row.bytes,
            failure=row.failure,
            will_retry=row.will_retry,
        )
        for row in rows
    }


async def _find_costs(work: Work, tenants: dict[UUID, int]) -> dict[UUID, int]:
    if not work.viewer.may_see_money:
        return {}
    rows = await work.session.execute(
        select(CallCharge.call_id, CallCharge.tenant_id, CallCharge.amount_micros).where(
            CallCharge.call_id.in_(list(tenants))
        )
    )
    by_call: dict[UUID, dict[int, int]] = {}
    for call_id, tenant_id, amount_micros in rows:
        paid = by_call.setdefault(call_id, {})
        paid[tenant_id] = paid.get(tenant_id, 0) + amount_micros
    own = work.viewer.scope.tenant_id
    found = {call_id: paid.get(own, paid.get(tenants[call_id])) for call_id, paid in by_call.items()}
    return {call_id: cost for call_id, cost in found.items() if cost is not None}


async def _list_legs(session: AsyncSession, call_id: UUID) -> list[LegView]:
    rows = await session.execute(
        select(CallLeg, User.display_name)
        .outerjoin(Agent, Agent.id == CallLeg.agent_id)
        .outerjoin(User, User.id == Agent.user_id)
        .where(CallLeg.call_id == call_id)
        .order_by(CallLeg.started_at, CallLeg.id)
    )
    return [
        LegView(
            id=leg.id,
            kind=leg.kind,
            party=leg.party,
            address=leg.address,
            number=leg.number,
            agent_id=leg.agent_id,
            agent_name=agent_name,
            started_at=leg.started_at,
            ringing_at=leg.ringing_at,
            answered_at=leg.answered_at,
            ended_at=leg.ended_at,
            cause=leg.cause,
        )
        for leg, agent_name in rows
    ]


async def _list_charges(session: AsyncSession, call_id: UUID) -> list[ChargeView]:
    depth = (
        select(TenantTree.depth)
        .where(TenantTree.descendant_id == CallCharge.tenant_id)
        .order_by(TenantTree.depth.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(CallCharge, Tenant.name)
        .join(Tenant, Tenant.id == CallCharge.tenant_id)
        .where(CallCharge.call_id == call_id)
        .order_by(depth.desc(), CallCharge.id)
    )
    return [
        ChargeView(
            leg_id=charge.leg_id,
            tenant_id=charge.tenant_id,
            tenant_name=name,
            billed_s=charge.billed_s,
            amount_micros=charge.amount_micros,
            amount=format_yuan(charge.amount_micros),
        )
        for charge, name in rows
    ]


def _cursor_after(call: CallRecord) -> str:
    return f"{(call.started_at - EPOCH) // timedelta(milliseconds=1)}.{call.id}"


def _parse_cursor(cursor: str) -> tuple[Any, Any]:
    milliseconds, _, call_id = cursor.partition(".")
    try:
        return EPOCH + timedelta(milliseconds=int(milliseconds)), UUID(call_id)
    except (ValueError, OverflowError) as error:
        raise InvalidInput("The cursor is not one that this API made.") from error
