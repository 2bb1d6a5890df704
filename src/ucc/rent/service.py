"""Rents of drafts, and the charges of a day: each once per tenant, cycle and basis."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.kit.china import month_of
from ucc.ledger.service import Fact, Line, find_accounts, post
from ucc.rating.models import RatePlanVersion
from ucc.rent.models import Rent, RentCharge
from ucc.rent.reckoning import Due, RentTerm
from ucc.rent.repository import load_rents


async def replace_rents(session: AsyncSession, draft: RatePlanVersion, rents: Sequence[RentTerm]) -> None:
    """Put these in place of the draft's; one of each cycle and basis. The database refuses it for what is published."""
    await session.execute(delete(Rent).where(Rent.version_id == draft.id))
    values = [
        {
            "version_id": draft.id,
            "tenant_id": draft.tenant_id,
            "cycle": rent.cycle,
            "basis": rent.basis.value,
            "amount_micros": rent.amount_micros,
        }
        for rent in rents
    ]
    if values:
        await session.execute(insert(Rent), values)


async def copy_rents(session: AsyncSession, from_version_id: int, draft: RatePlanVersion) -> None:
    """A new draft begins with the rents of the version before."""
    await replace_rents(session, draft, (await load_rents(session, (from_version_id,))).get(from_version_id, ()))


async def charge(session: AsyncSession, tenant_id: int, parent_id: int | None, due: Due) -> int:
    """Post one charge, into the month in which its cycle ends; told again it does nothing. Returns its posting set.

    A rent is owed for what was had: it may take a balance below its limit, and calls are refused then.
    """
    accounts = await find_accounts(session, {tenant_id} if parent_id is None else {tenant_id, parent_id})
    payee = accounts[(tenant_id, "carrier") if parent_id is None else (parent_id, "income")]
    lines = (Line(accounts[tenant_id, "balance"], -due.amount_micros), Line(payee, due.amount_micros))
    fact = Fact(
        f"rent:{tenant_id}:{due.cycle}:{due.basis.value}:{due.starts_on}",
        "rent",
        tenant_id,
        reason=f"{due.basis.value}, {due.cycle}, {due.starts_on} - {due.ends_on}",
        period=month_of(due.ends_on),
    )
    posting_set_id = await post(session, fact, lines)
    known = select(RentCharge.id).where(RentCharge.posting_set_id == posting_set_id)
    if await session.scalar(known) is None:
        await session.execute(
            insert(RentCharge).values(
                tenant_id=tenant_id,
                cycle=due.cycle,
                basis=due.basis.value,
                starts_on=due.starts_on,
                ends_on=due.ends_on,
                days=due.days,
                unit_days=due.unit_days,
                amount_micros=due.amount_micros,
                posting_set_id=posting_set_id,
            )
        )
    return posting_set_id


def next_day(settled: date | None, created_on: date) -> date:
    """The first day that is not settled: a tenant's own first day, when none is."""
    return created_on if settled is None else date.fromordinal(settled.toordinal() + 1)
