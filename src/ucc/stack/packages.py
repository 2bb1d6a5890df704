"""Set-up step: what the host itself needs from its own package manager."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ucc.stack.steps import Report, Step, StepFailed, run_logged


@dataclass(frozen=True)
class HostPackage:
    """A Debian package, and the program that shows that it is there (no program: ask dpkg)."""

    name: str
    program: str | None = None

    def is_installed(self) -> bool:
        if self.program is not None:
            return shutil.which(self.program) is not None
        asked = subprocess.run(
            ["dpkg-query", "-W", "-f", "${db:Status-Status}", self.name], capture_output=True, text=True, check=False
        )
        return asked.stdout.strip() == "installed"


FOR_CHECK = (
    HostPackage("nodejs", "node"),
    HostPackage("npm", "npm"),
)
FOR_RUN = (
    *FOR_CHECK,
    HostPackage("mmdebstrap", "mmdebstrap"),
    HostPackage("mount", "mount"),
    HostPackage("espeak-ng", "espeak-ng"),
    HostPackage("fonts-noto-cjk"),
)
FOR_TEST = (
    HostPackage("chromium", "chromium"),
    HostPackage("chromium-driver", "chromedriver"),
    HostPackage("sip-tester", "sipp"),
    HostPackage("ffmpeg", "ffmpeg"),
)


class InstallPackages(Step):
    """Installs what is missing, and nothing else; a machine that has it all is not touched."""

    title = "Programs of the host"

    def __init__(self, packages: tuple[HostPackage, ...], log_dir: Path) -> None:
        self._packages = packages
        self._log = log_dir / "packages.log"

    def _missing(self) -> list[str]:
        return [package.name for package in self._packages if not package.is_installed()]

    def is_done(self) -> bool:
        return not self._missing()

    def run(self, report: Report) -> None:
        if os.geteuid() != 0:
            raise StepFailed(f"not root, so these packages have to be installed by hand: {' '.join(self._missing())}")
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        wait = ["-o", "DPkg::Lock::Timeout=120"]
        run_logged(["apt-get", *wait, "update"], self._log, report, env=env)
        missing = self._missing()
        install = ["apt-get", *wait, "install", "-y", "--no-install-recommends", *missing]
        run_logged(install, self._log, report, env=env)
        if still := self._missing():
            raise StepFailed(f"apt-get reported success, yet these are missing: {' '.join(still)}")
