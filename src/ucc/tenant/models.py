"""The customer tree. Every other row of UCC belongs to one tenant."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, CreatedAt, Id


class Tenant(Base):
    """`max_calls`: how many calls of it and all below it may be live at once; NULL is no limit.

    `is_suspended`: by people; `is_balance_suspended`: for want of money, until there is more."""

    __tablename__ = "tenant"
    __table_args__ = (
        CheckConstraint("kind IN ('operator', 'reseller', 'enterprise')", name="kind"),
        CheckConstraint("(kind = 'operator') = (parent_id IS NULL)", name="operator_is_root"),
        CheckConstraint("max_calls > 0", name="max_calls"),
        CheckConstraint("recording_channels IN ('mono', 'stereo')", name="recording_channels"),
        Index("uq_tenant_one_operator", "kind", unique=True, postgresql_where=text("kind = 'operator'")),
    )

    id: Mapped[Id]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"), index=True)
    kind: Mapped[str]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    rate_plan_id: Mapped[int | None] = mapped_column(ForeignKey("rate_plan.id", use_alter=True))
    recording_channels: Mapped[str] = mapped_column(server_default="mono")
    max_calls: Mapped[int | None]
    is_suspended: Mapped[bool] = mapped_column(server_default=text("false"))
    is_balance_suspended: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[CreatedAt]


class TenantTree(Base):
    """Every tenant with each of its ancestors, itself at depth 0; kept by a trigger on `tenant`."""

    __tablename__ = "tenant_tree"

    ancestor_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), primary_key=True)
    descendant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), primary_key=True, index=True)
    depth: Mapped[int]


class TenantLease(Base):
    """Which controller drives a tenant's calls, and until when unless it renews."""

    __tablename__ = "tenant_lease"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), primary_key=True)
    controller: Mapped[str]
    expires_at: Mapped[datetime]
