"""/trunks: the operator's lines to carriers."""

from __future__ import annotations

from fastapi import APIRouter, status

from ucc.errors import CHANGES, Forbidden, NotFound, NotLoggedIn, documented
from ucc.identity.access import OperatorWork
from ucc.identity.schemas import RowId
from ucc.trunk import repository
from ucc.trunk.schemas import TrunkBody, TrunkList, TrunkView

router = APIRouter(prefix="/trunks", tags=["trunks"])
READ = (NotLoggedIn, Forbidden)


@router.get("", responses=documented(*READ))
async def list_trunks(work: OperatorWork) -> TrunkList:
    """Every trunk with its holder, number rules, second choices and limits."""
    return TrunkList(items=await repository.list_trunks(work.scoped))


@router.post("", status_code=status.HTTP_201_CREATED, responses=documented(*READ, *CHANGES))
async def create_trunk(work: OperatorWork, body: TrunkBody) -> TrunkView:
    return await repository.create_trunk(work.scoped, work.viewer.user_id, body)


@router.put("/{trunk_id}", responses=documented(*READ, NotFound, *CHANGES))
async def update_trunk(work: OperatorWork, trunk_id: RowId, body: TrunkBody) -> TrunkView:
    """Acts on the next call; the border knows a new address within a second."""
    return await repository.update_trunk(work.scoped, trunk_id, body)


@router.delete("/{trunk_id}", status_code=status.HTTP_204_NO_CONTENT, responses=documented(*READ, NotFound, *CHANGES))
async def delete_trunk(work: OperatorWork, trunk_id: RowId) -> None:
    """Refused while a tenant holds it or a caller ID goes out on it."""
    await repository.delete_trunk(work.scoped, work.viewer.user_id, trunk_id)
