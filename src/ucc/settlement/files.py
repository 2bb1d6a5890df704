"""Makes the files of statements, one after another. A claim that is not renewed for a while is taken over: a worker
that died is no different from one that has not begun."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.db.unit import Database
from ucc.kit.logging import get_logger
from ucc.settlement.asking import path_of
from ucc.settlement.content import StatementContent, load_content
from ucc.settlement.lines import StatementLine, stream_lines
from ucc.settlement.models import Statement, StatementFile
from ucc.settlement.pdf import NoFont, write_pdf
from ucc.settlement.words import Language
from ucc.settlement.xlsx import StatementBook

log = get_logger("settlement")
STALE_S = 120
TELL_EVERY_S = 1.0
Tell = Callable[[int], Awaitable[None]]

_CLAIM = text(
    """
    UPDATE statement_file SET state = 'making', lines_done = 0, failure = NULL, updated_at = now() WHERE id = (
      SELECT id FROM statement_file
      WHERE state = 'waiting' OR (state = 'making' AND updated_at < now() - make_interval(secs => :stale_s))
      ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING id
    """
)


class NotReconciled(RuntimeError):
    """The lines are not what the statement says."""


async def make_files(database: Database, folder: Path) -> int:
    """Make all that wait; how many. What fails says so in its row, and does not hold up the others."""
    made = 0
    while True:
        async with database.begin() as session:
            file_id = await session.scalar(_CLAIM, {"stale_s": STALE_S})
        if file_id is None:
            return made
        try:
            await _make(database, folder, file_id)
        except (NotReconciled, NoFont, OSError) as error:
            log.error("a statement could not be made", file=file_id, error=str(error))
            await _note(database, file_id, state="failed", failure=str(error)[:200])
        made += 1


async def _make(database: Database, folder: Path, file_id: int) -> None:
    """Written beside its place and renamed, so that it is whole or not there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with database.begin() as session:
        await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        file = await session.get_one(StatementFile, file_id)
        statement = await session.get_one(Statement, file.statement_id)
        content = await load_content(session, statement)
        await _note(database, file_id, lines_total=content.entries)
        final = path_of(folder, file)
        building = final.with_suffix(f".{os.getpid()}.part")

        async def tell(lines: int) -> None:
            await _note(database, file_id, lines_done=lines)

        try:
            await write_file(session, building, content, file.format, cast(Language, file.language), tell)
            building.replace(final)
        finally:
            building.unlink(missing_ok=True)
    size = final.stat().st_size
    await _note(database, file_id, state="ready", lines_done=content.entries, size_bytes=size)
    log.info("a statement is ready", file=file_id, format=file.format, lines=content.entries, bytes=size)


async def write_file(
    session: AsyncSession, path: Path, content: StatementContent, file_format: str, language: Language, tell: Tell
) -> None:
    """Raises NotReconciled when lines, sums and balances do not agree to the micro; then the file is of no use."""
    if not content.is_balanced:
        raise NotReconciled("the sums of the statement are not those of the ledger")
    book = await asyncio.to_thread(StatementBook, path, content, language) if file_format == "xlsx" else None
    others: list[StatementLine] = []
    counted, balance, told_at = 0, content.opening_micros, time.monotonic()
    async for lines in stream_lines(session, content.tenant_id, content.account_id, content.period):
        counted += len(lines)
        balance += sum(line.amount_micros for line in lines)
        if book is not None:
            await asyncio.to_thread(book.write, lines)
        else:
            others += [line for line in lines if line.kind != "call"]
        if time.monotonic() - told_at > TELL_EVERY_S:
            told_at = time.monotonic()
            await tell(counted)
    if book is not None:
        await asyncio.to_thread(book.close)
    else:
        await asyncio.to_thread(write_pdf, path, content, others, language)
    if (counted, balance) != (content.entries, content.closing_micros):
        raise NotReconciled(f"{counted} lines of {content.entries}, ending at {balance} of {content.closing_micros}")


async def _note(database: Database, file_id: int, **values: object) -> None:
    async with database.begin() as session:
        await session.execute(
            update(StatementFile).where(StatementFile.id == file_id).values(**values, updated_at=text("now()"))
        )
