"""What a floor is set to, and where its agents' time went."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261123_0552"
down_revision = "20261123_0548"

MOMENT = postgresql.TIMESTAMP(timezone=True, precision=3)


def upgrade() -> None:
    op.create_table(
        "floor_setting",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("outbound_wrap_up_s", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("outbound_wrap_up_s BETWEEN 0 AND 3600", name=op.f("ck_floor_setting_outbound_wrap_up_s")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_floor_setting_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_floor_setting")),
    )
    op.create_table(
        "agent_stretch",
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("queue_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('ready', 'ringing', 'dialing', 'talk', 'hold', 'wrap_up', 'paused')",
            name=op.f("ck_agent_stretch_state"),
        ),
        sa.CheckConstraint("until > since", name=op.f("ck_agent_stretch_order")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "agent_id"],
            ["agent.tenant_id", "agent.id"],
            name=op.f("fk_agent_stretch_tenant_id_agent_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_agent_stretch_tenant_id")),
        sa.PrimaryKeyConstraint("agent_id", "since", name=op.f("pk_agent_stretch")),
    )
    op.create_index("ix_agent_stretch_tenant_id_since", "agent_stretch", ["tenant_id", "since"])
    own = "tenant_id = (SELECT tenant_scope())"
    for table in ("floor_setting", "agent_stretch"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_scope ON {table} USING ({own}) WITH CHECK ({own})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO ucc_system")
    op.execute("GRANT SELECT, INSERT, UPDATE ON floor_setting TO ucc_api")
    op.execute("GRANT SELECT ON agent_stretch TO ucc_api")


def downgrade() -> None:
    op.drop_table("agent_stretch")
    op.drop_table("floor_setting")
