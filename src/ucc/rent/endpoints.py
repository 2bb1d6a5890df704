"""Rents of rate plans, and what tenants were charged by them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import select

from ucc.errors import (
    CHANGES,
    DraftChanged,
    Forbidden,
    InvalidInput,
    NotFound,
    NotInThisEdition,
    NotLoggedIn,
    documented,
)
from ucc.identity.access import MoneyWork, SellerWork
from ucc.identity.schemas import RowId
from ucc.kit.money import format_yuan
from ucc.rating.editing import lock_plan, open_draft
from ucc.rating.repository import find_version
from ucc.rating.schemas import Revision
from ucc.rent.models import RentCharge
from ucc.rent.reckoning import Basis, RentTerm
from ucc.rent.repository import load_rents
from ucc.rent.schemas import RentChargeFilter, RentChargeList, RentChargeView, RentList, RentsBody, RentView
from ucc.rent.service import replace_rents

router = APIRouter(tags=["rents"])
READ = (NotLoggedIn, Forbidden, NotInThisEdition, NotFound, InvalidInput)
Number = Annotated[int, Path(ge=1, le=2**31)]


@router.get("/rate-plans/{plan_id}/versions/{number}/rents", responses=documented(*READ))
async def list_rents(work: MoneyWork, plan_id: RowId, number: Number) -> RentList:
    """The rents of a version of a plan that the user sees."""
    _, version = await find_version(work.scoped, plan_id, number)
    return _show(number, (await load_rents(work.session, (version.id,))).get(version.id, ()))


@router.put("/rate-plans/{plan_id}/draft/rents", responses=documented(*READ, DraftChanged, *CHANGES))
async def save_rents(work: SellerWork, plan_id: RowId, body: RentsBody, revision: Revision = None) -> RentList:
    """Puts these in place of the draft's rents; a new draft begins as a copy of the newest version."""
    plan = await lock_plan(work.scoped, plan_id)
    draft = await open_draft(work.session, plan, revision)
    await replace_rents(work.session, draft, [rent.read() for rent in body.rents])
    return _show(draft.number, (await load_rents(work.session, (draft.id,))).get(draft.id, ()))


@router.get("/rent-charges", responses=documented(*READ))
async def list_rent_charges(work: MoneyWork, wanted: Annotated[RentChargeFilter, Query()]) -> RentChargeList:
    """What the user's own tenant and all below it were charged, and for what."""
    query = select(RentCharge).order_by(RentCharge.id.desc()).limit(wanted.limit + 1)
    if wanted.tenant_id is not None:
        query = query.where(RentCharge.tenant_id == wanted.tenant_id)
    if wanted.since is not None:
        query = query.where(RentCharge.ends_on >= wanted.since)
    if wanted.until is not None:
        query = query.where(RentCharge.ends_on <= wanted.until)
    if wanted.before_id is not None:
        query = query.where(RentCharge.id < wanted.before_id)
    rows = list(await work.session.scalars(query))
    items = [show_charge(row) for row in rows[: wanted.limit]]
    return RentChargeList(items=items, next_before=items[-1].id if len(rows) > wanted.limit else None)


def show_charge(row: RentCharge) -> RentChargeView:
    return RentChargeView.model_validate(
        {
            "id": row.id,
            "tenant_id": row.tenant_id,
            "cycle": row.cycle,
            "basis": Basis(row.basis),
            "starts_on": row.starts_on,
            "ends_on": row.ends_on,
            "days": row.days,
            "unit_days": row.unit_days,
            "amount": format_yuan(row.amount_micros),
            "amount_micros": row.amount_micros,
            "entry_id": row.posting_set_id,
            "created_at": row.created_at,
        }
    )


def _show(number: int, rents: tuple[RentTerm, ...]) -> RentList:
    items = [
        RentView(
            cycle=rent.cycle, basis=rent.basis, amount=format_yuan(rent.amount_micros), amount_micros=rent.amount_micros
        )
        for rent in rents
    ]
    return RentList(version=number, items=items)
