"""Set-up steps: the console's packages, and the console itself, built again only when its sources changed."""

from __future__ import annotations

import shutil
from pathlib import Path

from ucc.stack.node import InstallNode
from ucc.stack.steps import Report, Step, StepFailed, has_stamp, hash_files, run_logged

_NOT_SOURCES = {"node_modules", "dist", "dist.building", ".vite", "coverage"}
STAMP = ".ucc-stamp"


def list_sources(console: Path) -> list[Path]:
    """Every file of the console that its build may read."""
    found: list[Path] = []
    for entry in console.iterdir():
        if entry.name in _NOT_SOURCES:
            continue
        found += [entry] if entry.is_file() else [path for path in entry.rglob("*") if path.is_file()]
    return found


class InstallConsolePackages(Step):
    title = "Packages of the console"

    def __init__(self, console: Path, log_dir: Path, node: InstallNode) -> None:
        self._console = console
        self._node = node
        self._log = log_dir / "console.log"

    @property
    def _stamp(self) -> Path:
        return self._console / "node_modules" / STAMP

    def _fingerprint(self) -> str:
        names = ("package.json", "package-lock.json")
        return hash_files(self._console, [self._console / name for name in names if (self._console / name).exists()])

    def is_done(self) -> bool:
        return has_stamp(self._stamp, self._fingerprint())

    def run(self, report: Report) -> None:
        if not (self._console / "package-lock.json").exists():
            raise StepFailed(f"{self._console} has no package-lock.json")
        # Not `npm ci`: it insists on optional packages of other platforms, which a mirror need not have. The versions
        # of the lock file hold all the same, and --no-save leaves it as it is.
        install = ["npm", "install", "--no-save", "--no-audit", "--no-fund"]
        run_logged(install, self._log, report, cwd=self._console, env=self._node.environment())
        self._stamp.write_text(self._fingerprint())


class BuildConsole(Step):
    title = "Console"

    def __init__(self, console: Path, log_dir: Path, node: InstallNode) -> None:
        self._console = console
        self._node = node
        self._log = log_dir / "console.log"

    def _fingerprint(self) -> str:
        return hash_files(self._console, list_sources(self._console))

    def is_done(self) -> bool:
        return has_stamp(self._console / "dist" / STAMP, self._fingerprint())

    def run(self, report: Report) -> None:
        fingerprint = self._fingerprint()
        building, dist = self._console / "dist.building", self._console / "dist"
        build = ["npm", "run", "build", "--", "--outDir", building.name, "--emptyOutDir"]
        run_logged(build, self._log, report, cwd=self._console, env=self._node.environment())
        if not (building / "index.html").exists():
            raise StepFailed(f"the build of the console wrote no {building}/index.html (see {self._log})")
        (building / STAMP).write_text(fingerprint)
        shutil.rmtree(dist, ignore_errors=True)
        building.rename(dist)
