#!/usr/bin/env python3
"""`make test`: every test. Those on the running stack mostly wait for calls; all others run beside them, on a
PostgreSQL of their own, since the former kill theirs. The output of the others is printed when they are done.
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
from ucc.stack.testing import set_environment

HOME = CHECKOUT / "var" / "test-database"
ADDRESS = "127.0.0.10"
START_TIMEOUT_S = 20.0
ON_STACK = "live or browser"
PYTEST = (sys.executable, "-m", "pytest")


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


def test_others(url: str, done: list[int]) -> None:
    """Every test that needs no stack; its exit code goes into `done`."""
    environment = {**os.environ, "UCC_TEST_DATABASE": url}
    others = subprocess.run(
        [*PYTEST, "-m", f"not ({ON_STACK})", "-p", "no:cacheprovider"],
        cwd=CHECKOUT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    sys.stdout.buffer.write(b"\n--- without the stack ---\n" + others.stdout + b"--- on the stack, going on ---\n")
    sys.stdout.flush()
    done.append(others.returncode)


def main() -> int:
    set_environment()
    get_secrets()  # made now, and not by both at once
    done: list[int] = []
    with running_database() as url:
        others = threading.Thread(target=test_others, args=(url, done))
        others.start()
        on_stack = subprocess.run([*PYTEST, "-m", ON_STACK], cwd=CHECKOUT, stdin=subprocess.DEVNULL)
        others.join()
    names = ("tests without the stack", "tests on the stack")
    for name, code in zip(names, (*done, on_stack.returncode), strict=True):
        print(f"{'ok' if code == 0 else 'FAILED':6} {name}", flush=True)
    return max(*done, on_stack.returncode)


if __name__ == "__main__":
    sys.exit(main())
