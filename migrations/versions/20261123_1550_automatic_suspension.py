"""A tenant whose balance falls below what its seller asks for is suspended until it has been topped up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123_1550"
down_revision = "20261123_1425"

KINDS = ("low_balance", "hourly_spend", "daily_spend", "ledger")


def upgrade() -> None:
    op.add_column("spend_rule", sa.Column("suspend_below_micros", sa.BigInteger(), nullable=True))
    name = op.f("ck_spend_rule_suspend_below_micros")
    op.create_check_constraint(name, "spend_rule", "suspend_below_micros >= 0")
    op.add_column(
        "tenant",
        sa.Column("is_balance_suspended", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    _kinds(*KINDS, "suspension")
    _suspended_above("t.is_suspended OR t.is_balance_suspended")


def downgrade() -> None:
    _suspended_above("t.is_suspended")
    op.execute("DELETE FROM alert WHERE kind = 'suspension'")
    _kinds(*KINDS)
    op.drop_column("tenant", "is_balance_suspended")
    op.drop_constraint(op.f("ck_spend_rule_suspend_below_micros"), "spend_rule")
    op.drop_column("spend_rule", "suspend_below_micros")


def _kinds(*kinds: str) -> None:
    op.drop_constraint(op.f("ck_alert_kind"), "alert")
    op.create_check_constraint(op.f("ck_alert_kind"), "alert", f"kind IN ({', '.join(repr(kind) for kind in kinds)})")


def _suspended_above(condition: str) -> None:
    body = f"""
      SELECT EXISTS (
        SELECT FROM tenant_tree l JOIN tenant t ON t.id = l.ancestor_id
        WHERE l.descendant_id = p_tenant AND l.depth > 0 AND ({condition})
      )
    """  # noqa: S608
    op.execute(
        "CREATE OR REPLACE FUNCTION is_suspended_above(p_tenant bigint) RETURNS boolean LANGUAGE sql STABLE "
        f"SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$ {body} $$"
    )
