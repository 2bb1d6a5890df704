"""Queues, who serves them, and what agents can do."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, Id

STRATEGIES = ("longest_idle", "fewest_calls", "round_robin", "ordered", "random", "ring_all", "most_skilled")


class Queue(Base):
    """A limit of 0 is no limit. What each setting does is said in `ucc.engine.acd.model.QueuePolicy`.

    `relax` are steps [after_s, drop] by which `skills` asked for drop with the wait; drop null: all of them.
    """

    __tablename__ = "queue"
    __table_args__ = (
        CheckConstraint(f"strategy IN {STRATEGIES}", name="strategy"),
        CheckConstraint("ring_timeout_s BETWEEN 3 AND 120", name="ring_timeout_s"),
        CheckConstraint("max_wait_s BETWEEN 1 AND 7200", name="max_wait_s"),
        CheckConstraint("wrap_up_s BETWEEN 0 AND 3600", name="wrap_up_s"),
        CheckConstraint("announce_every_s = 0 OR announce_every_s BETWEEN 10 AND 600", name="announce_every_s"),
        CheckConstraint("priority BETWEEN -100 AND 100 AND priority_s >= 0 AND weight >= 0", name="priority"),
        CheckConstraint(
            "max_length >= 0 AND max_estimate_s >= 0 AND max_ratio >= 0 AND max_agents >= 0", name="limits"
        ),
        CheckConstraint("last_agent_s >= 0 AND max_no_answers >= 0 AND ring_all_most BETWEEN 1 AND 50", name="offers"),
        ForeignKeyConstraint(["tenant_id", "music_prompt_id"], ["prompt.tenant_id", "prompt.id"]),
        ForeignKeyConstraint(["tenant_id", "ringback_prompt_id"], ["prompt.tenant_id", "prompt.id"]),
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "name"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    name: Mapped[str]
    strategy: Mapped[str] = mapped_column(server_default="longest_idle")
    is_open: Mapped[bool] = mapped_column(server_default=text("true"))
    ring_timeout_s: Mapped[int] = mapped_column(server_default=text("15"))
    max_wait_s: Mapped[int] = mapped_column(server_default=text("300"))
    wrap_up_s: Mapped[int] = mapped_column(server_default=text("0"))
    weight: Mapped[int] = mapped_column(server_default=text("0"))
    priority: Mapped[int] = mapped_column(server_default=text("0"))
    priority_s: Mapped[int] = mapped_column(server_default=text("0"))
    max_length: Mapped[int] = mapped_column(server_default=text("0"))
    max_estimate_s: Mapped[int] = mapped_column(server_default=text("0"))
    max_ratio: Mapped[float] = mapped_column(server_default=text("0"))
    max_agents: Mapped[int] = mapped_column(server_default=text("0"))
    is_refused_when_paused: Mapped[bool] = mapped_column(server_default=text("false"))
    skills: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=text("'{}'"))
    relax: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    last_agent_s: Mapped[int] = mapped_column(server_default=text("0"))
    max_no_answers: Mapped[int] = mapped_column(server_default=text("1"))
    ring_all_most: Mapped[int] = mapped_column(server_default=text("20"))
    announce_every_s: Mapped[int] = mapped_column(server_default=text("0"))
    music_prompt_id: Mapped[int | None]
    ringback_prompt_id: Mapped[int | None]


class QueueMember(Base):
    """A higher `penalty` is offered only when nobody with a lower one is free; `order` is for the ordered strategy."""

    __tablename__ = "queue_member"
    __table_args__ = (
        CheckConstraint('penalty BETWEEN 0 AND 100 AND "order" BETWEEN 0 AND 10000', name="place"),
        ForeignKeyConstraint(["tenant_id", "queue_id"], ["queue.tenant_id", "queue.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["tenant_id", "agent_id"], ["agent.tenant_id", "agent.id"], ondelete="CASCADE"),
    )

    queue_id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    penalty: Mapped[int] = mapped_column(server_default=text("0"))
    order: Mapped[int] = mapped_column(server_default=text("0"))


class AgentSkill(Base):
    """What an agent can do, and how well: 1 to 10."""

    __tablename__ = "agent_skill"
    __table_args__ = (
        CheckConstraint("level BETWEEN 1 AND 10", name="level"),
        ForeignKeyConstraint(["tenant_id", "agent_id"], ["agent.tenant_id", "agent.id"], ondelete="CASCADE"),
    )

    agent_id: Mapped[int] = mapped_column(primary_key=True)
    skill: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    level: Mapped[int]
