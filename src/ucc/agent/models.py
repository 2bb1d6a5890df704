"""Agents. The presence here is what the person asked for; the work an agent is in lives in the controller."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, Id


class Agent(Base):
    """`caller_id_id`: the caller ID of its calls when it chooses none; NULL: the enterprise's default.

    `extension_id` NULL: its extension was taken back; it cannot work before it has another."""

    __tablename__ = "agent"
    __table_args__ = (
        CheckConstraint("presence IN ('ready', 'paused', 'offline')", name="presence"),
        ForeignKeyConstraint(["tenant_id", "user_id"], ["app_user.tenant_id", "app_user.id"]),
        ForeignKeyConstraint(["tenant_id", "extension_id"], ["extension.tenant_id", "extension.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "caller_id_id"], ["caller_id.tenant_id", "caller_id.id"], ondelete="SET NULL (caller_id_id)"
        ),
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "work_number"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    user_id: Mapped[int] = mapped_column(unique=True)
    extension_id: Mapped[int | None] = mapped_column(unique=True)
    work_number: Mapped[str]
    caller_id_id: Mapped[int | None]
    presence: Mapped[str] = mapped_column(server_default="offline")
    presence_reason: Mapped[str | None]
    presence_since: Mapped[datetime] = mapped_column(server_default=func.now())
