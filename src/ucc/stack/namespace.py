"""Runs a program inside the telephony runtime: a private mount namespace, then chroot, then the program's own user.

The mounts live and die with the process, so nothing is ever left mounted, whatever kills it. The home folder appears
at the same absolute path inside, so one path is right on both sides.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ucc.config import Settings

_ENTER = """
root=$1 user=$2 death=$3; shift 3
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
while [ "$1" != -- ]; do mkdir -p "$root$1"; mount --bind "$1" "$root$1"; shift; done
shift
exec chroot "$root" /usr/bin/setpriv --reuid="$user" --regid="$user" --init-groups --pdeathsig="$death" -- "$@"
"""


def chroot_command(
    settings: Settings,
    argv: Sequence[str],
    *,
    user: str,
    binds: Sequence[Path] = (),
    death_signal: signal.Signals = signal.SIGTERM,
) -> list[str]:
    """The host command that runs `argv` in the runtime as `user`; it gets `death_signal` when its parent dies.

    `binds` are host folders shown at the same path besides the home folder.
    """
    folders = [str(settings.home), *(str(path) for path in binds)]
    death = death_signal.name.removeprefix("SIG")
    enter = ["unshare", "--mount", "--", "/bin/sh", "-euc", _ENTER, "ucc-enter"]
    return [*enter, str(settings.runtime_root), user, death, *folders, "--", *argv]


def host_command(argv: Sequence[str], *, death_signal: signal.Signals = signal.SIGTERM) -> list[str]:
    """The command that runs `argv` on the host and gets `death_signal` when its parent dies."""
    return ["setpriv", f"--pdeathsig={death_signal.name.removeprefix('SIG')}", "--", *argv]


def user_ids(settings: Settings, user: str) -> tuple[int, int]:
    """(uid, gid) of an account of the runtime. Raises LookupError when the runtime has no such account."""
    for line in (settings.runtime_root / "etc/passwd").read_text().splitlines():
        fields = line.split(":")
        if fields[0] == user:
            return int(fields[2]), int(fields[3])
    raise LookupError(f"the runtime has no account {user!r}")


def make_folder(settings: Settings, path: Path, user: str, mode: int = 0o750) -> Path:
    """`path`, made when missing, owned by an account of the runtime."""
    path.mkdir(parents=True, exist_ok=True)
    os.chown(path, *user_ids(settings, user))
    path.chmod(mode)
    return path


def find_capability_gap() -> str | None:
    """Why this process cannot enter the runtime, in words; None when it can."""
    if os.geteuid() != 0:
        return "UCC has to run as root: its services enter a private root folder and then drop to their own users"
    attempt = ["unshare", "--mount", "--", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    tried = subprocess.run(attempt, capture_output=True, text=True, check=False)
    if tried.returncode == 0:
        return None
    return (
        "this machine does not allow private mounts (unshare --mount, capability CAP_SYS_ADMIN), which the telephony"
        " runtime needs; in a container start it with that capability."
        f" The system said: {tried.stderr.strip() or tried.returncode}"
    )
