"""/blacklist: the numbers that the user's own level never dials, or never lets in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, status

from ucc.blacklist import repository
from ucc.blacklist.schemas import BatchResult, BlacklistBatch, BlacklistFilter, BlacklistPage
from ucc.errors import CHANGES, Forbidden, InvalidInput, NotFound, NotLoggedIn, documented
from ucc.identity.access import ManagerWork
from ucc.identity.schemas import RowId

router = APIRouter(prefix="/blacklist", tags=["blacklist"])


@router.get("", responses=documented(NotLoggedIn, Forbidden, InvalidInput))
async def list_blacklist(work: ManagerWork, wanted: Annotated[BlacklistFilter, Query()]) -> BlacklistPage:
    """The list of the user's own level. Calls heed those of all levels above it too."""
    return await repository.list_entries(work.scoped, wanted)


@router.post("", responses=documented(NotLoggedIn, Forbidden, *CHANGES))
async def add_to_blacklist(work: ManagerWork, body: BlacklistBatch) -> BatchResult:
    """One number or a batch of up to 2000; acts on the next call."""
    return await repository.add_batch(work.scoped, body)


@router.delete(
    "/{entry_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(NotLoggedIn, Forbidden, NotFound, *CHANGES),
)
async def delete_from_blacklist(work: ManagerWork, entry_id: RowId) -> None:
    await repository.delete_entry(work.scoped, entry_id)
