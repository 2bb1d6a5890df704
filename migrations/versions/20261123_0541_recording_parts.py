"""Recordings of several stretches, messages, and failures as codes instead of sentences."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "20261123_0541"
down_revision = "20261123_0531"

CODES = {
    "disk_full%": "disk_full",
    "the capture disk is full%": "disk_full",
    "rtpengine: %": "border_refused",
    "%captured nothing%": "nothing_captured",
    "only the first %": "cut_short",
    "the capture is gone%": "capture_gone",
    "not enough memory%": "out_of_memory",
    "the recording disk is full%": "storage_full",
    "the encoder%": "encoder_died",
}


def upgrade() -> None:
    op.add_column("recording", sa.Column("purpose", sa.Text(), server_default="call", nullable=False))
    op.add_column("recording", sa.Column("stretches", JSONB(), server_default=sa.text("'[]'"), nullable=False))
    op.add_column("recording", sa.Column("will_retry", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_check_constraint(op.f("ck_recording_purpose"), "recording", "purpose IN ('call', 'voicemail')")
    recording = sa.table("recording", sa.column("failure", sa.Text), sa.column("will_retry", sa.Boolean))
    codes = [(recording.c.failure.like(pattern), code) for pattern, code in CODES.items()]
    op.execute(
        recording.update()
        .where(recording.c.failure.is_not(None))
        .values(will_retry=recording.c.failure.like("%will be tried again"), failure=sa.case(*codes, else_="no_audio"))
    )


def downgrade() -> None:
    op.execute("UPDATE recording SET failure = failure || '; will be tried again' WHERE will_retry")
    op.drop_constraint(op.f("ck_recording_purpose"), "recording", type_="check")
    op.drop_column("recording", "will_retry")
    op.drop_column("recording", "stretches")
    op.drop_column("recording", "purpose")
