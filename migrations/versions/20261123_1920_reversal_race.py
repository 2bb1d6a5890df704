"""Two reversals of one entry at once: the second finds what the first made, whichever unique index says so first."""

from __future__ import annotations

from alembic import op

revision = "20261123_1920"
down_revision = "20261123_1630"

SOURCE = "SELECT pg_get_functiondef('post_ledger'::regproc)"
ONE_KEY, ANY_KEY = "ON CONFLICT (idempotency_key) DO NOTHING", "ON CONFLICT DO NOTHING"


def _replace(old: str, new: str) -> None:
    source = str(op.get_bind().exec_driver_sql(SOURCE).scalar_one())
    assert old in source
    op.execute(source.replace(old, new).replace(":", "\\:"))


def upgrade() -> None:
    _replace(ONE_KEY, ANY_KEY)


def downgrade() -> None:
    _replace(ANY_KEY, ONE_KEY)
