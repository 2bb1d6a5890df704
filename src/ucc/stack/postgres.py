"""The private PostgreSQL cluster: made once, tuned by command-line settings, its roles kept in step with the secrets.

Roles: `ucc_owner` owns the database and runs migrations; `ucc_system` (controller, worker) sees every tenant; `ucc_api` is
subject to row-level security; `ucc_border` (Kamailio) reads a few views.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg
from psycopg import sql

from ucc.config import CHECKOUT, Settings
from ucc.secrets import Secrets
from ucc.stack.namespace import chroot_command, make_folder

BIN = "/usr/lib/postgresql/18/bin"
USER = "postgres"
DATABASE = "ucc"


def data_dir(settings: Settings) -> Path:
    return settings.home / "postgres"


def init_cluster(settings: Settings, secrets: Secrets) -> None:
    """Makes the cluster when there is none; built beside and renamed, so that it is whole or absent. Raises RuntimeError."""
    final = data_dir(settings)
    if (final / "PG_VERSION").exists():
        return
    building = settings.home / "postgres.building"
    shutil.rmtree(building, ignore_errors=True)
    make_folder(settings, building, USER, 0o700)
    password = building.with_name("postgres.password")
    password.touch(0o600)
    try:
        password.write_text(secrets.postgres_superuser)
        shutil.chown(password, *_owner(building))
        argv = [f"{BIN}/initdb", "--pgdata", str(building), "--username=postgres", f"--pwfile={password}"]
        argv += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"]
        done = subprocess.run(
            chroot_command(settings, argv, user=USER), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
    finally:
        password.unlink(missing_ok=True)
    if done.returncode != 0:
        raise RuntimeError(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")
    building.rename(final)


def _owner(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_uid, status.st_gid


def command(settings: Settings) -> list[str]:
    """The server, in the foreground, on TCP only."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // (1 << 20)
    shared_mb = min(max(memory // 8, 128), 1024)
    values = {
        "listen_addresses": settings.address,
        "port": str(settings.postgres_port),
        "unix_socket_directories": "",
        "password_encryption": "scram-sha-256",
        "max_connections": "200",
        "shared_buffers": f"{shared_mb}MB",
        "effective_cache_size": f"{max(memory // 2, 256)}MB",
        "work_mem": "8MB",
        "maintenance_work_mem": "128MB",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "10min",
        "wal_compression": "on",
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %u %a ",
        "log_min_duration_statement": "500",
        "log_lock_waits": "on",
        "idle_in_transaction_session_timeout": "60s",
    }
    flags = [part for name, value in values.items() for part in ("-c", f"{name}={value}")]
    return [f"{BIN}/postgres", "-D", str(data_dir(settings)), *flags]


def url(settings: Settings, secrets: Secrets, role: str) -> str:
    """A libpq URL of the private cluster for `superuser`, `owner`, `system`, `api` or `border`."""
    name = "postgres" if role == "superuser" else f"ucc_{role}"
    password = getattr(secrets, f"postgres_{role}")
    database = "postgres" if role == "superuser" else DATABASE
    return f"postgresql://{name}:{password}@{settings.address}:{settings.postgres_port}/{database}"


async def find_trouble(settings: Settings, secrets: Secrets) -> str | None:
    """Why the server cannot be used now; None when it answers."""
    try:
        async with await psycopg.AsyncConnection.connect(
            url(settings, secrets, "superuser"), connect_timeout=2, autocommit=True
        ) as connection:
            await connection.execute("select 1")
    except psycopg.Error as error:
        return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return None


_ROLES = {"owner": "createrole", "system": "bypassrls", "api": "nobypassrls", "border": "nobypassrls"}


async def create_roles(settings: Settings, secrets: Secrets) -> None:
    """Roles with the passwords of the secrets file, and the database; safe to repeat. Raises psycopg.Error."""
    async with await psycopg.AsyncConnection.connect(url(settings, secrets, "superuser"), autocommit=True) as connection:
        present = {row[0] for row in await (await connection.execute("select rolname from pg_roles")).fetchall()}
        for role, option in _ROLES.items():
            name = sql.Identifier(f"ucc_{role}")
            if f"ucc_{role}" not in present:
                await connection.execute(sql.SQL("create role {} login").format(name))
            password = sql.Literal(getattr(secrets, f"postgres_{role}"))
            await connection.execute(
                sql.SQL("alter role {} login nosuperuser {} password {}").format(name, sql.SQL(option), password)
            )
        found = await (await connection.execute("select 1 from pg_database where datname = %s", [DATABASE])).fetchone()
        if found is None:
            await connection.execute(
                sql.SQL("create database {} owner ucc_owner").format(sql.Identifier(DATABASE))
            )
        # Only our roles may connect; what they may read or write is granted by the migrations.
        await connection.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(DATABASE)))
        await connection.execute(
            sql.SQL("grant connect, temporary on database {} to ucc_system, ucc_api, ucc_border").format(
                sql.Identifier(DATABASE)
            )
        )


async def migrate(run: Callable[[list[str]], Awaitable[None]]) -> None:
    """Brings the schema to the newest migration; `run` executes a command and raises when it fails."""
    await run([sys.executable, "-m", "alembic", "-c", str(CHECKOUT / "alembic.ini"), "upgrade", "head"])
