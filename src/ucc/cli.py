"""The command `ucc`: starts, stops and examines UCC on this machine."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from ucc.config import get_settings
from ucc.ledger.commands import app as ledger
from ucc.rating.commands import app as plans
from ucc.rent.commands import app as rents
from ucc.resource.commands import app as resources
from ucc.settlement.commands import app as statements
from ucc.stack.client import StackClient, StackError, find_running
from ucc.statistics.commands import show_statistics
from ucc.tenant.commands import app as tenants

main = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
screen = Console(highlight=False, soft_wrap=True)

ALREADY_RUNS = 3


@main.command()
def up(
    check: Annotated[bool, typer.Option("--check", help="place the demo calls, prove them, then stop")] = False,
    demo: Annotated[bool, typer.Option(help="place the demo calls and say what they cost")] = False,
    only: Annotated[str, typer.Option(help="names of services, with commas: only these and what they need")] = "",
) -> None:
    """Start every service and watch them until Ctrl-C."""
    from ucc.stack.session import run_session

    code = asyncio.run(
        run_session(screen, is_check=check, with_demo_calls=demo, only=set(filter(None, only.split(","))))
    )
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
        trouble = escape(entry.trouble or "")
        screen.print(f"{entry.name:11} {entry.state:10} process {entry.pid}  restarts {entry.restarts}  {trouble}")


@main.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="one JSON document instead of text")] = False) -> None:
    """Say what is missing or unhealthy, and what follows from it; exit code 1 when something is unhealthy."""
    from ucc.stack.doctor import examine

    findings = examine(get_settings())
    is_healthy = all(finding.level != "unhealthy" for finding in findings)
    if as_json:
        typer.echo(json.dumps({"is_healthy": is_healthy, "findings": [asdict(finding) for finding in findings]}))
    else:
        for finding in findings:
            colour = {"ok": "green", "warning": "yellow", "unhealthy": "red"}[finding.level]
            advice = f" => {finding.advice}" if finding.advice else ""
            screen.print(f"[{colour}]{finding.level:9}[/] {finding.subject}: {escape(finding.text)}{escape(advice)}")
    raise typer.Exit(0 if is_healthy else 1)


@main.command()
def restart(service: Annotated[str, typer.Argument(help="its name in `ucc status`")]) -> None:
    """Stop one service and start it again."""
    try:
        StackClient().restart(service)
        StackClient().wait_ready(service)
    except StackError as error:
        screen.print(f"[red]{escape(str(error))}[/]")
        raise typer.Exit(1) from error
    screen.print(f"{service} is ready.")


emulator = typer.Typer(no_args_is_help=True, help="The demo's carrier.")
main.add_typer(emulator, name="emulator")


@emulator.command("call")
def call_from_carrier(
    did: Annotated[str, typer.Argument(help="the number that is called")] = "+861088880001",
    caller: Annotated[str, typer.Option(help="who calls")] = "+8613800138000",
    seconds: Annotated[float, typer.Option(help="hang up this long after the answer")] = 10.0,
) -> None:
    """Call a DID as a customer does, and say how it went."""
    from ucc.stack.carrier_call import call_did

    raise typer.Exit(asyncio.run(call_did(screen, did, caller, seconds)))


main.add_typer(tenants, name="tenant")
main.add_typer(resources, name="resource")
main.add_typer(plans, name="plan")
main.add_typer(ledger, name="ledger")
main.add_typer(rents, name="rent")
main.add_typer(statements, name="statement")
main.command("statistics")(show_statistics)


if __name__ == "__main__":
    main()
