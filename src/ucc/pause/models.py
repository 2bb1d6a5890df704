"""Pause reasons of an enterprise."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, Id


class PauseReason(Base):
    """`code` is what presences and reports keep. A pause longer than `max_s` is shown as overdue; NULL: none is."""

    __tablename__ = "pause_reason"
    __table_args__ = (
        CheckConstraint("code ~ '^[a-z0-9_]{1,32}$'", name="code"),
        CheckConstraint("max_s BETWEEN 1 AND 86400", name="max_s"),
        UniqueConstraint("tenant_id", "code"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    code: Mapped[str]
    label_zh: Mapped[str]
    label_en: Mapped[str]
    max_s: Mapped[int | None]
    position: Mapped[int] = mapped_column(server_default=text("0"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
