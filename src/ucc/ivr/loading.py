"""Trees as calls take them: the published version, with its sub-trees, sounds and schedules looked up."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.config import Settings
from ucc.engine.ivr_tree import SubMenu, TimeSwitch, Tree, link, sounds_of
from ucc.ivr.body import TreeBody
from ucc.ivr.models import IvrTree, IvrTreeVersion
from ucc.prompt.files import voice_dir
from ucc.prompt.service import find_sounds
from ucc.schedule.service import load_schedules

MAX_TREES = 50
"""How many trees one may lead to, directly and through others."""


async def load_published(session: AsyncSession, tenant_id: int, tree_ids: Collection[int]) -> dict[int, Tree]:
    """The published versions of these trees and of all that they lead to."""
    found: dict[int, Tree] = {}
    ahead = set(tree_ids)
    while ahead and len(found) < MAX_TREES:
        rows = await session.execute(
            select(IvrTreeVersion.tree_id, IvrTreeVersion.version, IvrTreeVersion.body)
            .join(
                IvrTree,
                (IvrTree.id == IvrTreeVersion.tree_id) & (IvrTree.published_version == IvrTreeVersion.version),
            )
            .where(IvrTree.tenant_id == tenant_id, IvrTree.id.in_(ahead))
        )
        new = {tree_id: TreeBody.model_validate(body).to_tree(tree_id, version) for tree_id, version, body in rows}
        found |= new
        named = {node.tree_id for tree in new.values() for node in tree.nodes.values() if isinstance(node, SubMenu)}
        ahead = named - found.keys()
    return found


async def load_tree(
    session: AsyncSession, settings: Settings, tenant_id: int, tree_id: int, language: str, at: float
) -> Tree | None:
    """The published version, ready to run; None: there is none."""
    trees = await load_published(session, tenant_id, {tree_id})
    tree = trees.get(tree_id)
    return await equip(session, settings, tenant_id, link(tree, trees), language, at) if tree is not None else None


async def equip(
    session: AsyncSession, settings: Settings, tenant_id: int, tree: Tree, language: str, at: float
) -> Tree:
    """The tree with its sounds and schedules."""
    refs = {ref for node in tree.nodes.values() for ref in sounds_of(node)}
    voice = voice_dir(settings, language)
    prompt_ids = {int(ref.removeprefix("prompt:")) for ref in refs if ref.startswith("prompt:")}
    prompts = await find_sounds(session, settings, tenant_id, prompt_ids)
    sounds: dict[str, tuple[str, ...]] = {f"prompt:{prompt_id}": (sound,) for prompt_id, sound in prompts.items()}
    sounds |= {ref: (f"{voice}/{ref.removeprefix('builtin:')}",) for ref in refs if ref.startswith("builtin:")}
    schedule_ids = {node.schedule_id for node in tree.nodes.values() if isinstance(node, TimeSwitch)}
    schedules = await load_schedules(session, tenant_id, schedule_ids, at)
    return replace(tree, sounds=sounds, schedules=schedules, voice=str(voice))
