"""Who may see and change what: row-level security by tenant, grants by role, an append-only ledger, and the narrow
doors (login, session, the border's views) that need to see past the tenant scope."""

from __future__ import annotations

from alembic import op

revision = "20261123_0237"
down_revision = "20261123_0235"

TENANT_TABLES = (
    "app_user",
    "user_session",
    "extension",
    "trunk",
    "did",
    "caller_id",
    "agent",
    "queue",
    "queue_member",
    "rate_plan",
    "rate",
    "account",
    "posting_set",
    "posting",
    "call_record",
    "call_leg",
    "call_charge",
    "call_state",
    "tenant_lease",
    "recording",
)
API_READS = (
    "tenant",
    "tenant_tree",
    "did",
    "caller_id",
    "trunk",
    "agent",
    "queue",
    "queue_member",
    "rate_plan",
    "rate",
    "account",
    "posting_set",
    "posting",
    "call_record",
    "call_leg",
    "call_charge",
    "recording",
)
LEDGER = ("posting_set", "posting")


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION tenant_scope() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
            SELECT nullif(current_setting('ucc.tenant_id', true), '')::bigint
        $$
        """
    )
    _policies()
    _grants()
    _append_only()
    _login()
    _border()


def _policies() -> None:
    below = "IN (SELECT t.descendant_id FROM tenant_tree t WHERE t.ancestor_id = (SELECT tenant_scope()))"
    conditions = {table: f"tenant_id {below}" for table in TENANT_TABLES}
    conditions["tenant"] = f"id {below}"
    conditions["tenant_tree"] = "ancestor_id = (SELECT tenant_scope())"
    for table, condition in conditions.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_scope ON {table} USING ({condition}) WITH CHECK ({condition})")


def _grants() -> None:
    op.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    op.execute("GRANT USAGE ON SCHEMA public TO ucc_system, ucc_api, ucc_border")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ucc_system")
    op.execute("REVOKE ALL ON alembic_version FROM ucc_system")
    op.execute("REVOKE INSERT, UPDATE, DELETE ON border_setting, tenant_tree FROM ucc_system")
    op.execute(f"GRANT SELECT ON {', '.join(API_READS)} TO ucc_api")
    op.execute(
        "GRANT SELECT (id, tenant_id, username, role, display_name, language, is_active, created_at) "
        "ON app_user TO ucc_api"
    )
    op.execute("GRANT SELECT (id, tenant_id, number, created_at) ON extension TO ucc_api")
    op.execute("GRANT SELECT, INSERT, DELETE ON user_session TO ucc_api")


def _append_only() -> None:
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END
        $$
        """
    )
    for table in LEDGER:
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM ucc_system")
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _login() -> None:
    op.execute(
        """
        CREATE FUNCTION find_login(login_name text)
        RETURNS TABLE (user_id bigint, tenant_id bigint, tenant_kind text, password_hash text, is_active boolean)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
            SELECT u.id, u.tenant_id, t.kind, u.password_hash, u.is_active
            FROM app_user u JOIN tenant t ON t.id = u.tenant_id WHERE u.username = login_name
        $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION find_session(wanted_hash bytea)
        RETURNS TABLE (user_id bigint, tenant_id bigint, tenant_kind text, role text, agent_id bigint)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
            SELECT u.id, u.tenant_id, t.kind, u.role, a.id
            FROM user_session s
            JOIN app_user u ON u.id = s.user_id
            JOIN tenant t ON t.id = u.tenant_id
            LEFT JOIN agent a ON a.user_id = u.id
            WHERE s.token_hash = wanted_hash AND s.expires_at > now() AND u.is_active
        $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION find_phone(wanted_agent bigint) RETURNS TABLE (number text, ha1 text)
        LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp SECURITY DEFINER AS $$
            SELECT e.number, e.ha1 FROM agent a JOIN extension e ON e.id = a.extension_id
            WHERE a.id = wanted_agent AND a.tenant_id = tenant_scope()
        $$
        """
    )
    for function in ("find_login(text)", "find_session(bytea)", "find_phone(bigint)"):
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO ucc_api, ucc_system")


def _border() -> None:
    op.execute(
        """
        CREATE VIEW border_subscriber AS
        SELECT e.number AS username, s.sip_domain AS domain, e.ha1
        FROM extension e CROSS JOIN border_setting s
        """
    )
    op.execute(
        """
        CREATE VIEW border_trunk AS
        SELECT t.host || ':' || t.port AS key_name, 0 AS key_type, 0 AS value_type, t.codec AS key_value
        FROM trunk t WHERE t.is_active
        """
    )
    op.execute("GRANT SELECT ON border_subscriber, border_trunk TO ucc_border")
    op.execute("GRANT SELECT ON border_subscriber, border_trunk TO ucc_system")


def downgrade() -> None:
    op.execute("DROP VIEW border_trunk, border_subscriber")
    op.execute("DROP FUNCTION find_phone(bigint), find_session(bytea), find_login(text)")
    for table in LEDGER:
        op.execute(f"DROP TRIGGER append_only ON {table}")
    op.execute("DROP FUNCTION refuse_change()")
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ucc_system, ucc_api, ucc_border")
    for table in (*TENANT_TABLES, "tenant", "tenant_tree"):
        op.execute(f"DROP POLICY tenant_scope ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute("DROP FUNCTION tenant_scope()")
