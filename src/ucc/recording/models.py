"""Recordings: what was captured of a call at the border and becomes an MP3 file."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, CreatedAt, Moment


class Recording(Base):
    """spooled -> encoding -> ready | failed. `captures` and `path` are relative to their folders in the home.

    `stretches`: [begin, end] in milliseconds after `started_at`, of the parts that the file is joined from; none: all.
    `failure` is one of `ucc.recording.failure`; `will_retry`: the cause may go away, and the sweep tries it again.
    """

    __tablename__ = "recording"
    __table_args__ = (
        CheckConstraint("state IN ('spooled', 'encoding', 'ready', 'failed')", name="state"),
        CheckConstraint(
            "(state = 'ready') <= (path IS NOT NULL AND coalesce(bytes, 0) > 0 AND sha256 IS NOT NULL)", name="ready"
        ),
        CheckConstraint("(state = 'failed') <= (failure IS NOT NULL)", name="failed"),
        CheckConstraint("purpose IN ('call', 'voicemail')", name="purpose"),
        Index("ix_recording_open", "updated_at", postgresql_where=text("state <> 'ready'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    call_id: Mapped[UUID] = mapped_column(index=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    purpose: Mapped[str] = mapped_column(server_default="call")
    state: Mapped[str]
    sip_call_id: Mapped[str] = mapped_column(index=True)
    started_at: Mapped[Moment]
    ended_at: Mapped[Moment]
    stretches: Mapped[list[list[int]]] = mapped_column(JSONB, server_default=text("'[]'"))
    captures: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    path: Mapped[str | None]
    bytes: Mapped[int | None]
    duration_ms: Mapped[int | None]
    sha256: Mapped[str | None]
    failure: Mapped[str | None]
    will_retry: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
