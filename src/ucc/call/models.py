"""Call records, partitioned by month of their start; their legs and charges; the state of calls that are still live."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, Id, Micros, Moment


class CallRecord(Base):
    """A finished call. It names agents, queues and lines without foreign keys: a record outlives what it mentions."""

    __tablename__ = "call_record"
    __table_args__ = (
        CheckConstraint("talk_ms >= 0", name="talk_ms"),
        CheckConstraint("held_ms >= 0", name="held_ms"),
        CheckConstraint("waited_ms >= 0", name="waited_ms"),
        Index("ix_call_record_tenant_id_started_at", "tenant_id", "started_at", "id"),
        Index("ix_call_record_started_at", "started_at", "id"),
        {"postgresql_partition_by": "RANGE (started_at)"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    started_at: Mapped[Moment] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    direction: Mapped[str]
    caller: Mapped[str]
    callee: Mapped[str]
    queue_id: Mapped[int | None]
    agent_id: Mapped[int | None]
    trunk_id: Mapped[int | None]
    did_id: Mapped[int | None]
    answered_at: Mapped[Moment | None]
    connected_at: Mapped[Moment | None]
    ended_at: Mapped[Moment]
    talk_ms: Mapped[int]
    held_ms: Mapped[int] = mapped_column(server_default=text("0"))
    waited_ms: Mapped[int] = mapped_column(server_default=text("0"))
    cause: Mapped[int]
    ended_by: Mapped[str]
    result: Mapped[str]
    refusal: Mapped[str | None]


class CallLeg(Base):
    __tablename__ = "call_leg"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    call_id: Mapped[UUID] = mapped_column(index=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    kind: Mapped[str]
    party: Mapped[str]
    address: Mapped[str]
    number: Mapped[str | None]
    agent_id: Mapped[int | None]
    trunk_id: Mapped[int | None]
    sip_call_id: Mapped[str | None]
    started_at: Mapped[Moment]
    ringing_at: Mapped[Moment | None]
    answered_at: Mapped[Moment | None]
    ended_at: Mapped[Moment]
    cause: Mapped[int]


class CallCharge(Base):
    """What one level pays for one leg of a call. `tenant_id` pays; the payee is its parent, or NULL: the carrier.

    `leg_id`: the leg that was answered; NULL when the record has none for it.
    `rate_id` NULL: the plan had no rate any more when the call was priced; the amount is then 0.
    """

    __tablename__ = "call_charge"
    __table_args__ = (
        CheckConstraint("billed_s >= 0 AND amount_micros >= 0", name="amount"),
        UniqueConstraint("call_id", "leg_id", "tenant_id", postgresql_nulls_not_distinct=True),
    )

    id: Mapped[Id]
    call_id: Mapped[UUID]
    leg_id: Mapped[UUID | None]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    payee_tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    rate_id: Mapped[int | None] = mapped_column(ForeignKey("rate.id"))
    billed_s: Mapped[int]
    amount_micros: Mapped[Micros]
    posting_set_id: Mapped[int | None] = mapped_column(ForeignKey("posting_set.id"), index=True)


class LiveCallState(Base):
    """The engine's state of a live call, for the controller that adopts it. The tenant is NULL until it is routed."""

    __tablename__ = "call_state"

    call_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    controller: Mapped[str]
    state: Mapped[dict[str, Any]] = mapped_column(JSONB)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
