"""Who had which extension, number and caller ID when; doors through which they move along the tree; agents whose
extension was taken back have none until they get another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123_1402"
down_revision = "20261123_1352"

KINDS = ("extension", "did", "caller_id")
BELOW = "IN (SELECT t.descendant_id FROM tenant_tree t WHERE t.ancestor_id = (SELECT tenant_scope()))"
DOORS = (
    "lock_resources(text, bigint[])",
    "list_resource_uses(text, bigint[])",
    "move_resources(text, bigint[], bigint, bigint)",
)


def upgrade() -> None:
    op.alter_column("agent", "extension_id", nullable=True)
    op.create_table(
        "resource_grant",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("from_tenant_id", sa.BigInteger(), nullable=True),
        sa.Column("to_tenant_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('extension', 'did', 'caller_id')", name=op.f("ck_resource_grant_kind")),
        sa.CheckConstraint("from_tenant_id IS DISTINCT FROM to_tenant_id", name=op.f("ck_resource_grant_moves")),
        sa.ForeignKeyConstraint(["from_tenant_id"], ["tenant.id"], name=op.f("fk_resource_grant_from_tenant_id")),
        sa.ForeignKeyConstraint(["to_tenant_id"], ["tenant.id"], name=op.f("fk_resource_grant_to_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource_grant")),
    )
    op.create_index("ix_resource_grant_resource", "resource_grant", ["kind", "resource_id", "id"])
    op.create_index(op.f("ix_resource_grant_from_tenant_id"), "resource_grant", ["from_tenant_id"])
    op.create_index(op.f("ix_resource_grant_to_tenant_id"), "resource_grant", ["to_tenant_id"])
    _history()
    _access()
    _doors()


def _history() -> None:
    """A row for each resource there is, and then one for each time one is made, moves or goes."""
    for kind in KINDS:
        moment = "created_at" if kind == "extension" else "now()"
        op.execute(
            f"INSERT INTO resource_grant (kind, resource_id, number, to_tenant_id, granted_at) "  # noqa: S608
            f"SELECT '{kind}', id, number, tenant_id, {moment} FROM {kind} ORDER BY id"
        )
    op.execute(
        """
        CREATE FUNCTION note_grant() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        DECLARE who bigint := nullif(current_setting('ucc.user_id', true), '')::bigint;
        BEGIN
            IF TG_OP = 'INSERT' THEN
                INSERT INTO resource_grant (kind, resource_id, number, to_tenant_id, user_id)
                VALUES (TG_TABLE_NAME, NEW.id, NEW.number, NEW.tenant_id, who);
            ELSIF TG_OP = 'DELETE' THEN
                INSERT INTO resource_grant (kind, resource_id, number, from_tenant_id, user_id)
                VALUES (TG_TABLE_NAME, OLD.id, OLD.number, OLD.tenant_id, who);
            ELSE
                INSERT INTO resource_grant (kind, resource_id, number, from_tenant_id, to_tenant_id, user_id)
                VALUES (TG_TABLE_NAME, NEW.id, NEW.number, OLD.tenant_id, NEW.tenant_id, who);
            END IF;
            RETURN NULL;
        END
        $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION note_grant() FROM PUBLIC")
    for kind in KINDS:
        op.execute(
            f"CREATE TRIGGER note_grant AFTER INSERT OR DELETE ON {kind} FOR EACH ROW EXECUTE FUNCTION note_grant()"
        )
        op.execute(
            f"CREATE TRIGGER note_move AFTER UPDATE OF tenant_id ON {kind} FOR EACH ROW "
            "WHEN (OLD.tenant_id IS DISTINCT FROM NEW.tenant_id) EXECUTE FUNCTION note_grant()"
        )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON resource_grant "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _access() -> None:
    op.execute("ALTER TABLE resource_grant ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE resource_grant FORCE ROW LEVEL SECURITY")
    ends = f"from_tenant_id {BELOW} OR to_tenant_id {BELOW}"
    op.execute(f"CREATE POLICY tenant_scope ON resource_grant USING ({ends}) WITH CHECK (false)")
    op.execute("GRANT SELECT ON resource_grant TO ucc_api, ucc_system")
    op.execute("GRANT INSERT (tenant_id, number, ha1), UPDATE (ha1), DELETE ON extension TO ucc_api")
    op.execute("GRANT INSERT (tenant_id, number), DELETE ON did TO ucc_api")


def _doors() -> None:
    """What leads past the scope of a level: how an enterprise uses a resource is not for the levels above to read."""
    scope = """(session_user <> 'ucc_api' OR r.tenant_id IN (
                SELECT t.descendant_id FROM tenant_tree t WHERE t.ancestor_id = tenant_scope()))"""
    rows = "\n".join(
        f"IF p_kind = '{kind}' THEN RETURN QUERY SELECT r.id, r.number, r.tenant_id FROM {kind} r "  # noqa: S608
        f"WHERE r.id = ANY (p_ids) AND {scope} ORDER BY r.id FOR UPDATE; END IF;"
        for kind in KINDS
    )
    op.execute(
        f"""
        CREATE FUNCTION lock_resources(p_kind text, p_ids bigint[])
        RETURNS TABLE (id bigint, number text, tenant_id bigint)
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        #variable_conflict use_column
        BEGIN
            {rows}
        END
        $$
        """
    )
    op.execute(
        f"""
        CREATE FUNCTION list_resource_uses(p_kind text, p_ids bigint[])
        RETURNS TABLE (id bigint, use text, label text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
            SELECT r.id, 'agent_phone', a.work_number FROM extension r JOIN agent a ON a.extension_id = r.id
            WHERE p_kind = 'extension' AND r.id = ANY (p_ids) AND {scope}
            UNION ALL
            SELECT r.id, 'destination', d.occasion FROM did r JOIN destination d ON d.did_id = r.id
            WHERE p_kind = 'did' AND r.id = ANY (p_ids) AND {scope}
            UNION ALL
            SELECT r.id, 'default_caller_id', '' FROM caller_id r
            WHERE p_kind = 'caller_id' AND r.is_default AND r.id = ANY (p_ids) AND {scope}
            UNION ALL
            SELECT r.id, 'agent_caller_id', a.work_number FROM caller_id r JOIN agent a ON a.caller_id_id = r.id
            WHERE p_kind = 'caller_id' AND r.id = ANY (p_ids) AND {scope}
            ORDER BY 1, 2, 3
        $$
        """  # noqa: S608
    )
    op.execute(
        f"""
        CREATE FUNCTION move_resources(p_kind text, p_ids bigint[], p_to bigint, p_user bigint) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        DECLARE moved bigint := 0;
        BEGIN
            IF session_user = 'ucc_api' AND NOT EXISTS (
              SELECT FROM tenant_tree t WHERE t.ancestor_id = tenant_scope() AND t.descendant_id = p_to
            ) THEN
              RAISE EXCEPTION 'no such tenant below' USING ERRCODE = 'check_violation';
            END IF;
            PERFORM set_config('ucc.user_id', coalesce(p_user::text, ''), true);
            IF p_kind = 'extension' THEN
              UPDATE agent a SET extension_id = NULL FROM extension r
              WHERE a.extension_id = r.id AND r.tenant_id <> p_to AND r.id = ANY (p_ids) AND {scope};
              UPDATE extension r SET tenant_id = p_to, ha1 = md5(gen_random_uuid()::text)
              WHERE r.id = ANY (p_ids) AND r.tenant_id <> p_to AND {scope};
              GET DIAGNOSTICS moved = ROW_COUNT;
            ELSIF p_kind = 'did' THEN
              DELETE FROM destination d USING did r
              WHERE d.did_id = r.id AND r.tenant_id <> p_to AND r.id = ANY (p_ids) AND {scope};
              UPDATE did r SET tenant_id = p_to, schedule_id = NULL
              WHERE r.id = ANY (p_ids) AND r.tenant_id <> p_to AND {scope};
              GET DIAGNOSTICS moved = ROW_COUNT;
            ELSIF p_kind = 'caller_id' THEN
              UPDATE agent a SET caller_id_id = NULL FROM caller_id r
              WHERE a.caller_id_id = r.id AND r.tenant_id <> p_to AND r.id = ANY (p_ids) AND {scope};
              UPDATE caller_id r SET tenant_id = p_to, is_default = false
              WHERE r.id = ANY (p_ids) AND r.tenant_id <> p_to AND {scope};
              GET DIAGNOSTICS moved = ROW_COUNT;
            END IF;
            RETURN moved;
        END
        $$
        """  # noqa: S608
    )
    for function in DOORS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO ucc_api, ucc_system")


def downgrade() -> None:
    """Agents without an extension go no further back: give them one first."""
    for function in DOORS:
        op.execute(f"DROP FUNCTION {function}")
    op.execute("REVOKE INSERT (tenant_id, number), DELETE ON did FROM ucc_api")
    op.execute("REVOKE INSERT (tenant_id, number, ha1), UPDATE (ha1), DELETE ON extension FROM ucc_api")
    for kind in KINDS:
        op.execute(f"DROP TRIGGER note_move ON {kind}")
        op.execute(f"DROP TRIGGER note_grant ON {kind}")
    op.execute("DROP FUNCTION note_grant()")
    op.drop_table("resource_grant")
    op.alter_column("agent", "extension_id", nullable=False)
