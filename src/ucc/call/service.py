"""Ends a call in the books: record, legs, recordings, charges and postings, in the caller's one transaction, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.call.billing import BilledLeg, list_billed_legs, talk_ms
from ucc.call.models import CallCharge, CallLeg, CallRecord, LiveCallState
from ucc.config import get_settings
from ucc.db.jobs import defer_job
from ucc.db.scope import TenantKind
from ucc.engine.record import FinishedCall, LegKind
from ucc.frequency.service import forget_attempts_of
from ucc.kit.clock import to_moment, to_ms
from ucc.ledger.reservation import release
from ucc.ledger.service import Fact, Line, find_accounts, post
from ucc.missed.service import note_missed_call
from ucc.rating.price import Service
from ucc.rating.service import LevelCharge, rate_chain
from ucc.rating.usage import make_usage
from ucc.reception.last_agent import note_last_agent
from ucc.recording.models import Recording
from ucc.tenant.service import Level, load_chain
from ucc.verification.service import end_verification, is_verification
from ucc.voicemail.service import note_messages


async def finish_call(session: AsyncSession, finished: FinishedCall) -> None:
    """Write a finished call. A second telling of the same call changes nothing, even at the same time from elsewhere.

    Raises LookupError when its tenant does not exist, and whatever the database raises; then nothing is written, and it
    can be told again later.
    """
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"call:{finished.call_id}"}
    )
    await session.execute(delete(LiveCallState).where(LiveCallState.call_id == finished.call_id))
    if await session.scalar(select(CallRecord.id).where(CallRecord.id == finished.call_id)) is not None:
        return
    await session.execute(insert(CallRecord).values(**_record_values(finished)))
    if finished.legs:
        await session.execute(insert(CallLeg), _leg_values(finished))
    if not any(leg.kind is LegKind.TRUNK for leg in finished.legs):
        await forget_attempts_of(session, finished.call_id)
    await end_verification(session, finished)
    await _spool_recordings(session, finished)
    await _charge(session, finished)
    await release(session, finished.call_id)
    await note_messages(session, finished)
    await note_missed_call(session, finished)
    await note_last_agent(session, finished)


def _record_values(finished: FinishedCall) -> dict[str, Any]:
    return {
        "id": finished.call_id,
        "tenant_id": finished.tenant_id,
        "direction": finished.direction.value,
        "caller": finished.caller,
        "callee": finished.callee,
        "queue_id": finished.queue_id,
        "agent_id": finished.agent_id,
        "trunk_id": finished.trunk_id,
        "did_id": finished.did_id,
        "started_at": to_moment(finished.started_at),
        "answered_at": _to_moment_or_none(finished.answered_at),
        "connected_at": _to_moment_or_none(finished.connected_at),
        "ended_at": to_moment(finished.ended_at),
        "talk_ms": talk_ms(finished),
        "held_ms": round(max(0.0, finished.held_s) * 1000),
        "waited_ms": round(max(0.0, finished.waited_s) * 1000),
        "cause": finished.cause,
        "ended_by": finished.ended_by.value,
        "result": finished.result.value,
        "refusal": finished.refusal,
    }


def _leg_values(finished: FinishedCall) -> list[dict[str, Any]]:
    return [
        {
            "id": leg.leg_id,
            "call_id": finished.call_id,
            "tenant_id": finished.tenant_id,
            "kind": leg.kind.value,
            "party": leg.party.value,
            "address": leg.address,
            "number": leg.number,
            "agent_id": leg.agent_id,
            "trunk_id": leg.trunk_id,
            "sip_call_id": leg.sip_call_id,
            "started_at": to_moment(leg.started_at),
            "ringing_at": _to_moment_or_none(leg.ringing_at),
            "answered_at": _to_moment_or_none(leg.answered_at),
            "ended_at": to_moment(leg.ended_at),
            "cause": leg.cause,
        }
        for leg in finished.legs
    ]


async def _spool_recordings(session: AsyncSession, finished: FinishedCall) -> None:
    for recording in finished.recordings:
        await session.execute(
            insert(Recording).values(
                id=recording.recording_id,
                call_id=finished.call_id,
                tenant_id=finished.tenant_id,
                purpose=recording.purpose.value,
                state="spooled" if recording.failure is None else "failed",
                sip_call_id=recording.sip_call_id,
                started_at=to_moment(recording.started_at),
                ended_at=to_moment(recording.ended_at),
                stretches=[
                    [to_ms(begin - recording.started_at), to_ms(end - recording.started_at)]
                    for begin, end in recording.stretches
                ],
                failure=recording.failure,
            )
        )
        if recording.failure is None:
            await defer_job(
                session,
                queue="recording",
                task="encode_recording",
                args={"recording_id": str(recording.recording_id)},
            )


async def _charge(session: AsyncSession, finished: FinishedCall) -> None:
    """Every answered leg to the outside costs every level something by its own plan, all in one posting set."""
    billed = list_billed_legs(finished)
    if not billed or not get_settings().has_billing:
        return
    chain = await load_chain(session, finished.tenant_id)
    is_verifying = finished.agent_id is None and await is_verification(session, finished.call_id)
    charges = [(leg, item) for leg in billed for item in await _rate(session, chain, leg, is_verifying=is_verifying)]
    accounts = await find_accounts(session, [level.tenant_id for level in chain])
    operator_id = next(level.tenant_id for level in chain if level.kind is TenantKind.OPERATOR)
    lines = [line for _, item in charges for line in _lines(item, accounts, operator_id)]
    fact = Fact(f"call:{finished.call_id}", "call", finished.tenant_id, call_id=finished.call_id)
    posting_set_id = await post(session, fact, lines)
    await session.execute(
        insert(CallCharge),
        [
            {
                "call_id": finished.call_id,
                "leg_id": leg.leg_id,
                "tenant_id": item.tenant_id,
                "payee_tenant_id": item.payee_tenant_id,
                "rate_id": item.charge.rate_id,
                "billed_s": item.charge.billed_s,
                "amount_micros": item.charge.amount_micros,
                "posting_set_id": posting_set_id,
            }
            for leg, item in charges
        ],
    )


async def _rate(
    session: AsyncSession, chain: Sequence[Level], leg: BilledLeg, *, is_verifying: bool
) -> list[LevelCharge]:
    service = Service.VERIFICATION if is_verifying else Service(leg.direction.value)
    usage = make_usage(service, leg.caller, leg.number, to_moment(leg.answered_at))
    return await rate_chain(session, chain, usage, leg.duration_ms)


def _lines(item: LevelCharge, accounts: dict[tuple[int, str], int], operator_id: int) -> tuple[Line, Line]:
    """From the payer's balance to its parent's income; at the top, to what the operator owes the carriers."""
    payee = (operator_id, "carrier") if item.payee_tenant_id is None else (item.payee_tenant_id, "income")
    amount = item.charge.amount_micros
    return Line(accounts[item.tenant_id, "balance"], -amount), Line(accounts[payee], amount)


def _to_moment_or_none(seconds: float | None) -> datetime | None:
    return None if seconds is None else to_moment(seconds)
