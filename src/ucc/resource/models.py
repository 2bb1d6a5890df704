"""Resources that the operator makes and grants: extensions, DIDs, caller IDs; trunks as their holders see them; and
what the border needs to know."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    column,
    table,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, CreatedAt, Id

E164 = r"number ~ '^\+[1-9][0-9]{3,14}$'"


class Extension(Base):
    """A SIP phone's account. Its number is the SIP user name; `ha1` = md5(number:sip_domain:password)."""

    __tablename__ = "extension"
    __table_args__ = (
        CheckConstraint("number ~ '^[0-9]{2,16}$'", name="number"),
        CheckConstraint("ha1 ~ '^[0-9a-f]{32}$'", name="ha1"),
        UniqueConstraint("tenant_id", "id"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    number: Mapped[str] = mapped_column(unique=True)
    ha1: Mapped[str]
    created_at: Mapped[CreatedAt]


class Did(Base):
    """A number that the world can call (大号). It belongs to one tenant at a time; where it leads, by its schedule, is
    said by its destinations. Without a schedule it is always open."""

    __tablename__ = "did"
    __table_args__ = (
        CheckConstraint(E164, name="number"),
        ForeignKeyConstraint(["tenant_id", "schedule_id"], ["schedule.tenant_id", "schedule.id"]),
        UniqueConstraint("tenant_id", "id"),
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), index=True)
    schedule_id: Mapped[int | None]


class CallerId(Base):
    """A number that a tenant may show, and the trunk it goes out on first (主叫). `max_calls` NULL: no limit."""

    __tablename__ = "caller_id"
    __table_args__ = (
        CheckConstraint(E164, name="number"),
        CheckConstraint("max_calls > 0", name="max_calls"),
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "number"),
        Index("uq_caller_id_one_default", "tenant_id", unique=True, postgresql_where=text("is_default")),
    )

    id: Mapped[Id]
    number: Mapped[str]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    trunk_id: Mapped[int] = mapped_column(ForeignKey("trunk.id"), index=True)
    is_default: Mapped[bool] = mapped_column(server_default=text("false"))
    max_calls: Mapped[int | None]


HELD_TRUNK = table("held_trunk", column("id", BigInteger), column("number", Text), column("tenant_id", BigInteger))
"""A view: the trunks that the scope's tenant or one below holds; their name and holder, and nothing else of them."""


class ResourceGrant(Base):
    """Append-only, kept by triggers: a resource was made (from NULL), moved along the tree, or went (to NULL).

    `number` of a trunk is its name. `user_id` NULL: not by a person. Who had it at a moment: the `to_tenant_id` of its
    newest row up to then.
    """

    __tablename__ = "resource_grant"
    __table_args__ = (
        CheckConstraint("kind IN ('extension', 'did', 'caller_id', 'trunk')", name="kind"),
        CheckConstraint("from_tenant_id IS DISTINCT FROM to_tenant_id", name="moves"),
        Index("ix_resource_grant_resource", "kind", "resource_id", "id"),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    resource_id: Mapped[int]
    number: Mapped[str]
    from_tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"), index=True)
    to_tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"), index=True)
    user_id: Mapped[int | None]
    granted_at: Mapped[CreatedAt]


class BorderSetting(Base):
    """The one row of settings that the border's views are built with."""

    __tablename__ = "border_setting"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, server_default=text("1"))
    sip_domain: Mapped[str]
