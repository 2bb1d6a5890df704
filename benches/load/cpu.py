"""CPU seconds, user and system, of process trees: of the servers under load, and of everything else meanwhile."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used up to a moment; `busy_s` is the whole machine."""

    at: float
    by_name: dict[str, float]
    busy_s: float

    def since(self, before: Usage) -> dict[str, float]:
        """Percent of one core by name, and what the rest of the machine used as `others`."""
        passed = self.at - before.at
        shares = {name: 100 * (used - before.by_name[name]) / passed for name, used in self.by_name.items()}
        return shares | {"others": 100 * (self.busy_s - before.busy_s) / passed - sum(shares.values())}


def read_usage(roots: Mapping[str, int]) -> Usage:
    """Of each tree by its root's process id, and of this process alone as `load`.

    Raises psutil.NoSuchProcess when a root is gone.
    """
    used = {name: _read_tree(pid) for name, pid in roots.items()}
    return Usage(time.monotonic(), used | {"load": time.process_time()}, _read_machine())


def _read_tree(root: int) -> float:
    process = psutil.Process(root)
    return sum(_read_process(each.pid) for each in (process, *process.children(recursive=True)))


def _read_process(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0  # it ended this moment
    return sum(map(int, fields[11:15])) / TICKS_PER_S  # its own, and that of children that have ended


def _read_machine() -> float:
    """All but idle and waiting for disks."""
    user, nice, system, _, _, irq, soft_irq, *_ = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:])
    return (user + nice + system + irq + soft_irq) / TICKS_PER_S
