"""The set-up after the Python environment exists: programs of the host, telephony runtime, console. Run by
`tools/bootstrap.py`.

Every step is skipped when it is done and resumed when it was interrupted. One set-up at a time: a second one waits.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from ucc.config import CHECKOUT, get_settings
from ucc.stack.console import BuildConsole, InstallConsolePackages
from ucc.stack.namespace import find_capability_gap
from ucc.stack.node import InstallNode
from ucc.stack.packages import FOR_CHECK, FOR_RUN, FOR_TEST, InstallPackages
from ucc.stack.runtime import BuildRuntime
from ucc.stack.steps import Report, Step, StepFailed


class CheckRights(Step):
    title = "Rights of this process"

    def is_done(self) -> bool:
        return find_capability_gap() is None

    def run(self, report: Report) -> None:
        if gap := find_capability_gap():
            raise StepFailed(gap)


def list_steps(purpose: str) -> list[Step]:
    """Every step, in order, for `run`, `test` (also what only tests need) or `check` (no services)."""
    settings = get_settings()
    log_dir = settings.log_dir / "setup"
    console = CHECKOUT / "console"
    node = InstallNode(CHECKOUT / "var" / "node", log_dir)
    console_packages = InstallConsolePackages(console, log_dir, node)
    if purpose == "check":
        return [InstallPackages(FOR_CHECK, log_dir), node, console_packages]
    return [
        InstallPackages(FOR_RUN + FOR_TEST if purpose == "test" else FOR_RUN, log_dir),
        CheckRights(),
        BuildRuntime(settings.runtime_root, log_dir),
        node,
        console_packages,
        BuildConsole(console, log_dir, node),
    ]


def run_steps(steps: Sequence[Step], console: Console) -> None:
    """Does what is not done, one line per step, the current output beside it. Raises StepFailed."""
    for number, step in enumerate(steps, start=1):
        label = f"[{number}/{len(steps)}] {step.title}"
        if step.is_done():
            console.print(f"[green]ok[/]   {escape(label)}")
            continue
        started = time.monotonic()
        with console.status(escape(label)) as status:
            shown = 0.0

            def report(line: str) -> None:
                nonlocal shown
                elapsed = time.monotonic() - started  # noqa: B023  both belong to this round
                status.update(escape(f"{label}  {elapsed:.0f} s  {line[:80]}"))  # noqa: B023
                if not console.is_terminal and elapsed - shown >= 10:  # a log shows that it is alive
                    shown = elapsed
                    console.print(f"     {escape(label)}  {elapsed:.0f} s  {escape(line[:100])}")  # noqa: B023

            step.run(report)
        console.print(f"[green]done[/] {escape(label)}  {time.monotonic() - started:.0f} s")


@contextmanager
def hold_lock(path: Path, console: Console) -> Iterator[None]:
    """One set-up of one checkout at a time; the lock goes with the process, however it ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.print("Another set-up of this checkout runs; waiting for it.")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> int:
    parser = argparse.ArgumentParser(description="Sets up what UCC needs on this machine.")
    parser.add_argument("--purpose", choices=("run", "test", "check"), default="run", help="what has to be there")
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    os.umask(0o022)
    try:
        with hold_lock(CHECKOUT / "var" / ".setup.lock", console):
            run_steps(list_steps(arguments.purpose), console)
    except StepFailed as error:
        console.print(f"[red]Set-up failed:[/] {escape(str(error))}")
        console.print("Run the same command again when the cause is gone: finished steps are not repeated.")
        return 1
    except KeyboardInterrupt:
        console.print("[yellow]Interrupted.[/] The same command resumes.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
