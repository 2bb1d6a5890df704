"""Starts every service of one machine in order, watches them, and stops them all within five seconds."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import resource
import shutil
import signal
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import structlog

from ucc.config import CHECKOUT, Settings
from ucc.stack import control
from ucc.stack.client import find_running, lock_path
from ucc.stack.processes import RUN_ID_VARIABLE, RunRecord, find_started_ticks, record_path
from ucc.stack.service import Service
from ucc.stack.watch import Watch, read_tail

STOP_GRACE_S = 2.5
STOP_LAST_GRACE_S = 1.5
GIVE_UP_RESTARTS = 5
"""A service that ended this often before it was ever ready will not become so."""
WANTED_FILES = 65_536
LOG_BYTES = 20 << 20
LOG_KEEP = 3

log = structlog.get_logger("ucc.stack")


class AlreadyRunning(Exception):
    """Another supervisor holds this home; `running` is what it says of itself."""

    def __init__(self, running: dict[str, Any]) -> None:
        super().__init__(f"UCC already runs here: process {running.get('pid')}, {running.get('url')}")
        self.running = running


class StartFailed(Exception):
    """Not every service became ready; the text names each with its reason and the end of its log."""


@contextmanager
def hold_home(settings: Settings) -> Iterator[None]:
    """The lock on the home folder, held as long as this process lives. Raises AlreadyRunning."""
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    with lock_path(settings).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(find_running(settings) or {}) from None
        file.truncate(0)
        url = f"http://{settings.address}:{settings.api_port}"
        json.dump({"pid": os.getpid(), "started_ticks": find_started_ticks(os.getpid()), "url": url}, file)
        file.flush()
        yield
        file.truncate(0)


class Supervisor:
    """Use as `async with supervisor.run():`; services are up inside and down after it, whatever happens."""

    def __init__(self, settings: Settings, services: Sequence[Service]) -> None:
        self._settings = settings
        self._record = RunRecord(uuid.uuid4().hex)
        self._record_path = record_path(settings)
        self.shut_down = asyncio.Event()
        environment = self._environment()
        self._watches = {
            service.name: Watch(service, settings.log_dir / f"{service.name}.log", environment, self._save_record)
            for service in services
        }

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name.startswith("UCC_") or name == "TZ"}
        return {
            **kept,
            "PATH": f"{CHECKOUT / '.venv/bin'}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/",
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "UCC_HOME": str(self._settings.home),
            RUN_ID_VARIABLE: self._record.run_id,
        }

    def _save_record(self) -> None:
        self._record.processes = [watch.record for watch in self._watches.values() if watch.record is not None]
        self._record.save(self._record_path)

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Starts everything and yields at once (see `wait_ready`); stops everything at the end.

        What an earlier run left behind has to be stopped before (`stop_survivors`).
        """
        raise_file_limit()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self.shut_down.set)
        rotation = asyncio.create_task(self._rotate_logs())
        try:
            async with control.serve(self._settings, self._dispatch):
                for name in self._watches:
                    self._start(name)
                yield
        finally:
            rotation.cancel()
            await self.stop_all()
            self._record_path.unlink(missing_ok=True)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                loop.remove_signal_handler(number)

    def _start(self, name: str) -> None:
        watch = self._watches[name]
        watch.start(tuple(self._watches[need] for need in watch.service.needs if need in self._watches))

    async def wait_ready(
        self, timeout_s: float = 60.0, *, on_progress: Callable[[str], None] = lambda text: None
    ) -> bool:
        """True when every service is ready, False when a shut-down was asked meanwhile.

        `on_progress` gets the names of those that are not ready yet. Raises StartFailed after `timeout_s`,
        or sooner when a service keeps ending.
        """
        deadline = time.monotonic() + timeout_s
        while not self.shut_down.is_set():
            open_names = [name for name, watch in self._watches.items() if not watch.was_ready.is_set()]
            if not open_names:
                return True
            if any(self._watches[name].restarts >= GIVE_UP_RESTARTS for name in open_names):
                raise StartFailed(self._describe_unready("a service keeps ending before it is ready"))
            if time.monotonic() > deadline:
                raise StartFailed(self._describe_unready(f"not ready within {timeout_s:g} s"))
            on_progress(", ".join(open_names))
            await asyncio.sleep(0.05)
        return False

    def _describe_unready(self, reason: str) -> str:
        lines = [f"{reason}:"]
        for name, watch in self._watches.items():
            if not watch.was_ready.is_set() and watch.state != "waiting":
                lines.append(f"  {name}: {watch.trouble or watch.state}")
                lines += [f"    {line}" for line in read_tail(watch.log_path)]
        return "\n".join(lines)

    async def stop_all(self) -> None:
        """All services at once, then those that stop last; each gets its signal and then SIGKILL."""
        first = [watch for watch in self._watches.values() if not watch.service.stops_last]
        last = [watch for watch in self._watches.values() if watch.service.stops_last]
        await asyncio.gather(*(watch.stop(STOP_GRACE_S) for watch in first))
        await asyncio.gather(*(watch.stop(STOP_LAST_GRACE_S) for watch in last))

    async def _dispatch(self, request: dict[str, Any]) -> control.Reply:
        match request.get("command"):
            case "status":
                return {"services": await asyncio.gather(*(self._status(watch) for watch in self._watches.values()))}
            case "shut_down":
                self.shut_down.set()
                return {}
            case "start":
                self._start(self._get(request).service.name)
                return {}
            case "stop":
                await self._get(request).stop(STOP_GRACE_S)
                return {}
            case "restart":
                watch = self._get(request)
                await watch.stop(STOP_GRACE_S)
                self._start(watch.service.name)
                return {}
            case "kill":
                self._get(request).kill(signal.Signals(request.get("signal", signal.SIGKILL)))
                return {}
            case other:
                raise ValueError(f"no such command: {other!r}")

    def _get(self, request: dict[str, Any]) -> Watch:
        name = request.get("service")
        if name not in self._watches:
            raise LookupError(f"no service {name!r}; there are {', '.join(self._watches)}")
        return self._watches[name]

    async def _status(self, watch: Watch) -> dict[str, Any]:
        trouble = watch.trouble
        if watch.state == "ready":
            try:
                trouble = await asyncio.wait_for(watch.service.find_trouble(), 4)
            except TimeoutError:
                trouble = "its check does not end within 4 s"
        return {
            "name": watch.service.name,
            "state": watch.state,
            "pid": watch.pid,
            "restarts": watch.restarts,
            "ready_since": watch.ready_since,
            "trouble": trouble if watch.state != "stopped" else "stopped on request",
            "consequence": watch.service.consequence,
        }

    async def _rotate_logs(self) -> None:
        while True:
            await asyncio.sleep(10)
            for path in self._settings.log_dir.glob("*.log"):
                if path.stat().st_size > LOG_BYTES:
                    await asyncio.to_thread(rotate, path)


def rotate(path: Path, keep: int = LOG_KEEP) -> None:
    """Copies a log aside and empties it in place: its writer appends and need not be told."""
    for number in range(keep - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.rename(path.with_name(f"{path.name}.{number + 1}"))
    shutil.copyfile(path, path.with_name(f"{path.name}.1"))
    os.truncate(path, 0)


def raise_file_limit() -> int:
    """Allows as many open files as this process may, and 65,536 where it may say so itself; the limit then."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < WANTED_FILES:
        with contextlib.suppress(ValueError, PermissionError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (WANTED_FILES, WANTED_FILES))
            return WANTED_FILES
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
