"""The test stack: the same services in another home and on other loopback addresses, so that it runs beside `make
run`.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ucc.config import CHECKOUT, Settings
from ucc.stack.client import StackClient, StackError, find_running, lock_path
from ucc.stack.session import ready_path

HOME = CHECKOUT / "var" / "test"
SECOND_HOME = CHECKOUT / "var" / "test-second"
FIRST_HOST, LAST_HOST = 11, 19
START_TIMEOUT_S = 90.0


def set_environment() -> None:
    """Points `UCC_*` at the test stack; call it before the settings are read. What is set already stays."""
    os.environ.setdefault("UCC_HOME", str(HOME))
    os.environ.setdefault("UCC_RUNTIME", str(CHECKOUT / "var" / "runtime"))
    host = _find_running_host() or _choose_host()
    os.environ.setdefault("UCC_ADDRESS", f"127.0.0.{host}")
    os.environ.setdefault("UCC_EMULATOR_ADDRESS", f"127.0.0.{host + 10}")
    os.environ.setdefault("UCC_IVR_HTTP_NETWORKS", '["127.0.0.0/8"]')  # the servers that IVR trees of tests ask


def second_environment() -> dict[str, str]:
    """The environment for tests on a second stack beside the one of `set_environment`."""
    first = int(os.environ["UCC_ADDRESS"].rpartition(".")[2])
    host = _choose_host(but_not=first)
    return os.environ | {
        "UCC_HOME": str(SECOND_HOME),
        "UCC_ADDRESS": f"127.0.0.{host}",
        "UCC_EMULATOR_ADDRESS": f"127.0.0.{host + 10}",
    }


def _find_running_host() -> int | None:
    running = find_running(Settings())
    url = (running or {}).get("url") or ""
    host = url.removeprefix("http://127.0.0.").partition(":")[0]
    return int(host) if host.isdigit() else None


def _choose_host(but_not: int | None = None) -> int:
    """The first loopback host where no other test stack listens."""
    ports = (Settings.model_fields["postgres_port"].default, Settings.model_fields["api_port"].default)
    for host in range(FIRST_HOST, LAST_HOST + 1):
        if host != but_not and all(_is_free(f"127.0.0.{host}", port) for port in ports):
            return host
    return FIRST_HOST


def _is_free(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


@contextmanager
def running_stack(settings: Settings) -> Iterator[StackClient]:
    """The test stack, ready; one that runs already is used and left running. Raises StackError with the end of its
    output.
    """
    client = StackClient(settings)
    if find_running(settings) is not None:
        yield client
        return
    settings.log_dir.mkdir(parents=True, exist_ok=True)
    output_path = settings.log_dir / "up.log"
    with output_path.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "ucc.cli", "up"],
            stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=CHECKOUT,
            start_new_session=True,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not ready_path(settings).exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise StackError(
                    f"the test stack did not start ({lock_path(settings)}):\n{output_path.read_text()[-4000:]}"
                )
            time.sleep(0.1)
        yield client
    finally:
        process.terminate()
        try:
            process.wait(timeout=8)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
