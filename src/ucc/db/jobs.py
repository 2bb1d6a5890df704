"""Defers a job in the transaction of the fact that causes it; the worker sees it after the commit, or never."""

from __future__ import annotations

import json

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_DEFER = text(
    """
    SELECT procrastinate_defer_jobs_v1(ARRAY[
        ROW(:queue, :task, 0, NULL, NULL, CAST(:args AS jsonb), NULL)::procrastinate_job_to_defer_v1
    ])
    """
)


async def defer_job(session: AsyncSession, *, queue: str, task: str, args: dict[str, str | int]) -> None:
    """Let a worker run `task` with `args` once this transaction has committed."""
    await session.execute(_DEFER, {"queue": queue, "task": task, "args": json.dumps(args)})
