"""Set-up step: the telephony runtime, a private root folder with Asterisk, rtpengine, Kamailio and PostgreSQL.

Debian 12 itself has none of them new enough; they come from Debian's sid suite, from the mirror the host already uses.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import subprocess
from pathlib import Path

from ucc.stack.steps import Report, Step, StepFailed, has_stamp, run_logged

PACKAGES = (
    "asterisk",
    "baresip-core",
    "ca-certificates",
    "kamailio",
    "kamailio-extra-modules",
    "kamailio-json-modules",
    "kamailio-postgres-modules",
    "kamailio-tls-modules",
    "kamailio-utils-modules",
    "kamailio-websocket-modules",
    "postgresql-18",
    "rtpengine-daemon",
)
_OPTIONS = (
    "--variant=apt",
    "--mode=root",
    '--aptopt=Acquire::Check-Valid-Until "false"',  # a frozen mirror's Release file may be expired
    '--aptopt=Apt::Install-Recommends "false"',
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
)
STAMP = ".ucc-stamp"

_CONTAINED = (
    *("setpriv", "--pdeathsig=KILL", "--"),
    *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"),
)
"""Whatever kills the set-up, the build's processes and mounts go with it."""


def find_mirror() -> str:
    """The main Debian archive of this machine's own apt. Raises StepFailed when there is none."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    mirrors = [line.strip() for line in listed.stdout.splitlines() if line.strip()]
    for mirror in mirrors:
        if "security" not in mirror and mirror.rstrip("/").endswith("/debian"):
            return mirror
    for mirror in mirrors:
        if "security" not in mirror:
            return mirror
    raise StepFailed(
        f"apt on this machine names no Debian archive (see /etc/apt/sources.list). {listed.stderr.strip()}"
    )


def _mounts_below(folder: Path) -> list[str]:
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [point for point in points if point.startswith(f"{folder}/")]


def remove_root(folder: Path) -> None:
    """Deletes a root folder, never through a mount. Raises StepFailed when something is mounted in it."""
    if mounted := _mounts_below(folder):
        raise StepFailed(
            f"{folder} has mounts in it, left by an interrupted set-up: umount {' '.join(reversed(mounted))}"
        )
    if folder.exists():
        subprocess.run(["rm", "-rf", "--one-file-system", str(folder)], check=True)


def list_users(root: Path) -> list[int]:
    """Processes that live in the root folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if (entry / "root").readlink() == root:
                    found.append(int(entry.name))
    return found


class BuildRuntime(Step):
    """Builds beside the final place and renames: the runtime is whole or it is not there."""

    title = "Telephony runtime (Asterisk, rtpengine, Kamailio, PostgreSQL)"

    def __init__(self, root: Path, log_dir: Path) -> None:
        self._root = root
        self._log = log_dir / "runtime.log"

    def _fingerprint(self) -> str:
        return hashlib.sha256("\n".join([*_OPTIONS, *PACKAGES]).encode()).hexdigest()

    def is_done(self) -> bool:
        return has_stamp(self._root / STAMP, self._fingerprint())

    def run(self, report: Report) -> None:
        building = self._root.with_name(f"{self._root.name}.building")
        old = self._root.with_name(f"{self._root.name}.old")
        remove_root(building)
        remove_root(old)
        self._root.parent.mkdir(parents=True, exist_ok=True)
        if shutil.which("mmdebstrap") is None:
            raise StepFailed("mmdebstrap is not installed")
        include = f"--include={','.join(PACKAGES)}"
        argv = [*_CONTAINED, "mmdebstrap", *_OPTIONS, include, "sid", str(building), find_mirror()]
        run_logged(argv, self._log, report)
        for folder in ("var/cache/apt/archives", "var/lib/apt/lists"):
            shutil.rmtree(building / folder, ignore_errors=True)
        (building / STAMP).write_text(self._fingerprint())
        if self._root.exists():
            if users := list_users(self._root):
                raise StepFailed(
                    f"a running UCC (processes {users}) uses the old runtime; stop it, then run this again"
                )
            self._root.rename(old)
        building.rename(self._root)
        remove_root(old)
