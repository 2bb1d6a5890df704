"""Schedules of business hours."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, Id


class StoredSchedule(Base):
    """`weekly`: seven lists of [begin, end] in minutes, Monday first; `special`: date -> such a list and a name.

    `keeps_holidays`: closed on Chinese statutory holidays, open on the days worked in their stead.
    """

    __tablename__ = "schedule"
    __table_args__ = (UniqueConstraint("tenant_id", "id"), UniqueConstraint("tenant_id", "name"))

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    name: Mapped[str]
    zone: Mapped[str] = mapped_column(server_default="Asia/Shanghai")
    weekly: Mapped[list[Any]] = mapped_column(JSONB)
    special: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    keeps_holidays: Mapped[bool] = mapped_column(server_default=text("true"))
