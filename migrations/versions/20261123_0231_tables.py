"""The tables, in the order that their foreign keys need."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261123_0231"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "border_setting",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("1"), autoincrement=False, nullable=False),
        sa.Column("sip_domain", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_border_setting_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_border_setting")),
    )
    op.create_table(
        "tenant",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rate_plan_id", sa.BigInteger(), nullable=True),
        sa.Column("recording_channels", sa.Text(), server_default="mono", nullable=False),
        sa.Column("is_suspended", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(kind = 'operator') = (parent_id IS NULL)", name=op.f("ck_tenant_operator_is_root")),
        sa.CheckConstraint("kind IN ('operator', 'reseller', 'enterprise')", name=op.f("ck_tenant_kind")),
        sa.CheckConstraint("recording_channels IN ('mono', 'stereo')", name=op.f("ck_tenant_recording_channels")),
        sa.ForeignKeyConstraint(["parent_id"], ["tenant.id"], name=op.f("fk_tenant_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant")),
        sa.UniqueConstraint("code", name=op.f("uq_tenant_code")),
    )
    op.create_index(op.f("ix_tenant_parent_id"), "tenant", ["parent_id"], unique=False)
    op.create_index(
        "uq_tenant_one_operator", "tenant", ["kind"], unique=True, postgresql_where=sa.text("kind = 'operator'")
    )
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("balance_micros", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("limit_micros", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('balance', 'income', 'carrier', 'cash')", name=op.f("ck_account_kind")),
        sa.CheckConstraint("limit_micros >= 0", name=op.f("ck_account_limit_micros")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_account_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_account_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "kind", name=op.f("uq_account_tenant_id_kind")),
    )
    op.create_table(
        "app_user",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), server_default="zh-CN", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("language IN ('zh-CN', 'en')", name=op.f("ck_app_user_language")),
        sa.CheckConstraint(
            "role IN ('operator', 'reseller', 'enterprise', 'supervisor', 'agent')", name=op.f("ck_app_user_role")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_app_user_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_app_user_tenant_id_id")),
        sa.UniqueConstraint("username", name=op.f("uq_app_user_username")),
    )
    op.create_table(
        "call_leg",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("trunk_id", sa.BigInteger(), nullable=True),
        sa.Column("sip_call_id", sa.Text(), nullable=True),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("ringing_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("answered_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("cause", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_call_leg_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_leg")),
    )
    op.create_index(op.f("ix_call_leg_call_id"), "call_leg", ["call_id"], unique=False)
    op.create_table(
        "call_record",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("callee", sa.Text(), nullable=False),
        sa.Column("queue_id", sa.BigInteger(), nullable=True),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("trunk_id", sa.BigInteger(), nullable=True),
        sa.Column("did_id", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("connected_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("talk_ms", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.BigInteger(), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.CheckConstraint("talk_ms >= 0", name=op.f("ck_call_record_talk_ms")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_call_record_tenant_id")),
        sa.PrimaryKeyConstraint("id", "started_at", name=op.f("pk_call_record")),
        postgresql_partition_by="RANGE (started_at)",
    )
    op.create_index("ix_call_record_started_at", "call_record", ["started_at", "id"], unique=False)
    op.create_index(
        "ix_call_record_tenant_id_started_at", "call_record", ["tenant_id", "started_at", "id"], unique=False
    )
    op.create_table(
        "call_state",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=True),
        sa.Column("controller", sa.Text(), nullable=False),
        sa.Column("state", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_call_state_tenant_id")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_call_state")),
    )
    op.create_table(
        "extension",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("ha1", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("ha1 ~ '^[0-9a-f]{32}$'", name=op.f("ck_extension_ha1")),
        sa.CheckConstraint("number ~ '^[0-9]{2,16}$'", name=op.f("ck_extension_number")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_extension_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extension")),
        sa.UniqueConstraint("number", name=op.f("uq_extension_number")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_extension_tenant_id_id")),
    )
    op.create_table(
        "posting_set",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_posting_set_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting_set")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_posting_set_idempotency_key")),
    )
    op.create_index(op.f("ix_posting_set_call_id"), "posting_set", ["call_id"], unique=False)
    op.create_index(op.f("ix_posting_set_tenant_id"), "posting_set", ["tenant_id"], unique=False)
    op.create_table(
        "queue",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), server_default="longest_idle", nullable=False),
        sa.Column("ring_timeout_s", sa.BigInteger(), server_default=sa.text("15"), nullable=False),
        sa.Column("max_wait_s", sa.BigInteger(), server_default=sa.text("300"), nullable=False),
        sa.Column("wrap_up_s", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("no_agent_treatment", sa.Text(), server_default="announce", nullable=False),
        sa.CheckConstraint("no_agent_treatment IN ('announce')", name=op.f("ck_queue_no_agent_treatment")),
        sa.CheckConstraint("strategy IN ('longest_idle')", name=op.f("ck_queue_strategy")),
        sa.CheckConstraint("max_wait_s BETWEEN 1 AND 7200", name=op.f("ck_queue_max_wait_s")),
        sa.CheckConstraint("ring_timeout_s BETWEEN 3 AND 120", name=op.f("ck_queue_ring_timeout_s")),
        sa.CheckConstraint("wrap_up_s BETWEEN 0 AND 3600", name=op.f("ck_queue_wrap_up_s")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_queue_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_queue_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_queue_tenant_id_name")),
    )
    op.create_table(
        "rate_plan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_rate_plan_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_plan")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_rate_plan_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_rate_plan_tenant_id_name")),
    )
    op.create_table(
        "recording",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sip_call_id", sa.Text(), nullable=False),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.Column("captures", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(state = 'failed') <= (failure IS NOT NULL)", name=op.f("ck_recording_failed")),
        sa.CheckConstraint(
            "(state = 'ready') <= (path IS NOT NULL AND coalesce(bytes, 0) > 0 AND sha256 IS NOT NULL)",
            name=op.f("ck_recording_ready"),
        ),
        sa.CheckConstraint("state IN ('spooled', 'encoding', 'ready', 'failed')", name=op.f("ck_recording_state")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_recording_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
    )
    op.create_index(op.f("ix_recording_call_id"), "recording", ["call_id"], unique=False)
    op.create_index(
        "ix_recording_open",
        "recording",
        ["state"],
        unique=False,
        postgresql_where=sa.text("state IN ('spooled', 'encoding')"),
    )
    op.create_table(
        "tenant_lease",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("controller", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_tenant_lease_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_tenant_lease")),
    )
    op.create_table(
        "tenant_tree",
        sa.Column("ancestor_id", sa.BigInteger(), nullable=False),
        sa.Column("descendant_id", sa.BigInteger(), nullable=False),
        sa.Column("depth", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ancestor_id"], ["tenant.id"], name=op.f("fk_tenant_tree_ancestor_id")),
        sa.ForeignKeyConstraint(["descendant_id"], ["tenant.id"], name=op.f("fk_tenant_tree_descendant_id")),
        sa.PrimaryKeyConstraint("ancestor_id", "descendant_id", name=op.f("pk_tenant_tree")),
    )
    op.create_index(op.f("ix_tenant_tree_descendant_id"), "tenant_tree", ["descendant_id"], unique=False)
    op.create_table(
        "trunk",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("port", sa.BigInteger(), nullable=False),
        sa.Column("codec", sa.Text(), server_default="PCMA", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("codec IN ('PCMA', 'PCMU', 'G729', 'G723')", name=op.f("ck_trunk_codec")),
        sa.CheckConstraint("port BETWEEN 1 AND 65535", name=op.f("ck_trunk_port")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_trunk_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trunk")),
        sa.UniqueConstraint("host", "port", name=op.f("uq_trunk_host_port")),
    )
    op.create_table(
        "agent",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("extension_id", sa.BigInteger(), nullable=False),
        sa.Column("work_number", sa.Text(), nullable=False),
        sa.Column("presence", sa.Text(), server_default="offline", nullable=False),
        sa.Column("presence_reason", sa.Text(), nullable=True),
        sa.Column("presence_since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("presence IN ('ready', 'paused', 'offline')", name=op.f("ck_agent_presence")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "extension_id"],
            ["extension.tenant_id", "extension.id"],
            name=op.f("fk_agent_tenant_id_extension_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["app_user.tenant_id", "app_user.id"], name=op.f("fk_agent_tenant_id_user_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_agent_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent")),
        sa.UniqueConstraint("extension_id", name=op.f("uq_agent_extension_id")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_agent_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "work_number", name=op.f("uq_agent_tenant_id_work_number")),
        sa.UniqueConstraint("user_id", name=op.f("uq_agent_user_id")),
    )
    op.create_table(
        "caller_id",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("trunk_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("number ~ '^\\+[1-9][0-9]{3,14}$'", name=op.f("ck_caller_id_number")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_caller_id_tenant_id")),
        sa.ForeignKeyConstraint(["trunk_id"], ["trunk.id"], name=op.f("fk_caller_id_trunk_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_caller_id")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_caller_id_tenant_id_number")),
    )
    op.create_index(op.f("ix_caller_id_trunk_id"), "caller_id", ["trunk_id"], unique=False)
    op.create_table(
        "did",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("queue_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("number ~ '^\\+[1-9][0-9]{3,14}$'", name=op.f("ck_did_number")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "queue_id"], ["queue.tenant_id", "queue.id"], name=op.f("fk_did_tenant_id_queue_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_did_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_did")),
        sa.UniqueConstraint("number", name=op.f("uq_did_number")),
    )
    op.create_index(op.f("ix_did_tenant_id"), "did", ["tenant_id"], unique=False)
    op.create_table(
        "posting",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("posting_set_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_micros <> 0", name=op.f("ck_posting_amount_micros")),
        sa.ForeignKeyConstraint(["posting_set_id"], ["posting_set.id"], name=op.f("fk_posting_posting_set_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["account.tenant_id", "account.id"],
            name=op.f("fk_posting_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_posting_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting")),
    )
    op.create_index(op.f("ix_posting_account_id"), "posting", ["account_id"], unique=False)
    op.create_index(op.f("ix_posting_posting_set_id"), "posting", ["posting_set_id"], unique=False)
    op.create_table(
        "rate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("rate_plan_id", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), server_default="", nullable=False),
        sa.Column("connect_micros", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("included_s", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("first_increment_s", sa.BigInteger(), nullable=False),
        sa.Column("increment_s", sa.BigInteger(), nullable=False),
        sa.Column("price_micros", sa.BigInteger(), nullable=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("direction IN ('inbound', 'outbound')", name=op.f("ck_rate_direction")),
        sa.CheckConstraint("prefix ~ '^(\\+[0-9]*)?$'", name=op.f("ck_rate_prefix")),
        sa.CheckConstraint("connect_micros >= 0 AND price_micros >= 0", name=op.f("ck_rate_price")),
        sa.CheckConstraint("mod(first_increment_s, increment_s) = 0", name=op.f("ck_rate_first_increment_s")),
        sa.CheckConstraint(
            "included_s >= 0 AND first_increment_s >= 0 AND increment_s > 0", name=op.f("ck_rate_increments")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "rate_plan_id"],
            ["rate_plan.tenant_id", "rate_plan.id"],
            name=op.f("fk_rate_tenant_id_rate_plan_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_rate_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate")),
        sa.UniqueConstraint(
            "rate_plan_id",
            "direction",
            "prefix",
            "effective_from",
            name=op.f("uq_rate_rate_plan_id_direction_prefix_effective_from"),
        ),
    )
    op.create_table(
        "user_session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source_address", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_user_session_tenant_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_user_session_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_user_session")),
    )
    op.create_index(op.f("ix_user_session_expires_at"), "user_session", ["expires_at"], unique=False)
    op.create_index(op.f("ix_user_session_user_id"), "user_session", ["user_id"], unique=False)
    op.create_table(
        "call_charge",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("payee_tenant_id", sa.BigInteger(), nullable=True),
        sa.Column("rate_id", sa.BigInteger(), nullable=True),
        sa.Column("billed_s", sa.BigInteger(), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.Column("posting_set_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("billed_s >= 0 AND amount_micros >= 0", name=op.f("ck_call_charge_amount")),
        sa.ForeignKeyConstraint(["payee_tenant_id"], ["tenant.id"], name=op.f("fk_call_charge_payee_tenant_id")),
        sa.ForeignKeyConstraint(["posting_set_id"], ["posting_set.id"], name=op.f("fk_call_charge_posting_set_id")),
        sa.ForeignKeyConstraint(["rate_id"], ["rate.id"], name=op.f("fk_call_charge_rate_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_call_charge_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_charge")),
        sa.UniqueConstraint("call_id", "tenant_id", name=op.f("uq_call_charge_call_id_tenant_id")),
    )
    op.create_table(
        "queue_member",
        sa.Column("queue_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "agent_id"],
            ["agent.tenant_id", "agent.id"],
            name=op.f("fk_queue_member_tenant_id_agent_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "queue_id"],
            ["queue.tenant_id", "queue.id"],
            name=op.f("fk_queue_member_tenant_id_queue_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_queue_member_tenant_id")),
        sa.PrimaryKeyConstraint("queue_id", "agent_id", name=op.f("pk_queue_member")),
    )
    op.create_foreign_key(op.f("fk_tenant_rate_plan_id"), "tenant", "rate_plan", ["rate_plan_id"], ["id"])


def downgrade() -> None:
    op.drop_constraint(op.f("fk_tenant_rate_plan_id"), "tenant")
    for table in (
        "queue_member",
        "call_charge",
        "user_session",
        "rate",
        "posting",
        "did",
        "caller_id",
        "agent",
        "trunk",
        "tenant_tree",
        "tenant_lease",
        "recording",
        "rate_plan",
        "queue",
        "posting_set",
        "extension",
        "call_state",
        "call_record",
        "call_leg",
        "app_user",
        "account",
        "tenant",
        "border_setting",
    ):
        op.drop_table(table)
