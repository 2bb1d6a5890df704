"""`ucc tenant ...`: the customer tree, as the operator sees it. Runs against the database as the system role."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.config import get_settings
from ucc.db.scope import Scoped, TenantKind, TenantScope, enter_scope
from ucc.db.unit import Database
from ucc.errors import InvalidInput, NotFound, NotInThisEdition, UccError
from ucc.live.controller import Controller
from ucc.secrets import get_secrets
from ucc.tenant import opening, repository
from ucc.tenant.models import Tenant
from ucc.tenant.schemas import FirstUser, TenantBody, TenantChange, TenantView

app = typer.Typer(no_args_is_help=True, help="The customer tree.")
T = TypeVar("T")
Code = Annotated[str, typer.Argument(help="the tenant's code")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON document instead of text")]


def run(work: Coroutine[Any, Any, T]) -> T:
    """What the work finds; a refusal is said in one line, and the exit code is 1."""
    try:
        return asyncio.run(work)
    except UccError as error:
        text = f"{error.reason}: {error}"
    except ValidationError as error:
        first = error.errors()[0]
        text = f"invalid_input: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    except IntegrityError as error:
        text = f"refused by the database: {str(error.orig).splitlines()[0]}"
    except SQLAlchemyError as error:
        text = f"The database does not answer: {str(error).splitlines()[0]}"
    typer.echo(text, err=True)
    raise typer.Exit(1)


@asynccontextmanager
async def as_operator() -> AsyncIterator[Scoped]:
    """A transaction that sees the whole tree. Raises NotFound before there is an operator."""
    async with Database.of_role("system", pool_size=1) as database, database.begin() as session:
        operator_id = await session.scalar(select(Tenant.id).where(Tenant.kind == TenantKind.OPERATOR.value))
        if operator_id is None:
            raise NotFound("There is no operator yet.")
        yield await enter_scope(session, TenantScope(operator_id, TenantKind.OPERATOR))


@asynccontextmanager
async def as_tenant(code: str) -> AsyncIterator[Scoped]:
    """A transaction that sees what this tenant sees; without a code: the operator. Raises NotFound."""
    async with as_operator() as scoped:
        if not code:
            yield scoped
            return
        tenant = await get_tenant(scoped.session, code)
        yield await enter_scope(scoped.session, TenantScope(tenant.id, TenantKind(tenant.kind)))


def require_billing() -> None:
    """Raises NotInThisEdition where nothing is charged."""
    if not get_settings().has_billing:
        raise NotInThisEdition


async def get_tenant(session: AsyncSession, code: str) -> Tenant:
    """Raises NotFound."""
    found = await session.scalar(select(Tenant).where(Tenant.code == code))
    if found is None:
        raise NotFound(f"There is no tenant {code}.")
    return found


@app.command("list")
def list_tenants(as_json: AsJson = False) -> None:
    """Every tenant, indented below its parent, with its balance in yuan."""

    async def work() -> list[TenantView]:
        async with as_operator() as scoped:
            return await repository.list_tenants(scoped)

    tenants = run(work())
    if as_json:
        typer.echo(json.dumps([one.model_dump(mode="json") for one in tenants], ensure_ascii=False))
        return
    below: dict[int | None, list[TenantView]] = {}
    for one in tenants:
        below.setdefault(one.parent_id, []).append(one)

    def tell(parent_id: int | None, depth: int) -> None:
        for one in below.get(parent_id, ()):
            is_off = one.is_suspended or one.is_balance_suspended or one.is_suspended_above
            state = "  suspended" if is_off else ""
            typer.echo(f"{'  ' * depth}{one.code}  {one.name}  {one.kind.value}  {one.balance} 元{state}")
            tell(one.id, depth + 1)

    tell(None, 0)


@app.command("open")
def open_tenant(
    code: Annotated[str, typer.Argument(help="a-z, 0-9, - and _")],
    name: Annotated[str, typer.Argument(help="what people read")],
    parent: Annotated[str, typer.Option(help="code of the level above")] = "operator",
    kind: Annotated[TenantKind, typer.Option(help="reseller or enterprise")] = TenantKind.ENTERPRISE,
    username: Annotated[str, typer.Option(help="its first user; default: the code")] = "",
    max_calls: Annotated[int | None, typer.Option(help="calls at once; default: any number")] = None,
    plan: Annotated[int | None, typer.Option(help="id of a rate plan of the level above")] = None,
    as_json: AsJson = False,
) -> None:
    """Open a reseller or an enterprise; prints the first user's one-time password."""

    async def work() -> tuple[TenantView, str, str]:
        async with as_operator() as scoped:
            above = await get_tenant(scoped.session, parent)
            admin = FirstUser(username=username or code, display_name=name)
            values = {"parent_id": above.id, "kind": kind.value, "code": code, "name": name, "admin": admin}
            body = TenantBody.model_validate(values | {"max_calls": max_calls, "rate_plan_id": plan})
            made = await opening.open_tenant(scoped, body, get_settings().edition)
            return made.tenant, made.admin.username, made.admin.one_time_password

    tenant, user, password = run(work())
    if as_json:
        document = {"id": tenant.id, "code": tenant.code, "username": user, "one_time_password": password}
        typer.echo(json.dumps(document, ensure_ascii=False))
    else:
        typer.echo(f"{tenant.code}  {tenant.name}  {tenant.kind.value}  user {user}  one-time password {password}")


@app.command()
def suspend(
    code: Code, end_calls: Annotated[bool, typer.Option("--end-calls", help="also those in progress")] = False
) -> None:
    """Let nothing of it or below it call outside, from the next call on."""

    async def work() -> int | None:
        async with as_operator() as scoped:
            tenant = await get_tenant(scoped.session, code)
            await opening.set_suspended(scoped, tenant.id, is_suspended=True)
            enterprise_ids = await repository.list_enterprises_below(scoped, tenant.id)
        if not end_calls:
            return None
        controller = Controller(get_settings(), get_secrets())
        try:
            return await controller.end_calls(enterprise_ids)
        finally:
            await controller.close()

    ended = run(work())
    typer.echo(f"{code} is suspended" + ("" if ended is None else f", {ended} calls end"))


@app.command()
def resume(code: Code) -> None:
    """Take the suspension back; levels below that were suspended by themselves stay so."""

    async def work() -> None:
        async with as_operator() as scoped:
            tenant = await get_tenant(scoped.session, code)
            await opening.set_suspended(scoped, tenant.id, is_suspended=False)

    run(work())
    typer.echo(f"{code} is resumed")


@app.command()
def charge(
    code: Code, plan: Annotated[str, typer.Argument(help="id of a plan of the level above, or none: it cannot call")]
) -> None:
    """From now on it is charged by this plan."""

    async def work() -> None:
        require_billing()
        if plan != "none" and not plan.isdecimal():
            raise InvalidInput("The plan is a number of `ucc plan list`, or none.")
        async with as_operator() as scoped:
            tenant = await get_tenant(scoped.session, code)
            if tenant.parent_id is not None:
                parent = await scoped.session.get_one(Tenant, tenant.parent_id)
                scoped = await enter_scope(scoped.session, TenantScope(parent.id, TenantKind(parent.kind)))
            await opening.assign_plan(scoped, tenant.id, None if plan == "none" else int(plan))

    run(work())
    typer.echo(f"{code} is charged by {plan}")


@app.command()
def change(
    code: Code,
    name: Annotated[str | None, typer.Option(help="what people read")] = None,
    max_calls: Annotated[
        str | None, typer.Option(help="calls of it and all below at once, or none: any number")
    ] = None,
) -> None:
    """Rename it, or limit how many calls it and all below may have at once."""

    async def work() -> TenantView:
        changes: dict[str, str | None] = {}
        if name is not None:
            changes["name"] = name
        if max_calls is not None:
            changes["max_calls"] = None if max_calls == "none" else max_calls
        async with as_operator() as scoped:
            tenant = await get_tenant(scoped.session, code)
            return await opening.update_tenant(scoped, tenant.id, TenantChange.model_validate(changes))

    tenant = run(work())
    typer.echo(f"{tenant.code}  {tenant.name}  at most {tenant.max_calls or 'any number of'} calls")
