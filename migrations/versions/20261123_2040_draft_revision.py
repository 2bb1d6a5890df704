"""A draft of a rate plan counts how often it was saved: who saves an older one is told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123_2040"
down_revision = "20261123_1930"


def upgrade() -> None:
    op.add_column(
        "rate_plan_version", sa.Column("revision", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("rate_plan_version", "revision")
