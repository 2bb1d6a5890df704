"""Receiving calls: prompts, schedules, IVR trees, destinations, voicemail, missed calls; what a queue can be told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261123_0530"
down_revision = "20261123_0521"

CHOICE = """
    num_nonnulls(tree_id, queue_id, agent_id, box_id, number) = 1 AND CASE kind
        WHEN 'menu' THEN tree_id IS NOT NULL WHEN 'queue' THEN queue_id IS NOT NULL
        WHEN 'agent' THEN agent_id IS NOT NULL WHEN 'voicemail' THEN box_id IS NOT NULL
        WHEN 'number' THEN number IS NOT NULL ELSE false END
"""


def upgrade() -> None:
    op.create_table(
        "ivr_tree",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("draft", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_version", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_ivr_tree_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ivr_tree")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_ivr_tree_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_ivr_tree_tenant_id_name")),
    )
    op.create_table(
        "missed_call",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("callee", sa.Text(), nullable=False),
        sa.Column("queue_id", sa.BigInteger(), nullable=True),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("waited_ms", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_how", sa.Text(), nullable=True),
        sa.Column("done_by", sa.BigInteger(), nullable=True),
        sa.Column("done_call_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "done_how IN ('marked', 'called_back', 'called_again')", name=op.f("ck_missed_call_done_how")
        ),
        sa.CheckConstraint("(done_at IS NULL) = (done_how IS NULL)", name=op.f("ck_missed_call_done")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_missed_call_tenant_id")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_missed_call")),
    )
    op.create_index(
        "ix_missed_call_open", "missed_call", ["tenant_id", "caller"], unique=False, postgresql_where="done_at IS NULL"
    )
    op.create_index("ix_missed_call_tenant_id_started_at", "missed_call", ["tenant_id", "started_at"], unique=False)
    op.create_table(
        "priority_caller",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("priority", sa.BigInteger(), server_default=sa.text("10"), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("number ~ '^\\+[1-9][0-9]{3,14}$'", name=op.f("ck_priority_caller_number")),
        sa.CheckConstraint("priority BETWEEN 1 AND 100", name=op.f("ck_priority_caller_priority")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_priority_caller_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_priority_caller")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_priority_caller_tenant_id_number")),
    )
    op.create_table(
        "prompt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), server_default="zh-CN", nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("language IN ('zh-CN', 'en')", name=op.f("ck_prompt_language")),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_prompt_sha256")),
        sa.CheckConstraint("duration_ms > 0", name=op.f("ck_prompt_duration_ms")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_prompt_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_prompt_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_prompt_tenant_id_name")),
    )
    op.create_table(
        "schedule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), server_default="Asia/Shanghai", nullable=False),
        sa.Column("weekly", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("special", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("keeps_holidays", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_schedule_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_schedule_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_schedule_tenant_id_name")),
    )
    op.create_table(
        "ivr_tree_version",
        sa.Column("tree_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("published_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "tree_id"],
            ["ivr_tree.tenant_id", "ivr_tree.id"],
            name=op.f("fk_ivr_tree_version_tenant_id_tree_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_ivr_tree_version_tenant_id")),
        sa.PrimaryKeyConstraint("tree_id", "version", name=op.f("pk_ivr_tree_version")),
    )
    op.create_table(
        "reception_setting",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.Text(), server_default="zh-CN", nullable=False),
        sa.Column("ringback_prompt_id", sa.BigInteger(), nullable=True),
        sa.Column("music_prompt_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("language IN ('zh-CN', 'en')", name=op.f("ck_reception_setting_language")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "music_prompt_id"],
            ["prompt.tenant_id", "prompt.id"],
            name=op.f("fk_reception_setting_tenant_id_music_prompt_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ringback_prompt_id"],
            ["prompt.tenant_id", "prompt.id"],
            name=op.f("fk_reception_setting_tenant_id_ringback_prompt_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_reception_setting_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_reception_setting")),
    )
    op.create_table(
        "agent_skill",
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("skill", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 10", name=op.f("ck_agent_skill_level")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "agent_id"],
            ["agent.tenant_id", "agent.id"],
            name=op.f("fk_agent_skill_tenant_id_agent_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_agent_skill_tenant_id")),
        sa.PrimaryKeyConstraint("agent_id", "skill", name=op.f("pk_agent_skill")),
    )
    op.create_table(
        "voicemail_box",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("greeting_prompt_id", sa.BigInteger(), nullable=True),
        sa.Column("max_message_s", sa.BigInteger(), server_default=sa.text("180"), nullable=False),
        sa.Column("max_messages", sa.BigInteger(), server_default=sa.text("200"), nullable=False),
        sa.CheckConstraint("max_message_s BETWEEN 5 AND 600", name=op.f("ck_voicemail_box_max_message_s")),
        sa.CheckConstraint("max_messages BETWEEN 1 AND 10000", name=op.f("ck_voicemail_box_max_messages")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "agent_id"],
            ["agent.tenant_id", "agent.id"],
            name=op.f("fk_voicemail_box_tenant_id_agent_id"),
            ondelete="SET NULL (agent_id)",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "greeting_prompt_id"],
            ["prompt.tenant_id", "prompt.id"],
            name=op.f("fk_voicemail_box_tenant_id_greeting_prompt_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_voicemail_box_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voicemail_box")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_voicemail_box_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_voicemail_box_tenant_id_name")),
    )
    op.create_unique_constraint(op.f("uq_did_tenant_id_id"), "did", ["tenant_id", "id"])
    op.create_table(
        "destination",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("did_id", sa.BigInteger(), nullable=True),
        sa.Column("of_queue_id", sa.BigInteger(), nullable=True),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tree_id", sa.BigInteger(), nullable=True),
        sa.Column("queue_id", sa.BigInteger(), nullable=True),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("box_id", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.CheckConstraint(
            CHOICE,
            name=op.f("ck_destination_choice"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(did_id, of_queue_id) = 1 AND (of_queue_id IS NOT NULL) = (occasion = 'overflow')",
            name=op.f("ck_destination_owner"),
        ),
        sa.CheckConstraint("number ~ '^\\+?[0-9]{3,20}$'", name=op.f("ck_destination_number")),
        sa.CheckConstraint("occasion IN ('open', 'closed', 'overflow')", name=op.f("ck_destination_occasion")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "agent_id"], ["agent.tenant_id", "agent.id"], name=op.f("fk_destination_tenant_id_agent_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "box_id"],
            ["voicemail_box.tenant_id", "voicemail_box.id"],
            name=op.f("fk_destination_tenant_id_box_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "did_id"],
            ["did.tenant_id", "did.id"],
            name=op.f("fk_destination_tenant_id_did_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "of_queue_id"],
            ["queue.tenant_id", "queue.id"],
            name=op.f("fk_destination_tenant_id_of_queue_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "queue_id"], ["queue.tenant_id", "queue.id"], name=op.f("fk_destination_tenant_id_queue_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "tree_id"],
            ["ivr_tree.tenant_id", "ivr_tree.id"],
            name=op.f("fk_destination_tenant_id_tree_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_destination_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destination")),
        sa.UniqueConstraint(
            "did_id",
            "of_queue_id",
            "occasion",
            name=op.f("uq_destination_did_id_of_queue_id_occasion"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "voicemail_message",
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("box_id", sa.BigInteger(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heard_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_voicemail_message_recording_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "box_id"],
            ["voicemail_box.tenant_id", "voicemail_box.id"],
            name=op.f("fk_voicemail_message_tenant_id_box_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_voicemail_message_tenant_id")),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_voicemail_message")),
    )
    op.create_index(
        "ix_voicemail_message_box_id_received_at", "voicemail_message", ["box_id", "received_at"], unique=False
    )
    op.add_column("did", sa.Column("schedule_id", sa.BigInteger(), nullable=True))
    op.drop_constraint(op.f("fk_did_tenant_id_queue_id"), "did", type_="foreignkey")
    op.create_foreign_key(
        op.f("fk_did_tenant_id_schedule_id"), "did", "schedule", ["tenant_id", "schedule_id"], ["tenant_id", "id"]
    )
    op.execute(
        "INSERT INTO destination (tenant_id, did_id, occasion, kind, queue_id) "
        "SELECT tenant_id, id, 'open', 'queue', queue_id FROM did WHERE queue_id IS NOT NULL"
    )
    op.drop_column("did", "queue_id")
    op.add_column("queue", sa.Column("is_open", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.add_column("queue", sa.Column("weight", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("queue", sa.Column("priority", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("queue", sa.Column("priority_s", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("queue", sa.Column("max_length", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("queue", sa.Column("max_estimate_s", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("queue", sa.Column("max_ratio", sa.Double(), server_default=sa.text("0"), nullable=False))
    op.add_column("queue", sa.Column("max_agents", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column(
        "queue", sa.Column("is_refused_when_paused", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column(
        "queue",
        sa.Column("skills", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column(
        "queue",
        sa.Column("relax", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
    )
    op.add_column("queue", sa.Column("last_agent_s", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("queue", sa.Column("max_no_answers", sa.BigInteger(), server_default=sa.text("1"), nullable=False))
    op.add_column("queue", sa.Column("ring_all_most", sa.BigInteger(), server_default=sa.text("20"), nullable=False))
    op.add_column("queue", sa.Column("announce_every_s", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("queue", sa.Column("music_prompt_id", sa.BigInteger(), nullable=True))
    op.add_column("queue", sa.Column("ringback_prompt_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_queue_tenant_id_ringback_prompt_id"),
        "queue",
        "prompt",
        ["tenant_id", "ringback_prompt_id"],
        ["tenant_id", "id"],
    )
    op.create_foreign_key(
        op.f("fk_queue_tenant_id_music_prompt_id"),
        "queue",
        "prompt",
        ["tenant_id", "music_prompt_id"],
        ["tenant_id", "id"],
    )
    op.drop_column("queue", "no_agent_treatment")
    op.drop_constraint(op.f("ck_queue_strategy"), "queue", type_="check")
    op.create_check_constraint(
        op.f("ck_queue_strategy"),
        "queue",
        "strategy IN ('longest_idle', 'fewest_calls', 'round_robin', 'ordered', 'random', 'ring_all', 'most_skilled')",
    )
    op.create_check_constraint(
        op.f("ck_queue_announce_every_s"), "queue", "announce_every_s = 0 OR announce_every_s BETWEEN 10 AND 600"
    )
    op.create_check_constraint(
        op.f("ck_queue_priority"), "queue", "priority BETWEEN -100 AND 100 AND priority_s >= 0 AND weight >= 0"
    )
    op.create_check_constraint(
        op.f("ck_queue_limits"),
        "queue",
        "max_length >= 0 AND max_estimate_s >= 0 AND max_ratio >= 0 AND max_agents >= 0",
    )
    op.create_check_constraint(
        op.f("ck_queue_offers"), "queue", "last_agent_s >= 0 AND max_no_answers >= 0 AND ring_all_most BETWEEN 1 AND 50"
    )
    op.add_column("queue_member", sa.Column("penalty", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("queue_member", sa.Column("order", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_check_constraint(
        op.f("ck_queue_member_place"), "queue_member", 'penalty BETWEEN 0 AND 100 AND "order" BETWEEN 0 AND 10000'
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_queue_member_place"), "queue_member", type_="check")
    op.drop_column("queue_member", "order")
    op.drop_column("queue_member", "penalty")
    op.add_column(
        "queue",
        sa.Column(
            "no_agent_treatment",
            sa.TEXT(),
            server_default=sa.text("'announce'::text"),
            autoincrement=False,
            nullable=False,
        ),
    )
    op.create_check_constraint(op.f("ck_queue_no_agent_treatment"), "queue", "no_agent_treatment IN ('announce')")
    op.drop_constraint(op.f("fk_queue_tenant_id_music_prompt_id"), "queue", type_="foreignkey")
    op.drop_constraint(op.f("fk_queue_tenant_id_ringback_prompt_id"), "queue", type_="foreignkey")
    op.drop_constraint(op.f("ck_queue_announce_every_s"), "queue", type_="check")
    op.drop_constraint(op.f("ck_queue_priority"), "queue", type_="check")
    op.drop_constraint(op.f("ck_queue_limits"), "queue", type_="check")
    op.drop_constraint(op.f("ck_queue_offers"), "queue", type_="check")
    op.drop_constraint(op.f("ck_queue_strategy"), "queue", type_="check")
    op.execute("UPDATE queue SET strategy = 'longest_idle'")
    op.create_check_constraint(op.f("ck_queue_strategy"), "queue", "strategy IN ('longest_idle')")
    op.drop_column("queue", "ringback_prompt_id")
    op.drop_column("queue", "music_prompt_id")
    op.drop_column("queue", "announce_every_s")
    op.drop_column("queue", "ring_all_most")
    op.drop_column("queue", "max_no_answers")
    op.drop_column("queue", "last_agent_s")
    op.drop_column("queue", "relax")
    op.drop_column("queue", "skills")
    op.drop_column("queue", "is_refused_when_paused")
    op.drop_column("queue", "max_agents")
    op.drop_column("queue", "max_ratio")
    op.drop_column("queue", "max_estimate_s")
    op.drop_column("queue", "max_length")
    op.drop_column("queue", "priority_s")
    op.drop_column("queue", "priority")
    op.drop_column("queue", "weight")
    op.drop_column("queue", "is_open")
    op.add_column("did", sa.Column("queue_id", sa.BIGINT(), autoincrement=False, nullable=True))
    op.execute(
        "UPDATE did SET queue_id = d.queue_id FROM destination d "
        "WHERE d.did_id = did.id AND d.occasion = 'open' AND d.kind = 'queue'"
    )
    op.drop_constraint(op.f("fk_did_tenant_id_schedule_id"), "did", type_="foreignkey")
    op.create_foreign_key(
        op.f("fk_did_tenant_id_queue_id"), "did", "queue", ["tenant_id", "queue_id"], ["tenant_id", "id"]
    )
    op.drop_column("did", "schedule_id")
    op.drop_index("ix_voicemail_message_box_id_received_at", table_name="voicemail_message")
    op.drop_table("voicemail_message")
    op.drop_table("destination")
    op.drop_constraint(op.f("uq_did_tenant_id_id"), "did", type_="unique")
    op.drop_table("voicemail_box")
    op.drop_table("agent_skill")
    op.drop_table("reception_setting")
    op.drop_table("ivr_tree_version")
    op.drop_table("schedule")
    op.drop_table("prompt")
    op.drop_table("priority_caller")
    op.drop_index("ix_missed_call_tenant_id_started_at", table_name="missed_call")
    op.drop_index("ix_missed_call_open", table_name="missed_call", postgresql_where="done_at IS NULL")
    op.drop_table("missed_call")
    op.drop_table("ivr_tree")
