"""Accounts and postings. A posting set sums to zero; nothing in it is ever changed, only reversed by a new set."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    column,
    func,
    table,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, CreatedAt, Id, Micros

THIS_MONTH = "(date_trunc('month', (now() AT TIME ZONE 'Asia/Shanghai')))::date"


class Account(Base):
    """One pot of one tenant.

    balance: what the tenant may still spend; income: what its customers paid for calls; carrier: what is owed to
    carriers; cash: the other side of top-ups that its customers paid in. `limit_micros`: how far a balance may fall
    below zero; NULL is no limit: nobody waits for such an account, its changes stand in `account_delta` until they are
    folded. `reserved_micros`: what calls in progress hold of it. What it has, as the view `account_balance` says:
    `balance_micros` and its deltas.
    """

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("kind IN ('balance', 'income', 'carrier', 'cash')", name="kind"),
        CheckConstraint("limit_micros >= 0", name="limit_micros"),
        CheckConstraint("reserved_micros >= 0", name="reserved_micros"),
        UniqueConstraint("tenant_id", "kind"),
        UniqueConstraint("tenant_id", "id"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    kind: Mapped[str]
    balance_micros: Mapped[Micros] = mapped_column(server_default=text("0"))
    limit_micros: Mapped[int | None]
    reserved_micros: Mapped[Micros] = mapped_column(server_default=text("0"))


ACCOUNT_BALANCE = table(
    "account_balance",
    column("id", BigInteger),
    column("tenant_id", BigInteger),
    column("kind", Text),
    column("limit_micros", BigInteger),
    column("reserved_micros", BigInteger),
    column("balance_micros", BigInteger),
)
"""The view: every account with what it really has."""


class AccountDelta(Base):
    """A change of an account without a limit that is not folded into its balance yet."""

    __tablename__ = "account_delta"
    __table_args__ = (ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"]),)

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(index=True)
    tenant_id: Mapped[int]
    amount_micros: Mapped[Micros]


class Reservation(Base):
    """What a call in progress holds of an account, so that calls beside it cannot spend it too."""

    __tablename__ = "reservation"
    __table_args__ = (
        CheckConstraint("amount_micros > 0", name="amount_micros"),
        ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
    )

    call_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, index=True)
    tenant_id: Mapped[int]
    amount_micros: Mapped[Micros]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PostingSet(Base):
    """One fact with money in it. The key makes a second telling of the same fact do nothing. `user_id`: who posted it,
    where a person did; `reverses_id`: the set that this one takes back, which can be done once; `period`: the first day
    of the month, on China's clock, in whose statements it stands: that of its posting, except for what closes one."""

    __tablename__ = "posting_set"
    __table_args__ = (
        Index("ix_posting_set_period", "period", "id"),
        Index(
            "ix_posting_set_created_at",
            "created_at",
            postgresql_using="brin",
            postgresql_with={"pages_per_range": 32, "autosummarize": True},
        ),
        Index(
            "uq_posting_set_reverses_id", "reverses_id", unique=True, postgresql_where=text("reverses_id IS NOT NULL")
        ),
    )

    id: Mapped[Id]
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    call_id: Mapped[UUID | None] = mapped_column(index=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), index=True)
    reason: Mapped[str | None]
    user_id: Mapped[int | None]
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("posting_set.id"))
    period: Mapped[date] = mapped_column(server_default=text(THIS_MONTH))
    created_at: Mapped[CreatedAt]


class Posting(Base):
    __tablename__ = "posting"
    __table_args__ = (
        CheckConstraint("amount_micros <> 0", name="amount_micros"),
        ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
        Index("ix_posting_account", "account_id", "posting_set_id"),
    )

    posting_set_id: Mapped[int] = mapped_column(ForeignKey("posting_set.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tenant_id: Mapped[int]
    amount_micros: Mapped[Micros]
