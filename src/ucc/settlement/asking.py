"""Which files of statements were asked for, and where they are. `ucc.settlement.files` makes them, in the worker."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.settlement.models import Statement, StatementFile


def path_of(folder: Path, file: StatementFile) -> Path:
    return folder / f"{file.id}.{file.format}"


async def ask_for_file(session: AsyncSession, statement: Statement, file_format: str, language: str) -> StatementFile:
    """The file of a statement in this form: asked for now, or before. One that failed is tried again."""
    await session.execute(
        text(
            """
            INSERT INTO statement_file AS f (statement_id, tenant_id, format, language)
            VALUES (:statement_id, :tenant_id, :format, :language)
            ON CONFLICT (statement_id, format, language) DO UPDATE
              SET state = 'waiting', lines_done = 0, failure = NULL, updated_at = now() WHERE f.state = 'failed'
            """
        ),
        {
            "statement_id": statement.id,
            "tenant_id": statement.tenant_id,
            "format": file_format,
            "language": language,
        },
    )
    wanted = select(StatementFile).where(
        StatementFile.statement_id == statement.id,
        StatementFile.format == file_format,
        StatementFile.language == language,
    )
    found: StatementFile = (await session.scalars(wanted)).one()
    return found
