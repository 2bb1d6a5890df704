"""Recordings: a stretch of a call that was captured at the border and becomes an MP3 file."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, CreatedAt, Moment


class Recording(Base):
    """spooled -> encoding -> ready | failed. `captures` and `path` are relative to their folders in the home."""

    __tablename__ = "recording"
    __table_args__ = (
        CheckConstraint("state IN ('spooled', 'encoding', 'ready', 'failed')", name="state"),
        CheckConstraint(
            "(state = 'ready') <= (path IS NOT NULL AND coalesce(bytes, 0) > 0 AND sha256 IS NOT NULL)", name="ready"
        ),
        CheckConstraint("(state = 'failed') <= (failure IS NOT NULL)", name="failed"),
        Index("ix_recording_open", "updated_at", postgresql_where=text("state <> 'ready'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    call_id: Mapped[UUID] = mapped_column(index=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    state: Mapped[str]
    sip_call_id: Mapped[str] = mapped_column(index=True)
    started_at: Mapped[Moment]
    ended_at: Mapped[Moment]
    captures: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    path: Mapped[str | None]
    bytes: Mapped[int | None]
    duration_ms: Mapped[int | None]
    sha256: Mapped[str | None]
    failure: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
