"""`ucc rent ...`: settles what is due, and says what was charged. Runs against the database as the system role."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Annotated

import typer
from sqlalchemy import select

from ucc.db.unit import Database
from ucc.errors import InvalidInput
from ucc.kit.clock import now
from ucc.kit.money import format_yuan
from ucc.rent.endpoints import show_charge
from ucc.rent.models import RentCharge
from ucc.rent.schemas import RentChargeView
from ucc.settlement.service import Settled, last_day, settle
from ucc.tenant.commands import AsJson, as_operator, get_tenant, require_billing, run

app = typer.Typer(no_args_is_help=True, help="Rents, and the settling of days and months.")
Tenant = Annotated[str, typer.Option(help="code of a tenant; without: all")]


@app.command("run")
def run_rents(
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="last day to settle; without: the last that is over")
    ] = None,
    tenant: Tenant = "",
    as_json: AsJson = False,
) -> None:
    """Charge the rents of all days up to one, and close the months that ended, whatever was missed first. Run again, it
    does nothing."""

    async def work() -> tuple[date, Settled]:
        require_billing()
        newest = last_day(now())
        last = until.date() if until is not None else newest
        if last > newest:
            raise InvalidInput(f"{last} is not over yet, or has been for less than an hour; the last day is {newest}.")
        async with Database.of_role("system", pool_size=1) as database:
            tenant_ids = None
            if tenant:
                async with database.begin() as session:
                    tenant_ids = [(await get_tenant(session, tenant)).id]
            return last, await settle(database, last, tenant_ids)

    last, done = run(work())
    if as_json:
        typer.echo(
            json.dumps({"until": str(last), "days": done.days, "rents": done.rents, "statements": done.statements})
        )
    else:
        typer.echo(f"settled until {last}: {done.days} days, {done.rents} rents, {done.statements} statements")


@app.command("list")
def list_charges(
    tenant: Tenant = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    as_json: AsJson = False,
) -> None:
    """What was charged, the newest first."""

    async def work() -> list[RentChargeView]:
        async with as_operator() as scoped:
            query = select(RentCharge).order_by(RentCharge.id.desc()).limit(limit)
            if tenant:
                query = query.where(RentCharge.tenant_id == (await get_tenant(scoped.session, tenant)).id)
            return [show_charge(row) for row in await scoped.session.scalars(query)]

    items = run(work())
    if as_json:
        typer.echo(json.dumps([one.model_dump(mode="json") for one in items]))
        return
    for one in items:
        typer.echo(
            f"{one.starts_on} - {one.ends_on}  tenant {one.tenant_id}  {one.basis.value} a {one.cycle}  "
            f"{one.unit_days} in {one.days} days  {format_yuan(one.amount_micros)}"
        )
