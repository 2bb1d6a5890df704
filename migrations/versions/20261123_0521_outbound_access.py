"""Who may see and change the outbound rules. Blacklists, frequency rules and verification calls are a tenant's own: not
even a level above reads them."""

from __future__ import annotations

from alembic import op

revision = "20261123_0521"
down_revision = "20261123_0520"

BELOW = "tenant_id IN (SELECT t.descendant_id FROM tenant_tree t WHERE t.ancestor_id = (SELECT tenant_scope()))"
OWN = "tenant_id = (SELECT tenant_scope())"
POLICIES = {
    "trunk_rule": BELOW,
    "trunk_fallback": BELOW,
    "blacklist_entry": OWN,
    "frequency_rule": OWN,
    "dial_attempt": BELOW,
    "pause_reason": BELOW,
    "recording_policy": BELOW,
    "team": BELOW,
    "team_member": BELOW,
    "team_supervisor": BELOW,
    "verification_call": OWN,
}
API_CHANGES = (
    "trunk",
    "trunk_rule",
    "trunk_fallback",
    "caller_id",
    "blacklist_entry",
    "frequency_rule",
    "pause_reason",
    "recording_policy",
    "team",
    "team_member",
    "team_supervisor",
)


def upgrade() -> None:
    for table, condition in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_scope ON {table} USING ({condition}) WITH CHECK ({condition})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO ucc_system")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(API_CHANGES)} TO ucc_api")
    op.execute("GRANT SELECT, INSERT, UPDATE ON verification_call TO ucc_api")
    op.execute("GRANT UPDATE (caller_id_id) ON agent TO ucc_api")
    op.execute("GRANT UPDATE (max_calls) ON tenant TO ucc_api")
    op.execute(
        """
        CREATE FUNCTION list_frequency_rules_above()
        RETURNS TABLE (tenant_kind text, depth bigint, subject text, window_s bigint, most bigint)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
            SELECT t.kind, tt.depth, r.subject, r.window_s, r.most
            FROM tenant_tree tt
            JOIN tenant t ON t.id = tt.ancestor_id
            JOIN frequency_rule r ON r.tenant_id = t.id
            WHERE tt.descendant_id = tenant_scope() AND tt.depth > 0
        $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION list_frequency_rules_above() FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION list_frequency_rules_above() TO ucc_api, ucc_system")


def downgrade() -> None:
    op.execute("DROP FUNCTION list_frequency_rules_above()")
    op.execute("REVOKE UPDATE (max_calls) ON tenant FROM ucc_api")
    op.execute("REVOKE UPDATE (caller_id_id) ON agent FROM ucc_api")
    op.execute("REVOKE INSERT, UPDATE, DELETE ON trunk, caller_id FROM ucc_api")
    for table in POLICIES:
        op.execute(f"REVOKE ALL ON {table} FROM ucc_api, ucc_system")
        op.execute(f"DROP POLICY tenant_scope ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
