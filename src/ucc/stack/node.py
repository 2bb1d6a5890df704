"""Set-up step: a Node.js new enough to build the console. Debian 12's own is not; the package registry carries one."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from ucc.stack.steps import Report, Step, StepFailed, run_logged

NEEDED = (20, 19)
PACKAGE = "node@22.23.3"


def find_version(program: str) -> tuple[int, ...]:
    """The version of a Node.js program; empty when it does not run."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return ()
    found = re.match(r"v(\d+)\.(\d+)\.(\d+)", said)
    return tuple(int(part) for part in found.groups()) if found else ()


class InstallNode(Step):
    """Takes the machine's Node.js when it is new enough, else puts a newer one into the checkout's `var/node`."""

    title = "Node.js"

    def __init__(self, folder: Path, log_dir: Path) -> None:
        self._folder = folder
        self._log = log_dir / "node.log"

    def environment(self) -> dict[str, str]:
        """The variables with which `npm` runs on a Node.js that is new enough."""
        if find_version("node") >= NEEDED:
            return dict(os.environ)
        return {**os.environ, "PATH": f"{self._own.parent}:{os.environ['PATH']}"}

    @property
    def _own(self) -> Path:
        return self._folder / "node_modules" / "node" / "bin" / "node"

    def is_done(self) -> bool:
        return find_version("node") >= NEEDED or find_version(str(self._own)) >= NEEDED

    def run(self, report: Report) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "package.json").write_text("{}\n")
        install = ["npm", "install", "--no-audit", "--no-fund", "--no-save", PACKAGE]
        run_logged(install, self._log, report, cwd=self._folder)
        if not self.is_done():
            raise StepFailed(f"{self._own} does not run (see {self._log})")
