"""The ledger for many calls at once: places held for calls in progress, accounts without a limit that nobody waits for,
reversals, and who posted what."""

from __future__ import annotations

# every part of these statements is written here
import sqlalchemy as sa
from alembic import op

revision = "20261123_1000"
down_revision = "20261123_0940"

BELOW = "tenant_id IN (SELECT t.descendant_id FROM tenant_tree t WHERE t.ancestor_id = (SELECT tenant_scope()))"

POST = "post_ledger(text, text, bigint, uuid, text, bigint, bigint, bigint[], bigint[], boolean[])"


def upgrade() -> None:
    op.add_column("posting_set", sa.Column("user_id", sa.BigInteger(), nullable=True))
    op.add_column("posting_set", sa.Column("reverses_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_posting_set_reverses_id"), "posting_set", "posting_set", ["reverses_id"], ["id"])
    op.create_unique_constraint(op.f("uq_posting_set_reverses_id"), "posting_set", ["reverses_id"])
    op.create_index(op.f("ix_posting_set_created_at"), "posting_set", ["created_at"])
    op.add_column("account", sa.Column("reserved_micros", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_check_constraint(op.f("ck_account_reserved_micros"), "account", "reserved_micros >= 0")
    op.create_table(
        "account_delta",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["account.tenant_id", "account.id"],
            name=op.f("fk_account_delta_tenant_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_delta")),
    )
    op.create_index(op.f("ix_account_delta_account_id"), "account_delta", ["account_id"])
    op.create_table(
        "reservation",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount_micros > 0", name=op.f("ck_reservation_amount_micros")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["account.tenant_id", "account.id"],
            name=op.f("fk_reservation_tenant_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("call_id", "account_id", name=op.f("pk_reservation")),
    )
    op.create_index(op.f("ix_reservation_account_id"), "reservation", ["account_id"])
    op.execute(
        """
        CREATE VIEW account_balance WITH (security_invoker = true) AS
        SELECT a.id, a.tenant_id, a.kind, a.limit_micros, a.reserved_micros,
          a.balance_micros + coalesce(d.amount, 0)::bigint AS balance_micros
        FROM account a
        LEFT JOIN LATERAL (SELECT sum(amount_micros) AS amount FROM account_delta WHERE account_id = a.id) d ON true
        """
    )
    for table in ("account_delta", "reservation"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_scope ON {table} USING ({BELOW}) WITH CHECK ({BELOW})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO ucc_system")
    op.execute("GRANT SELECT ON account_balance TO ucc_system, ucc_api")
    op.execute("GRANT SELECT ON account_delta, reservation TO ucc_api")
    _doors()


def _doors() -> None:
    """What the API's role may do to money. It reaches accounts of its scope only, and no other way leads to them."""
    op.execute(
        """
        CREATE FUNCTION post_ledger(
          p_key text, p_kind text, p_tenant bigint, p_call uuid, p_reason text, p_user bigint, p_reverses bigint,
          p_ids bigint[], p_amounts bigint[], p_guards boolean[]
        ) RETURNS TABLE (id bigint, posted bigint, limited bigint, moved bigint)
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        #variable_conflict use_column
        BEGIN
          IF (SELECT coalesce(sum(a), 0) FROM unnest(p_amounts) a) <> 0 THEN
            RAISE EXCEPTION 'a posting set sums to zero' USING ERRCODE = 'check_violation';
          END IF;
          RETURN QUERY
          WITH line AS (
            SELECT * FROM unnest(p_ids, p_amounts, p_guards) AS l (account_id, amount, is_guarded)
          ), known AS (
            SELECT a.id, a.tenant_id, a.limit_micros IS NOT NULL AS is_limited, l.amount, l.is_guarded
            FROM line l JOIN account a ON a.id = l.account_id
            WHERE session_user <> 'ucc_api' OR a.tenant_id IN (
              SELECT t.descendant_id FROM tenant_tree t WHERE t.ancestor_id = tenant_scope()
            )
          ), made AS (
            INSERT INTO posting_set (idempotency_key, kind, tenant_id, call_id, reason, user_id, reverses_id)
            VALUES (p_key, p_kind, p_tenant, p_call, p_reason, p_user, p_reverses)
            ON CONFLICT (idempotency_key) DO NOTHING RETURNING posting_set.id
          ), locked AS (
            SELECT a.id FROM account a
            WHERE a.id IN (SELECT k.id FROM known k) AND a.limit_micros IS NOT NULL AND EXISTS (SELECT FROM made)
            ORDER BY a.id FOR NO KEY UPDATE
          ), moved AS (
            UPDATE account a SET balance_micros = a.balance_micros + k.amount
            FROM known k JOIN locked ON locked.id = k.id
            WHERE a.id = k.id
              AND (NOT k.is_guarded OR k.amount >= 0
                OR a.balance_micros - a.reserved_micros + k.amount >= -a.limit_micros)
            RETURNING a.id
          ), noted AS (
            INSERT INTO account_delta (account_id, tenant_id, amount_micros)
            SELECT k.id, k.tenant_id, k.amount FROM known k WHERE NOT k.is_limited AND EXISTS (SELECT FROM made)
          ), posted AS (
            INSERT INTO posting (posting_set_id, account_id, tenant_id, amount_micros)
            SELECT made.id, k.id, k.tenant_id, k.amount FROM made CROSS JOIN known k ORDER BY k.id
            RETURNING 1
          )
          SELECT (SELECT made.id FROM made), (SELECT count(*) FROM posted),
            (SELECT count(*) FROM known WHERE is_limited), (SELECT count(*) FROM moved);
        END
        $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION set_credit_limit(p_tenant bigint, p_limit bigint) RETURNS boolean
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        DECLARE found_id bigint;
        BEGIN
          UPDATE account SET limit_micros = p_limit
          WHERE tenant_id = p_tenant AND kind = 'balance' AND (session_user <> 'ucc_api' OR tenant_id IN (
            SELECT t.descendant_id FROM tenant_tree t WHERE t.ancestor_id = tenant_scope() AND t.depth > 0
          )) RETURNING id INTO found_id;
          IF found_id IS NULL THEN RETURN false; END IF;
          WITH gone AS (DELETE FROM account_delta WHERE account_id = found_id RETURNING amount_micros)
          UPDATE account SET balance_micros = balance_micros + (SELECT coalesce(sum(amount_micros), 0) FROM gone)
          WHERE id = found_id;
          RETURN true;
        END
        $$
        """
    )
    for function in (POST, "set_credit_limit(bigint, bigint)"):
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO ucc_api, ucc_system")


def downgrade() -> None:
    op.execute("DROP FUNCTION set_credit_limit(bigint, bigint)")
    op.execute(f"DROP FUNCTION {POST}")
    op.execute("DROP VIEW account_balance")
    op.execute(
        "UPDATE account a SET balance_micros = a.balance_micros + d.amount"
        " FROM (SELECT account_id, sum(amount_micros) AS amount FROM account_delta GROUP BY account_id) d"
        " WHERE d.account_id = a.id"
    )
    op.drop_table("reservation")
    op.drop_table("account_delta")
    op.drop_constraint(op.f("ck_account_reserved_micros"), "account")
    op.drop_column("account", "reserved_micros")
    op.drop_index(op.f("ix_posting_set_created_at"), "posting_set")
    op.drop_constraint(op.f("uq_posting_set_reverses_id"), "posting_set")
    op.drop_constraint(op.f("fk_posting_set_reverses_id"), "posting_set")
    op.drop_column("posting_set", "reverses_id")
    op.drop_column("posting_set", "user_id")
