"""The command `ucc`: starts, stops and examines UCC on this machine."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from ucc.config import get_settings
from ucc.stack.client import StackClient, StackError, find_running

main = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
screen = Console(highlight=False)

ALREADY_RUNS = 3


@main.command()
def up(
    check: Annotated[bool, typer.Option("--check", help="place the demo calls, prove them, then stop")] = False,
    demo: Annotated[bool | None, typer.Option(help="fill the demo and place its calls; default: settings")] = None,
    only: Annotated[str, typer.Option(help="names of services, with commas: only these and what they need")] = "",
) -> None:
    """Start every service and watch them until Ctrl-C."""
    from ucc.stack.session import run_session

    code = asyncio.run(run_session(screen, is_check=check, with_demo=demo, only=set(filter(None, only.split(",")))))
    raise typer.Exit(code)


@main.command()
def stop() -> None:
    """Stop the UCC that runs in this home."""
    from ucc.stack.session import stop_running

    raise typer.Exit(stop_running(screen))


@main.command()
def status() -> None:
    """Each service, its state and what is wrong with it."""
    running = find_running(get_settings())
    if running is None:
        screen.print(f"UCC does not run in {get_settings().home}.")
        raise typer.Exit(1)
    try:
        services = StackClient().status()
    except StackError as error:
        screen.print(escape(str(error)))
        raise typer.Exit(1) from error
    for entry in services.values():
        screen.print(f"{entry.name:11} {entry.state:10} pid {entry.pid}  restarts {entry.restarts}  {escape(entry.trouble or '')}")
