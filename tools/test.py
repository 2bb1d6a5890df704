#!/usr/bin/env python3
"""`make test`: every test, in three parts. The calls of tests/live, which mostly wait, run on one stack; beside them
first what needs no stack, on a PostgreSQL of its own (those on a stack kill theirs), then what else needs a stack, on
a second one. What runs beside prints its output when it is done.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from ucc.config import CHECKOUT, Settings
from ucc.secrets import Secrets, get_secrets
from ucc.stack import postgres
from ucc.stack.namespace import chroot_command
from ucc.stack.testing import second_environment, set_environment

HOME = CHECKOUT / "var" / "test-database"
ADDRESS = "127.0.0.10"
START_TIMEOUT_S = 20.0
ON_STACK = "live or browser"
ON_SECOND = ("tests/border", "tests/browser", "tests/stack", "tests/switch")
NAMES = ("without a stack", "on the second stack", "on the stack")
PYTEST = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider")


@contextmanager
def running_database() -> Iterator[str]:
    """The URL of a server that loses what it has: nothing of it is waited for on disk."""
    secrets = Secrets()
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    settings = Settings(home=HOME, address=ADDRESS, postgres_port=_find_port())
    postgres.init_cluster(settings, secrets)
    argv = [*postgres.command(settings), "-c", "fsync=off", "-c", "full_page_writes=off"]
    with (HOME / "postgres.log").open("w") as log:
        server = subprocess.Popen(
            chroot_command(settings, argv, user=postgres.USER), stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
    try:
        url = f"postgresql://postgres:{secrets.postgres_superuser}@{ADDRESS}:{settings.postgres_port}/postgres"
        _wait_ready(url)
        yield url
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)
        shutil.rmtree(HOME, ignore_errors=True)


def _find_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


def _wait_ready(url: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                print((HOME / "postgres.log").read_text()[-2000:], file=sys.stderr)
                raise
            time.sleep(0.1)
        else:
            return


def test_beside(codes: dict[str, int]) -> None:
    """What runs beside the calls; the exit codes go into `codes`."""
    none, second, _ = NAMES
    with running_database() as url:
        codes[none] = _run(none, ["-m", f"not ({ON_STACK})"], os.environ | {"UCC_TEST_DATABASE": url})
    codes[second] = _run(second, [*ON_SECOND, "-m", ON_STACK], second_environment())


def _run(name: str, arguments: list[str], environment: dict[str, str]) -> int:
    done = subprocess.run(
        [*PYTEST, *arguments],
        cwd=CHECKOUT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    sys.stdout.buffer.write(f"\n--- tests {name} ---\n".encode() + done.stdout + b"--- the others go on ---\n")
    sys.stdout.flush()
    return done.returncode


def main() -> int:
    set_environment()
    get_secrets()  # made now, and not by all at once
    codes = dict.fromkeys(NAMES, 1)
    beside = threading.Thread(target=test_beside, args=(codes,))
    beside.start()
    ignored = [f"--ignore={path}" for path in ON_SECOND]
    codes[NAMES[-1]] = subprocess.run(
        [*PYTEST, *ignored, "-m", ON_STACK], cwd=CHECKOUT, stdin=subprocess.DEVNULL
    ).returncode
    beside.join()
    for name, code in codes.items():
        print(f"{'ok' if code == 0 else 'FAILED':6} tests {name}", flush=True)
    return max(codes.values())


if __name__ == "__main__":
    sys.exit(main())
