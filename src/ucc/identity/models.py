"""Users and their sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, CreatedAt, Id


class User(Base):
    """`one_time_until`: the password was made by UCC, ends then, and lets its user do nothing but choose another."""

    __tablename__ = "app_user"
    __table_args__ = (
        CheckConstraint("role IN ('operator', 'reseller', 'enterprise', 'supervisor', 'agent')", name="role"),
        CheckConstraint("language IN ('zh-CN', 'en')", name="language"),
        UniqueConstraint("tenant_id", "id"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    username: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    role: Mapped[str]
    display_name: Mapped[str]
    language: Mapped[str] = mapped_column(server_default="zh-CN")
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    one_time_until: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class UserSession(Base):
    """A login. The browser holds the token; the table holds its keyed hash."""

    __tablename__ = "user_session"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), index=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    source_address: Mapped[str]
