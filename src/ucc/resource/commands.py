"""`ucc resource ...`: extensions, DIDs, caller IDs and trunks. Runs against the database as the system role."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from ucc.config import get_settings
from ucc.db.scope import Scoped, TenantKind, TenantScope, enter_scope
from ucc.errors import InvalidInput, NotFound, UccError
from ucc.live.controller import Controller
from ucc.resource import repository, service
from ucc.resource.numbers import list_range, read_file, read_numbers, say
from ucc.resource.schemas import MOST, GrantView, ImpactView, ResourceKind, ResourceView
from ucc.secrets import get_secrets
from ucc.tenant.commands import AsJson, as_operator, get_tenant, run

app = typer.Typer(no_args_is_help=True, help="Extensions, DIDs, caller IDs and trunks along the customer tree.")
Kind = Annotated[ResourceKind, typer.Argument(help="extension, did, caller_id or trunk")]
Numbers = Annotated[list[str], typer.Argument(help="numbers, or first-last; trunks by name")]
Confirm = Annotated[bool, typer.Option("--confirm", help="also what is in use")]


def _expand(kind: ResourceKind, texts: Sequence[str]) -> list[str]:
    if kind is ResourceKind.TRUNK:
        return list(texts)
    numbers: list[str] = []
    for text in texts:
        first, dash, last = text.partition("-")
        numbers += list_range(kind, first, last) if dash else read_numbers(kind, [text])
    return numbers


async def _find_ids(scoped: Scoped, kind: ResourceKind, numbers: Sequence[str], holder_id: int | None) -> list[int]:
    """Raises NotFound when one is missing, InvalidInput when a tenant holds two trunks of one name. `holder_id`: a
    caller ID may be several tenants' at once."""
    shown_as = service.SHOWN[kind].c
    wanted = select(shown_as.id, shown_as.number).where(shown_as.number.in_(numbers))
    if holder_id is not None:
        wanted = wanted.where(shown_as.tenant_id == holder_id)
    rows = (await scoped.session.execute(wanted)).all()
    missing = sorted(set(numbers) - {row.number for row in rows})
    if missing:
        raise NotFound(f"Not there: {say(missing)}")
    if holder_id is not None and len(rows) > len(set(numbers)):
        raise InvalidInput("Several have that name: give each another first.")
    return [row.id for row in rows]


@app.command("list")
def list_resources(
    kind: Kind,
    tenant: Annotated[str, typer.Option(help="only what this tenant has")] = "",
    number: Annotated[str, typer.Option(help="part of the number")] = "",
    as_json: AsJson = False,
) -> None:
    """Who has what."""

    async def work() -> list[ResourceView]:
        found: list[ResourceView] = []
        after: int | None = 0
        async with as_operator() as scoped:
            tenant_id = (await get_tenant(scoped.session, tenant)).id if tenant else None
            while after is not None:
                page = await repository.list_resources(scoped, kind, tenant_id, number, after, MOST)
                found += page.items
                after = page.next_after_id
        return found

    items = run(work())
    if as_json:
        typer.echo(json.dumps([one.model_dump(mode="json") for one in items]))
        return
    for one in items:
        typer.echo(f"{one.number}  tenant {one.tenant_id}{'  in use' if one.is_in_use else ''}")


@app.command("make")
def make_resources(
    kind: Kind,
    numbers: Annotated[list[str] | None, typer.Argument(help="numbers, or first-last")] = None,
    file: Annotated[Path | None, typer.Option(help="CSV with a column `number`", exists=True, dir_okay=False)] = None,
    trunk: Annotated[int | None, typer.Option(help="caller IDs: id of the trunk they go out on")] = None,
) -> None:
    """Make some for the operator: all of them, or none."""

    async def work() -> int:
        service.require_made_here(kind)
        wanted = read_file(kind, file.read_bytes()) if file is not None else _expand(kind, numbers or [])
        if not wanted:
            raise NotFound("Name numbers, or a file.")
        if (kind is ResourceKind.CALLER_ID) != (trunk is not None):
            raise NotFound("Caller IDs need --trunk, and nothing else takes it.")
        async with as_operator() as scoped:
            return len(await service.create(scoped, None, kind, wanted, trunk))

    typer.echo(f"made: {run(work())}")


@app.command("grant")
def grant_resources(
    kind: Kind,
    numbers: Numbers,
    to: Annotated[str, typer.Option(help="code of the tenant that gets them")],
    confirm: Confirm = False,
) -> None:
    """From the level directly above to a tenant: all of them, or none. A trunk is for that tenant and those below it
    alone then; what others lose by that is said before, and done only when confirmed."""

    async def work() -> tuple[ImpactView, list[str]]:
        async with as_operator() as scoped:
            tenant = await get_tenant(scoped.session, to)
            if tenant.parent_id is None:
                raise NotFound("Nobody is above the operator; take them back instead.")
            above = await enter_scope(scoped.session, TenantScope(tenant.parent_id, TenantKind.RESELLER))
            ids = await _find_ids(above, kind, _expand(kind, numbers), tenant.parent_id)
            impact = await service.find_impact(above, kind, ids, tenant.id)
            if impact.use_count and not confirm:
                return impact, []
            return impact, await service.grant(above, None, kind, ids, tenant.id, confirm=confirm)

    _tell_impact(kind, "granted", *run(work()))


@app.command("take-back")
def take_back_resources(
    kind: Kind,
    numbers: Numbers,
    holder: Annotated[str, typer.Option("--from", help="code of the tenant that has them")],
    confirm: Confirm = False,
) -> None:
    """To the operator. What is in use is taken back only when confirmed, and said before."""

    async def work() -> tuple[ImpactView, list[str]]:
        async with as_operator() as scoped:
            tenant = await get_tenant(scoped.session, holder)
            ids = await _find_ids(scoped, kind, _expand(kind, numbers), tenant.id)
            impact = await service.find_impact(scoped, kind, ids)
            if impact.use_count and not confirm:
                return impact, []
            return impact, await service.take_back(scoped, None, kind, ids, confirm=confirm)

    _tell_impact(kind, "taken back", *run(work()))


@app.command("history")
def show_history(kind: Kind, number: Annotated[str, typer.Argument()], as_json: AsJson = False) -> None:
    """Who had it when."""

    async def work() -> list[list[GrantView]]:
        async with as_operator() as scoped:
            ids = await _find_ids(scoped, kind, _expand(kind, [number]), None)
            return [(await repository.list_history(scoped, kind, one)).items for one in ids]

    for items in run(work()):
        for one in items:
            if as_json:
                typer.echo(one.model_dump_json())
            else:
                typer.echo(f"{one.granted_at:%Y-%m-%d %H:%M:%S}Z  {one.from_name or '-'} -> {one.to_name or '-'}")


def _tell_impact(kind: ResourceKind, done: str, impact: ImpactView, moved: Sequence[str]) -> None:
    for use in impact.uses:
        typer.echo(f"in use: {use.number}  {use.use}  {use.label}")
    if not moved:
        typer.echo(f"Nothing was {done}; --confirm does it all the same.", err=True)
        raise typer.Exit(1)
    _tell(kind, moved)


def _tell(kind: ResourceKind, numbers: Sequence[str]) -> None:
    typer.echo(f"moved: {len(numbers)}")
    if kind is not ResourceKind.EXTENSION:
        return

    async def sign_off() -> int:
        controller = Controller(get_settings(), get_secrets())
        try:
            return await controller.end_registrations(numbers)
        finally:
            await controller.close()

    try:
        typer.echo(f"signed off: {asyncio.run(sign_off())}")
    except UccError as error:
        typer.echo(f"Phones stay registered until they register anew: {error}", err=True)
