"""Outbound rules: caller IDs and their limits, number rules and second choices of trunks, blacklists, frequency; teams,
pause reasons, recording policies, verification calls; charges per leg."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261123_0520"
down_revision = "20261123_0308"

TABLES = (
    "team_member",
    "team_supervisor",
    "team",
    "recording_policy",
    "pause_reason",
    "verification_call",
    "trunk_rule",
    "trunk_fallback",
    "blacklist_entry",
    "frequency_rule",
    "dial_attempt",
)


def upgrade() -> None:
    _columns()
    _numbers()
    _people()


def _columns() -> None:
    op.create_unique_constraint(op.f("uq_caller_id_tenant_id_id"), "caller_id", ["tenant_id", "id"])
    op.create_unique_constraint(op.f("uq_trunk_tenant_id_id"), "trunk", ["tenant_id", "id"])
    op.add_column("agent", sa.Column("caller_id_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_agent_tenant_id_caller_id_id"),
        "agent",
        "caller_id",
        ["tenant_id", "caller_id_id"],
        ["tenant_id", "id"],
        ondelete="SET NULL (caller_id_id)",
    )
    op.add_column("call_charge", sa.Column("leg_id", sa.Uuid(), nullable=True))
    op.drop_constraint(op.f("uq_call_charge_call_id_tenant_id"), "call_charge", type_="unique")
    op.create_unique_constraint(
        op.f("uq_call_charge_call_id_leg_id_tenant_id"),
        "call_charge",
        ["call_id", "leg_id", "tenant_id"],
        postgresql_nulls_not_distinct=True,
    )
    op.add_column("call_leg", sa.Column("number", sa.Text(), nullable=True))
    op.add_column("caller_id", sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("caller_id", sa.Column("max_calls", sa.BigInteger(), nullable=True))
    op.create_index(
        "uq_caller_id_one_default", "caller_id", ["tenant_id"], unique=True, postgresql_where=sa.text("is_default")
    )
    op.add_column("tenant", sa.Column("max_calls", sa.BigInteger(), nullable=True))
    op.add_column("trunk", sa.Column("max_calls", sa.BigInteger(), nullable=True))
    op.add_column("trunk", sa.Column("calls_per_second", sa.BigInteger(), nullable=True))
    op.add_column(
        "trunk",
        sa.Column("allowed_prefixes", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.create_check_constraint(op.f("ck_trunk_limits"), "trunk", "max_calls > 0 AND calls_per_second > 0")
    op.create_check_constraint(op.f("ck_caller_id_max_calls"), "caller_id", "max_calls > 0")
    op.create_check_constraint(op.f("ck_tenant_max_calls"), "tenant", "max_calls > 0")


def _numbers() -> None:
    op.create_table(
        "blacklist_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("is_prefix", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("direction", sa.Text(), server_default="both", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("direction IN ('outbound', 'inbound', 'both')", name=op.f("ck_blacklist_entry_direction")),
        sa.CheckConstraint("number ~ '^\\+[1-9][0-9]{0,14}$'", name=op.f("ck_blacklist_entry_number")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_blacklist_entry_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blacklist_entry")),
        sa.UniqueConstraint(
            "tenant_id", "number", "is_prefix", name=op.f("uq_blacklist_entry_tenant_id_number_is_prefix")
        ),
    )
    op.create_table(
        "dial_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("caller_id", sa.Text(), nullable=False),
        sa.Column("callee", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_dial_attempt_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dial_attempt")),
    )
    op.create_index(op.f("ix_dial_attempt_at"), "dial_attempt", ["at"], unique=False)
    op.create_index(op.f("ix_dial_attempt_call_id"), "dial_attempt", ["call_id"], unique=False)
    op.create_index("ix_dial_attempt_callee_at", "dial_attempt", ["callee", "at"], unique=False)
    op.create_index("ix_dial_attempt_caller_id_at", "dial_attempt", ["caller_id", "at"], unique=False)
    op.create_table(
        "frequency_rule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("window_s", sa.BigInteger(), nullable=False),
        sa.Column("most", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("subject IN ('caller_id', 'callee')", name=op.f("ck_frequency_rule_subject")),
        sa.CheckConstraint("most >= 0", name=op.f("ck_frequency_rule_most")),
        sa.CheckConstraint("window_s BETWEEN 60 AND 86400", name=op.f("ck_frequency_rule_window_s")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_frequency_rule_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_frequency_rule")),
        sa.UniqueConstraint(
            "tenant_id", "subject", "window_s", name=op.f("uq_frequency_rule_tenant_id_subject_window_s")
        ),
    )
    op.create_table(
        "trunk_fallback",
        sa.Column("trunk_id", sa.BigInteger(), nullable=False),
        sa.Column("next_trunk_id", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("priority", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("weight", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("priority BETWEEN 1 AND 100", name=op.f("ck_trunk_fallback_priority")),
        sa.CheckConstraint("trunk_id <> next_trunk_id", name=op.f("ck_trunk_fallback_other_trunk")),
        sa.CheckConstraint("weight BETWEEN 1 AND 100", name=op.f("ck_trunk_fallback_weight")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "next_trunk_id"],
            ["trunk.tenant_id", "trunk.id"],
            name=op.f("fk_trunk_fallback_tenant_id_next_trunk_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "trunk_id"],
            ["trunk.tenant_id", "trunk.id"],
            name=op.f("fk_trunk_fallback_tenant_id_trunk_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_trunk_fallback_tenant_id")),
        sa.PrimaryKeyConstraint("trunk_id", "next_trunk_id", name=op.f("pk_trunk_fallback")),
    )
    op.create_table(
        "trunk_rule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("trunk_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), server_default="", nullable=False),
        sa.Column("strip", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("prepend", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("kind IN ('callee', 'caller_id')", name=op.f("ck_trunk_rule_kind")),
        sa.CheckConstraint("prefix ~ '^(\\+[0-9]{0,15})?$'", name=op.f("ck_trunk_rule_prefix")),
        sa.CheckConstraint("prepend ~ '^\\+?[0-9*#]{0,20}$'", name=op.f("ck_trunk_rule_prepend")),
        sa.CheckConstraint("strip BETWEEN 0 AND 16", name=op.f("ck_trunk_rule_strip")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "trunk_id"],
            ["trunk.tenant_id", "trunk.id"],
            name=op.f("fk_trunk_rule_tenant_id_trunk_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_trunk_rule_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trunk_rule")),
        sa.UniqueConstraint("trunk_id", "kind", "prefix", name=op.f("uq_trunk_rule_trunk_id_kind_prefix")),
    )


def _people() -> None:
    op.create_table(
        "pause_reason",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("label_zh", sa.Text(), nullable=False),
        sa.Column("label_en", sa.Text(), nullable=False),
        sa.Column("max_s", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("code ~ '^[a-z0-9_]{1,32}$'", name=op.f("ck_pause_reason_code")),
        sa.CheckConstraint("max_s BETWEEN 1 AND 86400", name=op.f("ck_pause_reason_max_s")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_pause_reason_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pause_reason")),
        sa.UniqueConstraint("tenant_id", "code", name=op.f("uq_pause_reason_tenant_id_code")),
    )
    op.create_table(
        "team",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_team_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_team_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_team_tenant_id_name")),
    )
    op.create_table(
        "verification_call",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("callee", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), server_default="zh-CN", nullable=False),
        sa.Column("state", sa.Text(), server_default="calling", nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("sealed_code", sa.LargeBinary(), nullable=True),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("tries_left", sa.BigInteger(), server_default=sa.text("5"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("language IN ('zh-CN', 'en')", name=op.f("ck_verification_call_language")),
        sa.CheckConstraint(
            "state IN ('calling', 'answered', 'heard', 'failed')", name=op.f("ck_verification_call_state")
        ),
        sa.CheckConstraint("sealed_code IS NULL OR ended_at IS NULL", name=op.f("ck_verification_call_sealed_code")),
        sa.CheckConstraint("tries_left >= 0", name=op.f("ck_verification_call_tries_left")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_verification_call_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_call")),
        sa.UniqueConstraint(
            "tenant_id", "idempotency_key", name=op.f("uq_verification_call_tenant_id_idempotency_key")
        ),
    )
    op.create_index(
        "ix_verification_call_tenant_id_callee",
        "verification_call",
        ["tenant_id", "callee", "created_at"],
        unique=False,
    )
    op.create_table(
        "team_supervisor",
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "team_id"],
            ["team.tenant_id", "team.id"],
            name=op.f("fk_team_supervisor_tenant_id_team_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["app_user.tenant_id", "app_user.id"],
            name=op.f("fk_team_supervisor_tenant_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_team_supervisor_tenant_id")),
        sa.PrimaryKeyConstraint("team_id", "user_id", name=op.f("pk_team_supervisor")),
    )
    op.create_table(
        "recording_policy",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("queue_id", sa.BigInteger(), nullable=True),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("mode", sa.Text(), server_default="automatic", nullable=False),
        sa.Column("starts_at", sa.Text(), server_default="answer", nullable=False),
        sa.Column("can_pause", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint(
            "mode IN ('automatic', 'forced', 'forbidden', 'on_demand')", name=op.f("ck_recording_policy_mode")
        ),
        sa.CheckConstraint("starts_at IN ('ringback', 'answer')", name=op.f("ck_recording_policy_starts_at")),
        sa.CheckConstraint("queue_id IS NULL OR agent_id IS NULL", name=op.f("ck_recording_policy_one_subject")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "agent_id"],
            ["agent.tenant_id", "agent.id"],
            name=op.f("fk_recording_policy_tenant_id_agent_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "queue_id"],
            ["queue.tenant_id", "queue.id"],
            name=op.f("fk_recording_policy_tenant_id_queue_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_recording_policy_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_policy")),
        sa.UniqueConstraint(
            "tenant_id",
            "queue_id",
            "agent_id",
            name=op.f("uq_recording_policy_tenant_id_queue_id_agent_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "team_member",
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "agent_id"],
            ["agent.tenant_id", "agent.id"],
            name=op.f("fk_team_member_tenant_id_agent_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "team_id"],
            ["team.tenant_id", "team.id"],
            name=op.f("fk_team_member_tenant_id_team_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_team_member_tenant_id")),
        sa.PrimaryKeyConstraint("team_id", "agent_id", name=op.f("pk_team_member")),
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_constraint("uq_call_charge_call_id_leg_id_tenant_id", "call_charge", type_="unique")
    op.execute(
        "DELETE FROM call_charge a USING call_charge b"
        " WHERE a.call_id = b.call_id AND a.tenant_id = b.tenant_id AND a.id > b.id"
    )
    op.create_unique_constraint("uq_call_charge_call_id_tenant_id", "call_charge", ["call_id", "tenant_id"])
    op.drop_column("call_charge", "leg_id")
    op.drop_column("call_leg", "number")
    op.drop_constraint("fk_agent_tenant_id_caller_id_id", "agent", type_="foreignkey")
    op.drop_column("agent", "caller_id_id")
    op.drop_index("uq_caller_id_one_default", table_name="caller_id")
    op.drop_constraint("uq_caller_id_tenant_id_id", "caller_id", type_="unique")
    for column in ("is_default", "max_calls"):
        op.drop_column("caller_id", column)
    op.drop_column("tenant", "max_calls")
    op.drop_constraint("uq_trunk_tenant_id_id", "trunk", type_="unique")
    for column in ("max_calls", "calls_per_second", "allowed_prefixes"):
        op.drop_column("trunk", column)
