"""Who may see and change how an enterprise receives calls: it alone, not even a level above."""

from __future__ import annotations

from alembic import op

revision = "20261123_0531"
down_revision = "20261123_0530"

OWN = "tenant_id = (SELECT tenant_scope())"
TABLES = (
    "agent_skill",
    "destination",
    "ivr_tree",
    "ivr_tree_version",
    "missed_call",
    "priority_caller",
    "prompt",
    "reception_setting",
    "schedule",
    "voicemail_box",
    "voicemail_message",
)
API_GRANTS = {
    "SELECT, INSERT, UPDATE, DELETE": (
        "agent_skill",
        "destination",
        "ivr_tree",
        "priority_caller",
        "prompt",
        "reception_setting",
        "schedule",
        "voicemail_box",
    ),
    "SELECT, INSERT": ("ivr_tree_version",),
    "SELECT, UPDATE (note, done_at, done_how, done_by)": ("missed_call",),
    "SELECT, UPDATE (heard_at, heard_by)": ("voicemail_message",),
    "INSERT, UPDATE, DELETE": ("queue", "queue_member"),
    "UPDATE (schedule_id)": ("did",),
}


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_scope ON {table} USING ({OWN}) WITH CHECK ({OWN})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO ucc_system")
    for rights, tables in API_GRANTS.items():
        op.execute(f"GRANT {rights} ON {', '.join(tables)} TO ucc_api")
    op.execute(
        "CREATE TRIGGER never_changes BEFORE UPDATE ON ivr_tree_version "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        """
        CREATE FUNCTION delete_voicemail_message(wanted uuid) RETURNS text
        LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
            DELETE FROM recording r USING voicemail_message m
            WHERE m.recording_id = wanted AND r.id = wanted AND m.tenant_id = tenant_scope()
                AND r.state IN ('ready', 'failed')
            RETURNING coalesce(r.path, '')
        $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION delete_voicemail_message(uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION delete_voicemail_message(uuid) TO ucc_api, ucc_system")


def downgrade() -> None:
    op.execute("DROP FUNCTION delete_voicemail_message(uuid)")
    op.execute("DROP TRIGGER never_changes ON ivr_tree_version")
    op.execute("REVOKE UPDATE (schedule_id) ON did FROM ucc_api")
    op.execute("REVOKE INSERT, UPDATE, DELETE ON queue, queue_member FROM ucc_api")
    for table in TABLES:
        op.execute(f"REVOKE ALL ON {table} FROM ucc_api, ucc_system")
        op.execute(f"DROP POLICY tenant_scope ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
