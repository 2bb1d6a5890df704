"""/ivr-trees: what callers hear and choose. A change acts on the next call, never on one in progress."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, status

from ucc.errors import CHANGES, Forbidden, InvalidInput, InvalidTree, NotFound, NotLoggedIn, documented
from ucc.identity.access import EditorWork
from ucc.identity.schemas import RowId
from ucc.ivr import service
from ucc.ivr.schemas import TreeDraft, TreeList, TreeVersionBody, TreeVersionList, TreeView
from ucc.ivr.uses import require_unused

router = APIRouter(prefix="/ivr-trees", tags=["ivr"])
READ = (NotLoggedIn, Forbidden)
BY_ID = (*READ, NotFound, InvalidInput)


@router.get("", responses=documented(*READ))
async def list_ivr_trees(work: EditorWork) -> TreeList:
    return TreeList(items=await service.list_trees(work.scoped))


@router.post("", status_code=status.HTTP_201_CREATED, responses=documented(*READ, *CHANGES))
async def create_ivr_tree(work: EditorWork, body: TreeDraft) -> TreeView:
    """A draft, with what is wrong with it; no call takes it before it is published."""
    return await service.create_tree(work.scoped, body)


@router.get("/{tree_id}", responses=documented(*BY_ID))
async def get_ivr_tree(work: EditorWork, tree_id: RowId) -> TreeView:
    """The draft, with what is wrong with it."""
    return await service.get_tree(work.scoped, tree_id)


@router.put("/{tree_id}", responses=documented(*BY_ID, *CHANGES))
async def update_ivr_tree(work: EditorWork, tree_id: RowId, body: TreeDraft) -> TreeView:
    """Another draft; what is published stays."""
    return await service.update_tree(work.scoped, tree_id, body)


@router.post("/{tree_id}/publish", responses=documented(*BY_ID, InvalidTree, *CHANGES))
async def publish_ivr_tree(work: EditorWork, tree_id: RowId) -> TreeView:
    """From now on calls take the draft as it is; refused, with the reason, when it has faults."""
    return await service.publish_tree(work.scoped, tree_id, work.viewer.user_id)


@router.get("/{tree_id}/versions", responses=documented(*BY_ID))
async def list_ivr_tree_versions(work: EditorWork, tree_id: RowId) -> TreeVersionList:
    return TreeVersionList(items=await service.list_versions(work.scoped, tree_id))


@router.get("/{tree_id}/versions/{version}", responses=documented(*BY_ID))
async def get_ivr_tree_version(
    work: EditorWork, tree_id: RowId, version: Annotated[int, Path(ge=1, le=2**31)]
) -> TreeVersionBody:
    return await service.get_version(work.scoped, tree_id, version)


@router.delete("/{tree_id}", status_code=status.HTTP_204_NO_CONTENT, responses=documented(*BY_ID, *CHANGES))
async def delete_ivr_tree(work: EditorWork, tree_id: RowId) -> None:
    """Refused while a number, a queue or another tree leads to it."""
    await require_unused(work.scoped, "tree", tree_id)
    await service.delete_tree(work.scoped, tree_id)
