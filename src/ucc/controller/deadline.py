"""A time limit on what a call waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
ROUTE_DEADLINE_S = 3.0


async def within_deadline(work: Coroutine[Any, Any, T]) -> T:
    """What `work` finds within ROUTE_DEADLINE_S; raises TimeoutError, and then lets it finish by itself.

    A query that is cut off costs its connection, and the next call would wait for a new one.
    """
    task = asyncio.create_task(work)
    done, _ = await asyncio.wait({task}, timeout=ROUTE_DEADLINE_S)
    if not done:
        task.add_done_callback(lambda late: late.cancelled() or late.exception())
        raise TimeoutError(f"no route within {ROUTE_DEADLINE_S} s")
    return task.result()
