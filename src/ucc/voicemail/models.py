"""Voicemail: a message is a recording of its call, from the tone to the end."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, Id, Moment


class VoicemailBox(Base):
    """`agent_id`: the one agent whose box it is; NULL: it belongs to the enterprise. No greeting: the standard one."""

    __tablename__ = "voicemail_box"
    __table_args__ = (
        CheckConstraint("max_message_s BETWEEN 5 AND 600", name="max_message_s"),
        CheckConstraint("max_messages BETWEEN 1 AND 10000", name="max_messages"),
        ForeignKeyConstraint(["tenant_id", "greeting_prompt_id"], ["prompt.tenant_id", "prompt.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "agent_id"], ["agent.tenant_id", "agent.id"], ondelete="SET NULL (agent_id)"
        ),
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "name"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    name: Mapped[str]
    agent_id: Mapped[int | None]
    greeting_prompt_id: Mapped[int | None]
    max_message_s: Mapped[int] = mapped_column(server_default=text("180"))
    max_messages: Mapped[int] = mapped_column(server_default=text("200"))


class VoicemailMessage(Base):
    __tablename__ = "voicemail_message"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "box_id"], ["voicemail_box.tenant_id", "voicemail_box.id"]),
        Index("ix_voicemail_message_box_id_received_at", "box_id", "received_at"),
    )

    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recording.id", ondelete="CASCADE"), primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    box_id: Mapped[int]
    call_id: Mapped[UUID]
    caller: Mapped[str]
    received_at: Mapped[Moment]
    heard_at: Mapped[datetime | None]
    heard_by: Mapped[int | None]
