"""Rents of plan versions, what was charged by them, and how many agents a tenant had when."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, CreatedAt, Id, Micros

MAX_RENT_MICROS = 10**12


class Rent(Base):
    """What a version charges for a whole day, week, month or year: once (fixed), or for each agent, extension or DID.
    The database lets nobody change those of a published version."""

    __tablename__ = "rent"
    __table_args__ = (
        CheckConstraint("cycle IN ('day', 'week', 'month', 'year')", name="cycle"),
        CheckConstraint("basis IN ('fixed', 'agent', 'extension', 'did')", name="basis"),
        CheckConstraint(f"amount_micros BETWEEN 1 AND {MAX_RENT_MICROS}", name="amount_micros"),
        ForeignKeyConstraint(
            ["tenant_id", "version_id"],
            ["rate_plan_version.tenant_id", "rate_plan_version.id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("version_id", "cycle", "basis"),
    )

    id: Mapped[Id]
    version_id: Mapped[int]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    cycle: Mapped[str]
    basis: Mapped[str]
    amount_micros: Mapped[Micros]


class RentCharge(Base):
    """What a tenant paid for one cycle, both days included. `days` of them counted, with `unit_days` in sum: 3 DIDs on
    each of 10 days are 30."""

    __tablename__ = "rent_charge"
    __table_args__ = (
        CheckConstraint("amount_micros > 0", name="amount_micros"),
        UniqueConstraint("tenant_id", "starts_on", "cycle", "basis"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    cycle: Mapped[str]
    basis: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    days: Mapped[int]
    unit_days: Mapped[int]
    amount_micros: Mapped[Micros]
    posting_set_id: Mapped[int] = mapped_column(ForeignKey("posting_set.id"), unique=True)
    created_at: Mapped[CreatedAt]


class SettledDay(Base):
    """The last day of which everything is charged, for one tenant."""

    __tablename__ = "settled_day"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), primary_key=True, autoincrement=False)
    day: Mapped[date]


class AgentChange(Base):
    """Append-only, kept by triggers on `agent`: a tenant got an agent (1), or lost one (-1)."""

    __tablename__ = "agent_change"
    __table_args__ = (CheckConstraint("change IN (1, -1)", name="change"),)

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), index=True)
    agent_id: Mapped[int]
    change: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
