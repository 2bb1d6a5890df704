"""IVR trees: drafts are edited freely, with their faults shown; publishing makes the version that calls take."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from ucc.db.scope import Scoped
from ucc.engine.ivr_check import Fault
from ucc.errors import InvalidTree, NotFound
from ucc.ivr.body import TreeBody
from ucc.ivr.check import find_faults
from ucc.ivr.models import IvrTree, IvrTreeVersion
from ucc.ivr.schemas import TreeDraft, TreeFaultView, TreeSummary, TreeVersionBody, TreeVersionView, TreeView

LIMIT = 500
MOST_FAULTS_SAID = 5


async def list_trees(scoped: Scoped) -> list[TreeSummary]:
    rows = await scoped.session.execute(
        select(IvrTree, IvrTreeVersion.body)
        .outerjoin(
            IvrTreeVersion,
            (IvrTreeVersion.tree_id == IvrTree.id) & (IvrTreeVersion.version == IvrTree.published_version),
        )
        .order_by(IvrTree.name)
        .limit(LIMIT)
    )
    return [TreeSummary(**_summary(row, body)) for row, body in rows]


async def get_tree(scoped: Scoped, tree_id: int) -> TreeView:
    """Raises NotFound."""
    return await _show(scoped, await _get(scoped, tree_id))


async def create_tree(scoped: Scoped, draft: TreeDraft) -> TreeView:
    row = IvrTree(tenant_id=scoped.scope.tenant_id, name=draft.name, draft=_dump(draft))
    scoped.session.add(row)
    await scoped.session.flush()
    return await _show(scoped, row)


async def update_tree(scoped: Scoped, tree_id: int, draft: TreeDraft) -> TreeView:
    """Raises NotFound."""
    row = await _get(scoped, tree_id)
    row.name, row.draft, row.updated_at = draft.name, _dump(draft), func.now()
    await scoped.session.flush()
    return await _show(scoped, row)


async def publish_tree(scoped: Scoped, tree_id: int, user_id: int) -> TreeView:
    """The draft becomes the version that the next call takes. Raises NotFound, InvalidTree."""
    row = await _get(scoped, tree_id, is_locked=True)
    faults = await _find_faults(scoped, row)
    if faults:
        raise InvalidTree(_say(faults))
    last = await scoped.session.scalar(
        select(func.max(IvrTreeVersion.version)).where(IvrTreeVersion.tree_id == tree_id)
    )
    published = IvrTreeVersion(
        tree_id=tree_id,
        version=(last or 0) + 1,
        tenant_id=row.tenant_id,
        body=row.draft,
        published_by=user_id,
    )
    scoped.session.add(published)
    await scoped.session.flush()
    row.published_version = published.version
    await scoped.session.flush()
    return await _show(scoped, row)


async def list_versions(scoped: Scoped, tree_id: int) -> list[TreeVersionView]:
    """The newest first. Raises NotFound."""
    row = await _get(scoped, tree_id)
    versions = await scoped.session.execute(
        select(IvrTreeVersion.version, IvrTreeVersion.published_at)
        .where(IvrTreeVersion.tree_id == tree_id)
        .order_by(IvrTreeVersion.version.desc())
        .limit(LIMIT)
    )
    return [
        TreeVersionView(version=version, published_at=published_at, is_current=version == row.published_version)
        for version, published_at in versions
    ]


async def get_version(scoped: Scoped, tree_id: int, version: int) -> TreeVersionBody:
    """Raises NotFound."""
    row = await scoped.session.get(IvrTreeVersion, (tree_id, version))
    if row is None:
        raise NotFound
    return TreeVersionBody(**row.body, version=row.version, published_at=row.published_at)


async def delete_tree(scoped: Scoped, tree_id: int) -> None:
    """With all its versions. Raises NotFound; the database refuses when a number or a queue leads to it."""
    await scoped.session.delete(await _get(scoped, tree_id))
    await scoped.session.flush()


async def _get(scoped: Scoped, tree_id: int, *, is_locked: bool = False) -> IvrTree:
    row = await scoped.session.get(IvrTree, tree_id, with_for_update=is_locked)
    if row is None:
        raise NotFound
    return row


async def _find_faults(scoped: Scoped, row: IvrTree) -> list[Fault]:
    tree = TreeBody.model_validate(row.draft).to_tree(row.id, row.published_version or 0)
    return await find_faults(scoped.session, row.tenant_id, tree)


def _say(faults: list[Fault]) -> str:
    said = [
        f"{fault.node or 'tree'}{'.' + fault.branch if fault.branch else ''}: {fault.code}: {fault.message}"
        for fault in faults[:MOST_FAULTS_SAID]
    ]
    more = len(faults) - len(said)
    return "; ".join(said) + (f"; and {more} more" if more else "")


def _dump(draft: TreeDraft) -> dict[str, Any]:
    return draft.model_dump(mode="json", include={"entry", "nodes"})


def _summary(row: IvrTree, published: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "published_version": row.published_version,
        "is_changed": row.draft != published,
        "updated_at": row.updated_at,
    }


async def _show(scoped: Scoped, row: IvrTree) -> TreeView:
    await scoped.session.refresh(row)
    published = None
    if row.published_version is not None:
        published = (await scoped.session.get_one(IvrTreeVersion, (row.id, row.published_version))).body
    faults = [
        TreeFaultView(node=fault.node, code=fault.code, branch=fault.branch, message=fault.message)
        for fault in await _find_faults(scoped, row)
    ]
    return TreeView(**_summary(row, published), **row.draft, faults=faults)
