"""What tenants may spend and where they may call, what they spent lately, and alerts about money."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261123_1220"
down_revision = "20261123_1110"

BELOW = "tenant_id IN (SELECT t.descendant_id FROM tenant_tree t WHERE t.ancestor_id = (SELECT tenant_scope()))"
CUSTOMERS = """tenant_id IN (
  SELECT t.descendant_id FROM tenant_tree t JOIN tenant o ON o.id = t.ancestor_id
  WHERE t.ancestor_id = (SELECT tenant_scope()) AND (t.depth > 0 OR o.kind = 'operator')
)"""


def upgrade() -> None:
    op.create_table(
        "spend_rule",
        sa.Column("tenant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hourly_micros", sa.BigInteger(), nullable=True),
        sa.Column("daily_micros", sa.BigInteger(), nullable=True),
        sa.Column("calls_per_second", sa.BigInteger(), nullable=True),
        sa.Column("low_balance_micros", sa.BigInteger(), nullable=True),
        sa.Column("destinations", postgresql.ARRAY(sa.TEXT()), server_default=sa.text("'{+86}'"), nullable=False),
        sa.CheckConstraint("hourly_micros >= 0", name=op.f("ck_spend_rule_hourly_micros")),
        sa.CheckConstraint("daily_micros >= 0", name=op.f("ck_spend_rule_daily_micros")),
        sa.CheckConstraint("calls_per_second > 0", name=op.f("ck_spend_rule_calls_per_second")),
        sa.CheckConstraint("low_balance_micros >= 0", name=op.f("ck_spend_rule_low_balance_micros")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_spend_rule_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_spend_rule")),
    )
    op.create_table(
        "tenant_spend",
        sa.Column("tenant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hour_micros", sa.BigInteger(), nullable=False),
        sa.Column("day_micros", sa.BigInteger(), nullable=False),
        sa.Column("base_micros", sa.BigInteger(), nullable=False),
        sa.Column("base_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_tenant_spend_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_tenant_spend")),
    )
    op.create_table(
        "alert",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.Column("limit_micros", sa.BigInteger(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('low_balance', 'hourly_spend', 'daily_spend', 'ledger')", name=op.f("ck_alert_kind")
        ),
        sa.CheckConstraint("severity IN ('warning', 'blocking')", name=op.f("ck_alert_severity")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_alert_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    op.create_index(op.f("ix_alert_tenant_id"), "alert", ["tenant_id"])
    op.create_index(
        "uq_alert_open", "alert", ["tenant_id", "kind"], unique=True, postgresql_where=sa.text("ended_at IS NULL")
    )
    for table in ("spend_rule", "tenant_spend", "alert"):
        check = CUSTOMERS if table == "spend_rule" else "false"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_scope ON {table} USING ({BELOW}) WITH CHECK ({check})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO ucc_system")
        op.execute(f"GRANT SELECT ON {table} TO ucc_api")
    op.execute("GRANT INSERT, UPDATE ON spend_rule TO ucc_api")


def downgrade() -> None:
    op.drop_table("alert")
    op.drop_table("tenant_spend")
    op.drop_table("spend_rule")
