"""Accounts and postings. A posting set sums to zero; nothing in it is ever changed, only reversed by a new set."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, CreatedAt, Id, Micros


class Account(Base):
    """One pot of one tenant.

    balance: what the tenant may still spend; income: what its customers paid for calls; carrier: what is owed to
    carriers; cash: the other side of top-ups that its customers paid in. `limit_micros`: how far a balance may fall
    below zero; NULL is no limit.
    """

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("kind IN ('balance', 'income', 'carrier', 'cash')", name="kind"),
        CheckConstraint("limit_micros >= 0", name="limit_micros"),
        UniqueConstraint("tenant_id", "kind"),
        UniqueConstraint("tenant_id", "id"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    kind: Mapped[str]
    balance_micros: Mapped[Micros] = mapped_column(server_default=text("0"))
    limit_micros: Mapped[int | None]


class PostingSet(Base):
    """One fact with money in it. The key makes a second telling of the same fact do nothing."""

    __tablename__ = "posting_set"

    id: Mapped[Id]
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    call_id: Mapped[UUID | None] = mapped_column(index=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), index=True)
    reason: Mapped[str | None]
    created_at: Mapped[CreatedAt]


class Posting(Base):
    __tablename__ = "posting"
    __table_args__ = (
        CheckConstraint("amount_micros <> 0", name="amount_micros"),
        ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
    )

    id: Mapped[Id]
    posting_set_id: Mapped[int] = mapped_column(ForeignKey("posting_set.id"), index=True)
    account_id: Mapped[int] = mapped_column(index=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    amount_micros: Mapped[Micros]
