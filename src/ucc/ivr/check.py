"""Is a tree fit for this enterprise? The engine's check, and whether everything that it names is there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from ucc.agent.models import Agent
from ucc.engine.ivr_check import Fault, check_linked, check_tree
from ucc.engine.ivr_tree import Tree, link, sounds_of
from ucc.ivr.loading import load_published
from ucc.ivr.models import IvrTree
from ucc.ivr.uses import Kind, uses_of
from ucc.prompt.builtin import NAMES
from ucc.prompt.models import Prompt
from ucc.queue.models import Queue
from ucc.schedule.models import StoredSchedule
from ucc.voicemail.models import VoicemailBox

_IDS: dict[Kind, tuple[InstrumentedAttribute[int], InstrumentedAttribute[int]]] = {
    "prompt": (Prompt.id, Prompt.tenant_id),
    "schedule": (StoredSchedule.id, StoredSchedule.tenant_id),
    "queue": (Queue.id, Queue.tenant_id),
    "agent": (Agent.id, Agent.tenant_id),
    "box": (VoicemailBox.id, VoicemailBox.tenant_id),
    "tree": (IvrTree.id, IvrTree.tenant_id),
}


async def find_faults(session: AsyncSession, tenant_id: int, tree: Tree) -> list[Fault]:
    """Everything that keeps the tree from being published; sub-trees count as they are published now."""
    faults = check_tree(tree)
    wanted: dict[Kind, dict[int, str]] = defaultdict(dict)
    for name, node in tree.nodes.items():
        for kind, row_id in uses_of(node):
            wanted[kind][row_id] = name
        for ref in sounds_of(node):
            scheme, _, sound = ref.partition(":")
            if scheme == "builtin" and sound not in NAMES:
                faults.append(Fault(name, "unknown_sound", "sounds", f"There is no built-in sound {sound!r}."))
    for kind, named in wanted.items():
        known = await _find_known(session, tenant_id, kind, named)
        faults += [
            Fault(name, f"unknown_{kind}", message=f"There is no {kind} {row_id}.")
            for row_id, name in named.items()
            if row_id not in known
        ]
    if wanted["tree"] and not faults:
        faults += await _find_faults_across(session, tenant_id, tree, wanted["tree"])
    return faults


async def _find_known(session: AsyncSession, tenant_id: int, kind: Kind, row_ids: Collection[int]) -> set[int]:
    column, owner = _IDS[kind]
    return set(await session.scalars(select(column).where(owner == tenant_id, column.in_(row_ids))))


async def _find_faults_across(session: AsyncSession, tenant_id: int, tree: Tree, named: dict[int, str]) -> list[Fault]:
    """With its sub-trees, and theirs: one that is not published, or a circle that goes through several trees."""
    others = await load_published(session, tenant_id, set(named))
    missing = [
        Fault(name, "unpublished_tree", message=f"The tree {tree_id} has not been published.")
        for tree_id, name in named.items()
        if tree_id not in others and tree_id != tree.tree_id
    ]
    if missing:
        return missing
    linked = link(tree, {**others, tree.tree_id: tree})
    return [fault for fault in check_linked(linked) if fault.code == "endless"]
