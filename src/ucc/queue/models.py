"""Queues and who serves them."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, Id


class Queue(Base):
    __tablename__ = "queue"
    __table_args__ = (
        CheckConstraint("strategy IN ('longest_idle')", name="strategy"),
        CheckConstraint("ring_timeout_s BETWEEN 3 AND 120", name="ring_timeout_s"),
        CheckConstraint("max_wait_s BETWEEN 1 AND 7200", name="max_wait_s"),
        CheckConstraint("wrap_up_s BETWEEN 0 AND 3600", name="wrap_up_s"),
        CheckConstraint("no_agent_treatment IN ('announce')", name="no_agent_treatment"),
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "name"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    name: Mapped[str]
    strategy: Mapped[str] = mapped_column(server_default="longest_idle")
    ring_timeout_s: Mapped[int] = mapped_column(server_default=text("15"))
    max_wait_s: Mapped[int] = mapped_column(server_default=text("300"))
    wrap_up_s: Mapped[int] = mapped_column(server_default=text("0"))
    no_agent_treatment: Mapped[str] = mapped_column(server_default="announce")


class QueueMember(Base):
    __tablename__ = "queue_member"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "queue_id"], ["queue.tenant_id", "queue.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["tenant_id", "agent_id"], ["agent.tenant_id", "agent.id"], ondelete="CASCADE"),
    )

    queue_id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
