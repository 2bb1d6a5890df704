"""Posting with fewer plans and fewer indexes: one statement a step instead of one for all, and no index that nothing
reads. A posting is named by its set and its account."""

from __future__ import annotations

# ruff: noqa: E501
import sqlalchemy as sa
from alembic import op

revision = "20261123_1630"
down_revision = "20261123_1550"

POST = """
CREATE OR REPLACE FUNCTION post_ledger(
  p_key text, p_kind text, p_tenant bigint, p_call uuid, p_reason text, p_user bigint, p_reverses bigint,
  p_ids bigint[], p_amounts bigint[], p_guards boolean[], p_period date DEFAULT NULL
) RETURNS TABLE (id bigint, posted bigint, limited bigint, moved bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  is_api boolean := session_user = 'ucc_api';
  lines int := coalesce(cardinality(p_ids), 0);
  total bigint := 0; limited_count bigint := 0;
  made_id bigint; owner_id bigint; is_limited boolean;
BEGIN
  IF cardinality(p_amounts) IS DISTINCT FROM lines OR cardinality(p_guards) IS DISTINCT FROM lines THEN
    RAISE EXCEPTION 'accounts, amounts and guards are as many' USING ERRCODE = 'check_violation';
  END IF;
  FOR i IN 1..lines LOOP
    IF i > 1 AND p_ids[i] <= p_ids[i - 1] THEN
      RAISE EXCEPTION 'accounts are named once, in the order of their ids' USING ERRCODE = 'check_violation';
    END IF;
    total := total + p_amounts[i];
  END LOOP;
  IF total <> 0 THEN
    RAISE EXCEPTION 'a posting set sums to zero' USING ERRCODE = 'check_violation';
  END IF;

  INSERT INTO posting_set (idempotency_key, kind, tenant_id, call_id, reason, user_id, reverses_id, period)
  VALUES (
    p_key, p_kind, p_tenant, p_call, p_reason, p_user, p_reverses,
    coalesce(CASE WHEN NOT is_api THEN p_period END, date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai')::date)
  )
  ON CONFLICT (idempotency_key) DO NOTHING RETURNING posting_set.id INTO made_id;
  IF made_id IS NULL THEN
    RETURN QUERY SELECT NULL::bigint, 0::bigint, 0::bigint, 0::bigint;
    RETURN;
  END IF;

  FOR i IN 1..lines LOOP
    owner_id := NULL;
    FOR attempt IN 1..2 LOOP
      UPDATE account a SET balance_micros = a.balance_micros + p_amounts[i]
      WHERE a.id = p_ids[i] AND a.limit_micros IS NOT NULL
        AND (NOT p_guards[i] OR p_amounts[i] >= 0
          OR a.balance_micros - a.reserved_micros + p_amounts[i] >= -a.limit_micros)
      RETURNING a.tenant_id INTO owner_id;
      IF FOUND THEN
        limited_count := limited_count + 1;
        EXIT;
      END IF;
      SELECT a.tenant_id, a.limit_micros IS NOT NULL INTO owner_id, is_limited FROM account a WHERE a.id = p_ids[i];
      EXIT WHEN NOT FOUND;
      IF NOT is_limited THEN
        INSERT INTO account_delta (account_id, tenant_id, amount_micros) VALUES (p_ids[i], owner_id, p_amounts[i]);
        EXIT;
      END IF;
      IF attempt = 2 THEN  -- once more first: it may have had no limit a moment ago
        RAISE EXCEPTION 'the balance does not cover it' USING ERRCODE = 'UC402';
      END IF;
    END LOOP;
    IF owner_id IS NULL OR (is_api AND NOT EXISTS (
      SELECT FROM tenant_tree t WHERE t.descendant_id = owner_id AND t.ancestor_id = tenant_scope()
    )) THEN
      RAISE EXCEPTION 'there is no such account' USING ERRCODE = 'UC404';
    END IF;
    INSERT INTO posting (posting_set_id, account_id, tenant_id, amount_micros)
    VALUES (made_id, p_ids[i], owner_id, p_amounts[i]);
  END LOOP;
  RETURN QUERY SELECT made_id, lines::bigint, limited_count, limited_count;
END
$$
"""
# As the database wrote it: the revisions before look for pieces of it.
BEFORE = """
CREATE OR REPLACE FUNCTION public.post_ledger(p_key text, p_kind text, p_tenant bigint, p_call uuid, p_reason text, p_user bigint, p_reverses bigint, p_ids bigint[], p_amounts bigint[], p_guards boolean[], p_period date DEFAULT NULL::date)
 RETURNS TABLE(id bigint, posted bigint, limited bigint, moved bigint)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
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
            INSERT INTO posting_set (idempotency_key, kind, tenant_id, call_id, reason, user_id, reverses_id, period)
            VALUES (p_key, p_kind, p_tenant, p_call, p_reason, p_user, p_reverses, coalesce(CASE WHEN session_user <> 'ucc_api' THEN p_period END, date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai')::date))
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
        $function$
"""


def upgrade() -> None:
    op.execute(POST)
    op.drop_constraint("fk_posting_tenant_id", "posting")  # the key over both columns says it already
    op.drop_constraint("pk_posting", "posting")
    op.drop_index("ix_posting_posting_set_id", "posting")
    op.drop_column("posting", "id")
    op.create_primary_key("pk_posting", "posting", ["posting_set_id", "account_id"])
    op.drop_constraint("uq_posting_set_reverses_id", "posting_set")
    op.create_index(
        "uq_posting_set_reverses_id",
        "posting_set",
        ["reverses_id"],
        unique=True,
        postgresql_where=sa.text("reverses_id IS NOT NULL"),
    )
    op.drop_index("ix_posting_set_created_at", "posting_set")
    op.create_index(
        "ix_posting_set_created_at",
        "posting_set",
        ["created_at"],
        postgresql_using="brin",
        postgresql_with={"pages_per_range": 32, "autosummarize": True},
    )


def downgrade() -> None:
    op.execute(BEFORE)
    op.drop_index("ix_posting_set_created_at", "posting_set")
    op.create_index("ix_posting_set_created_at", "posting_set", ["created_at"])
    op.drop_index("uq_posting_set_reverses_id", "posting_set")
    op.create_unique_constraint("uq_posting_set_reverses_id", "posting_set", ["reverses_id"])
    op.drop_constraint("pk_posting", "posting")
    op.add_column("posting", sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False))
    op.create_primary_key("pk_posting", "posting", ["id"])
    op.create_index("ix_posting_posting_set_id", "posting", ["posting_set_id"])
    op.create_foreign_key("fk_posting_tenant_id", "posting", "tenant", ["tenant_id"], ["id"])
