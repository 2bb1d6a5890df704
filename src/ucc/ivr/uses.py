"""What IVR trees refer to: nothing that a tree still leads to may be deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from sqlalchemy import select

from ucc.db.scope import Scoped
from ucc.engine.ivr_tree import GoAgent, GoQueue, GoVoicemail, Node, SubMenu, TimeSwitch, sounds_of
from ucc.errors import InUse
from ucc.ivr.body import TreeBody
from ucc.ivr.models import IvrTree, IvrTreeVersion

Kind = Literal["prompt", "schedule", "queue", "agent", "box", "tree"]


def uses_of(node: Node) -> Iterator[tuple[Kind, int]]:
    """Every row that a node refers to."""
    for ref in sounds_of(node):
        scheme, _, rest = ref.partition(":")
        if scheme == "prompt" and rest.isdecimal():
            yield "prompt", int(rest)
    match node:
        case TimeSwitch():
            yield "schedule", node.schedule_id
        case GoQueue():
            yield "queue", node.queue_id
        case GoAgent():
            yield "agent", node.agent_id
        case GoVoicemail():
            yield "box", node.box_id
        case SubMenu():
            yield "tree", node.tree_id


async def require_unused(scoped: Scoped, kind: Kind, row_id: int) -> None:
    """Raises InUse when a draft or the published version of a tree refers to it."""
    rows = await scoped.session.execute(
        select(IvrTree.id, IvrTree.name, IvrTree.draft, IvrTreeVersion.body).outerjoin(
            IvrTreeVersion,
            (IvrTreeVersion.tree_id == IvrTree.id) & (IvrTreeVersion.version == IvrTree.published_version),
        )
    )
    for tree_id, name, draft, published in rows:
        if kind == "tree" and tree_id == row_id:
            continue
        for body in (draft, published):
            nodes = TreeBody.model_validate(body).nodes.values() if body is not None else ()
            if any((kind, row_id) in uses_of(node) for node in nodes):
                raise InUse(f"The IVR tree {name} still leads to it.")
