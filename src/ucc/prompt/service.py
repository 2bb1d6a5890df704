"""Prompts: the row says what there is, the file is named after its content and written before the row is."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.config import Settings
from ucc.db.scope import Scoped
from ucc.errors import NotFound
from ucc.prompt import files
from ucc.prompt.audio import duration_ms
from ucc.prompt.models import Prompt
from ucc.prompt.schemas import PromptView

LIMIT = 1000


async def list_prompts(scoped: Scoped) -> list[PromptView]:
    rows = await scoped.session.scalars(select(Prompt).order_by(Prompt.name).limit(LIMIT))
    return [show(row) for row in rows]


async def get_prompt(scoped: Scoped, prompt_id: int) -> Prompt:
    """Raises NotFound."""
    row = await scoped.session.get(Prompt, prompt_id)
    if row is None:
        raise NotFound
    return row


async def create_prompt(
    scoped: Scoped, settings: Settings, name: str, language: str, wav: bytes, text: str | None
) -> Prompt:
    row = Prompt(tenant_id=scoped.scope.tenant_id, name=name, language=language, text=text)
    _take(row, wav)
    scoped.session.add(row)
    await scoped.session.flush()
    await _write(scoped, settings, row, wav)
    return row


async def replace_sound(
    scoped: Scoped, settings: Settings, prompt_id: int, wav: bytes, text: str | None, language: str | None = None
) -> Prompt:
    """Another sound under the same id: the next call hears it. Raises NotFound."""
    row = await get_prompt(scoped, prompt_id)
    row.text = text
    row.language = language or row.language
    row.updated_at = func.now()
    _take(row, wav)
    await scoped.session.flush()
    await _write(scoped, settings, row, wav)
    return row


async def rename_prompt(scoped: Scoped, prompt_id: int, name: str) -> Prompt:
    """Raises NotFound."""
    row = await get_prompt(scoped, prompt_id)
    row.name = name
    await scoped.session.flush()
    await scoped.session.refresh(row)
    return row


async def delete_prompt(scoped: Scoped, prompt_id: int) -> None:
    """The file stays for calls that play it, and is swept later. Raises NotFound."""
    await scoped.session.delete(await get_prompt(scoped, prompt_id))
    await scoped.session.flush()


async def find_sounds(
    session: AsyncSession, settings: Settings, tenant_id: int, prompt_ids: Collection[int]
) -> dict[int, str]:
    """The sounds of these prompts, as the switch takes them."""
    if not prompt_ids:
        return {}
    rows = await session.scalars(select(Prompt).where(Prompt.tenant_id == tenant_id, Prompt.id.in_(prompt_ids)))
    return {row.id: files.sound_of(settings, row) for row in rows}


def show(row: Prompt) -> PromptView:
    return PromptView(
        id=row.id,
        name=row.name,
        text=row.text,
        language=row.language,
        duration_ms=row.duration_ms,
        updated_at=row.updated_at,
    )


def _take(row: Prompt, wav: bytes) -> None:
    row.sha256 = hashlib.sha256(wav).hexdigest()
    row.duration_ms = duration_ms(wav)


async def _write(scoped: Scoped, settings: Settings, row: Prompt, wav: bytes) -> None:
    """The file, and away with those that no prompt of the tenant has named for a day."""
    await scoped.session.refresh(row)
    path: Path = files.path_of(settings, row)
    files.write(path, wav)
    rows = await scoped.session.scalars(select(Prompt).where(Prompt.tenant_id == row.tenant_id))
    files.sweep(path.parent, {one.file_name for one in rows})
