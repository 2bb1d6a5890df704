"""What a floor is set to, and the stretches of its agents' signed-in time."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import UUID, Base, Moment

STATES = ("ready", "ringing", "dialing", "talk", "hold", "wrap_up", "paused")


class FloorSetting(Base):
    """Of an enterprise; without a row everything is as below."""

    __tablename__ = "floor_setting"
    __table_args__ = (CheckConstraint("outbound_wrap_up_s BETWEEN 0 AND 3600", name="outbound_wrap_up_s"),)

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), primary_key=True)
    outbound_wrap_up_s: Mapped[int] = mapped_column(server_default=text("0"))


class AgentStretch(Base):
    """A piece of an agent's signed-in time. All pieces of an agent together are that time: none overlap, none lack.

    The row of one that still goes on is not there yet.
    """

    __tablename__ = "agent_stretch"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("until > since", name="order"),
        ForeignKeyConstraint(["tenant_id", "agent_id"], ["agent.tenant_id", "agent.id"], ondelete="CASCADE"),
        Index("ix_agent_stretch_tenant_id_since", "tenant_id", "since"),
    )

    agent_id: Mapped[int] = mapped_column(primary_key=True)
    since: Mapped[Moment] = mapped_column(primary_key=True)
    until: Mapped[Moment]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    state: Mapped[str]
    reason: Mapped[str | None]
    call_id: Mapped[UUID | None]
    queue_id: Mapped[int | None]
