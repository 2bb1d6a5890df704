"""Rate plans and their rates. The tenant is the plan's owner: the one that is paid by it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, Id, Micros


class RatePlan(Base):
    __tablename__ = "rate_plan"
    __table_args__ = (UniqueConstraint("tenant_id", "id"), UniqueConstraint("tenant_id", "name"))

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    name: Mapped[str]


class Rate(Base):
    """One price. The first increment is a whole number of increments, so it costs that many prices."""

    __tablename__ = "rate"
    __table_args__ = (
        CheckConstraint("direction IN ('inbound', 'outbound')", name="direction"),
        CheckConstraint(r"prefix ~ '^(\+[0-9]*)?$'", name="prefix"),
        CheckConstraint("connect_micros >= 0 AND price_micros >= 0", name="price"),
        CheckConstraint("included_s >= 0 AND first_increment_s >= 0 AND increment_s > 0", name="increments"),
        CheckConstraint("mod(first_increment_s, increment_s) = 0", name="first_increment_s"),
        ForeignKeyConstraint(["tenant_id", "rate_plan_id"], ["rate_plan.tenant_id", "rate_plan.id"]),
        UniqueConstraint("rate_plan_id", "direction", "prefix", "effective_from"),
    )

    id: Mapped[Id]
    rate_plan_id: Mapped[int]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    direction: Mapped[str]
    prefix: Mapped[str] = mapped_column(server_default="")
    connect_micros: Mapped[Micros] = mapped_column(server_default=text("0"))
    included_s: Mapped[int] = mapped_column(server_default=text("0"))
    first_increment_s: Mapped[int]
    increment_s: Mapped[int]
    price_micros: Mapped[Micros]
    effective_from: Mapped[datetime]
