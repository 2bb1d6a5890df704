"""A verification from its request to its end: kept, called, heard or failed, tried."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.db.scope import Scoped
from ucc.engine.record import FinishedCall
from ucc.engine.spoken import Language
from ucc.errors import CallRefused, IdempotencyKeyReused, NotFound
from ucc.kit.clock import now
from ucc.kit.ids import new_id
from ucc.secrets import Secrets
from ucc.trunk.number import find_e164
from ucc.verification.code import hash_code, make_code, open_code, seal_code
from ucc.verification.models import VerificationCall
from ucc.verification.schemas import TryResult, VerificationRequest, VerificationView

TRIES = 5
GAP = timedelta(seconds=30)
LOST_AFTER = timedelta(minutes=5)
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")


@dataclass(frozen=True, slots=True)
class OpenVerification:
    """What call control needs: whom to call, and what to read aloud."""

    tenant_id: int
    callee: str
    code: str
    language: Language


async def create_verification(
    scoped: Scoped, secrets: Secrets, body: VerificationRequest
) -> tuple[VerificationView, bool]:
    """The verification of this key, and whether it is new. The call is not placed here.

    Raises CallRefused (invalid_number; callee_rate_exceeded while the number is being called or was a moment ago),
    IdempotencyKeyReused for another number.
    """
    callee = find_e164(body.callee)
    if callee is None:
        raise CallRefused("invalid_number")
    tenant_id, at = scoped.scope.tenant_id, now()
    await scoped.session.execute(_LOCK, {"key": f"verification:{tenant_id}"})
    known = await scoped.session.scalar(
        select(VerificationCall).where(
            VerificationCall.tenant_id == tenant_id, VerificationCall.idempotency_key == body.idempotency_key
        )
    )
    if known is not None:
        if known.callee != callee:
            raise IdempotencyKeyReused
        return _show(known), False
    await _require_gap(scoped, callee, at)
    verification_id, code = new_id(), body.code or make_code()
    row = VerificationCall(
        id=verification_id,
        tenant_id=tenant_id,
        idempotency_key=body.idempotency_key,
        callee=callee,
        language=body.language,
        state="calling",
        sealed_code=seal_code(secrets, verification_id, code),
        code_hash=hash_code(secrets, verification_id, code),
        tries_left=TRIES,
        created_at=at,
        expires_at=at + timedelta(seconds=body.expires_in_s),
    )
    scoped.session.add(row)
    await scoped.session.flush()
    return _show(row), True


async def _require_gap(scoped: Scoped, callee: str, at: datetime) -> None:
    recent = await scoped.session.scalar(
        select(VerificationCall.id)
        .where(
            VerificationCall.tenant_id == scoped.scope.tenant_id,
            VerificationCall.callee == callee,
            VerificationCall.created_at > at - LOST_AFTER,
            VerificationCall.ended_at.is_(None) | (VerificationCall.created_at > at - GAP),
        )
        .limit(1)
    )
    if recent is not None:
        raise CallRefused("callee_rate_exceeded")


async def get_verification(scoped: Scoped, verification_id: UUID) -> VerificationView:
    """Raises NotFound."""
    return _show(await _get(scoped, verification_id))


async def try_code(scoped: Scoped, secrets: Secrets, verification_id: UUID, code: str) -> TryResult:
    """Whether this is the code that was read aloud. Right once only; at most five tries. Raises NotFound."""
    row = await _get(scoped, verification_id, for_update=True)
    if row.verified_at is not None:
        return TryResult(is_right=False, why="used", tries_left=row.tries_left)
    if row.answered_at is None:
        return TryResult(is_right=False, why="not_answered", tries_left=row.tries_left)
    if now() >= row.expires_at:
        return TryResult(is_right=False, why="expired", tries_left=row.tries_left)
    if row.tries_left == 0:
        return TryResult(is_right=False, why="too_many_tries", tries_left=0)
    row.tries_left -= 1
    is_right = hmac.compare_digest(row.code_hash, hash_code(secrets, verification_id, code))
    if is_right:
        row.verified_at = now()
    await scoped.session.flush()
    return TryResult(is_right=is_right, why=None if is_right else "wrong", tries_left=row.tries_left)


async def open_verification(session: AsyncSession, secrets: Secrets, verification_id: UUID) -> OpenVerification | None:
    """For call control; None when there is none whose call may still be placed."""
    row = await session.get(VerificationCall, verification_id)
    if row is None or row.sealed_code is None:
        return None
    code = open_code(secrets, verification_id, row.sealed_code)
    return OpenVerification(row.tenant_id, row.callee, code, "en" if row.language == "en" else "zh-CN")


async def is_verification(session: AsyncSession, call_id: UUID) -> bool:
    """Whether this call reads somebody a code."""
    return await session.get(VerificationCall, call_id) is not None


async def note_answered(session: AsyncSession, verification_id: UUID) -> None:
    """The callee picked up; the code is being read."""
    await session.execute(
        update(VerificationCall)
        .where(VerificationCall.id == verification_id, VerificationCall.answered_at.is_(None))
        .values(state="answered", answered_at=now())
    )


async def note_heard(session: AsyncSession, verification_id: UUID) -> None:
    """The code was read to its end at least once."""
    await session.execute(
        update(VerificationCall)
        .where(VerificationCall.id == verification_id, VerificationCall.state.in_(["calling", "answered"]))
        .values(state="heard")
    )


async def fail_verification(session: AsyncSession, verification_id: UUID, cause: str) -> None:
    """Its call cannot be placed."""
    await _end(session, VerificationCall.id == verification_id, cause)


async def end_verification(session: AsyncSession, finished: FinishedCall) -> None:
    """The call of a verification has ended, in the transaction that writes its record; any other call is none."""
    if finished.answered_at is not None:
        await note_answered(session, finished.call_id)
    if finished.is_heard:
        await note_heard(session, finished.call_id)
    cause = finished.refusal or ("hung_up" if finished.answered_at is not None else f"q850_{finished.cause}")
    await _end(session, VerificationCall.id == finished.call_id, cause)


async def fail_lost_verifications(session: AsyncSession) -> None:
    """Those whose call never came to an end that somebody wrote down."""
    await _end(session, VerificationCall.created_at < now() - LOST_AFTER, "lost")


async def _end(session: AsyncSession, which: ColumnElement[bool], cause: str) -> None:
    """Forget the code; what was not heard has failed."""
    ended = update(VerificationCall).where(which, VerificationCall.ended_at.is_(None))
    unheard = ended.where(VerificationCall.state != "heard")
    await session.execute(unheard.values(state="failed", cause=cause, sealed_code=None, ended_at=now()))
    await session.execute(ended.values(sealed_code=None, ended_at=now()))


async def _get(scoped: Scoped, verification_id: UUID, *, for_update: bool = False) -> VerificationCall:
    wanted = select(VerificationCall).where(
        VerificationCall.id == verification_id, VerificationCall.tenant_id == scoped.scope.tenant_id
    )
    row = await scoped.session.scalar(wanted.with_for_update() if for_update else wanted)
    if row is None:
        raise NotFound
    return row


def _show(row: VerificationCall) -> VerificationView:
    return VerificationView.model_validate({name: getattr(row, name) for name in VerificationView.model_fields})
