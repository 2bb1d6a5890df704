"""Recording policies: 强制录音, 禁止录音, on demand or automatic; 录音时机 from ring-back or from answer."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, Id


class StoredRecordingPolicy(Base):
    """Of the enterprise, or (when one is named) of one queue or one agent."""

    __tablename__ = "recording_policy"
    __table_args__ = (
        CheckConstraint("mode IN ('automatic', 'forced', 'forbidden', 'on_demand')", name="mode"),
        CheckConstraint("starts_at IN ('ringback', 'answer')", name="starts_at"),
        CheckConstraint("queue_id IS NULL OR agent_id IS NULL", name="one_subject"),
        ForeignKeyConstraint(["tenant_id", "queue_id"], ["queue.tenant_id", "queue.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["tenant_id", "agent_id"], ["agent.tenant_id", "agent.id"], ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "queue_id", "agent_id", postgresql_nulls_not_distinct=True),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    queue_id: Mapped[int | None]
    agent_id: Mapped[int | None]
    mode: Mapped[str] = mapped_column(server_default="automatic")
    starts_at: Mapped[str] = mapped_column(server_default="answer")
    can_pause: Mapped[bool] = mapped_column(server_default=text("true"))
