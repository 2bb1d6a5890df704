"""When the callee of a verification picked up: before that no code can be right."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123_0548"
down_revision = "20261123_0545"


def upgrade() -> None:
    op.add_column("verification_call", sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("verification_call", "answered_at")
