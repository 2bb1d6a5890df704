"""Talks to the running supervisor: status, start, stop, restart and kill of its services. Blocking; for the CLI and
tests.
"""

from __future__ import annotations

import fcntl
import json
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ucc.config import Settings, get_settings
from ucc.stack.control import short_path, socket_path


class StackError(Exception):
    """The supervisor does not run, or refused the request; the text says why."""


@dataclass(frozen=True)
class ServiceStatus:
    """`trouble` says in words why it cannot be used now; None when it can. `ready_since` is in seconds since 1970."""

    name: str
    state: str
    pid: int | None
    restarts: int
    ready_since: float | None
    trouble: str | None
    consequence: str


def lock_path(settings: Settings) -> Path:
    return settings.run_dir / "supervisor.lock"


def find_running(settings: Settings) -> dict[str, Any] | None:
    """What the running supervisor says of itself ("pid", "url", ...); None when none runs in this home."""
    try:
        with lock_path(settings).open("r") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                try:
                    return dict(json.loads(file.read()))
                except ValueError:
                    return {"pid": None, "url": None}  # it holds the lock and has not written yet
    except FileNotFoundError:
        pass
    return None


class StackClient:
    """One method per request. Each raises StackError."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or get_settings()

    def _request(self, command: str, *, timeout_s: float = 60.0, **arguments: Any) -> dict[str, Any]:
        path = socket_path(self._settings)
        try:
            with short_path(path) as name, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(timeout_s)
                connection.connect(name)
                connection.sendall(json.dumps({"command": command, **arguments}).encode() + b"\n")
                with connection.makefile("rb") as replies:
                    reply: dict[str, Any] = json.loads(replies.readline() or b'{"error": "the supervisor closed"}')
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise StackError(f"UCC does not run in {self._settings.home}: {error}") from error
        except OSError as error:
            raise StackError(f"the supervisor does not answer: {error}") from error
        if "error" in reply:
            raise StackError(str(reply["error"]))
        return reply

    def status(self) -> dict[str, ServiceStatus]:
        """Every service by name, each asked now whether it can be used."""
        return {entry["name"]: ServiceStatus(**entry) for entry in self._request("status")["services"]}

    def start(self, service: str) -> None:
        self._request("start", service=service)

    def stop(self, service: str) -> None:
        """Ends the service; it stays stopped until `start`."""
        self._request("stop", service=service)

    def restart(self, service: str) -> None:
        self._request("restart", service=service)

    def kill(self, service: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Sends a signal to every process of the service; the supervisor then starts it again."""
        self._request("kill", service=service, signal=int(number))

    def shut_down(self) -> None:
        """Asks the supervisor to stop everything and end; returns at once."""
        self._request("shut_down")

    def wait_restarted(self, service: str, before: ServiceStatus, timeout_s: float = 30.0) -> None:
        """Waits until the service, killed after the status `before`, answers as a new process. Raises StackError."""
        deadline = time.monotonic() + timeout_s
        while (status := self.status()[service]).pid in (None, before.pid) or status.restarts == before.restarts:
            if time.monotonic() > deadline:
                raise StackError(f"{service} is {status.state} after {timeout_s:g} s: {status.trouble}")
            time.sleep(0.05)
        self.wait_ready(service, max(deadline - time.monotonic(), 0.1))

    def wait_ready(self, service: str, timeout_s: float = 30.0) -> None:
        """Waits until the service answers. Raises StackError with its trouble after `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while True:
            status = self.status()[service]
            if status.state == "ready" and status.trouble is None:
                return
            if time.monotonic() > deadline:
                raise StackError(f"{service} is {status.state} after {timeout_s:g} s: {status.trouble}")
            time.sleep(0.1)
