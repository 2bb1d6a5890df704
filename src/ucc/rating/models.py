"""Rate plans (套餐), their versions and rates, and who is charged by which. A plan's tenant is the one that it pays.

The database lets nobody change a published version or its rates.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, CreatedAt, Id, Micros

MAX_PRICE_MICROS = 10**10
MAX_INCREMENT_S = 3600
MAX_STRETCH_S = 86_400
_REGION = "~ '^[^/]+(/[^/]+)?$'"


class RatePlan(Base):
    __tablename__ = "rate_plan"
    __table_args__ = (UniqueConstraint("tenant_id", "id"), UniqueConstraint("tenant_id", "name"))

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    name: Mapped[str]


class RatePlanVersion(Base):
    """One state of a plan. The published one with the latest `effective_from` that has come is in force.

    `effective_from` NULL: a draft that is to count from its publication. `minimum_spend_micros` and `free_s` are for a
    month; `commission_ppm`: millionths of what the charged tenant spent that it gets back (返点). `revision`: how
    often the draft was saved.
    """

    __tablename__ = "rate_plan_version"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'published')", name="state"),
        CheckConstraint(
            "state = 'draft' OR (effective_from IS NOT NULL AND published_at IS NOT NULL)", name="published"
        ),
        CheckConstraint("minimum_spend_micros >= 0", name="minimum_spend_micros"),
        CheckConstraint("free_s >= 0", name="free_s"),
        CheckConstraint("commission_ppm BETWEEN 0 AND 1000000", name="commission_ppm"),
        ForeignKeyConstraint(["tenant_id", "rate_plan_id"], ["rate_plan.tenant_id", "rate_plan.id"]),
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("rate_plan_id", "number"),
        Index("uq_rate_plan_version_one_draft", "rate_plan_id", unique=True, postgresql_where=text("state = 'draft'")),
        Index(
            "uq_rate_plan_version_effective_from",
            "rate_plan_id",
            "effective_from",
            unique=True,
            postgresql_where=text("state = 'published'"),
        ),
    )

    id: Mapped[Id]
    rate_plan_id: Mapped[int]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(server_default="draft")
    effective_from: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(server_default="")
    minimum_spend_micros: Mapped[Micros] = mapped_column(server_default=text("0"))
    free_s: Mapped[int] = mapped_column(server_default=text("0"))
    commission_ppm: Mapped[int] = mapped_column(server_default=text("0"))
    revision: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[CreatedAt]
    published_at: Mapped[datetime | None]
    published_by: Mapped[int | None]


class StoredRate(Base):
    """One price of a version: `ucc.rating.price.Rate` says what its columns mean.

    The first increment is a whole number of increments, so it costs that many prices.
    """

    __tablename__ = "rate"
    __table_args__ = (
        CheckConstraint("service IN ('inbound', 'outbound', 'verification')", name="service"),
        CheckConstraint("kind IN ('duration', 'per_call')", name="kind"),
        CheckConstraint(r"prefix ~ '^(\+[0-9]{0,15})?$'", name="prefix"),
        CheckConstraint("area IN ('local', 'long_distance', 'international')", name="area"),
        CheckConstraint(f"caller_region {_REGION} AND callee_region {_REGION}", name="regions"),
        CheckConstraint("weekdays BETWEEN 1 AND 127", name="weekdays"),
        CheckConstraint(
            "from_minute BETWEEN 0 AND 1439 AND to_minute BETWEEN 1 AND 1440 AND from_minute <> to_minute",
            name="window",
        ),
        CheckConstraint(
            f"connect_micros BETWEEN 0 AND {MAX_PRICE_MICROS} AND price_micros BETWEEN 0 AND {MAX_PRICE_MICROS}",
            name="price",
        ),
        CheckConstraint(
            f"included_s BETWEEN 0 AND {MAX_STRETCH_S} AND first_increment_s BETWEEN 0 AND {MAX_STRETCH_S} "
            f"AND increment_s BETWEEN 1 AND {MAX_INCREMENT_S}",
            name="increments",
        ),
        CheckConstraint("mod(first_increment_s, increment_s) = 0", name="first_increment_s"),
        ForeignKeyConstraint(
            ["tenant_id", "version_id"],
            ["rate_plan_version.tenant_id", "rate_plan_version.id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint(
            "version_id",
            "service",
            "prefix",
            "area",
            "caller_region",
            "callee_region",
            "weekdays",
            "from_minute",
            "to_minute",
            name="uq_rate_match",
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[Id]
    version_id: Mapped[int]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    service: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default="duration")
    prefix: Mapped[str] = mapped_column(server_default="")
    area: Mapped[str | None]
    caller_region: Mapped[str | None]
    callee_region: Mapped[str | None]
    weekdays: Mapped[int] = mapped_column(server_default=text("127"))
    from_minute: Mapped[int] = mapped_column(server_default=text("0"))
    to_minute: Mapped[int] = mapped_column(server_default=text("1440"))
    connect_micros: Mapped[Micros] = mapped_column(server_default=text("0"))
    included_s: Mapped[int] = mapped_column(server_default=text("0"))
    first_increment_s: Mapped[int]
    increment_s: Mapped[int]
    price_micros: Mapped[Micros]


class RatePlanAssignment(Base):
    """By which plan a tenant is charged from a moment on; NULL: by none. Kept by a trigger on `tenant`.

    The first one counts from 1970: a call that was answered before is priced all the same. Rents count from
    `assigned_at` on.
    """

    __tablename__ = "rate_plan_assignment"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), primary_key=True, autoincrement=False)
    effective_from: Mapped[datetime] = mapped_column(primary_key=True)
    rate_plan_id: Mapped[int | None] = mapped_column(ForeignKey("rate_plan.id"), index=True)
    assigned_at: Mapped[CreatedAt]
