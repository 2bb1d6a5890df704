"""Keeps tenant_tree: every new tenant is entered below itself and all its ancestors; a parent never changes."""

from __future__ import annotations

from alembic import op

revision = "20261123_0235"
down_revision = "20261123_0233"


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION enter_tenant_tree() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        BEGIN
            INSERT INTO tenant_tree (ancestor_id, descendant_id, depth)
            SELECT ancestor_id, NEW.id, depth + 1 FROM tenant_tree WHERE descendant_id = NEW.parent_id
            UNION ALL SELECT NEW.id, NEW.id, 0;
            RETURN NULL;
        END
        $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a tenant keeps its parent and its kind' USING ERRCODE = 'restrict_violation';
        END
        $$
        """
    )
    op.execute(
        "CREATE TRIGGER enter_tenant_tree AFTER INSERT ON tenant FOR EACH ROW EXECUTE FUNCTION enter_tenant_tree()"
    )
    op.execute(
        """
        CREATE TRIGGER refuse_move BEFORE UPDATE OF parent_id, kind, id ON tenant FOR EACH ROW
        WHEN ((OLD.parent_id, OLD.kind, OLD.id) IS DISTINCT FROM (NEW.parent_id, NEW.kind, NEW.id))
        EXECUTE FUNCTION refuse_move()
        """
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER refuse_move ON tenant")
    op.execute("DROP TRIGGER enter_tenant_tree ON tenant")
    op.execute("DROP FUNCTION refuse_move()")
    op.execute("DROP FUNCTION enter_tenant_tree()")
