"""The services of one machine, in the order in which they start."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from collections.abc import Callable

from ucc.config import CHECKOUT, Settings
from ucc.secrets import Secrets
from ucc.stack import postgres
from ucc.stack.engines import list_engines
from ucc.stack.namespace import chroot_command, host_command
from ucc.stack.service import Probe, Service, http_probe

DATABASE = ("postgres",)


def list_services(settings: Settings, secrets: Secrets) -> list[Service]:
    """Every service that these settings ask for."""
    own_database = [] if settings.database_url else [_postgres(settings, secrets)]
    return [*own_database, *list_engines(settings, secrets), *_list_own(settings)]


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


async def run_once(argv: list[str], settings: Settings, name: str) -> None:
    """Runs a command to its end, its output into the log `name`. Raises RuntimeError with the end of the output."""
    process = await asyncio.create_subprocess_exec(
        *host_command(argv), cwd=CHECKOUT, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    with (settings.log_dir / f"{name}.log").open("ab") as file:
        file.write(output)
    if process.returncode != 0:
        tail = output.decode(errors="replace").strip().splitlines()[-8:]
        raise RuntimeError(f"{' '.join(argv[1:])} ended with {process.returncode}: " + "\n".join(tail))


async def prepare_database(settings: Settings) -> None:
    """Roles, database and every migration. Raises RuntimeError."""
    await run_once([sys.executable, "-m", "ucc.db.setup"], settings, "database-setup")


def _postgres(settings: Settings, secrets: Secrets) -> Service:
    def prepare() -> list[str]:
        postgres.init_cluster(settings, secrets)
        return chroot_command(settings, postgres.command(settings), user=postgres.USER, death_signal=signal.SIGINT)

    return Service(
        name="postgres",
        prepare=prepare,
        find_trouble=lambda: postgres.find_trouble(settings, secrets),
        after_ready=lambda: prepare_database(settings),
        stop_signal=signal.SIGINT,  # fast: ends connections instead of waiting for them
        stops_last=True,
        consequence="calls in progress go on and their records wait on disk; log-ins, pages and new calls fail",
    )


def _list_own(settings: Settings) -> list[Service]:
    controller = http_probe(f"http://{settings.address}:{settings.controller_port}/health")
    api = http_probe(f"http://{settings.address}:{settings.api_port}/api/v1/health")
    return [
        _own(
            "controller", controller, "calls in progress go on; new calls wait or are refused; adopted when it is back"
        ),
        _own("api", api, "browsers and other systems get no answer; calls are not affected"),
        _own("worker", disk_probe(settings), "recordings stay captures; they become MP3 when it is back"),
    ]


def _own(name: str, find_trouble: Probe, consequence: str) -> Service:
    return Service(
        name=name,
        prepare=own_command(name),
        find_trouble=find_trouble,
        needs=DATABASE,
        consequence=consequence,
        cwd=CHECKOUT,
    )


def own_command(name: str) -> Callable[[], list[str]]:
    return lambda: host_command([sys.executable, "-m", f"ucc.{name}"])


def disk_probe(settings: Settings) -> Probe:
    """The worker has no door to knock at; what stops it is a full disk."""

    async def find_trouble() -> str | None:
        settings.recording_dir.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(settings.recording_dir).free
        return None if free > 100 << 20 else f"only {free >> 20} MiB are free below {settings.recording_dir}"

    return find_trouble
