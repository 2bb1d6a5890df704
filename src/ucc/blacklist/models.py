"""Blacklists: each tenant's own, heeded by itself and every tenant below it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, CreatedAt, Id


class BlacklistEntry(Base):
    """A number in E.164, or (`is_prefix`) all numbers that begin so."""

    __tablename__ = "blacklist_entry"
    __table_args__ = (
        CheckConstraint(r"number ~ '^\+[1-9][0-9]{0,14}$'", name="number"),
        CheckConstraint("direction IN ('outbound', 'inbound', 'both')", name="direction"),
        UniqueConstraint("tenant_id", "number", "is_prefix"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    number: Mapped[str]
    is_prefix: Mapped[bool] = mapped_column(server_default=text("false"))
    direction: Mapped[str] = mapped_column(server_default="both")
    reason: Mapped[str | None]
    created_at: Mapped[CreatedAt]
