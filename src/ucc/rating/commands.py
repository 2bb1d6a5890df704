"""`ucc plan ...`: rate plans of the operator, or of the tenant that is named, and the price finder. Runs against the
database as the system role.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ucc.errors import InvalidInput
from ucc.rating import editing, finder, repository
from ucc.rating.csv_file import BadRates, read_rates, write_rates
from ucc.rating.schemas import FinderQuery, FinderView, PlanBody, PlanSummary, PlanView, VersionDetail
from ucc.tenant.commands import AsJson, as_operator, as_tenant, get_tenant, require_billing, run

app = typer.Typer(no_args_is_help=True, help="Rate plans and prices.")
Owner = Annotated[str, typer.Option("--owner", help="code of the seller whose plans they are; without: the operator")]
PlanId = Annotated[int, typer.Argument(min=1, help="as `ucc plan list` says")]


@app.command("list")
def list_plans(owner: Owner = "", as_json: AsJson = False) -> None:
    """The seller's plans, and the version that is in force."""

    async def work() -> list[PlanSummary]:
        require_billing()
        async with as_tenant(owner) as scoped:
            return (await repository.list_plans(scoped, scoped.scope.tenant_id)).items

    plans = run(work())
    if as_json:
        typer.echo(json.dumps([one.model_dump(mode="json") for one in plans], ensure_ascii=False))
        return
    for one in plans:
        draft = f"  draft {one.draft_version}" if one.draft_version else ""
        typer.echo(f"{one.id}  {one.name}  version {one.current_version or '-'}{draft}  {one.tenant_count} tenants")


@app.command("create")
def create_plan(name: str, owner: Owner = "") -> None:
    """A plan without rates; `import` gives it some."""

    async def work() -> int:
        require_billing()
        async with as_tenant(owner) as scoped:
            return (await editing.create_plan(scoped, PlanBody(name=name).name)).id

    typer.echo(run(work()))


@app.command("show")
def show_plan(plan: PlanId, owner: Owner = "", as_json: AsJson = False) -> None:
    """Its versions, the newest first."""

    async def work() -> PlanView:
        require_billing()
        async with as_tenant(owner) as scoped:
            return await repository.get_plan(scoped, plan)

    found = run(work())
    if as_json:
        typer.echo(found.model_dump_json())
        return
    typer.echo(f"{found.id}  {found.name}")
    for one in found.versions:
        since = f"{one.effective_from:%Y-%m-%d %H:%M:%S %Z}" if one.effective_from else "-"
        now = "  in force" if one.is_current else ""
        typer.echo(f"  {one.number}  {one.state}  from {since}  {one.rate_count} rates{now}  {one.note or ''}".rstrip())


@app.command("export")
def export_rates(plan: PlanId, version: Annotated[int, typer.Argument(min=1)], owner: Owner = "") -> None:
    """The rates of a version as CSV, in the form that `import` takes."""

    async def work() -> str:
        require_billing()
        async with as_tenant(owner) as scoped:
            _, found = await repository.find_version(scoped, plan, version)
            return write_rates(await editing.load_rates(scoped.session, found.id))

    sys.stdout.write(run(work()))


@app.command("import")
def import_rates(
    plan: PlanId, file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)], owner: Owner = ""
) -> None:
    """The rates of a CSV file become the plan's draft. A bad line, a gap or an overlap refuses the file."""

    async def work() -> VersionDetail:
        require_billing()
        try:
            rates = read_rates(file.read_bytes())
        except BadRates as error:
            raise InvalidInput(str(error)) from None
        async with as_tenant(owner) as scoped:
            draft = await editing.upload_rates(scoped, plan, rates)
            return await repository.get_version(scoped, plan, draft.number)

    found = run(work())
    typer.echo(f"version {found.number} is a draft with {found.rate_count} rates, {found.warning_count} warnings")
    for one in found.warnings:
        typer.echo(f"  {one.model_dump_json()}")


@app.command("publish")
def publish(
    plan: PlanId,
    since: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%dT%H:%M:%S"], help="UTC; without: as the draft says, else now"),
    ] = None,
    owner: Owner = "",
) -> None:
    """The draft counts for calls that are answered from its moment on, and never changes again."""

    async def work() -> int:
        require_billing()
        async with as_tenant(owner) as scoped:
            moment = since.replace(tzinfo=UTC) if since is not None else None
            return (await editing.publish_draft(scoped, plan, moment, None)).number

    typer.echo(f"version {run(work())} is published")


@app.command("price")
def find_price(
    callee: str,
    tenant: Annotated[str, typer.Option(help="code of who calls")],
    caller: str = "",
    seconds: Annotated[int, typer.Option(min=0, max=86_400)] = 60,
    as_json: AsJson = False,
) -> None:
    """What a call costs now at every level, and by which rate."""

    async def work() -> FinderView:
        require_billing()
        async with as_operator() as scoped:
            found = await get_tenant(scoped.session, tenant)
            wanted = FinderQuery(caller=caller, callee=callee, seconds=seconds, tenant_id=found.id)
            return await finder.find_prices(scoped, wanted)

    found = run(work())
    if as_json:
        typer.echo(found.model_dump_json())
        return
    typer.echo(f"{found.caller or '-'} ({found.caller_region or '-'})  {found.callee} ({found.callee_region or '-'})")
    for one in found.levels:
        if one.refusal is not None or one.rate is None:
            typer.echo(f"  {one.code}  {one.refusal}")
        else:
            why = ", ".join(one.why) or "for all calls"
            typer.echo(
                f"  {one.code}  {one.amount} 元  {one.billed_s} s billed  {one.plan_name} {one.version}, "
                f"rate {one.rate.id}: {why}"
            )
