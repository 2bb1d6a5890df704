"""/rate-plans: what a level charges those below it by; /rate-finder: what a call costs, and why."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response, status

from ucc.errors import (
    CHANGES,
    DraftChanged,
    Forbidden,
    InvalidInput,
    InvalidPlan,
    NotFound,
    NotInThisEdition,
    NotLoggedIn,
    documented,
)
from ucc.identity.access import MoneyWork, SellerWork
from ucc.identity.schemas import RowId
from ucc.rating import editing, repository
from ucc.rating.check import find_faults
from ucc.rating.csv_file import BadRates, read_rates, write_rates
from ucc.rating.finder import find_prices
from ucc.rating.schemas import (
    CheckView,
    FinderQuery,
    FinderView,
    PlanBody,
    PlanList,
    PlanView,
    PublishBody,
    RegionList,
    Revision,
    VersionBody,
    VersionDetail,
)
from ucc.reception.region import list_regions

router = APIRouter(tags=["rate-plans"])
READ = (NotLoggedIn, Forbidden, NotInThisEdition)
BY_ID = (*READ, NotFound, InvalidInput)
Number = Annotated[int, Path(ge=1, le=2**31)]
CSV = "text/csv; charset=utf-8"
UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string", "description": "A heading, then a rate a line"}}},
    }
}


@router.get("/rate-plans", responses=documented(*BY_ID))
async def list_rate_plans(work: MoneyWork, tenant_id: Annotated[RowId | None, Query()] = None) -> PlanList:
    """Those of the user's own level, or of a level below."""
    return await repository.list_plans(work.scoped, tenant_id)


@router.post("/rate-plans", status_code=status.HTTP_201_CREATED, responses=documented(*READ, *CHANGES))
async def create_rate_plan(work: SellerWork, body: PlanBody) -> PlanView:
    """Without a version: save a draft and publish it before somebody is charged by it."""
    plan = await editing.create_plan(work.scoped, body.name)
    return await repository.get_plan(work.scoped, plan.id)


@router.get("/rate-plans/{plan_id}", responses=documented(*BY_ID))
async def get_rate_plan(work: MoneyWork, plan_id: RowId) -> PlanView:
    """One of the user's level, of a level below, or the one that the user's level is charged by."""
    return await repository.get_plan(work.scoped, plan_id)


@router.put("/rate-plans/{plan_id}", responses=documented(*BY_ID, *CHANGES))
async def rename_rate_plan(work: SellerWork, plan_id: RowId, body: PlanBody) -> PlanView:
    await editing.rename_plan(work.scoped, plan_id, body.name)
    return await repository.get_plan(work.scoped, plan_id)


@router.delete("/rate-plans/{plan_id}", status_code=status.HTTP_204_NO_CONTENT, responses=documented(*BY_ID, *CHANGES))
async def delete_rate_plan(work: SellerWork, plan_id: RowId) -> None:
    """Only before its first version is published."""
    await editing.delete_plan(work.scoped, plan_id)


@router.get("/rate-plans/{plan_id}/versions/{number}", responses=documented(*BY_ID))
async def get_rate_plan_version(work: MoneyWork, plan_id: RowId, number: Number) -> VersionDetail:
    """With its rates, and where it sells for less than its owner pays."""
    return await repository.get_version(work.scoped, plan_id, number)


@router.get(
    "/rate-plans/{plan_id}/versions/{number}/rates.csv",
    response_class=Response,
    responses=documented(*BY_ID) | {200: {"content": {"text/csv": {}}}},
)
async def export_rates(work: MoneyWork, plan_id: RowId, number: Number) -> Response:
    """All rates of a version, in the form that can be uploaded."""
    _, version = await repository.find_version(work.scoped, plan_id, number)
    text = write_rates(await editing.load_rates(work.session, version.id))
    name = f"rate-plan-{plan_id}-{number}.csv"
    return Response("\ufeff" + text, media_type=CSV, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@router.put("/rate-plans/{plan_id}/draft", responses=documented(*BY_ID, InvalidPlan, DraftChanged, *CHANGES))
async def save_rate_plan_draft(
    work: SellerWork, plan_id: RowId, body: VersionBody, revision: Revision = None
) -> VersionDetail:
    """The draft as a whole; a new one begins with the newest version's rates. Refused, with the reasons, when its rates
    have gaps, overlaps or increments that do not work out."""
    draft = await editing.save_draft(work.scoped, plan_id, body, revision)
    return await repository.get_version(work.scoped, plan_id, draft.number)


@router.put(
    "/rate-plans/{plan_id}/draft/rates/upload",
    openapi_extra=UPLOAD,
    responses=documented(*BY_ID, InvalidPlan, DraftChanged, *CHANGES),
)
async def upload_rates(work: SellerWork, plan_id: RowId, request: Request, revision: Revision = None) -> VersionDetail:
    """Puts the rates of a CSV file, up to 20,000, in place of the draft's. A bad line refuses the file."""
    try:
        rates = await asyncio.to_thread(read_rates, await request.body())
    except BadRates as error:
        raise InvalidPlan(str(error)) from None
    draft = await editing.upload_rates(work.scoped, plan_id, rates, revision)
    return await repository.get_version(work.scoped, plan_id, draft.number)


@router.post("/rate-plans/{plan_id}/check", responses=documented(*BY_ID, InvalidPlan, *CHANGES))
async def check_rate_plan(work: SellerWork, plan_id: RowId, body: VersionBody) -> CheckView:
    """What saving these rates would refuse or warn of; nothing is saved. Without rates: those of the draft."""
    plan = await editing.lock_plan(work.scoped, plan_id)
    if body.rates is not None:
        rates = [editing.read_rate(rate) for rate in body.rates]
    else:
        draft = await editing.find_draft(work.session, plan_id)
        rates = await editing.load_rates(work.session, draft.id) if draft is not None else []
    faults = await asyncio.to_thread(find_faults, rates)
    cautions = []
    if not faults:
        cautions = await editing.find_plan_cautions(work.session, plan.tenant_id, rates, body.effective_from)
    return repository.show_check(rates, faults, cautions)


@router.delete(
    "/rate-plans/{plan_id}/draft",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(*BY_ID, DraftChanged, *CHANGES),
)
async def delete_rate_plan_draft(work: SellerWork, plan_id: RowId, revision: Revision = None) -> None:
    await editing.delete_draft(work.scoped, plan_id, revision)


@router.post("/rate-plans/{plan_id}/draft/publish", responses=documented(*BY_ID, InvalidPlan, DraftChanged, *CHANGES))
async def publish_rate_plan_draft(
    work: SellerWork, plan_id: RowId, body: PublishBody, revision: Revision = None
) -> VersionDetail:
    """The draft counts for calls that are answered from its moment on, and never changes again."""
    version = await editing.publish_draft(work.scoped, plan_id, body.effective_from, work.viewer.user_id, revision)
    return await repository.get_version(work.scoped, plan_id, version.number)


@router.get("/rate-finder", responses=documented(*BY_ID))
async def find_rates(work: MoneyWork, wanted: Annotated[FinderQuery, Query()]) -> FinderView:
    """What a call between two numbers costs at each level, by which rate of which version, and which others fit."""
    return await find_prices(work.scoped, wanted)


@router.get("/regions", responses=documented(*READ))
async def list_rate_regions(work: MoneyWork) -> RegionList:
    """The provinces and cities that rates may name."""
    return RegionList(provinces={province: list(cities) for province, cities in list_regions().items()})
