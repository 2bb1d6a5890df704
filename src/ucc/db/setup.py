"""Makes the database: roles and the database itself as a superuser, then every migration as the owner.

`python -m ucc.db.setup` does all of it and may be repeated; it changes nothing when nothing is new.
"""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from psycopg import Connection, sql
from psycopg import connect as connect_psycopg
from sqlalchemy import URL, create_engine, text

from ucc.config import CHECKOUT, Settings, get_settings
from ucc.db.engine import admin_url, role_url
from ucc.secrets import Secrets, get_secrets

ROLE_OPTIONS = {
    "ucc_owner": "BYPASSRLS",
    "ucc_system": "BYPASSRLS",
    "ucc_api": "NOBYPASSRLS",
    "ucc_border": "NOBYPASSRLS",
}
API_STATEMENT_TIMEOUT_S = 15


def alembic_config() -> Config:
    return Config(str(CHECKOUT / "alembic.ini"))


def connect(url: URL, database: str | None = None) -> Connection[tuple[object, ...]]:
    """A plain psycopg connection that commits every statement by itself."""
    return connect_psycopg(
        host=url.host,
        port=url.port,
        user=url.username,
        password=url.password,
        dbname=database or url.database,
        connect_timeout=5,
        autocommit=True,
    )


def create_roles(admin: URL, secrets: Secrets) -> None:
    """UCC's four roles, with the passwords of this installation. No role may log in without one."""
    passwords = {
        "ucc_owner": secrets.postgres_owner,
        "ucc_system": secrets.postgres_system,
        "ucc_api": secrets.postgres_api,
        "ucc_border": secrets.postgres_border,
    }
    with connect(admin, "postgres") as connection:
        known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'ucc%'")}
        for role, options in ROLE_OPTIONS.items():
            statement = sql.SQL("{verb} ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE {options} PASSWORD {key}")
            connection.execute(
                statement.format(
                    verb=sql.SQL("ALTER" if role in known else "CREATE"),
                    role=sql.Identifier(role),
                    options=sql.SQL(options),
                    key=sql.Literal(passwords[role]),
                )
            )
        connection.execute(f"ALTER ROLE ucc_api SET statement_timeout = '{API_STATEMENT_TIMEOUT_S}s'")


def create_database(admin: URL, name: str, template: str = "template1") -> None:
    """An empty database (or a copy of `template`) of the owner role; strangers may not even connect to it."""
    with connect(admin, "postgres") as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None:
            return
        database = sql.Identifier(name)
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER ucc_owner TEMPLATE {}").format(database, sql.Identifier(template))
        )
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO ucc_system, ucc_api, ucc_border").format(database))


def migrate(owner: URL, sip_domain: str) -> None:
    """Every migration that is missing, and the settings that the border's views need."""
    engine = create_engine(owner)
    with engine.connect() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.execute(
            text(
                "INSERT INTO border_setting (sip_domain) VALUES (:domain) "
                "ON CONFLICT (id) DO UPDATE SET sip_domain = excluded.sip_domain"
            ),
            {"domain": sip_domain},
        )
        connection.execute(text("SELECT ensure_call_record_partitions()"))
        connection.commit()
    engine.dispose()


def prepare_database(settings: Settings | None = None, secrets: Secrets | None = None) -> None:
    """Roles, database and schema of this installation. Raises psycopg.Error or SQLAlchemyError."""
    settings, secrets = settings or get_settings(), secrets or get_secrets()
    admin, owner = admin_url(settings, secrets), role_url("owner", settings, secrets)
    create_roles(admin, secrets)
    create_database(admin, str(admin.database))
    migrate(owner, settings.sip_domain)


if __name__ == "__main__":
    prepare_database()
