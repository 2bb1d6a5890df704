"""`ucc statement ...`: closed months, and their files. Runs against the database as the system role."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from ucc.db.unit import Database
from ucc.errors import InvalidInput
from ucc.settlement import repository
from ucc.settlement.content import load_content
from ucc.settlement.schemas import StatementFilter, StatementView
from ucc.settlement.service import Difference, find_differences
from ucc.tenant.commands import AsJson, as_operator, get_tenant, require_billing, run

app = typer.Typer(no_args_is_help=True, help="Statements of closed months.")


@app.command("list")
def list_statements(
    tenant: Annotated[str, typer.Option(help="code of a tenant; without: all")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    as_json: AsJson = False,
) -> None:
    """The newest first."""

    async def work() -> list[StatementView]:
        require_billing()
        async with as_operator() as scoped:
            tenant_id = (await get_tenant(scoped.session, tenant)).id if tenant else None
            return (await repository.list_statements(scoped, StatementFilter(tenant_id=tenant_id, limit=limit))).items

    items = run(work())
    if as_json:
        typer.echo(json.dumps([one.model_dump(mode="json") for one in items]))
        return
    for one in items:
        sums = "  ".join(f"{total.kind} {total.amount} ({total.entries})" for total in one.totals)
        typer.echo(f"{one.id}  {one.period:%Y-%m}  tenant {one.tenant_id}  {one.opening} -> {one.closing}  {sums}")


@app.command("write")
def write_statement(
    statement_id: Annotated[int, typer.Argument(min=1)],
    path: Annotated[Path, typer.Argument(help="ends with .pdf or .xlsx")],
    language: Annotated[str, typer.Option(help="zh-CN or en")] = "zh-CN",
) -> None:
    """Make the file here and now. Nothing is left when it does not agree with the ledger."""

    from ucc.settlement.files import NotReconciled, write_file
    from ucc.settlement.pdf import NoFont

    async def work() -> int:
        require_billing()
        form = path.suffix.removeprefix(".").lower()
        if form not in ("pdf", "xlsx"):
            raise InvalidInput("The path has to end with .pdf or .xlsx.")
        if language not in ("zh-CN", "en"):
            raise InvalidInput("The language is zh-CN or en.")
        spoken: Literal["zh-CN", "en"] = "zh-CN" if language == "zh-CN" else "en"
        building = path.with_name(f".{path.name}.part")
        async with as_operator() as scoped:
            content = await load_content(scoped.session, await repository.get_statement(scoped, statement_id))
            try:
                await write_file(scoped.session, building, content, form, spoken, _tell)
                building.replace(path)
            except (NotReconciled, NoFont, OSError) as error:
                raise InvalidInput(str(error)) from None
            finally:
                building.unlink(missing_ok=True)
        return content.entries

    typer.echo(f"{path}: {run(work())} lines")


@app.command("check")
def check_statements(tenant: Annotated[str, typer.Option(help="code of a tenant; without: all")] = "") -> None:
    """Compare every statement with the ledger. Exit code 1 when one differs."""

    async def work() -> list[Difference]:
        require_billing()
        async with Database.of_role("system", pool_size=1) as database, database.begin() as session:
            tenant_id = (await get_tenant(session, tenant)).id if tenant else None
            return await find_differences(session, tenant_id)

    wrong = run(work())
    for one in wrong:
        typer.echo(f"statement {one.statement_id} of tenant {one.tenant_id}, {one.period:%Y-%m}, is not the ledger's")
    if wrong:
        raise typer.Exit(1)
    typer.echo("every statement is what the ledger says")


async def _tell(lines: int) -> None:
    typer.echo(f"{lines} lines", err=True)
