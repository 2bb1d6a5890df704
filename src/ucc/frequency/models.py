"""Rules of frequency, and the attempts they count."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, Id, Moment


class FrequencyRule(Base):
    """At most `most` attempts within any `window_s` seconds, counted over the tenant and all below it.

    NULL is no limit: only an operator has that, and only to take back a rule that UCC ships with.
    """

    __tablename__ = "frequency_rule"
    __table_args__ = (
        CheckConstraint("subject IN ('caller_id', 'callee')", name="subject"),
        CheckConstraint("window_s BETWEEN 60 AND 86400", name="window_s"),
        CheckConstraint("most >= 0", name="most"),
        UniqueConstraint("tenant_id", "subject", "window_s"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    subject: Mapped[str]
    window_s: Mapped[int]
    most: Mapped[int | None]


class DialAttempt(Base):
    """One call that was let out. The worker forgets it a day later, when no rule counts it any more."""

    __tablename__ = "dial_attempt"
    __table_args__ = (
        Index("ix_dial_attempt_callee_at", "callee", "at"),
        Index("ix_dial_attempt_caller_id_at", "caller_id", "at"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    at: Mapped[Moment] = mapped_column(index=True)
    caller_id: Mapped[str]
    callee: Mapped[str]
    call_id: Mapped[UUID | None] = mapped_column(index=True)
