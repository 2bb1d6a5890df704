"""Trunks of before get a holder, and their history begins; the way back forgets both and leaves the rest."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import create_engine, text

from database_fixtures import TestDatabase
from ucc.db.setup import alembic_config
from world import build_world

pytestmark = pytest.mark.db


async def test_down_and_up_with_trunks(bare_database: TestDatabase) -> None:
    async with bare_database.open() as database, database.begin() as session:
        world = await build_world(session)
        await session.execute(text("UPDATE trunk SET holder_id = :id"), {"id": world.first.reseller_id})
    engine = create_engine(bare_database.url("owner"))
    with engine.connect() as connection:

        def count() -> dict[str, int]:
            rows = connection.execute(text("SELECT kind, count(*) FROM resource_grant GROUP BY kind")).all()
            return {kind: found for kind, found in rows}

        config = alembic_config()
        config.attributes["connection"] = connection
        assert count() == {"extension": 2, "did": 2, "caller_id": 2, "trunk": 2}
        command.downgrade(config, "20261123_1920")
        connection.commit()
        assert count() == {"extension": 2, "did": 2, "caller_id": 2}
        ids = connection.execute(text("SELECT array_agg(id) FROM caller_id")).scalar_one()
        move = text("SELECT move_resources('caller_id', :ids, :to, NULL)")
        assert connection.execute(move, {"ids": ids[:1], "to": world.operator_id}).scalar_one() == 1
        assert count()["caller_id"] == 3
        with pytest.raises(Exception, match="append-only"), connection.begin_nested():
            connection.execute(text("DELETE FROM resource_grant"))
        connection.commit()
        command.upgrade(config, "head")
        connection.commit()
        assert connection.execute(text("SELECT holder_id FROM trunk")).scalar_one() == world.operator_id
        rows = connection.execute(text("SELECT number, to_tenant_id FROM resource_grant WHERE kind = 'trunk'")).all()
        assert [tuple(row) for row in rows] == [("carrier", world.operator_id)]
    engine.dispose()
