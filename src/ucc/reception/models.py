"""Where calls go: the destinations of numbers and queues; callers who come first; what an enterprise's callers hear."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, CreatedAt, Id, Moment

_CHOICE = """
    num_nonnulls(tree_id, queue_id, agent_id, box_id, number) = 1 AND CASE kind
        WHEN 'menu' THEN tree_id IS NOT NULL WHEN 'queue' THEN queue_id IS NOT NULL
        WHEN 'agent' THEN agent_id IS NOT NULL WHEN 'voicemail' THEN box_id IS NOT NULL
        WHEN 'number' THEN number IS NOT NULL ELSE false END
"""


class Destination(Base):
    """Where calls go on one occasion: a DID when `open` or `closed`, or a queue's `overflow`.

    Whatever it names cannot be deleted while it does.
    """

    __tablename__ = "destination"
    __table_args__ = (
        CheckConstraint("occasion IN ('open', 'closed', 'overflow')", name="occasion"),
        CheckConstraint(
            "num_nonnulls(did_id, of_queue_id) = 1 AND (of_queue_id IS NOT NULL) = (occasion = 'overflow')",
            name="owner",
        ),
        CheckConstraint(_CHOICE, name="choice"),
        CheckConstraint(r"number ~ '^\+?[0-9]{3,20}$'", name="number"),
        ForeignKeyConstraint(["tenant_id", "did_id"], ["did.tenant_id", "did.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["tenant_id", "of_queue_id"], ["queue.tenant_id", "queue.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["tenant_id", "tree_id"], ["ivr_tree.tenant_id", "ivr_tree.id"]),
        ForeignKeyConstraint(["tenant_id", "queue_id"], ["queue.tenant_id", "queue.id"]),
        ForeignKeyConstraint(["tenant_id", "agent_id"], ["agent.tenant_id", "agent.id"]),
        ForeignKeyConstraint(["tenant_id", "box_id"], ["voicemail_box.tenant_id", "voicemail_box.id"]),
        UniqueConstraint("did_id", "of_queue_id", "occasion", postgresql_nulls_not_distinct=True),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    did_id: Mapped[int | None]
    of_queue_id: Mapped[int | None]
    occasion: Mapped[str]
    kind: Mapped[str]
    tree_id: Mapped[int | None]
    queue_id: Mapped[int | None]
    agent_id: Mapped[int | None]
    box_id: Mapped[int | None]
    number: Mapped[str | None]


class PriorityCaller(Base):
    """A caller who goes before others (VIP): the higher the priority, the further ahead."""

    __tablename__ = "priority_caller"
    __table_args__ = (
        CheckConstraint(r"number ~ '^\+[1-9][0-9]{3,14}$'", name="number"),
        CheckConstraint("priority BETWEEN 1 AND 100", name="priority"),
        UniqueConstraint("tenant_id", "number"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    number: Mapped[str]
    priority: Mapped[int] = mapped_column(server_default=text("10"))
    note: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[CreatedAt]


class ReceptionSetting(Base):
    """What all inbound calls of an enterprise have in common. No row: the standards of these columns.

    `ringback_prompt_id` is its own ring-back (彩铃), `music_prompt_id` its music while callers wait.
    """

    __tablename__ = "reception_setting"
    __table_args__ = (
        CheckConstraint("language IN ('zh-CN', 'en')", name="language"),
        ForeignKeyConstraint(["tenant_id", "ringback_prompt_id"], ["prompt.tenant_id", "prompt.id"]),
        ForeignKeyConstraint(["tenant_id", "music_prompt_id"], ["prompt.tenant_id", "prompt.id"]),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), primary_key=True)
    language: Mapped[str] = mapped_column(server_default="zh-CN")
    ringback_prompt_id: Mapped[int | None]
    music_prompt_id: Mapped[int | None]


class LastAgent(Base):
    """Who spoke with a number last, in either direction."""

    __tablename__ = "last_agent"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "agent_id"], ["agent.tenant_id", "agent.id"], ondelete="CASCADE"),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), primary_key=True)
    number: Mapped[str] = mapped_column(primary_key=True)
    agent_id: Mapped[int]
    spoke_at: Mapped[Moment]
