"""Trunks: lines to carriers, known by the address they send from; how each wants its numbers; what comes after it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, FetchedValue, ForeignKey, ForeignKeyConstraint, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, Id


class Trunk(Base):
    """`tenant_id` is the operator. `holder_id`: who may go out on it, with all below; a new one is the operator's, so
    everybody's. `codec` is what the border speaks with the carrier.

    `max_calls` and `calls_per_second`: NULL is no limit. `allowed_prefixes` of E.164: empty is every number.
    """

    __tablename__ = "trunk"
    __table_args__ = (
        CheckConstraint("codec IN ('PCMA', 'PCMU', 'G729', 'G723')", name="codec"),
        CheckConstraint("port BETWEEN 1 AND 65535", name="port"),
        CheckConstraint("max_calls > 0 AND calls_per_second > 0", name="limits"),
        UniqueConstraint("host", "port"),
        UniqueConstraint("tenant_id", "id"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    holder_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), server_default=FetchedValue())
    name: Mapped[str]
    host: Mapped[str]
    port: Mapped[int]
    codec: Mapped[str] = mapped_column(server_default="PCMA")
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    max_calls: Mapped[int | None]
    calls_per_second: Mapped[int | None]
    allowed_prefixes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))


class TrunkRule(Base):
    """How a trunk wants the callee, or the caller ID: of the rules whose prefix the E.164 number has, the longest.

    `strip` characters go from the left (the + is one), then `prepend` comes before the rest.
    """

    __tablename__ = "trunk_rule"
    __table_args__ = (
        CheckConstraint("kind IN ('callee', 'caller_id')", name="kind"),
        CheckConstraint(r"prefix ~ '^(\+[0-9]{0,15})?$'", name="prefix"),
        CheckConstraint("strip BETWEEN 0 AND 16", name="strip"),
        CheckConstraint(r"prepend ~ '^\+?[0-9*#]{0,20}$'", name="prepend"),
        ForeignKeyConstraint(["tenant_id", "trunk_id"], ["trunk.tenant_id", "trunk.id"], ondelete="CASCADE"),
        UniqueConstraint("trunk_id", "kind", "prefix"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    trunk_id: Mapped[int]
    kind: Mapped[str]
    prefix: Mapped[str] = mapped_column(server_default="")
    strip: Mapped[int] = mapped_column(server_default=text("0"))
    prepend: Mapped[str] = mapped_column(server_default="")


class TrunkFallback(Base):
    """中继二次选路: `next_trunk_id` is tried when `trunk_id` fails. Lower priorities first; among equals, by weight."""

    __tablename__ = "trunk_fallback"
    __table_args__ = (
        CheckConstraint("trunk_id <> next_trunk_id", name="other_trunk"),
        CheckConstraint("priority BETWEEN 1 AND 100", name="priority"),
        CheckConstraint("weight BETWEEN 1 AND 100", name="weight"),
        ForeignKeyConstraint(["tenant_id", "trunk_id"], ["trunk.tenant_id", "trunk.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["tenant_id", "next_trunk_id"], ["trunk.tenant_id", "trunk.id"], ondelete="CASCADE"),
    )

    trunk_id: Mapped[int] = mapped_column(primary_key=True)
    next_trunk_id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    priority: Mapped[int] = mapped_column(server_default=text("1"))
    weight: Mapped[int] = mapped_column(server_default=text("1"))
