"""`ucc ledger ...`: entries, top-ups, transfers, reversals, credit limits, the proof. Runs against the database as the
system role; what is asked for twice with one key counts once.
"""

from __future__ import annotations

import json
from typing import Annotated

import typer

from ucc.db.scope import Scoped
from ucc.errors import AlreadyReversed, InvalidInput, NotFound
from ucc.kit.money import parse_yuan
from ucc.ledger import repository, service
from ucc.ledger.schemas import EntryFilter, EntryView, ReversalBody, TopUpBody
from ucc.tenant.commands import AsJson, as_operator, get_tenant, require_billing, run

app = typer.Typer(no_args_is_help=True, help="Balances and what was posted to them.")
Amount = Annotated[str, typer.Argument(help="yuan, as 100 or 99.5")]
Reason = Annotated[str, typer.Option(help="stands in the entry")]
Key = Annotated[str, typer.Option(help="of this payment, such as its receipt: told again it counts once")]
Tenant = Annotated[str, typer.Argument(help="code of a tenant")]


@app.command("entries")
def list_entries(
    tenant: Annotated[str, typer.Option(help="code of a tenant; without: all")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    as_json: AsJson = False,
) -> None:
    """What was posted, the newest first."""

    async def work() -> list[EntryView]:
        async with as_operator() as scoped:
            tenant_id = (await get_tenant(scoped.session, tenant)).id if tenant else None
            return (await repository.list_entries(scoped, EntryFilter(tenant_id=tenant_id, limit=limit))).items

    items = run(work())
    if as_json:
        typer.echo(json.dumps([one.model_dump(mode="json") for one in items], ensure_ascii=False))
        return
    for one in items:
        _tell(one)


@app.command("top-up")
def top_up(tenant: Tenant, amount: Amount, key: Key, reason: Reason = "command line") -> None:
    """充值: a tenant paid the level above it."""

    async def work() -> EntryView:
        async with as_operator() as scoped:
            found = await get_tenant(scoped.session, tenant)
            if found.parent_id is None:
                raise InvalidInput("The operator pays nobody.")
            body = TopUpBody(tenant_id=found.id, amount=amount, reason=reason, idempotency_key=key)
            full_key = f"{found.parent_id}:{body.idempotency_key}"
            made = await service.top_up(
                scoped.session, found.id, found.parent_id, _positive(body.amount), full_key, body.reason
            )
            return await _entry(scoped, made)

    _tell(run(work()))


@app.command("transfer")
def transfer(from_tenant: Tenant, to_tenant: Tenant, amount: Amount, key: Key, reason: Reason = "command line") -> None:
    """转账: between a tenant and a direct customer of it, either way."""

    async def work() -> EntryView:
        async with as_operator() as scoped:
            giver, taker = await get_tenant(scoped.session, from_tenant), await get_tenant(scoped.session, to_tenant)
            if giver.id != taker.parent_id and taker.id != giver.parent_id:
                raise InvalidInput("One of the two has to be the direct customer of the other.")
            body = TopUpBody(tenant_id=taker.id, amount=amount, reason=reason, idempotency_key=key)
            owner_id = giver.id if taker.parent_id == giver.id else taker.id
            full_key = f"{owner_id}:{body.idempotency_key}"
            made = await service.transfer(
                scoped.session, giver.id, taker.id, _positive(body.amount), full_key, body.reason
            )
            return await _entry(scoped, made)

    _tell(run(work()))


@app.command("reverse")
def reverse(entry_id: Annotated[int, typer.Argument(min=1)], reason: Reason) -> None:
    """A new entry that takes a top-up or a transfer back. Refused when the money is spent."""

    async def work() -> EntryView:
        async with as_operator() as scoped:
            entry = await repository.get_entry(scoped, entry_id)
            if entry is None or entry.kind not in ("top_up", "transfer"):
                raise NotFound(f"There is no top-up or transfer {entry_id}.")
            if entry.is_reversed:
                raise AlreadyReversed
            return await _entry(
                scoped, await service.reverse(scoped.session, entry_id, ReversalBody(reason=reason).reason)
            )

    _tell(run(work()))


@app.command("limit")
def set_limit(
    tenant: Tenant, amount: Annotated[str, typer.Argument(help="yuan that the balance may fall below zero, or none")]
) -> None:
    """透支额度. `none`: without limit."""

    async def work() -> None:
        async with as_operator() as scoped:
            require_billing()
            found = await get_tenant(scoped.session, tenant)
            micros = None if amount == "none" else _positive(amount, or_zero=True)
            await service.set_limit(scoped.session, found.id, micros)

    run(work())


@app.command("proof")
def prove(as_json: AsJson = False) -> None:
    """Add up everything that was ever posted. Exit code 1 when anything is wrong."""

    async def work() -> service.Proof:
        async with as_operator() as scoped:
            return await service.prove(scoped.session)

    found = run(work())
    facts = {
        "holds": found.holds,
        "unbalanced_sets": list(found.unbalanced_sets),
        "drifted_accounts": list(found.drifted_accounts),
        "misreserved_accounts": list(found.misreserved_accounts),
    }
    if as_json:
        typer.echo(json.dumps(facts))
    else:
        typer.echo("the ledger holds" if found.holds else f"the ledger does not hold: {facts}")
    if not found.holds:
        raise typer.Exit(1)


def _positive(amount: str, *, or_zero: bool = False) -> int:
    require_billing()
    try:
        micros = parse_yuan(amount)
    except ValueError as error:
        raise InvalidInput(f"amount: {error}") from None
    if micros < 0 or (micros == 0 and not or_zero):
        raise InvalidInput("amount: more than nothing")
    return micros


async def _entry(scoped: Scoped, entry_id: int) -> EntryView:
    found = await repository.get_entry(scoped, entry_id)
    assert found is not None
    return found


def _tell(entry: EntryView) -> None:
    moved = ", ".join(f"{one.account} of {one.tenant_id} {one.amount}" for one in entry.postings)
    typer.echo(
        f"{entry.id}  {entry.created_at:%Y-%m-%d %H:%M:%S}  {entry.kind}  {moved}  {entry.reason or ''}".rstrip()
    )
