"""Statements of closed months, and the files that are made of them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, CreatedAt, Id, Micros


class Statement(Base):
    """A closed month of one tenant's balance. `period`: its first day, on China's clock. What the month's terms came to
    by the day: `minimum_micros` it had to spend, `free_s` seconds without charge, `commission_ppm` given back."""

    __tablename__ = "statement"
    __table_args__ = (UniqueConstraint("tenant_id", "id"), UniqueConstraint("tenant_id", "period"))

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    period: Mapped[date]
    opening_micros: Mapped[Micros]
    closing_micros: Mapped[Micros]
    minimum_micros: Mapped[Micros]
    free_s: Mapped[int]
    commission_ppm: Mapped[int]
    closed_at: Mapped[CreatedAt]


class StatementTotal(Base):
    """How often, and by how much, entries of one kind changed the balance in the month."""

    __tablename__ = "statement_total"
    __table_args__ = (ForeignKeyConstraint(["tenant_id", "statement_id"], ["statement.tenant_id", "statement.id"]),)

    statement_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[int]
    entries: Mapped[int]
    amount_micros: Mapped[Micros]


class StatementFile(Base):
    """A PDF or XLSX that the worker makes. `lines_total` NULL: not counted yet; `failure`: why there is none."""

    __tablename__ = "statement_file"
    __table_args__ = (
        CheckConstraint("format IN ('pdf', 'xlsx')", name="format"),
        CheckConstraint("language IN ('zh-CN', 'en')", name="language"),
        CheckConstraint("state IN ('waiting', 'making', 'ready', 'failed')", name="state"),
        ForeignKeyConstraint(["tenant_id", "statement_id"], ["statement.tenant_id", "statement.id"]),
        UniqueConstraint("statement_id", "format", "language"),
    )

    id: Mapped[Id]
    statement_id: Mapped[int]
    tenant_id: Mapped[int]
    format: Mapped[str]
    language: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    lines_done: Mapped[int] = mapped_column(server_default=text("0"))
    lines_total: Mapped[int | None]
    size_bytes: Mapped[int | None]
    failure: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
