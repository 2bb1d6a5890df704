"""A database of its own for each test: a copy of one that the migrations built.

The server is the test stack's, or the one that `UCC_TEST_DATABASE` names (a superuser's URL).
"""

from __future__ import annotations

import asyncio
import copy
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

import pytest
import pytest_asyncio
from sqlalchemy import URL, make_url

from ucc.config import get_settings
from ucc.db.engine import DRIVER, Role, admin_url, role_url
from ucc.db.setup import connect, create_database, create_roles, migrate
from ucc.db.unit import Database
from ucc.secrets import get_secrets
from world import World, build_world

TEMPLATE = f"ucc_test_{os.getpid()}"
_numbers = count(1)

_OWN_TABLES = """
    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
    AND NOT relispartition AND relname <> 'alembic_version'
"""
SAVE = f"""
    DO $$ DECLARE name text; BEGIN
        CREATE SCHEMA saved;
        FOR name IN {_OWN_TABLES} LOOP EXECUTE format('CREATE TABLE saved.%I AS TABLE public.%I', name, name); END LOOP;
    END $$
"""
RESTORE = f"""
    DO $$ DECLARE name text; BEGIN
        FOR name IN {_OWN_TABLES} LOOP
            EXECUTE format('DELETE FROM public.%I', name);
            EXECUTE format('INSERT INTO public.%I OVERRIDING SYSTEM VALUE SELECT * FROM saved.%I', name, name);
        END LOOP;
    END $$
"""


@dataclass(frozen=True)
class TestDatabase:
    """The URLs of one database."""

    __test__ = False

    admin: URL

    @property
    def name(self) -> str:
        return str(self.admin.database)

    def url(self, role: Role) -> URL:
        own = role_url(role)
        return self.admin.set(username=own.username, password=own.password)

    def open(self, role: Role = "system") -> Database:
        return Database(self.url(role), pool_size=4)


def drop(admin: URL, name: str) -> None:
    with connect(admin, "postgres") as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def database_server(request: pytest.FixtureRequest) -> URL:
    named = os.environ.get("UCC_TEST_DATABASE")
    if named is not None:
        url = make_url(named).set(drivername=DRIVER)
        create_roles(url, get_secrets())
        return url
    request.getfixturevalue("stack")
    return admin_url()


@pytest.fixture(scope="session")
def template(database_server: URL) -> Iterator[TestDatabase]:
    """An empty database with every migration applied."""
    found = TestDatabase(database_server.set(database=TEMPLATE))
    drop(database_server, TEMPLATE)
    create_database(database_server, TEMPLATE)
    migrate(found.url("owner"), get_settings().sip_domain)
    yield found
    drop(database_server, TEMPLATE)


@pytest.fixture(scope="session")
def world_template(template: TestDatabase) -> Iterator[tuple[TestDatabase, World]]:
    """A copy of the template with the tests' customer tree in it."""
    name = f"{TEMPLATE}_world"
    create_database(template.admin, name, TEMPLATE)
    found = TestDatabase(template.admin.set(database=name))

    async def build() -> World:
        async with found.open() as database, database.begin() as session:
            return await build_world(session)

    yield found, asyncio.run(build())
    drop(template.admin, name)


@pytest.fixture
def bare_database(template: TestDatabase) -> Iterator[TestDatabase]:
    """A fresh database with the schema and nothing else."""
    with copied(template) as own:
        yield own


@pytest.fixture(scope="session")
def reset(world_template: tuple[TestDatabase, World]) -> Iterator[tuple[TestDatabase, Callable[[], None]]]:
    """A database, and what puts it back to the customer tree and nothing else: far quicker than a new copy."""
    with copied(world_template[0]) as own:
        with connect(own.admin) as connection:
            connection.execute(SAVE)
        yield own, lambda: restore(own)


@pytest.fixture
def fresh_database(reset: tuple[TestDatabase, Callable[[], None]]) -> TestDatabase:
    """A database with the customer tree, as if it were new. No test may change its schema."""
    database, put_back = reset
    put_back()
    return database


@pytest.fixture(scope="session")
def shared_database(world_template: tuple[TestDatabase, World]) -> Iterator[TestDatabase]:
    """A database with the customer tree for tests that leave nothing behind."""
    with copied(world_template[0]) as own:
        yield own


@contextmanager
def copied(source: TestDatabase) -> Iterator[TestDatabase]:
    name = f"{TEMPLATE}_{next(_numbers)}"
    create_database(source.admin, name, source.name)
    try:
        yield TestDatabase(source.admin.set(database=name))
    finally:
        drop(source.admin, name)


def restore(database: TestDatabase) -> None:
    with connect(database.admin) as connection:
        connection.execute("SET session_replication_role = replica")  # no triggers: not even those of the ledger
        connection.execute("SET lock_timeout = '5s'")
        connection.execute(RESTORE)


@pytest_asyncio.fixture
async def database(fresh_database: TestDatabase) -> AsyncIterator[Database]:
    """A fresh database as the system role sees it."""
    async with fresh_database.open("system") as opened:
        yield opened


@pytest.fixture
def world(world_template: tuple[TestDatabase, World]) -> World:
    """Two resellers with one enterprise each: what is in every fresh and shared database."""
    return copy.deepcopy(world_template[1])
