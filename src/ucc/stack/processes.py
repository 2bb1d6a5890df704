"""Finds the processes of an earlier supervisor by what it recorded (process id, start time, run id), never by name.

A process is ours when its id and its start time are those recorded, or when its environment carries the run id that the
dead supervisor gave to everything it started.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ucc.config import Settings

RUN_ID_VARIABLE = "UCC_RUN_ID"


@dataclass(frozen=True)
class ProcessRecord:
    """One started service. `started_ticks` is the kernel's start time in clock ticks since boot."""

    service: str
    pid: int
    started_ticks: int


@dataclass
class RunRecord:
    """Everything that one supervisor started and has not seen end."""

    run_id: str
    processes: list[ProcessRecord] = field(default_factory=list)

    def save(self, path: Path) -> None:
        building = path.with_suffix(".building")
        building.write_text(json.dumps(asdict(self)))
        os.replace(building, path)

    @classmethod
    def find(cls, path: Path) -> RunRecord | None:
        """The record in `path`; None when there is none or it is broken."""
        try:
            found = json.loads(path.read_text())
            return cls(found["run_id"], [ProcessRecord(**entry) for entry in found["processes"]])
        except (OSError, ValueError, KeyError, TypeError):
            return None


@dataclass(frozen=True)
class _Stat:
    group: int
    started_ticks: int
    is_zombie: bool


def _find_stat(pid: int) -> _Stat | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name may hold spaces and brackets
    return _Stat(group=int(fields[2]), started_ticks=int(fields[19]), is_zombie=fields[0] in "ZX")


def find_started_ticks(pid: int) -> int | None:
    """When a live process started, in clock ticks since boot; None when it is gone."""
    stat = _find_stat(pid)
    return None if stat is None or stat.is_zombie else stat.started_ticks


def _has_run_id(pid: int, run_id: str) -> bool:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return f"{RUN_ID_VARIABLE}={run_id}".encode() in environment.split(b"\0")


def list_survivors(record: RunRecord) -> list[int]:
    """Ids of live processes that the recorded run started, with the members of their process groups."""
    own_groups = {entry.pid for entry in record.processes if find_started_ticks(entry.pid) == entry.started_ticks}
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        pid = int(name)
        stat = _find_stat(pid)
        if stat is None or stat.is_zombie:
            continue
        if stat.group in own_groups or _has_run_id(pid, record.run_id):
            found.append(pid)
    return found


def record_path(settings: Settings) -> Path:
    return settings.run_dir / "processes.json"


def stop_survivors(path: Path, *, grace_s: float = 2.0) -> list[int]:
    """Stops what the run recorded in `path` left behind; the ids that were found. Removes the record."""
    record = RunRecord.find(path)
    if record is None:
        return []
    found = list_survivors(record)
    for number, wait_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, 1.0)):
        deadline = time.monotonic() + wait_s
        remaining = list_survivors(record)
        for pid in remaining:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        while remaining and time.monotonic() < deadline:
            time.sleep(0.05)
            remaining = list_survivors(record)
    path.unlink(missing_ok=True)
    return found
