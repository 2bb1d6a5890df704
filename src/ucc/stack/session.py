"""What `ucc up` does from start to Ctrl-C: services, demo, demo calls, and the closing report."""

from __future__ import annotations

import time

from rich.console import Console
from rich.markup import escape

from ucc.config import Settings, get_settings
from ucc.secrets import get_secrets
from ucc.stack.client import StackClient, StackError, find_running
from ucc.stack.namespace import find_capability_gap
from ucc.stack.services import choose, list_services
from ucc.stack.supervisor import AlreadyRunning, StartFailed, Supervisor, hold_home

ALREADY_RUNS = 3
FAILED = 1
STOP_WITHIN_S = 8.0


async def run_session(screen: Console, *, is_check: bool, with_demo: bool | None, only: set[str]) -> int:
    """The exit code: 0 after a clean stop, 1 when something failed, 3 when UCC already runs in this home."""
    settings = get_settings()
    if gap := find_capability_gap():
        screen.print(f"[red]UCC cannot start:[/] {escape(gap)}")
        return FAILED
    try:
        with hold_home(settings):
            return await _run(screen, settings, is_check=is_check, with_demo=with_demo, only=only)
    except AlreadyRunning as error:
        screen.print(f"[yellow]{escape(str(error))}.[/] Nothing was changed. `ucc stop` stops it.")
        return ALREADY_RUNS


async def _run(screen: Console, settings: Settings, *, is_check: bool, with_demo: bool | None, only: set[str]) -> int:
    services = list_services(settings, get_secrets())
    supervisor = Supervisor(settings, choose(services, only) if only else services)
    started = time.monotonic()
    code = 0
    async with supervisor.run():
        try:
            if await supervisor.wait_ready():
                screen.print(f"[green]ready[/] in {time.monotonic() - started:.1f} s; logs in {settings.log_dir}")
                await supervisor.shut_down.wait()
        except StartFailed as error:
            screen.print(f"[red]UCC did not start:[/] {escape(str(error))}")
            code = FAILED
        began_stop = time.monotonic()
    screen.print(f"stopped in {time.monotonic() - began_stop:.1f} s")
    return code


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
    screen.print("stopped.")
    return 0
