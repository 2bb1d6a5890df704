"""Rents belong to versions of rate plans; what they were charged for; how many agents a tenant had when; months of the
ledger, and the statements that close them."""

from __future__ import annotations

# ruff: noqa: S608  # every part of these statements is written here
import sqlalchemy as sa
from alembic import op

revision = "20261123_1425"
down_revision = "20261123_1402"

BELOW = "tenant_id IN (SELECT t.descendant_id FROM tenant_tree t WHERE t.ancestor_id = (SELECT tenant_scope()))"
CHARGED_BY = "SELECT a.rate_plan_id FROM rate_plan_assignment a WHERE a.tenant_id = (SELECT tenant_scope())"
PUBLISHED = f"SELECT v.id FROM rate_plan_version v WHERE v.state = 'published' AND v.rate_plan_id IN ({CHARGED_BY})"
MONTH = "date_trunc('month', {} AT TIME ZONE 'Asia/Shanghai')::date"
OLD_POST = "post_ledger(text, text, bigint, uuid, text, bigint, bigint, bigint[], bigint[], boolean[])"
NEW_POST = OLD_POST.replace("boolean[])", "boolean[], date)")
TABLES = ("agent_change", "rent_charge", "settled_day", "statement", "statement_total", "statement_file")


def upgrade() -> None:
    _rents()
    _agents()
    _months()
    _statements()
    _access()


def _rents() -> None:
    op.create_table(
        "rent",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("cycle IN ('day', 'week', 'month', 'year')", name=op.f("ck_rent_cycle")),
        sa.CheckConstraint("basis IN ('fixed', 'agent', 'extension', 'did')", name=op.f("ck_rent_basis")),
        sa.CheckConstraint("amount_micros BETWEEN 1 AND 1000000000000", name=op.f("ck_rent_amount_micros")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "version_id"],
            ["rate_plan_version.tenant_id", "rate_plan_version.id"],
            name=op.f("fk_rent_tenant_id_version_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_rent_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rent")),
        sa.UniqueConstraint("version_id", "cycle", "basis", name=op.f("uq_rent_version_id_cycle_basis")),
    )
    op.execute(
        "CREATE TRIGGER never_changes BEFORE INSERT OR UPDATE OR DELETE ON rent "
        "FOR EACH ROW EXECUTE FUNCTION refuse_published_change()"
    )
    op.add_column(
        "rate_plan_assignment",
        sa.Column("assigned_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.execute(
        "UPDATE rate_plan_assignment a SET assigned_at = greatest(a.effective_from, t.created_at) "
        "FROM tenant t WHERE t.id = a.tenant_id"
    )
    op.create_table(
        "rent_charge",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("days", sa.BigInteger(), nullable=False),
        sa.Column("unit_days", sa.BigInteger(), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.Column("posting_set_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount_micros > 0", name=op.f("ck_rent_charge_amount_micros")),
        sa.ForeignKeyConstraint(["posting_set_id"], ["posting_set.id"], name=op.f("fk_rent_charge_posting_set_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_rent_charge_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rent_charge")),
        sa.UniqueConstraint(
            "tenant_id", "starts_on", "cycle", "basis", name=op.f("uq_rent_charge_tenant_id_starts_on_cycle_basis")
        ),
        sa.UniqueConstraint("posting_set_id", name=op.f("uq_rent_charge_posting_set_id")),
    )
    op.create_table(
        "settled_day",
        sa.Column("tenant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_settled_day_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_settled_day")),
    )


def _agents() -> None:
    """A row for each time that a tenant gets or loses an agent."""
    op.create_table(
        "agent_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("change IN (1, -1)", name=op.f("ck_agent_change_change")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_agent_change_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_change")),
    )
    op.create_index(op.f("ix_agent_change_tenant_id"), "agent_change", ["tenant_id"])
    op.execute(
        "INSERT INTO agent_change (tenant_id, agent_id, change, changed_at) "
        "SELECT a.tenant_id, a.id, 1, u.created_at FROM agent a JOIN app_user u ON u.id = a.user_id ORDER BY a.id"
    )
    op.execute(
        """
        CREATE FUNCTION note_agent() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        BEGIN
            IF TG_OP <> 'INSERT' THEN
                INSERT INTO agent_change (tenant_id, agent_id, change) VALUES (OLD.tenant_id, OLD.id, -1);
            END IF;
            IF TG_OP <> 'DELETE' THEN
                INSERT INTO agent_change (tenant_id, agent_id, change) VALUES (NEW.tenant_id, NEW.id, 1);
            END IF;
            RETURN NULL;
        END
        $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION note_agent() FROM PUBLIC")
    op.execute("CREATE TRIGGER note_agent AFTER INSERT OR DELETE ON agent FOR EACH ROW EXECUTE FUNCTION note_agent()")
    op.execute(
        "CREATE TRIGGER note_move AFTER UPDATE OF tenant_id ON agent FOR EACH ROW "
        "WHEN (OLD.tenant_id IS DISTINCT FROM NEW.tenant_id) EXECUTE FUNCTION note_agent()"
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON agent_change "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _months() -> None:
    """Every posting set belongs to a month on China's clock: the one in which it is posted, except for what closes a
    month. Rewriting the column's type gives those that are there theirs; append-only rows cannot be updated."""
    op.add_column("posting_set", sa.Column("period", sa.Date(), nullable=True))
    op.execute(f"ALTER TABLE posting_set ALTER COLUMN period TYPE date USING {MONTH.format('created_at')}")
    op.execute(f"ALTER TABLE posting_set ALTER COLUMN period SET DEFAULT {MONTH.format('now()')}")
    op.alter_column("posting_set", "period", nullable=False)
    op.create_index("ix_posting_set_period", "posting_set", ["period", "id"])
    op.drop_index(op.f("ix_posting_account_id"), "posting")
    op.create_index("ix_posting_account", "posting", ["account_id", "posting_set_id"])
    op.create_index(op.f("ix_call_charge_posting_set_id"), "call_charge", ["posting_set_id"])
    source = op.get_bind().scalar(sa.text(f"SELECT pg_get_functiondef('{OLD_POST}'::regprocedure)"))
    for old, new in (
        ("p_guards boolean[])", "p_guards boolean[], p_period date DEFAULT NULL)"),
        ("reason, user_id, reverses_id)", "reason, user_id, reverses_id, period)"),
        (
            "p_reason, p_user, p_reverses)",
            f"p_reason, p_user, p_reverses, coalesce(CASE WHEN session_user <> 'ucc_api' THEN p_period END, "
            f"{MONTH.format('now()')}))",
        ),
    ):
        if source.count(old) != 1:
            raise RuntimeError(f"post_ledger has not exactly one {old!r}")
        source = source.replace(old, new)
    op.execute(f"DROP FUNCTION {OLD_POST}")
    op.execute(source)
    op.execute(f"REVOKE ALL ON FUNCTION {NEW_POST} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {NEW_POST} TO ucc_api, ucc_system")


def _statements() -> None:
    op.create_table(
        "statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("opening_micros", sa.BigInteger(), nullable=False),
        sa.Column("closing_micros", sa.BigInteger(), nullable=False),
        sa.Column("minimum_micros", sa.BigInteger(), nullable=False),
        sa.Column("free_s", sa.BigInteger(), nullable=False),
        sa.Column("commission_ppm", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_statement_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_statement_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "period", name=op.f("uq_statement_tenant_id_period")),
    )
    op.create_table(
        "statement_total",
        sa.Column("statement_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "statement_id"],
            ["statement.tenant_id", "statement.id"],
            name=op.f("fk_statement_total_tenant_id_statement_id"),
        ),
        sa.PrimaryKeyConstraint("statement_id", "kind", name=op.f("pk_statement_total")),
    )
    op.create_table(
        "statement_file",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("lines_done", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("lines_total", sa.BigInteger(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("format IN ('pdf', 'xlsx')", name=op.f("ck_statement_file_format")),
        sa.CheckConstraint("language IN ('zh-CN', 'en')", name=op.f("ck_statement_file_language")),
        sa.CheckConstraint("state IN ('waiting', 'making', 'ready', 'failed')", name=op.f("ck_statement_file_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "statement_id"],
            ["statement.tenant_id", "statement.id"],
            name=op.f("fk_statement_file_tenant_id_statement_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_file")),
        sa.UniqueConstraint(
            "statement_id", "format", "language", name=op.f("uq_statement_file_statement_id_format_language")
        ),
    )


def _access() -> None:
    op.execute("ALTER TABLE rent ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE rent FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant_scope ON rent USING ({BELOW}) WITH CHECK ({BELOW})")
    op.execute(f"CREATE POLICY own_prices ON rent FOR SELECT USING (version_id IN ({PUBLISHED}))")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON rent TO ucc_api, ucc_system")
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_scope ON {table} USING ({BELOW}) WITH CHECK ({BELOW})")
        op.execute(f"GRANT SELECT ON {table} TO ucc_system, ucc_api")
    for table in ("rent_charge", "settled_day", "statement", "statement_total", "statement_file"):
        op.execute(f"GRANT INSERT ON {table} TO ucc_system")
    op.execute("GRANT UPDATE ON settled_day TO ucc_system")
    op.execute("GRANT UPDATE, DELETE ON statement_file TO ucc_system")
    op.execute("GRANT INSERT (statement_id, tenant_id, format, language) ON statement_file TO ucc_api")
    op.execute("GRANT UPDATE (state, lines_done, failure, updated_at) ON statement_file TO ucc_api")


def downgrade() -> None:
    """Rents, statements and the months of the ledger are lost; what was posted stays."""
    source = op.get_bind().scalar(sa.text(f"SELECT pg_get_functiondef('{NEW_POST}'::regprocedure)"))
    op.execute(f"DROP FUNCTION {NEW_POST}")
    kept = source.replace(", p_period date DEFAULT NULL::date)", ")").replace("reverses_id, period)", "reverses_id)")
    begin = kept.index(", coalesce(CASE WHEN session_user")
    op.execute(kept[:begin] + kept[kept.index("::date))", begin) + len("::date)") :])
    op.execute(f"REVOKE ALL ON FUNCTION {OLD_POST} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {OLD_POST} TO ucc_api, ucc_system")
    op.drop_index(op.f("ix_call_charge_posting_set_id"), "call_charge")
    op.drop_index("ix_posting_account", "posting")
    op.create_index(op.f("ix_posting_account_id"), "posting", ["account_id"])
    op.drop_column("posting_set", "period")
    for table in ("statement_file", "statement_total", "statement", "settled_day", "rent_charge"):
        op.drop_table(table)
    op.execute("DROP TRIGGER note_agent ON agent")
    op.execute("DROP TRIGGER note_move ON agent")
    op.execute("DROP FUNCTION note_agent()")
    op.drop_table("agent_change")
    op.drop_column("rate_plan_assignment", "assigned_at")
    op.drop_table("rent")
