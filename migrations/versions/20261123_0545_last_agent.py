"""Who spoke with a number last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261123_0545"
down_revision = "20261123_0541"


def upgrade() -> None:
    op.create_table(
        "last_agent",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("spoke_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "agent_id"],
            ["agent.tenant_id", "agent.id"],
            name=op.f("fk_last_agent_tenant_id_agent_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_last_agent_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "number", name=op.f("pk_last_agent")),
    )
    op.execute("ALTER TABLE last_agent ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE last_agent FORCE ROW LEVEL SECURITY")
    own = "tenant_id = (SELECT tenant_scope())"
    op.execute(f"CREATE POLICY tenant_scope ON last_agent USING ({own}) WITH CHECK ({own})")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON last_agent TO ucc_system")


def downgrade() -> None:
    op.drop_table("last_agent")
