"""The private PostgreSQL cluster: made once, tuned by command-line settings. Roles and schema are `ucc.db.setup`'s."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import psycopg

from ucc.config import Settings
from ucc.secrets import Secrets
from ucc.stack.namespace import chroot_command, make_folder

BIN = "/usr/lib/postgresql/18/bin"
USER = "postgres"


def data_dir(settings: Settings) -> Path:
    return settings.home / "postgres"


def init_cluster(settings: Settings, secrets: Secrets) -> None:
    """Makes the cluster when there is none; built beside and renamed, so that it is whole or absent. Raises
    RuntimeError.
    """
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
            chroot_command(settings, argv, user=USER),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
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


async def find_trouble(settings: Settings, secrets: Secrets) -> str | None:
    """Why the server cannot be used now; None when it answers."""
    try:
        async with await psycopg.AsyncConnection.connect(
            host=settings.address, port=settings.postgres_port, user="postgres", dbname="postgres",
            password=secrets.postgres_superuser, connect_timeout=2, autocommit=True,
        ) as connection:  # fmt: skip
            await connection.execute("select 1")
    except psycopg.Error as error:
        return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return None
