"""Runs migrations as the owner role, on the connection given by `ucc.db.setup` or on one of its own."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, create_engine

from ucc.db.engine import role_url
from ucc.db.models import metadata

FOREIGN_TABLES = ("procrastinate_", "call_record_", "alembic_version")


def include_name(name: str | None, kind: str, parents: object) -> bool:
    """Tables that are not ours to compare: the job queue's, and the partitions of call_record."""
    return not (kind == "table" and name is not None and name.startswith(FOREIGN_TABLES))


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_name=include_name,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    url = context.config.get_main_option("sqlalchemy.url") or role_url("owner")
    with create_engine(url).connect() as connection:
        migrate(connection)
