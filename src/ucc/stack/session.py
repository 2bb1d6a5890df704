"""What `ucc up` does from start to Ctrl-C: services, demo, demo calls, and the closing report."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from sqlalchemy.exc import SQLAlchemyError

from ucc.config import Settings, get_settings
from ucc.demo import fill
from ucc.kit.logging import configure_logging
from ucc.secrets import get_secrets
from ucc.stack import demo_report
from ucc.stack.client import StackClient, StackError, find_running
from ucc.stack.namespace import find_capability_gap
from ucc.stack.ports import list_taken
from ucc.stack.processes import record_path, stop_survivors
from ucc.stack.services import choose, list_services, prepare_database
from ucc.stack.supervisor import AlreadyRunning, StartFailed, Supervisor, hold_home

T = TypeVar("T")

ALREADY_RUNS = 3
FAILED = 1
STOP_WITHIN_S = 8.0


async def run_session(screen: Console, *, is_check: bool, with_demo_calls: bool, only: set[str]) -> int:
    """The exit code: 0 after a clean stop, 1 when something failed, 3 when UCC already runs in this home."""
    settings = get_settings()
    if gap := find_capability_gap():
        screen.print(f"[red]UCC cannot start:[/] {escape(gap)}")
        return FAILED
    try:
        with hold_home(settings):
            settings.log_dir.mkdir(parents=True, exist_ok=True)
            configure_logging("supervisor", stream=(settings.log_dir / "supervisor.log").open("a", buffering=1))
            return await _Session(screen, settings, only).run(is_check=is_check, with_demo_calls=with_demo_calls)
    except AlreadyRunning as error:
        screen.print(f"[yellow]{escape(str(error))}.[/] Nothing was changed. `ucc stop` stops it.")
        return ALREADY_RUNS


class _Session:
    def __init__(self, screen: Console, settings: Settings, only: set[str]) -> None:
        self._screen = screen
        self._settings = settings
        self._secrets = get_secrets()
        services = list_services(settings, self._secrets)
        self._services = choose(services, only) if only else services
        self._is_whole = not only

    async def run(self, *, is_check: bool, with_demo_calls: bool) -> int:
        settings = self._settings
        if found := await asyncio.to_thread(stop_survivors, record_path(settings)):
            self._screen.print(f"Stopped {len(found)} processes that an earlier, killed UCC left behind.")
        if taken := list_taken(settings, {service.name for service in self._services}):
            self._screen.print("[red]UCC cannot start:[/] its ports are not free.")
            self._screen.print(escape("\n".join(f"  {line}" for line in taken)))
            self._screen.print(f"Another address or port is set in {settings.home / 'ucc.toml'} or by UCC_ADDRESS.")
            return FAILED
        supervisor = Supervisor(settings, self._services)
        code, closing_line = FAILED, None
        async with supervisor.run():
            try:
                code, closing_line = await self._serve(supervisor, is_check, with_demo_calls)
            except (StartFailed, RuntimeError, SQLAlchemyError) as error:
                self._screen.print(f"[red]UCC did not start:[/] {escape(str(error))}")
            began_stop = time.monotonic()
            ready_path(settings).unlink(missing_ok=True)
        self._screen.print(f"Stopped in {time.monotonic() - began_stop:.1f} s.")
        if closing_line is not None:
            typer.echo(closing_line)
        return code

    async def _serve(self, supervisor: Supervisor, is_check: bool, with_demo_calls: bool) -> tuple[int, str | None]:
        """From the start to the wish to stop: (exit code, closing line of JSON or None)."""
        began = time.monotonic()
        if self._settings.database_url is not None:
            await prepare_database(self._settings)
        with self._screen.status("starting") as status:
            if not await supervisor.wait_ready(on_progress=lambda text: status.update(f"starting: {text}")):
                return 0, None
        demo = await fill() if self._is_whole and self._settings.is_demo else None
        ready_path(self._settings).touch()
        self._screen.print(f"[green]All services are ready[/] after {time.monotonic() - began:.1f} s.")
        code, closing_line = 0, None
        if demo is not None:
            demo_report.show_welcome(self._screen, self._settings, demo)
            if is_check or with_demo_calls:
                calls = demo_report.run_demo_calls(self._screen, self._settings, self._secrets, demo)
                done = await _unless_asked_to_stop(supervisor, calls)
                code, closing_line = done if done is not None else (FAILED, None)
        elif is_check:
            self._screen.print("[red]--check needs the demo: is_demo is off in the settings.[/]")
            return FAILED, None
        if is_check:
            return code, closing_line
        self._screen.print("Ctrl-C stops everything.")
        await supervisor.shut_down.wait()
        return 0, None


async def _unless_asked_to_stop(supervisor: Supervisor, work: Coroutine[Any, Any, T]) -> T | None:
    """What `work` returns; None when Ctrl-C came first."""
    task, stop = asyncio.create_task(work), asyncio.create_task(supervisor.shut_down.wait())
    await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if task.done():
        return task.result()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return None


def ready_path(settings: Settings) -> Path:
    """This file exists while every service has been started and the demo is filled."""
    return settings.run_dir / "ready"


def stop_running(screen: Console) -> int:
    """Stops the supervisor of this home and waits for its end; 0 also when none runs."""
    settings = get_settings()
    running = find_running(settings)
    if running is None:
        screen.print(f"UCC does not run in {settings.home}.")
        return 0
    try:
        StackClient(settings).shut_down()
    except StackError as error:
        screen.print(f"[red]{escape(str(error))}[/]")
        return FAILED
    deadline = time.monotonic() + STOP_WITHIN_S
    while find_running(settings) is not None:
        if time.monotonic() > deadline:
            screen.print(f"[red]process {running.get('pid')} still runs after {STOP_WITHIN_S:g} s[/]")
            return FAILED
        time.sleep(0.05)
    screen.print("Stopped.")
    return 0
