"""`ucc statistics ...`: sums of postings. Runs against the database as the system role."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated

import typer

from ucc.kit.china import CHINA
from ucc.kit.money import format_yuan
from ucc.statistics.repository import By, Filter, Subject, Summary, sum_up
from ucc.tenant.commands import AsJson, as_operator, get_tenant, require_billing, run

DAY = ["%Y-%m-%d"]
MOST = 1000


def show_statistics(
    subject: Subject,
    since: Annotated[datetime, typer.Option(formats=DAY, help="first day")],
    until: Annotated[datetime, typer.Option(formats=DAY, help="the day after the last")],
    by: By = By.DAY,
    tenant: Annotated[str, typer.Option(help="code of a tenant and all below it; without: all")] = "",
    as_json: AsJson = False,
) -> None:
    """消费 spend, 充值 top-ups, 代理商利润 profit, 转账 transfers: each the sum of its postings, by China's clock."""

    async def work() -> Summary:
        require_billing()
        async with as_operator() as scoped:
            tenant_id = (await get_tenant(scoped.session, tenant)).id if tenant else None
            wanted = Filter(
                since.replace(tzinfo=CHINA), until.replace(tzinfo=CHINA), tenant_id, with_below=bool(tenant)
            )
            return await sum_up(scoped, subject, by, wanted, MOST)

    found = run(work())
    if as_json:
        items = [
            {"key": one.key, "name": one.name, "entries": one.entries, "amount_micros": one.amount_micros}
            for one in found.sums
        ]
        typer.echo(
            json.dumps({"items": items, "total_micros": found.total_micros, "more": found.more}, ensure_ascii=False)
        )
        return
    for one in found.sums:
        typer.echo(f"{one.key}  {one.name or ''}  {one.entries} entries  {format_yuan(one.amount_micros)}")
    typer.echo(f"total  {format_yuan(found.total_micros)}" + (f"  ({found.more} more groups)" if found.more else ""))
