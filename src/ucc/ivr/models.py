"""IVR trees: a draft that changes, and published versions that never do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, CreatedAt, Id


class IvrTree(Base):
    """`draft`: entry and nodes as they are being edited; calls take `published_version`, NULL: none yet."""

    __tablename__ = "ivr_tree"
    __table_args__ = (UniqueConstraint("tenant_id", "id"), UniqueConstraint("tenant_id", "name"))

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    name: Mapped[str]
    draft: Mapped[dict[str, Any]] = mapped_column(JSONB)
    published_version: Mapped[int | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class IvrTreeVersion(Base):
    """One published state of a tree. The database lets nobody change it."""

    __tablename__ = "ivr_tree_version"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "tree_id"], ["ivr_tree.tenant_id", "ivr_tree.id"], ondelete="CASCADE"),
    )

    tree_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    published_at: Mapped[CreatedAt]
    published_by: Mapped[int | None]
