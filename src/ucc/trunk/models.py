"""Trunks: lines to carriers, known by the address they send from."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, Id


class Trunk(Base):
    """`tenant_id` is the operator. `codec` is what the border speaks with the carrier."""

    __tablename__ = "trunk"
    __table_args__ = (
        CheckConstraint("codec IN ('PCMA', 'PCMU', 'G729', 'G723')", name="codec"),
        CheckConstraint("port BETWEEN 1 AND 65535", name="port"),
        UniqueConstraint("host", "port"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    name: Mapped[str]
    host: Mapped[str]
    port: Mapped[int]
    codec: Mapped[str] = mapped_column(server_default="PCMA")
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
