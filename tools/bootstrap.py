#!/usr/bin/env python3
"""First part of the set-up, with the standard library only: the Python environment. Then `ucc.stack.setup` does the
rest.

Works on a fresh Debian 12 as root. Finished parts are skipped; an interruption resumes.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

CHECKOUT = Path(__file__).resolve().parents[1]
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".ucc-stamp"
LOCKED = CHECKOUT / "requirements.lock"
LOG = CHECKOUT / "var" / "log" / "setup" / "python.log"
ALREADY_RUNS = 3


class SetupFailed(Exception):
    """The text says why, and what to do."""


def say(text: str) -> None:
    print(text, flush=True)


def run(title: str, *argv: str) -> None:
    """Runs a program with one moving line of progress; its output goes to the log. Raises SetupFailed."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environment["PIP_ROOT_USER_ACTION"] = "ignore"
    started, tail = time.monotonic(), [""]
    with LOG.open("a") as log:
        log.write(f"$ {' '.join(argv)}\n")
        process = subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
            env=environment, cwd=CHECKOUT, errors="replace",
        )  # fmt: skip
        assert process.stdout is not None
        shown = 0.0
        for line in process.stdout:
            log.write(line)
            tail = [*tail[-9:], line.rstrip()]
            elapsed = time.monotonic() - started
            if sys.stdout.isatty():
                sys.stdout.write(f"\r\x1b[K     {title}  {elapsed:.0f} s  {line.strip()[:80]}")
                sys.stdout.flush()
            elif elapsed - shown >= 10:
                shown = elapsed
                say(f"     {title}  {elapsed:.0f} s  {line.strip()[:100]}")
        code = process.wait()
    if sys.stdout.isatty():
        sys.stdout.write("\r\x1b[K")
    if code != 0:
        raise SetupFailed(f"{title}: {argv[0]} ended with {code} (whole output in {LOG}):\n    " + "\n    ".join(tail))


def fingerprint() -> str:
    """Changes when the environment has to be made again."""
    digest = hashlib.sha256(f"{sys.version_info[:2]}\0{CHECKOUT}\0".encode())
    digest.update(LOCKED.read_bytes())
    digest.update((CHECKOUT / "pyproject.toml").read_bytes())
    return digest.hexdigest()


def is_done() -> bool:
    return STAMP.is_file() and PYTHON.exists() and STAMP.read_text() == fingerprint()


def works(*argv: str) -> bool:
    try:
        return subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0
    except OSError:
        return False


def make_environment() -> None:
    if not works(sys.executable, "-c", "import ensurepip, venv"):
        if os.geteuid() != 0:
            raise SetupFailed("python3-venv is missing, and only root can install it")
        run("Package lists", "apt-get", "-o", "DPkg::Lock::Timeout=120", "update")
        wait = ("-o", "DPkg::Lock::Timeout=120")
        run("python3-venv", "apt-get", *wait, "install", "-y", "--no-install-recommends", "python3-venv")
    if not works(str(PYTHON), "-m", "pip", "--version"):
        run("Python environment", sys.executable, "-m", "venv", "--clear", str(VENV))
    pip = (str(PYTHON), "-m", "pip", "install", "--progress-bar", "off")
    run("Python packages", *pip, "--requirement", str(LOCKED))
    # The build tools are locked too, so the package itself needs no second download.
    run("UCC", *pip, "--no-deps", "--no-build-isolation", "--editable", str(CHECKOUT))
    STAMP.write_text(fingerprint())


def find_running(home: Path) -> str | None:
    """What the supervisor that holds this home says of itself; None when none runs."""
    try:
        with (home / "run" / "supervisor.lock").open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read().strip() or "it is starting"
    except FileNotFoundError:
        pass
    return None


def hold_lock() -> IO[str]:
    """One bootstrap of one checkout at a time; a second one waits."""
    path = CHECKOUT / "var" / ".bootstrap.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("Another set-up of this checkout runs; waiting for it.")
        fcntl.flock(file, fcntl.LOCK_EX)
    return file


def main() -> int:
    parser = argparse.ArgumentParser(description="Sets up UCC in this checkout.")
    parser.add_argument("--purpose", choices=("run", "test", "check"), default="run", help="what has to be there")
    parser.add_argument("--unless-running", action="store_true", help="change nothing when UCC runs in this checkout")
    arguments = parser.parse_args()
    if sys.version_info < (3, 11):  # noqa: UP036  it is run by whatever Python the machine has
        say(f"Set-up failed: UCC needs Python 3.11 or newer, this is {sys.version.split()[0]}")
        return 1
    home = Path(os.environ.get("UCC_HOME", CHECKOUT / "var"))
    if arguments.unless_running and (running := find_running(home)):
        say(f"UCC already runs in {home}: {running}\nNothing was changed. `make stop` stops it.")
        return ALREADY_RUNS
    try:
        with hold_lock():
            if is_done():
                say("ok   Python environment")
            else:
                started = time.monotonic()
                make_environment()
                say(f"done Python environment  {time.monotonic() - started:.0f} s")
    except SetupFailed as error:
        say(f"Set-up failed: {error}\nRun the same command again when the cause is gone: what is finished stays.")
        return 1
    except KeyboardInterrupt:
        say("\nInterrupted. The same command resumes.")
        return 130
    os.execv(PYTHON, [str(PYTHON), "-m", "ucc.stack.setup", "--purpose", arguments.purpose])


if __name__ == "__main__":
    sys.exit(main())
