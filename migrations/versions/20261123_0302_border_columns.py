"""Columns that Kamailio reads are varchar: it takes `text` for a blob and refuses it."""

from __future__ import annotations

from alembic import op

revision = "20261123_0302"
down_revision = "20261123_0239"

SUBSCRIBER = """
    CREATE VIEW border_subscriber AS
    SELECT e.number{cast} AS username, s.sip_domain{cast} AS domain, e.ha1{cast} AS ha1
    FROM extension e CROSS JOIN border_setting s
"""
TRUNK = """
    CREATE VIEW border_trunk AS
    SELECT (t.host || ':' || t.port){cast} AS key_name, 0 AS key_type, 0 AS value_type, t.codec{cast} AS key_value
    FROM trunk t WHERE t.is_active
"""


def upgrade() -> None:
    _make_views("::varchar")


def downgrade() -> None:
    _make_views("")


def _make_views(cast: str) -> None:
    op.execute("DROP VIEW border_trunk, border_subscriber")
    op.execute(SUBSCRIBER.format(cast=cast))
    op.execute(TRUNK.format(cast=cast))
    op.execute("GRANT SELECT ON border_subscriber, border_trunk TO ucc_border, ucc_system")
