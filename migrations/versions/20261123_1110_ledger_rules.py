"""The door to money keeps its own rules: a posting set that names an account twice, or one that is not there or not in
scope, or that a balance does not cover, is refused by the database itself. Limits and folding lock in one order."""

from __future__ import annotations

from alembic import op

revision = "20261123_1110"
down_revision = "20261123_1000"


def upgrade() -> None:
    op.execute(
        """
        CREATE OR REPLACE FUNCTION post_ledger(
          p_key text, p_kind text, p_tenant bigint, p_call uuid, p_reason text, p_user bigint, p_reverses bigint,
          p_ids bigint[], p_amounts bigint[], p_guards boolean[]
        ) RETURNS TABLE (id bigint, posted bigint, limited bigint, moved bigint)
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        #variable_conflict use_column
        DECLARE made_id bigint; posted_count bigint; limited_count bigint; moved_count bigint;
        BEGIN
          IF cardinality(p_ids) <> (SELECT count(DISTINCT i) FROM unnest(p_ids) i) THEN
            RAISE EXCEPTION 'an account is named twice' USING ERRCODE = 'check_violation';
          END IF;
          IF (SELECT coalesce(sum(a), 0) FROM unnest(p_amounts) a) <> 0 THEN
            RAISE EXCEPTION 'a posting set sums to zero' USING ERRCODE = 'check_violation';
          END IF;
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
            (SELECT count(*) FROM known WHERE is_limited), (SELECT count(*) FROM moved)
          INTO made_id, posted_count, limited_count, moved_count;
          IF made_id IS NOT NULL AND posted_count <> cardinality(p_ids) THEN
            RAISE EXCEPTION 'there is no such account' USING ERRCODE = 'UC404';
          END IF;
          IF made_id IS NOT NULL AND moved_count <> limited_count THEN
            RAISE EXCEPTION 'the balance does not cover it' USING ERRCODE = 'UC402';
          END IF;
          RETURN QUERY SELECT made_id, posted_count, limited_count, moved_count;
        END
        $$
        """
    )
    op.execute(
        """
        CREATE OR REPLACE FUNCTION set_credit_limit(p_tenant bigint, p_limit bigint) RETURNS boolean
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        DECLARE found_id bigint; change bigint;
        BEGIN
          SELECT id INTO found_id FROM account
          WHERE tenant_id = p_tenant AND kind = 'balance' AND (session_user <> 'ucc_api' OR tenant_id IN (
            SELECT t.descendant_id FROM tenant_tree t WHERE t.ancestor_id = tenant_scope() AND t.depth > 0
          ));
          IF found_id IS NULL THEN RETURN false; END IF;
          WITH gone AS (DELETE FROM account_delta WHERE account_id = found_id RETURNING amount_micros)
          SELECT coalesce(sum(amount_micros), 0) INTO change FROM gone;
          UPDATE account SET limit_micros = p_limit, balance_micros = balance_micros + change WHERE id = found_id;
          RETURN true;
        END
        $$
        """
    )


def downgrade() -> None:
    """The functions go with the revision before; their callers are the same."""
