"""Missed calls: inbound calls that no agent answered, until somebody has called back or says that it is done."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, Moment


class MissedCall(Base):
    """`agent_id`: the agent who was called, if it was one. `done_call_id`: the call that reached the caller."""

    __tablename__ = "missed_call"
    __table_args__ = (
        CheckConstraint("done_how IN ('marked', 'called_back', 'called_again')", name="done_how"),
        CheckConstraint("(done_at IS NULL) = (done_how IS NULL)", name="done"),
        Index("ix_missed_call_tenant_id_started_at", "tenant_id", "started_at"),
        Index("ix_missed_call_open", "tenant_id", "caller", postgresql_where="done_at IS NULL"),
    )

    call_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    caller: Mapped[str]
    callee: Mapped[str]
    queue_id: Mapped[int | None]
    agent_id: Mapped[int | None]
    started_at: Mapped[Moment]
    waited_ms: Mapped[int]
    result: Mapped[str]
    note: Mapped[str | None]
    done_at: Mapped[datetime | None]
    done_how: Mapped[str | None]
    done_by: Mapped[int | None]
    done_call_id: Mapped[UUID | None]
