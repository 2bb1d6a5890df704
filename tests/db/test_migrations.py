"""The migrations are the schema: complete, reversible, and the same as the models."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from database_fixtures import TestDatabase
from ucc.db.models import metadata
from ucc.db.setup import alembic_config, migrate


def test_there_is_one_line_of_migrations() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1


def test_every_constraint_has_a_name() -> None:
    for table in metadata.tables.values():
        for constraint in table.constraints:
            assert constraint.name, f"{table.name}: {constraint}"


@pytest.mark.db
def test_models_and_migrations_agree(bare_database: TestDatabase) -> None:
    engine = create_engine(bare_database.url("owner"))
    with engine.connect() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.check(config)
    engine.dispose()


@pytest.mark.db
def test_down_and_up_again(bare_database: TestDatabase) -> None:
    engine = create_engine(bare_database.url("owner"))
    with engine.connect() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        connection.commit()
        left = connection.execute(text("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"))
        assert {row[0] for row in left} <= {"alembic_version", "pk_alembic_version", "alembic_version_pkc"}
        functions = connection.execute(text("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"))
        assert functions.all() == []
    engine.dispose()
    migrate(bare_database.url("owner"), "ucc.local")
    migrate(bare_database.url("owner"), "ucc.local")


@pytest.mark.db
async def test_partitions_are_made_ahead_and_once(bare_database: TestDatabase) -> None:
    async with bare_database.open() as database, database.begin() as session:
        names = "SELECT relname FROM pg_class WHERE relname ~ '^call_record_[0-9]{6}$' AND relkind = 'r'"
        before = set((await session.execute(text(names))).scalars())
        assert len(before) == 5
        assert await session.scalar(text("SELECT ensure_call_record_partitions()")) == 0
        assert await session.scalar(text("SELECT ensure_call_record_partitions(6)")) == 3
        month = await session.scalar(text("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYYMM')"))
        assert f"call_record_{month}" in before
