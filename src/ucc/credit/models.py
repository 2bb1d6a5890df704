"""What a tenant may spend and where it may call, and what people are told about its money."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, CreatedAt, Id

HOME_ONLY = ("+86",)


class SpendRule(Base):
    """Limits against fraud, set by the level above. A tenant without a row may call the home country only.

    `hourly_micros`, `daily_micros`: what calls of the last 60 minutes and 24 hours may cost it, those in progress
    included; `calls_per_second`: outbound calls of it and all below; `destinations`: prefixes (E.164) that it and all
    below may call; `low_balance_micros`: below this much to spend an alert is raised; `suspend_below_micros`: below
    this much, what calls hold not taken off, the tenant and all below are suspended until it has more. NULL: none.
    """

    __tablename__ = "spend_rule"
    __table_args__ = (
        CheckConstraint("hourly_micros >= 0", name="hourly_micros"),
        CheckConstraint("daily_micros >= 0", name="daily_micros"),
        CheckConstraint("calls_per_second > 0", name="calls_per_second"),
        CheckConstraint("low_balance_micros >= 0", name="low_balance_micros"),
        CheckConstraint("suspend_below_micros >= 0", name="suspend_below_micros"),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), primary_key=True, autoincrement=False)
    hourly_micros: Mapped[int | None]
    daily_micros: Mapped[int | None]
    calls_per_second: Mapped[int | None]
    low_balance_micros: Mapped[int | None]
    suspend_below_micros: Mapped[int | None]
    destinations: Mapped[list[str]] = mapped_column(ARRAY(TEXT), server_default=text("'{+86}'"))


class TenantSpend(Base):
    """What finished calls of the last 60 minutes and 24 hours cost a tenant, as the worker counted it last. The day is
    counted whole once in a while, at `base_at`, and carried on from there."""

    __tablename__ = "tenant_spend"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), primary_key=True, autoincrement=False)
    hour_micros: Mapped[int]
    day_micros: Mapped[int]
    base_micros: Mapped[int]
    base_at: Mapped[datetime]
    counted_at: Mapped[datetime]


class Alert(Base):
    """Something about a tenant's money that people should know of; open until it is over. One is open per kind."""

    __tablename__ = "alert"
    __table_args__ = (
        CheckConstraint("kind IN ('low_balance', 'hourly_spend', 'daily_spend', 'ledger', 'suspension')", name="kind"),
        CheckConstraint("severity IN ('warning', 'blocking')", name="severity"),
        Index("uq_alert_open", "tenant_id", "kind", unique=True, postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), index=True)
    kind: Mapped[str]
    severity: Mapped[str]
    amount_micros: Mapped[int]
    limit_micros: Mapped[int]
    raised_at: Mapped[CreatedAt]
    ended_at: Mapped[datetime | None]
