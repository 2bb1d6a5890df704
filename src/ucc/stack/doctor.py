"""Examines this machine and the running services, and says in words what is missing or unhealthy and what follows from
it.
"""

from __future__ import annotations

import ipaddress
import resource
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ucc.config import CHECKOUT, Settings
from ucc.stack.client import ServiceStatus, StackClient, StackError, find_running
from ucc.stack.namespace import find_capability_gap
from ucc.stack.runtime import STAMP

Level = Literal["ok", "warning", "unhealthy"]

WANTED_FILES = 20_000
LEAST_FREE_BYTES = 1 << 30
WANTED_FREE_BYTES = 5 << 30
CAP_SYS_RESOURCE = 24


@dataclass(frozen=True)
class Finding:
    """One thing that was examined. `advice` says what follows from it or what to do; empty when all is well."""

    subject: str
    level: Level
    text: str
    advice: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Everything that is worth saying, the machine first, then the services."""
    return [
        *_examine_rights(),
        _examine_disk(settings),
        *_examine_build(settings),
        _examine_exposure(settings),
        *_examine_services(settings),
    ]


def _examine_rights() -> Iterator[Finding]:
    gap = find_capability_gap()
    if gap is None:
        yield Finding("private mounts", "ok", "allowed")
    else:
        yield Finding("private mounts", "unhealthy", gap, "no service that lives in the telephony runtime can start")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard >= WANTED_FILES:
        yield Finding("open files", "ok", f"up to {hard} per process")
    else:
        may_raise = _has_capability(CAP_SYS_RESOURCE)
        who = "this process may raise it" if may_raise else "this process may not, CAP_SYS_RESOURCE is missing"
        advice = f"a recorded call takes about 7, so {hard // 7} calls at once; raise it (ulimit -Hn): {who}"
        yield Finding("open files", "warning", f"the hard limit is {hard}, {WANTED_FILES} are wanted", advice)


def _has_capability(number: int) -> bool:
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith("CapEff:"):
                return bool(int(line.split()[1], 16) >> number & 1)
    return False


def _examine_disk(settings: Settings) -> Finding:
    folder = settings.home
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    text = f"{free / (1 << 30):.1f} GiB free below {folder}"
    if free < LEAST_FREE_BYTES:
        return Finding(
            "disk", "unhealthy", text, "calls go on, but recordings fail and the database may stop: free some space"
        )
    if free < WANTED_FREE_BYTES:
        return Finding("disk", "warning", text, "captures of one busy day may not fit")
    return Finding("disk", "ok", text)


def _examine_build(settings: Settings) -> Iterator[Finding]:
    root = settings.runtime_root
    if (root / STAMP).exists():
        yield Finding("telephony runtime", "ok", str(root))
    else:
        yield Finding("telephony runtime", "unhealthy", f"there is none in {root}", "`make setup` builds it")
    if (CHECKOUT / "console" / "dist" / "index.html").exists():
        yield Finding("console", "ok", "built")
    else:
        yield Finding(
            "console",
            "unhealthy",
            "it is not built",
            "the API answers, but browsers see no pages; `make setup` builds it",
        )


def _examine_exposure(settings: Settings) -> Finding:
    address = ipaddress.ip_address(settings.address)
    if address.is_loopback:
        return Finding("certificate", "ok", f"none needed: everything is on {address}, this machine only")
    advice = "browsers allow microphones on https pages only, and passwords travel in clear: put a TLS proxy in front"
    return Finding("certificate", "warning", f"services are open on {address} without a certificate", advice)


def _examine_services(settings: Settings) -> Iterator[Finding]:
    running = find_running(settings)
    if running is None:
        yield Finding(
            "services", "unhealthy", f"UCC does not run in {settings.home}", "`make run` or `ucc up` starts it"
        )
        return
    try:
        services = StackClient(settings).status()
    except StackError as error:
        yield Finding("services", "unhealthy", f"the supervisor (process {running.get('pid')}) is silent: {error}")
        return
    for status in services.values():
        yield _judge(status)


def _judge(status: ServiceStatus) -> Finding:
    if status.state == "ready" and status.trouble is None:
        again = f", restarted {status.restarts} times" if status.restarts else ""
        return Finding(status.name, "ok", f"ready, process {status.pid}{again}")
    return Finding(status.name, "unhealthy", f"{status.state}: {status.trouble or 'not ready yet'}", status.consequence)
