"""Indexes for the worker's sweep and for finding the recordings of a capture."""

from __future__ import annotations

from alembic import op

revision = "20261123_0308"
down_revision = "20261123_0302"


def upgrade() -> None:
    op.drop_index("ix_recording_open", "recording")
    op.create_index("ix_recording_open", "recording", ["updated_at"], postgresql_where="state <> 'ready'")
    op.create_index("ix_recording_sip_call_id", "recording", ["sip_call_id"])


def downgrade() -> None:
    op.drop_index("ix_recording_sip_call_id", "recording")
    op.drop_index("ix_recording_open", "recording")
    op.create_index("ix_recording_open", "recording", ["state"], postgresql_where="state IN ('spooled', 'encoding')")
