"""Counting attempts exactly: whoever counts a number holds its lock until the attempt is committed or given up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ScalarSelect, delete, func, insert, literal, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.db.scope import TenantKind
from ucc.errors import CallRefused
from ucc.frequency.models import DialAttempt, FrequencyRule
from ucc.tenant.models import TenantTree
from ucc.tenant.service import Level

Subject = Literal["caller_id", "callee"]
SUBJECTS: tuple[Subject, ...] = ("callee", "caller_id")
KEPT = timedelta(days=1)
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` attempts in `window_s`, over `tenant_id` and all below it."""

    tenant_id: int
    subject: Subject
    window_s: int
    most: int


SHIPPED: tuple[tuple[Subject, int, int], ...] = (("callee", 86400, 5), ("callee", 300, 3))
"""What carriers enforce anyway: (subject, window_s, most) of an operator that says nothing else for the window."""


def choose_limits(chain: Sequence[Level], rules: Iterable[FrequencyRule]) -> list[Limit]:
    """Every limit that a call of the chain's lowest tenant must keep: the rules of all levels, and what is shipped."""
    stored = list(rules)
    limits = [
        Limit(rule.tenant_id, _subject(rule), rule.window_s, rule.most) for rule in stored if rule.most is not None
    ]
    operators = [level.tenant_id for level in chain if level.kind is TenantKind.OPERATOR]
    said = {(rule.tenant_id, rule.subject, rule.window_s) for rule in stored}
    for operator_id in operators:
        limits += [Limit(operator_id, *rule) for rule in SHIPPED if (operator_id, *rule[:2]) not in said]
    return limits


def _subject(rule: FrequencyRule) -> Subject:
    return "callee" if rule.subject == "callee" else "caller_id"


async def require_frequency(
    session: AsyncSession,
    chain: Sequence[Level],
    caller_id: str,
    callee: str,
    at: datetime,
    subjects: Sequence[Subject] = SUBJECTS,
) -> None:
    """Lock both numbers until the transaction ends, and let one more attempt pass if every rule allows it.

    Raises CallRefused: callee_rate_exceeded, caller_id_rate_exceeded.
    """
    level_ids = [level.tenant_id for level in chain]
    rules = await session.scalars(select(FrequencyRule).where(FrequencyRule.tenant_id.in_(level_ids)))
    limits = choose_limits(chain, rules)
    numbers: dict[Subject, str] = {"callee": callee, "caller_id": caller_id}
    counted = [limit for subject in SUBJECTS if subject in subjects for limit in limits if limit.subject == subject]
    if not counted:
        return
    keys = {limit.subject: f"{limit.subject}:{numbers[limit.subject]}" for limit in counted}
    for key in keys.values():  # always callee first: two calls never wait for each other
        await session.execute(_LOCK, {"key": key})
    counts = [_count(chain, limit, numbers[limit.subject], at) for limit in counted]
    for limit, count in zip(counted, (await session.execute(select(*counts))).one(), strict=True):
        if count >= limit.most:
            raise CallRefused(f"{limit.subject}_rate_exceeded")


def _count(chain: Sequence[Level], limit: Limit, number: str, at: datetime) -> ScalarSelect[int]:
    """Attempts within the window, counted no further than the limit."""
    column = DialAttempt.callee if limit.subject == "callee" else DialAttempt.caller_id
    found = select(literal(1)).where(column == number, DialAttempt.at > at - timedelta(seconds=limit.window_s))
    if limit.tenant_id != chain[-1].tenant_id:  # the operator counts everybody's
        below = select(TenantTree.descendant_id).where(TenantTree.ancestor_id == limit.tenant_id)
        found = found.where(DialAttempt.tenant_id.in_(below))
    return select(func.count()).select_from(found.limit(limit.most).subquery()).scalar_subquery()


async def note_attempt(
    session: AsyncSession, tenant_id: int, caller_id: str, callee: str, at: datetime, call_id: UUID | None
) -> None:
    """Count this attempt from now on."""
    values = {"tenant_id": tenant_id, "caller_id": caller_id, "callee": callee, "at": at, "call_id": call_id}
    await session.execute(insert(DialAttempt).values(**values))


async def forget_attempts_of(session: AsyncSession, call_id: UUID) -> None:
    """The call ended before anybody outside was dialled."""
    await session.execute(delete(DialAttempt).where(DialAttempt.call_id == call_id))


async def forget_old_attempts(session: AsyncSession, at: datetime) -> None:
    """Those that no rule can count any more."""
    await session.execute(delete(DialAttempt).where(DialAttempt.at < at - KEPT))
