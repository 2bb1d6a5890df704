"""The life of one service: start, wait until it is ready, watch, restart with backoff, stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import structlog

from ucc.stack.processes import ProcessRecord, find_started_ticks
from ucc.stack.service import Service

State = Literal["stopped", "waiting", "starting", "ready", "restarting"]

FIRST_BACKOFF_S = 0.25
LAST_BACKOFF_S = 15.0
STEADY_AFTER_S = 30.0
"""A service that ran this long is restarted at once the next time."""
PROBE_EVERY_S = 0.1

log = structlog.get_logger("ucc.stack")


class Watch:
    """Owns the process of one service. All methods run in the supervisor's event loop."""

    def __init__(
        self, service: Service, log_path: Path, environment: Mapping[str, str], on_change: Callable[[], None]
    ) -> None:
        self.service = service
        self.state: State = "stopped"
        self.trouble: str | None = None
        self.restarts = 0
        self.ready_since: float | None = None
        self.record: ProcessRecord | None = None
        self.log_path = log_path
        self.was_ready = asyncio.Event()
        self._environment = dict(environment)
        self._on_change = on_change
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def start(self, needs: tuple[Watch, ...] = ()) -> None:
        """Begins to keep the service running; nothing when it already does."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._keep_running(needs), name=f"watch {self.service.name}")

    async def stop(self, grace_s: float) -> None:
        """Ends the service and stays stopped: its stop signal, then SIGKILL to the group after `grace_s`."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if self._process is not None:
            self._signal_leader(self.service.stop_signal)
            try:
                await asyncio.wait_for(self._process.wait(), grace_s)
            except TimeoutError:
                log.warning("service.killed", service=self.service.name, after_s=grace_s)
            await self._reap()
        self.state, self.trouble, self.ready_since = "stopped", None, None

    def kill(self, number: signal.Signals) -> None:
        """Sends a signal to the whole process group; the service is started again when it ends. Raises LookupError."""
        if self._process is None:
            raise LookupError(f"{self.service.name} does not run")
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    async def _keep_running(self, needs: tuple[Watch, ...]) -> None:
        self.state = "waiting"
        for need in needs:
            await need.was_ready.wait()
        backoff_s = FIRST_BACKOFF_S
        while True:
            began = time.monotonic()
            try:
                await self._run_once()
            except (OSError, RuntimeError, LookupError, ValueError) as error:
                self.trouble = f"cannot be started: {error}"
                log.error("service.start_failed", service=self.service.name, reason=str(error))
                await self._reap()
            if time.monotonic() - began > STEADY_AFTER_S:
                backoff_s = FIRST_BACKOFF_S
            self.state, self.ready_since = "restarting", None
            self.restarts += 1
            await asyncio.sleep(backoff_s)
            backoff_s = min(backoff_s * 2, LAST_BACKOFF_S)

    async def _run_once(self) -> None:
        """One process from start to end. Raises what `prepare` or the start of the process raises."""
        self.state = "starting"
        argv = await asyncio.to_thread(self.service.prepare)
        await self._spawn(argv)
        process = self._process
        assert process is not None
        ended = asyncio.create_task(process.wait())
        try:
            while not ended.done() and self.state == "starting":
                await self._try_ready()
                if self.state == "starting":
                    await asyncio.wait({ended}, timeout=PROBE_EVERY_S)
            code = await ended
        finally:
            ended.cancel()
        self.trouble = _describe_end(code, self.log_path)
        log.warning("service.ended", service=self.service.name, code=code)
        await self._reap()

    async def _spawn(self, argv: list[str]) -> None:
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                env=self._environment,
                cwd=self.service.cwd,
                start_new_session=True,
            )
        finally:
            os.close(descriptor)
        ticks = find_started_ticks(self._process.pid)
        self.record = ProcessRecord(self.service.name, self._process.pid, ticks) if ticks is not None else None
        self._on_change()

    async def _try_ready(self) -> None:
        trouble = await self.service.find_trouble()
        if trouble is not None:
            self.trouble = trouble
            return
        if self.service.after_ready is not None and not self.was_ready.is_set():
            await self.service.after_ready()
        self.state, self.trouble, self.ready_since = "ready", None, time.time()
        self.was_ready.set()
        log.info("service.ready", service=self.service.name, pid=self.pid)
        self._on_change()

    async def _reap(self) -> None:
        """Kills what is left of the process group and forgets it."""
        process, self._process, self.record = self._process, None, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        self._on_change()

    def _signal_leader(self, number: signal.Signals) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)


def read_tail(path: Path, lines: int = 5) -> list[str]:
    """The last lines of a log, at most 8 KiB of it; empty when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - 8192, 0))
            return file.read().decode(errors="replace").splitlines()[-lines:]
    except OSError:
        return []


def _describe_end(code: int, log_path: Path) -> str:
    how = f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    tail = " | ".join(line.strip() for line in read_tail(log_path, 3))
    return f"{how}; its log says: {tail}" if tail else how
