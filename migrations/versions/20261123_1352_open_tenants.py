"""Tenants are opened, renamed, suspended and given plans over the API; their first user gets a one-time password."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123_1352"
down_revision = "20261123_1220"

OPEN = "open_tenant(bigint, text, text, text, bigint, bigint)"
SUSPENDED = "is_suspended_above(bigint)"


def upgrade() -> None:
    op.add_column("app_user", sa.Column("one_time_until", sa.DateTime(timezone=True), nullable=True))
    op.execute("GRANT SELECT (one_time_until), UPDATE (password_hash, one_time_until) ON app_user TO ucc_api")
    op.execute(
        "GRANT INSERT (tenant_id, username, password_hash, role, display_name, language, one_time_until) "
        "ON app_user TO ucc_api"
    )
    op.execute("GRANT UPDATE (name, is_suspended, rate_plan_id) ON tenant TO ucc_api")
    _logins(
        is_active="u.is_active AND (u.one_time_until IS NULL OR u.one_time_until > now())",
        column=", must_change_password boolean",
        value=", u.one_time_until IS NOT NULL",
    )
    op.execute(
        """
        CREATE FUNCTION open_tenant(
          p_parent bigint, p_kind text, p_code text, p_name text, p_max_calls bigint, p_plan bigint
        ) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        DECLARE made_id bigint;
        BEGIN
          IF p_kind NOT IN ('reseller', 'enterprise') OR NOT EXISTS (
            SELECT FROM tenant t WHERE t.id = p_parent AND t.kind <> 'enterprise' AND (
              session_user <> 'ucc_api' OR t.id IN (
                SELECT descendant_id FROM tenant_tree WHERE ancestor_id = tenant_scope()
              )
            )
          ) OR (p_plan IS NOT NULL AND NOT EXISTS (
            SELECT FROM rate_plan WHERE id = p_plan AND tenant_id = p_parent
          )) THEN
            RAISE EXCEPTION 'no such tenant can be opened there' USING ERRCODE = 'check_violation';
          END IF;
          INSERT INTO tenant (parent_id, kind, code, name, max_calls, rate_plan_id)
          VALUES (p_parent, p_kind, p_code, p_name, p_max_calls, p_plan) RETURNING id INTO made_id;
          INSERT INTO account (tenant_id, kind, limit_micros)
          VALUES (made_id, 'balance', 0), (made_id, 'income', NULL), (made_id, 'cash', NULL);
          RETURN made_id;
        END
        $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION is_suspended_above(p_tenant bigint) RETURNS boolean
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
            SELECT EXISTS (
              SELECT FROM tenant_tree l JOIN tenant t ON t.id = l.ancestor_id
              WHERE l.descendant_id = p_tenant AND l.depth > 0 AND t.is_suspended
            )
        $$
        """
    )
    for function in (OPEN, SUSPENDED):
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO ucc_api, ucc_system")


def _logins(*, is_active: str, column: str, value: str) -> None:
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION find_login(login_name text)
        RETURNS TABLE (user_id bigint, tenant_id bigint, tenant_kind text, password_hash text, is_active boolean)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
            SELECT u.id, u.tenant_id, t.kind, u.password_hash, {is_active}
            FROM app_user u JOIN tenant t ON t.id = u.tenant_id WHERE u.username = login_name
        $$
        """  # noqa: S608  # every part is written here
    )
    op.execute("DROP FUNCTION find_session(bytea)")
    op.execute(
        f"""
        CREATE FUNCTION find_session(wanted_hash bytea)
        RETURNS TABLE (user_id bigint, tenant_id bigint, tenant_kind text, role text, agent_id bigint{column})
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
            SELECT u.id, u.tenant_id, t.kind, u.role, a.id{value}
            FROM user_session s
            JOIN app_user u ON u.id = s.user_id
            JOIN tenant t ON t.id = u.tenant_id
            LEFT JOIN agent a ON a.user_id = u.id
            WHERE s.token_hash = wanted_hash AND s.expires_at > now() AND u.is_active
        $$
        """  # noqa: S608  # every part is written here
    )
    op.execute("REVOKE ALL ON FUNCTION find_session(bytea) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION find_session(bytea) TO ucc_api, ucc_system")


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {SUSPENDED}")
    op.execute(f"DROP FUNCTION {OPEN}")
    _logins(is_active="u.is_active", column="", value="")
    op.execute("REVOKE UPDATE (name, is_suspended, rate_plan_id) ON tenant FROM ucc_api")
    op.execute(
        "REVOKE INSERT (tenant_id, username, password_hash, role, display_name, language, one_time_until), "
        "UPDATE (password_hash, one_time_until) ON app_user FROM ucc_api"
    )
    op.drop_column("app_user", "one_time_until")
