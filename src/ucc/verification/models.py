"""Verification calls. The code is readable only until its call has ended; afterwards only its keyed hash is left."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, CreatedAt


class VerificationCall(Base):
    """`id` is also that of its call. `sealed_code`: encrypted, NULL once the call has ended. `cause` says why the call
    failed: a refusal's code, or `q850_` and the number."""

    __tablename__ = "verification_call"
    __table_args__ = (
        CheckConstraint("state IN ('calling', 'answered', 'heard', 'failed')", name="state"),
        CheckConstraint("language IN ('zh-CN', 'en')", name="language"),
        CheckConstraint("tries_left >= 0", name="tries_left"),
        CheckConstraint("sealed_code IS NULL OR ended_at IS NULL", name="sealed_code"),
        UniqueConstraint("tenant_id", "idempotency_key"),
        Index("ix_verification_call_tenant_id_callee", "tenant_id", "callee", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    idempotency_key: Mapped[str]
    callee: Mapped[str]
    language: Mapped[str] = mapped_column(server_default="zh-CN")
    state: Mapped[str] = mapped_column(server_default="calling")
    cause: Mapped[str | None]
    sealed_code: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    tries_left: Mapped[int] = mapped_column(server_default=text("5"))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
