"""/resources: extensions, DIDs, caller IDs and trunks, made by the operator, granted down the tree and taken back."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, status

from ucc.config import Settings
from ucc.errors import (
    CHANGES,
    BadLines,
    ControllerAway,
    ControllerRefused,
    Forbidden,
    InvalidInput,
    NotFound,
    NotLoggedIn,
    ResourcesInUse,
    TrunkNotGranted,
    documented,
)
from ucc.identity.access import MoneyViewer, MoneyWork, OperatorWork, SellerViewer, SellerWork, database_of
from ucc.identity.schemas import RowId
from ucc.kit.logging import get_logger
from ucc.live.controller import controller_of
from ucc.resource import repository, service
from ucc.resource.numbers import list_range, read_file, read_numbers
from ucc.resource.schemas import (
    MOST,
    Created,
    ExtensionState,
    ExtensionStates,
    GrantBody,
    GrantHistory,
    IdsBody,
    ImpactBody,
    ImpactView,
    Moved,
    MovedAway,
    NewResources,
    PasswordsBody,
    PhonePassword,
    PhonePasswords,
    RegistrationView,
    ResourceKind,
    ResourceList,
    TakeBackBody,
)

router = APIRouter(tags=["resources"])
log = get_logger("resources")
READ = (NotLoggedIn, Forbidden)
UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string", "description": "The heading `number`, then one a line"}}},
    }
}


@router.get("/resources", responses=documented(*READ, InvalidInput))
async def list_resources(
    work: MoneyWork,
    kind: ResourceKind,
    tenant_id: Annotated[RowId | None, Query(description="Only those that this tenant has now")] = None,
    number: Annotated[str | None, Query(max_length=32, description="Part of the number")] = None,
    after_id: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> ResourceList:
    """What the user's own tenant and those below it have."""
    return await repository.list_resources(work.scoped, kind, tenant_id, number, after_id, limit)


@router.post("/resources", status_code=status.HTTP_201_CREATED, responses=documented(*READ, *CHANGES))
async def create_resources(work: OperatorWork, body: NewResources) -> Created:
    """Some, or a range; all of them or none. The operator has them then."""
    if body.numbers is not None:
        numbers = read_numbers(body.kind, body.numbers)
    else:
        assert body.first is not None
        assert body.last is not None
        numbers = list_range(body.kind, body.first, body.last)
    ids = await service.create(work.scoped, work.viewer.user_id, body.kind, numbers, body.trunk_id)
    return Created(count=len(ids), ids=ids[:MOST])


@router.post(
    "/resources/upload",
    status_code=status.HTTP_201_CREATED,
    openapi_extra=UPLOAD,
    responses=documented(*READ, BadLines, *CHANGES),
)
async def upload_resources(
    work: OperatorWork,
    request: Request,
    kind: ResourceKind,
    trunk_id: Annotated[RowId | None, Query(description="Caller IDs only: the trunk they go out on first")] = None,
) -> Created:
    """A CSV file of up to 20,000 numbers. A bad line refuses the file, and the answer names the lines."""
    service.require_made_here(kind)
    if (kind is ResourceKind.CALLER_ID) != (trunk_id is not None):
        raise InvalidInput("trunk_id belongs to caller IDs, and they need one")
    numbers = await asyncio.to_thread(read_file, kind, await request.body())
    ids = await service.create(work.scoped, work.viewer.user_id, kind, numbers, trunk_id)
    return Created(count=len(ids), ids=ids[:MOST])


@router.post("/resources/grants", responses=documented(*READ, NotFound, ResourcesInUse, TrunkNotGranted, *CHANGES))
async def grant_resources(viewer: SellerViewer, request: Request, body: GrantBody) -> MovedAway:
    """分配: from the user's own tenant to a direct customer; all of them or none. A granted trunk is for that customer
    and those below it alone."""
    async with database_of(request).begin_scoped(viewer.scope) as scoped:
        numbers = await service.grant(
            scoped, viewer.user_id, body.kind, body.ids, body.to_tenant_id, confirm=body.confirm
        )
    ended = await _sign_off(request, numbers if body.kind is ResourceKind.EXTENSION else [])
    return MovedAway(count=len(numbers), ended_registrations=ended)


@router.post("/resources/take-backs", responses=documented(*READ, NotFound, ResourcesInUse, *CHANGES))
async def take_back_resources(viewer: SellerViewer, request: Request, body: TakeBackBody) -> MovedAway:
    """收回: from whoever below has them to the user's own tenant; all of them or none. Calls in progress go on."""
    async with database_of(request).begin_scoped(viewer.scope) as scoped:
        numbers = await service.take_back(scoped, viewer.user_id, body.kind, body.ids, confirm=body.confirm)
    ended = await _sign_off(request, numbers if body.kind is ResourceKind.EXTENSION else [])
    return MovedAway(count=len(numbers), ended_registrations=ended)


@router.post("/resources/impact", responses=documented(*READ, NotFound, *CHANGES))
async def find_impact(work: SellerWork, body: ImpactBody) -> ImpactView:
    """What taking these back, or granting them, would break; nothing is changed."""
    return await service.find_impact(work.scoped, body.kind, body.ids, body.to_tenant_id)


@router.post("/resources/deletions", responses=documented(*READ, NotFound, ResourcesInUse, *CHANGES))
async def delete_resources(work: OperatorWork, body: IdsBody) -> Moved:
    """For good: what the operator itself has. The history stays."""
    return Moved(count=await service.delete_resources(work.scoped, work.viewer.user_id, body.kind, body.ids))


@router.post("/resources/phone-passwords", responses=documented(*READ, NotFound, *CHANGES))
async def renew_phone_passwords(viewer: MoneyViewer, request: Request, body: PasswordsBody) -> PhonePasswords:
    """New SIP passwords of extensions; who registers with an old one is refused."""
    settings: Settings = request.app.state.settings
    async with database_of(request).begin_scoped(viewer.scope) as scoped:
        found = await service.renew_phone_passwords(scoped, settings.sip_domain, body.ids)
    await _sign_off(request, [number for number, _ in found])
    return PhonePasswords(items=[PhonePassword(number=number, password=password) for number, password in found])


@router.get("/resources/{kind}/{resource_id}/history", responses=documented(*READ, NotFound, InvalidInput))
async def list_grant_history(work: MoneyWork, kind: ResourceKind, resource_id: RowId) -> GrantHistory:
    """Who had it when, as far as the user may see."""
    return await repository.list_history(work.scoped, kind, resource_id)


@router.get("/registrations", responses=documented(*READ, InvalidInput, ControllerAway))
async def list_registrations(
    viewer: MoneyViewer,
    request: Request,
    tenant_id: Annotated[RowId | None, Query(description="Only extensions that this tenant has now")] = None,
    number: Annotated[str | None, Query(max_length=32, description="Part of the extension")] = None,
    after_id: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> ExtensionStates:
    """Which extensions have a phone now, from where and of what make: asked of the border at this moment."""
    kind = ResourceKind.EXTENSION
    async with database_of(request).begin_scoped(viewer.scope) as scoped:
        page = await repository.list_resources(scoped, kind, tenant_id, number, after_id, limit)
    found: dict[str, list[RegistrationView]] = {item.number: [] for item in page.items}
    for one in await controller_of(request).find_registrations(list(found)):
        found[one.pop("number")].append(RegistrationView.model_validate(one))
    items = [
        ExtensionState(
            extension_id=item.id, number=item.number, tenant_id=item.tenant_id, registrations=found[item.number]
        )
        for item in page.items
    ]
    return ExtensionStates(items=items, next_after_id=page.next_after_id)


async def _sign_off(request: Request, numbers: list[str]) -> int | None:
    """After the change is committed: phones must prove anew who they are. None when the border cannot be told."""
    if not numbers:
        return 0
    try:
        return await controller_of(request).end_registrations(numbers)
    except (ControllerAway, ControllerRefused) as error:
        log.warning("phones stay registered until they register anew", extensions=len(numbers), why=str(error))
        return None
