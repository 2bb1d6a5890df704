"""Rate plans get versions: rates belong to a version, which never changes once it is published; more ways to say what a
rate is for; a history of who is charged by which plan."""

from __future__ import annotations

# ruff: noqa: S608  # every part of these statements is written here
import sqlalchemy as sa
from alembic import op

revision = "20261123_0940"
down_revision = "20261123_0630"

BELOW = "tenant_id IN (SELECT t.descendant_id FROM tenant_tree t WHERE t.ancestor_id = (SELECT tenant_scope()))"
CHARGED_BY = "SELECT a.rate_plan_id FROM rate_plan_assignment a WHERE a.tenant_id = (SELECT tenant_scope())"
PUBLISHED = f"v.state = 'published' AND v.rate_plan_id IN ({CHARGED_BY})"
OWN_PRICES = {
    "rate_plan": f"id IN ({CHARGED_BY})",
    "rate_plan_version": f"state = 'published' AND rate_plan_id IN ({CHARGED_BY})",
    "rate": f"version_id IN (SELECT v.id FROM rate_plan_version v WHERE {PUBLISHED})",
}
NEW_TABLES = ("rate_plan_version", "rate_plan_assignment")
REGION = "~ '^[^/]+(/[^/]+)?$'"


def upgrade() -> None:
    _tables()
    _columns()
    _give_versions()
    _constraints()
    _assignments()
    _access()
    _never_changes()


def _tables() -> None:
    op.create_table(
        "rate_plan_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("rate_plan_id", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("minimum_spend_micros", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("free_s", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("commission_ppm", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('draft', 'published')", name=op.f("ck_rate_plan_version_state")),
        sa.CheckConstraint(
            "state = 'draft' OR (effective_from IS NOT NULL AND published_at IS NOT NULL)",
            name=op.f("ck_rate_plan_version_published"),
        ),
        sa.CheckConstraint("minimum_spend_micros >= 0", name=op.f("ck_rate_plan_version_minimum_spend_micros")),
        sa.CheckConstraint("free_s >= 0", name=op.f("ck_rate_plan_version_free_s")),
        sa.CheckConstraint("commission_ppm BETWEEN 0 AND 1000000", name=op.f("ck_rate_plan_version_commission_ppm")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "rate_plan_id"],
            ["rate_plan.tenant_id", "rate_plan.id"],
            name=op.f("fk_rate_plan_version_tenant_id_rate_plan_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_rate_plan_version_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_plan_version")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_rate_plan_version_tenant_id_id")),
        sa.UniqueConstraint("rate_plan_id", "number", name=op.f("uq_rate_plan_version_rate_plan_id_number")),
    )
    op.create_index(
        "uq_rate_plan_version_one_draft",
        "rate_plan_version",
        ["rate_plan_id"],
        unique=True,
        postgresql_where=sa.text("state = 'draft'"),
    )
    op.create_index(
        "uq_rate_plan_version_effective_from",
        "rate_plan_version",
        ["rate_plan_id", "effective_from"],
        unique=True,
        postgresql_where=sa.text("state = 'published'"),
    )
    op.create_table(
        "rate_plan_assignment",
        sa.Column("tenant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rate_plan_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["rate_plan_id"], ["rate_plan.id"], name=op.f("fk_rate_plan_assignment_rate_plan_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_rate_plan_assignment_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "effective_from", name=op.f("pk_rate_plan_assignment")),
    )
    op.create_index(op.f("ix_rate_plan_assignment_rate_plan_id"), "rate_plan_assignment", ["rate_plan_id"])


def _columns() -> None:
    op.drop_constraint(op.f("ck_rate_direction"), "rate", type_="check")
    op.drop_constraint(op.f("ck_rate_prefix"), "rate", type_="check")
    op.drop_constraint(op.f("ck_rate_price"), "rate", type_="check")
    op.drop_constraint(op.f("ck_rate_increments"), "rate", type_="check")
    op.drop_constraint(op.f("fk_rate_tenant_id_rate_plan_id"), "rate", type_="foreignkey")
    op.drop_constraint(op.f("uq_rate_rate_plan_id_direction_prefix_effective_from"), "rate", type_="unique")
    op.alter_column("rate", "direction", new_column_name="service")
    op.add_column("rate", sa.Column("version_id", sa.BigInteger(), nullable=True))
    op.add_column("rate", sa.Column("kind", sa.Text(), server_default="duration", nullable=False))
    for name in ("area", "caller_region", "callee_region"):
        op.add_column("rate", sa.Column(name, sa.Text(), nullable=True))
    for name, default in (("weekdays", "127"), ("from_minute", "0"), ("to_minute", "1440")):
        op.add_column("rate", sa.Column(name, sa.BigInteger(), server_default=sa.text(default), nullable=False))


def _give_versions() -> None:
    """A version for each moment from which some rate of a plan counted, with every rate in force from then on. Rates
    that charges name stay the ones they are."""
    op.execute(
        """
        INSERT INTO rate_plan_version (rate_plan_id, tenant_id, number, state, effective_from, published_at)
        SELECT rate_plan_id, tenant_id, row_number() OVER (PARTITION BY rate_plan_id ORDER BY effective_from),
               'published', effective_from, now()
        FROM (SELECT DISTINCT rate_plan_id, tenant_id, effective_from FROM rate) moments
        """
    )
    op.execute(
        """
        UPDATE rate r SET version_id = v.id FROM rate_plan_version v
        WHERE v.rate_plan_id = r.rate_plan_id AND v.effective_from = r.effective_from
        """
    )
    op.execute(
        """
        INSERT INTO rate (rate_plan_id, effective_from, version_id, tenant_id, service, prefix, connect_micros,
                          included_s, first_increment_s, increment_s, price_micros)
        SELECT DISTINCT ON (v.id, r.service, r.prefix)
               r.rate_plan_id, v.effective_from, v.id, r.tenant_id, r.service, r.prefix, r.connect_micros,
               r.included_s, r.first_increment_s, r.increment_s, r.price_micros
        FROM rate_plan_version v JOIN rate r ON r.rate_plan_id = v.rate_plan_id AND r.effective_from < v.effective_from
        WHERE NOT EXISTS (
            SELECT FROM rate own WHERE own.version_id = v.id AND own.service = r.service AND own.prefix = r.prefix
        )
        ORDER BY v.id, r.service, r.prefix, r.effective_from DESC
        """
    )
    op.alter_column("rate", "version_id", nullable=False)
    op.drop_column("rate", "rate_plan_id")
    op.drop_column("rate", "effective_from")


def _constraints() -> None:
    checks = {
        "service": "service IN ('inbound', 'outbound', 'verification')",
        "kind": "kind IN ('duration', 'per_call')",
        "prefix": r"prefix ~ '^(\+[0-9]{0,15})?$'",
        "area": "area IN ('local', 'long_distance', 'international')",
        "regions": f"caller_region {REGION} AND callee_region {REGION}",
        "weekdays": "weekdays BETWEEN 1 AND 127",
        "window": "from_minute BETWEEN 0 AND 1439 AND to_minute BETWEEN 1 AND 1440 AND from_minute <> to_minute",
        "price": "connect_micros BETWEEN 0 AND 10000000000 AND price_micros BETWEEN 0 AND 10000000000",
        "increments": "included_s BETWEEN 0 AND 86400 AND first_increment_s BETWEEN 0 AND 86400 "
        "AND increment_s BETWEEN 1 AND 3600",
    }
    for name, condition in checks.items():
        op.create_check_constraint(op.f(f"ck_rate_{name}"), "rate", condition)
    op.create_foreign_key(
        op.f("fk_rate_tenant_id_version_id"),
        "rate",
        "rate_plan_version",
        ["tenant_id", "version_id"],
        ["tenant_id", "id"],
        ondelete="CASCADE",
    )
    match = ["version_id", "service", "prefix", "area", "caller_region", "callee_region"]
    match += ["weekdays", "from_minute", "to_minute"]
    op.create_unique_constraint("uq_rate_match", "rate", match, postgresql_nulls_not_distinct=True)


def _assignments() -> None:
    op.execute(
        """
        INSERT INTO rate_plan_assignment (tenant_id, effective_from, rate_plan_id)
        SELECT id, 'epoch', rate_plan_id FROM tenant WHERE rate_plan_id IS NOT NULL
        """
    )
    op.execute(
        """
        CREATE FUNCTION note_rate_plan() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        BEGIN
            IF TG_OP = 'INSERT' AND NEW.rate_plan_id IS NULL THEN
                RETURN NULL;
            END IF;
            IF TG_OP = 'UPDATE' AND NEW.rate_plan_id IS NOT DISTINCT FROM OLD.rate_plan_id THEN
                RETURN NULL;
            END IF;
            INSERT INTO rate_plan_assignment (tenant_id, effective_from, rate_plan_id)
            SELECT NEW.id, CASE WHEN count(*) = 0 THEN 'epoch' ELSE now() END, NEW.rate_plan_id
            FROM rate_plan_assignment WHERE tenant_id = NEW.id
            ON CONFLICT (tenant_id, effective_from) DO UPDATE SET rate_plan_id = excluded.rate_plan_id;
            RETURN NULL;
        END
        $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION note_rate_plan() FROM PUBLIC")
    op.execute(
        "CREATE TRIGGER note_rate_plan AFTER INSERT OR UPDATE OF rate_plan_id ON tenant "
        "FOR EACH ROW EXECUTE FUNCTION note_rate_plan()"
    )


def _access() -> None:
    """A level reads, besides its own plans and those below, what it is charged by itself: published versions only."""
    for table in NEW_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_scope ON {table} USING ({BELOW}) WITH CHECK ({BELOW})")
    for table, condition in OWN_PRICES.items():
        op.execute(f"CREATE POLICY own_prices ON {table} FOR SELECT USING ({condition})")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON rate_plan_version TO ucc_system")
    op.execute("GRANT SELECT ON rate_plan_assignment TO ucc_system, ucc_api")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON rate_plan, rate_plan_version, rate TO ucc_api")


def _never_changes() -> None:
    op.execute(
        """
        CREATE FUNCTION refuse_published_change() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE versions bigint[] := '{}';
        BEGIN
            IF TG_OP <> 'INSERT' THEN versions := versions || OLD.version_id; END IF;
            IF TG_OP <> 'DELETE' THEN versions := versions || NEW.version_id; END IF;
            IF EXISTS (SELECT FROM rate_plan_version WHERE id = ANY (versions) AND state = 'published') THEN
                RAISE EXCEPTION 'a published version of a rate plan never changes' USING ERRCODE = 'restrict_violation';
            END IF;
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        END
        $$
        """
    )
    op.execute(
        "CREATE TRIGGER never_changes BEFORE INSERT OR UPDATE OR DELETE ON rate "
        "FOR EACH ROW EXECUTE FUNCTION refuse_published_change()"
    )
    op.execute(
        "CREATE TRIGGER never_changes BEFORE UPDATE OR DELETE ON rate_plan_version "
        "FOR EACH ROW WHEN (OLD.state = 'published') EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    """Drafts, and rates that the older form cannot say, are lost; charges keep their amounts."""
    op.execute("DROP TRIGGER never_changes ON rate_plan_version")
    op.execute("DROP TRIGGER never_changes ON rate")
    op.execute("DROP FUNCTION refuse_published_change()")
    op.execute("REVOKE INSERT, UPDATE, DELETE ON rate_plan, rate FROM ucc_api")
    for table in OWN_PRICES:
        op.execute(f"DROP POLICY own_prices ON {table}")
    op.execute("DROP TRIGGER note_rate_plan ON tenant")
    op.execute("DROP FUNCTION note_rate_plan()")
    lost = (
        "SELECT r.id FROM rate r JOIN rate_plan_version v ON v.id = r.version_id WHERE v.state = 'draft' "
        "OR r.kind <> 'duration' OR r.service = 'verification' OR r.weekdays <> 127 OR r.from_minute <> 0 "
        "OR r.to_minute <> 1440 OR coalesce(r.area, r.caller_region, r.callee_region) IS NOT NULL"
    )
    op.execute(f"UPDATE call_charge SET rate_id = NULL WHERE rate_id IN ({lost})")
    op.execute(f"DELETE FROM rate WHERE id IN ({lost})")
    op.add_column("rate", sa.Column("rate_plan_id", sa.BigInteger(), nullable=True))
    op.add_column("rate", sa.Column("effective_from", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE rate r SET rate_plan_id = v.rate_plan_id, effective_from = v.effective_from "
        "FROM rate_plan_version v WHERE v.id = r.version_id"
    )
    op.drop_constraint("uq_rate_match", "rate", type_="unique")
    for name in ("weekdays", "window", "service", "kind", "prefix", "area", "regions", "price", "increments"):
        op.drop_constraint(op.f(f"ck_rate_{name}"), "rate", type_="check")
    for name in ("version_id", "kind", "area", "caller_region", "callee_region"):
        op.drop_column("rate", name)
    for name in ("weekdays", "from_minute", "to_minute"):
        op.drop_column("rate", name)
    op.alter_column("rate", "service", new_column_name="direction")
    op.alter_column("rate", "rate_plan_id", nullable=False)
    op.alter_column("rate", "effective_from", nullable=False)
    op.create_check_constraint(op.f("ck_rate_direction"), "rate", "direction IN ('inbound', 'outbound')")
    op.create_check_constraint(op.f("ck_rate_prefix"), "rate", r"prefix ~ '^(\+[0-9]*)?$'")
    op.create_check_constraint(op.f("ck_rate_price"), "rate", "connect_micros >= 0 AND price_micros >= 0")
    op.create_check_constraint(
        op.f("ck_rate_increments"), "rate", "included_s >= 0 AND first_increment_s >= 0 AND increment_s > 0"
    )
    op.create_foreign_key(
        op.f("fk_rate_tenant_id_rate_plan_id"), "rate", "rate_plan", ["tenant_id", "rate_plan_id"], ["tenant_id", "id"]
    )
    op.create_unique_constraint(
        op.f("uq_rate_rate_plan_id_direction_prefix_effective_from"),
        "rate",
        ["rate_plan_id", "direction", "prefix", "effective_from"],
    )
    for table in reversed(NEW_TABLES):
        op.drop_table(table)
