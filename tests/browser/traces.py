"""Takes back what the product keeps for ever, for the test stack's database is used again: published plans, customers
with their money. Every balance is afterwards what its other postings make it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import sql

from live.house import House
from ucc.db.engine import admin_url, role_url
from ucc.db.setup import connect

PLAN_PARTS = ("rent", "rate")
OWN_SETS = """
    SELECT id FROM posting_set WHERE tenant_id = %(id)s
    UNION SELECT posting_set_id FROM posting WHERE tenant_id = %(id)s
"""
HAVE_TENANTS = """
    SELECT c.table_name FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND c.column_name = 'tenant_id' AND t.table_type = 'BASE TABLE'
"""


@contextmanager
def without_rules(house: House) -> Iterator[Any]:
    """A transaction in which no trigger and no foreign key holds."""
    database = role_url("owner", house.settings, house.secrets).database
    admin = admin_url(house.settings, house.secrets)
    with connect(admin, database) as connection, connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        yield connection


def forget_plan(house: House, name: str) -> None:
    with without_rules(house) as connection:
        versions = "SELECT v.id FROM rate_plan_version v JOIN rate_plan p ON p.id = v.rate_plan_id WHERE p.name = %s"
        for table in PLAN_PARTS:
            connection.execute(f"DELETE FROM {table} WHERE version_id IN ({versions})", (name,))
        connection.execute(f"DELETE FROM rate_plan_version WHERE id IN ({versions})", (name,))
        connection.execute("DELETE FROM rate_plan WHERE name = %s", (name,))


def forget_customer(house: House, code: str) -> None:
    """A tenant without any below it. Who writes of every tenant (the controller its leases, the worker what was spent)
    waits meanwhile, else it may write of this one when it is gone."""
    with without_rules(house) as connection:
        connection.execute("LOCK TABLE tenant_lease, tenant_spend IN SHARE ROW EXCLUSIVE MODE")
        row = connection.execute("SELECT id FROM tenant WHERE code = %s", (code,)).fetchone()
        if row is None:
            return
        own: dict[str, Any] = {"id": row[0]}
        own["sets"] = [found[0] for found in connection.execute(OWN_SETS, own).fetchall()]
        connection.execute(
            """
            UPDATE account a SET balance_micros = a.balance_micros - s.sum FROM (
              SELECT account_id, sum(amount_micros) AS sum FROM posting WHERE posting_set_id = ANY(%(sets)s) GROUP BY 1
            ) s WHERE a.id = s.account_id
            """,
            own,
        )
        for table in ("call_charge", "posting"):
            connection.execute(f"DELETE FROM {table} WHERE posting_set_id = ANY(%(sets)s)", own)
        connection.execute("DELETE FROM posting_set WHERE id = ANY(%(sets)s)", own)
        for (table,) in connection.execute(HAVE_TENANTS).fetchall():
            connection.execute(sql.SQL("DELETE FROM {} WHERE tenant_id = %(id)s").format(sql.Identifier(table)), own)
        connection.execute("DELETE FROM tenant_tree WHERE descendant_id = %(id)s", own)
        connection.execute("DELETE FROM tenant WHERE id = %(id)s", own)
