"""Where the database is, and an engine for each role that reads or writes it.

`system` (controller, worker) sees every tenant; `api` sees what the scope of its transaction allows; `owner` runs
migrations; `border` (Kamailio) reads two views. The names of the roles are the same in every installation.
"""

from __future__ import annotations

from typing import Literal

from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ucc.config import Settings, get_settings
from ucc.secrets import Secrets, get_secrets

Role = Literal["owner", "system", "api", "border"]
DRIVER = "postgresql+psycopg"
DATABASE = "ucc"


def admin_url(settings: Settings | None = None, secrets: Secrets | None = None) -> URL:
    """The URL of a superuser: of the private cluster, or `database_url` when an own PostgreSQL is named.

    An own PostgreSQL is named with a role that may create roles and databases; the database in the URL is UCC's.
    """
    settings, secrets = settings or get_settings(), secrets or get_secrets()
    if settings.database_url is not None:
        return make_url(settings.database_url).set(drivername=DRIVER)
    return URL.create(
        DRIVER,
        username="postgres",
        password=secrets.postgres_superuser,
        host=settings.address,
        port=settings.postgres_port,
        database=DATABASE,
    )


def role_url(role: Role, settings: Settings | None = None, secrets: Secrets | None = None) -> URL:
    """The URL for one of UCC's roles."""
    secrets = secrets or get_secrets()
    password = {
        "owner": secrets.postgres_owner,
        "system": secrets.postgres_system,
        "api": secrets.postgres_api,
        "border": secrets.postgres_border,
    }[role]
    return admin_url(settings, secrets).set(username=f"ucc_{role}", password=password)


def create_engine(url: URL, *, pool_size: int = 5) -> AsyncEngine:
    """An engine whose connections are checked before use and give up after 5 s when the server is away."""
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5, "options": "-c timezone=UTC"},
    )
