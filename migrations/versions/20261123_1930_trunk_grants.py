"""A trunk has a holder: the operator shares it with everybody, a customer has it for itself and those below. Trunks
move along the tree through the doors of the other resources, and their moves are kept with theirs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123_1930"
down_revision = "20261123_1920"

CHANGEABLE = "name, host, port, codec, is_active, max_calls, calls_per_second, allowed_prefixes"
SCOPE = """(session_user <> 'ucc_api' OR r.holder_id IN (
        SELECT t.descendant_id FROM tenant_tree t WHERE t.ancestor_id = tenant_scope()))"""
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
INNER = {
    "lock_resources(text, bigint[])": "lock_numbers",
    "list_resource_uses(text, bigint[])": "list_number_uses",
    "move_resources(text, bigint[], bigint, bigint)": "move_numbers",
}
"""The doors of extensions, DIDs and caller IDs. They stay as they are, behind doors that know trunks too."""
DOORS = (
    "lock_resources(text, bigint[])",
    "list_resource_uses(text, bigint[], bigint)",
    "move_resources(text, bigint[], bigint, bigint)",
    "may_go_out(bigint, bigint)",
)
KINDS = "'extension', 'did', 'caller_id'"


def upgrade() -> None:
    op.add_column("trunk", sa.Column("holder_id", sa.BigInteger(), nullable=True))
    op.execute("UPDATE trunk SET holder_id = tenant_id")
    op.alter_column("trunk", "holder_id", nullable=False)
    op.create_foreign_key(op.f("fk_trunk_holder_id"), "trunk", "tenant", ["holder_id"], ["id"])
    _replace_kinds(f"{KINDS}, 'trunk'")
    _history()
    _access()
    _lines()
    _doors()


def _replace_kinds(kinds: str) -> None:
    op.drop_constraint(op.f("ck_resource_grant_kind"), "resource_grant", type_="check")
    op.create_check_constraint(op.f("ck_resource_grant_kind"), "resource_grant", f"kind IN ({kinds})")


def _history() -> None:
    """The trigger is told which columns say who has it and what it is called; a new trunk is its operator's."""
    op.execute(
        """
        CREATE OR REPLACE FUNCTION note_grant() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        DECLARE
            who bigint := nullif(current_setting('ucc.user_id', true), '')::bigint;
            holder text := coalesce(TG_ARGV[0], 'tenant_id');
            title text := coalesce(TG_ARGV[1], 'number');
            was jsonb;
            becomes jsonb;
        BEGIN
            IF TG_OP <> 'INSERT' THEN was := to_jsonb(OLD); END IF;
            IF TG_OP <> 'DELETE' THEN becomes := to_jsonb(NEW); END IF;
            INSERT INTO resource_grant (kind, resource_id, number, from_tenant_id, to_tenant_id, user_id)
            VALUES (TG_TABLE_NAME, (coalesce(becomes, was) ->> 'id')::bigint, coalesce(becomes, was) ->> title,
                (was ->> holder)::bigint, (becomes ->> holder)::bigint, who);
            RETURN NULL;
        END
        $$
        """
    )
    op.execute(
        "INSERT INTO resource_grant (kind, resource_id, number, to_tenant_id) "
        "SELECT 'trunk', id, name, holder_id FROM trunk ORDER BY id"
    )
    op.execute(
        """
        CREATE FUNCTION hold_trunk() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.holder_id := NEW.tenant_id;
            RETURN NEW;
        END
        $$
        """
    )
    op.execute("CREATE TRIGGER hold_trunk BEFORE INSERT ON trunk FOR EACH ROW EXECUTE FUNCTION hold_trunk()")
    op.execute(
        "CREATE TRIGGER note_grant AFTER INSERT OR DELETE ON trunk FOR EACH ROW "
        "EXECUTE FUNCTION note_grant('holder_id', 'name')"
    )
    op.execute(
        "CREATE TRIGGER note_move AFTER UPDATE OF holder_id ON trunk FOR EACH ROW "
        "WHEN (OLD.holder_id IS DISTINCT FROM NEW.holder_id) EXECUTE FUNCTION note_grant('holder_id', 'name')"
    )


def _access() -> None:
    """The holder changes through the door only. Who holds a trunk sees that it does, and nothing else of it."""
    op.execute("REVOKE INSERT, UPDATE ON trunk FROM ucc_api")
    op.execute(f"GRANT INSERT (tenant_id, {CHANGEABLE}), UPDATE ({CHANGEABLE}) ON trunk TO ucc_api")
    op.execute(
        f"CREATE VIEW held_trunk WITH (security_barrier) AS "  # noqa: S608
        f"SELECT r.id, r.name AS number, r.holder_id AS tenant_id FROM trunk r WHERE {SCOPE}"
    )
    op.execute("GRANT SELECT ON held_trunk TO ucc_api, ucc_system")


def _lines() -> None:
    op.execute(
        f"""
        CREATE FUNCTION is_on_one_line(p_one bigint, p_other bigint) RETURNS boolean
        LANGUAGE sql STABLE {DEFINER} AS $$
            SELECT EXISTS (
              SELECT FROM tenant_tree t
              WHERE (t.ancestor_id = p_one AND t.descendant_id = p_other)
                OR (t.ancestor_id = p_other AND t.descendant_id = p_one)
            )
        $$
        """  # noqa: S608
    )
    op.execute(
        f"""
        CREATE FUNCTION may_go_out(p_trunk bigint, p_tenant bigint) RETURNS boolean
        LANGUAGE sql STABLE {DEFINER} AS $$
            SELECT EXISTS (SELECT FROM trunk r WHERE r.id = p_trunk AND is_on_one_line(r.holder_id, p_tenant))
        $$
        """  # noqa: S608
    )
    op.execute("REVOKE ALL ON FUNCTION is_on_one_line(bigint, bigint) FROM PUBLIC")


def _doors() -> None:
    for function, inner in INNER.items():
        op.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM ucc_api, ucc_system")
        op.execute(f"ALTER FUNCTION {function} RENAME TO {inner}")
    op.execute(
        f"""
        CREATE FUNCTION lock_resources(p_kind text, p_ids bigint[])
        RETURNS TABLE (id bigint, number text, tenant_id bigint) LANGUAGE plpgsql {DEFINER} AS $$
        #variable_conflict use_column
        BEGIN
            IF p_kind = 'trunk' THEN
              RETURN QUERY SELECT r.id, r.name, r.holder_id FROM trunk r
              WHERE r.id = ANY (p_ids) AND {SCOPE} ORDER BY r.id FOR UPDATE;
            ELSE
              RETURN QUERY SELECT n.id, n.number, n.tenant_id FROM lock_numbers(p_kind, p_ids) n;
            END IF;
        END
        $$
        """  # noqa: S608
    )
    op.execute(
        f"""
        CREATE FUNCTION list_resource_uses(p_kind text, p_ids bigint[], p_to bigint)
        RETURNS TABLE (id bigint, use text, label text) LANGUAGE sql STABLE {DEFINER} AS $$
            SELECT n.id, n.use, n.label FROM list_number_uses(p_kind, p_ids) n
            UNION ALL
            SELECT r.id, 'caller_id_trunk', c.number FROM trunk r
            JOIN tenant_tree b ON b.ancestor_id = r.holder_id
            JOIN caller_id c ON c.trunk_id = r.id AND c.tenant_id = b.descendant_id
            WHERE p_kind = 'trunk' AND r.id = ANY (p_ids) AND {SCOPE}
              AND (p_to IS NULL OR NOT is_on_one_line(p_to, c.tenant_id))
            ORDER BY 1, 2, 3
        $$
        """  # noqa: S608
    )
    op.execute(
        f"""
        CREATE FUNCTION move_resources(p_kind text, p_ids bigint[], p_to bigint, p_user bigint) RETURNS bigint
        LANGUAGE plpgsql {DEFINER} AS $$
        DECLARE moved bigint := 0;
        BEGIN
            moved := move_numbers(p_kind, p_ids, p_to, p_user);
            IF p_kind = 'trunk' THEN
              UPDATE trunk r SET holder_id = p_to WHERE r.id = ANY (p_ids) AND r.holder_id <> p_to AND {SCOPE};
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
    """Every trunk is shared again, and what is known of their moves is forgotten. `note_grant` stays: it does for the
    others what it did before."""
    for function in DOORS:
        op.execute(f"DROP FUNCTION {function}")
    for function, inner in INNER.items():
        arguments = function[function.index("(") :]
        op.execute(f"ALTER FUNCTION {inner}{arguments} RENAME TO {function[: function.index('(')]}")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO ucc_api, ucc_system")
    op.execute("DROP FUNCTION is_on_one_line(bigint, bigint)")
    op.execute("DROP VIEW held_trunk")
    for trigger in ("note_move", "note_grant", "hold_trunk"):
        op.execute(f"DROP TRIGGER {trigger} ON trunk")
    op.execute("DROP FUNCTION hold_trunk()")
    op.execute("ALTER TABLE resource_grant DISABLE TRIGGER append_only")
    op.execute("DELETE FROM resource_grant WHERE kind = 'trunk'")
    op.execute("ALTER TABLE resource_grant ENABLE TRIGGER append_only")
    _replace_kinds(KINDS)
    op.execute(f"REVOKE INSERT (tenant_id, {CHANGEABLE}), UPDATE ({CHANGEABLE}) ON trunk FROM ucc_api")
    op.execute("GRANT INSERT, UPDATE ON trunk TO ucc_api")
    op.drop_column("trunk", "holder_id")
