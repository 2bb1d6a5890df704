"""The services of one machine, in the order in which they start."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import psycopg

from ucc.config import CHECKOUT, Settings
from ucc.secrets import Secrets
from ucc.stack import postgres
from ucc.stack.namespace import chroot_command, host_command
from ucc.stack.service import Service, http_probe, process_probe


def list_services(settings: Settings, secrets: Secrets) -> list[Service]:
    """Every service that these settings ask for."""
    services = []
    if settings.database_url is None:
        services.append(_postgres(settings, secrets))
    return services


def choose(services: list[Service], names: set[str]) -> list[Service]:
    """The named services and all that they need. Raises LookupError for an unknown name."""
    by_name = {service.name: service for service in services}
    wanted: set[str] = set()
    open_names = set(names)
    while open_names:
        name = open_names.pop()
        if name not in by_name:
            raise LookupError(f"no service {name!r}; there are {', '.join(by_name)}")
        wanted.add(name)
        open_names |= {need for need in by_name[name].needs if need in by_name} - wanted
    return [service for service in services if service.name in wanted]


async def run_once(argv: list[str], log_path: Path) -> None:
    """Runs a command to its end, output into `log_path`. Raises RuntimeError with the end of its output."""
    process = await asyncio.create_subprocess_exec(
        *host_command(argv), cwd=CHECKOUT, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    with log_path.open("ab") as file:
        file.write(output)
    if process.returncode != 0:
        tail = output.decode(errors="replace").strip().splitlines()[-8:]
        raise RuntimeError(f"{' '.join(argv[:4])} ended with {process.returncode}: " + "\n".join(tail))


def _postgres(settings: Settings, secrets: Secrets) -> Service:
    def prepare() -> list[str]:
        postgres.init_cluster(settings, secrets)
        return chroot_command(
            settings, postgres.command(settings), user=postgres.USER, death_signal=signal.SIGINT
        )

    async def after_ready() -> None:
        try:
            await postgres.create_roles(settings, secrets)
        except psycopg.Error as error:
            raise RuntimeError(f"the database roles cannot be made: {error}") from error
        if (CHECKOUT / "alembic.ini").exists():
            await postgres.migrate(lambda argv: run_once(argv, settings.log_dir / "migrations.log"))

    return Service(
        name="postgres",
        prepare=prepare,
        find_trouble=lambda: postgres.find_trouble(settings, secrets),
        after_ready=after_ready,
        stop_signal=signal.SIGINT,
        stops_last=True,
        consequence="calls in progress go on and their records wait on disk; the console, new logins and new calls fail",
    )


def _python(name: str, settings: Settings, probe_port: int | None, consequence: str) -> Service:
    return Service(
        name=name,
        prepare=lambda: host_command([sys.executable, "-m", f"ucc.{name}"]),
        find_trouble=(
            http_probe(f"http://{settings.address}:{probe_port}{'/api/v1' if name == 'api' else ''}/health")
            if probe_port
            else process_probe()
        ),
        needs=("postgres",),
        consequence=consequence,
        cwd=CHECKOUT,
    )
