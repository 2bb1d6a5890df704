"""Prompts. The file of one is named after its content, so that a call which plays the old one is never cut off."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, CreatedAt, Id


class Prompt(Base):
    """`text` is what was synthesised; NULL: the sound was uploaded. `sha256` is of the WAV file (8 kHz, mono)."""

    __tablename__ = "prompt"
    __table_args__ = (
        CheckConstraint("language IN ('zh-CN', 'en')", name="language"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
        CheckConstraint("duration_ms > 0", name="duration_ms"),
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "name"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    name: Mapped[str]
    text: Mapped[str | None]
    language: Mapped[str] = mapped_column(server_default="zh-CN")
    sha256: Mapped[str]
    duration_ms: Mapped[int]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    @property
    def file_name(self) -> str:
        """Below the tenant's folder, without its ending."""
        return f"{self.id}-{self.sha256[:16]}"
