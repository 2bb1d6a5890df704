"""How long a customer was held, and waited, in the record of its call."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123_0630"
down_revision = "20261123_0552"

COLUMNS = ("held_ms", "waited_ms")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("call_record", sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False))
        op.create_check_constraint(op.f(f"ck_call_record_{name}"), "call_record", f"{name} >= 0")


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_constraint(op.f(f"ck_call_record_{name}"), "call_record")
        op.drop_column("call_record", name)
