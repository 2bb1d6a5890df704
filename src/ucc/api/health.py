"""/health: whether this process can do its work."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from ucc.identity.access import database_of

router = APIRouter(tags=["health"])
TIMEOUT_S = 3.0


class Health(BaseModel):
    is_healthy: bool
    has_database: bool
    has_controller: bool


@router.get("/health", responses={503: {"model": Health, "description": "The database is away"}})
async def get_health(request: Request, response: Response) -> Health:
    """200 when requests can be answered. Without the controller records can be read, but nothing live."""
    has_database = await _has_database(request)
    if not has_database:
        response.status_code = 503
    return Health(
        is_healthy=has_database, has_database=has_database, has_controller=request.app.state.relay.is_connected
    )


async def _has_database(request: Request) -> bool:
    try:
        async with asyncio.timeout(TIMEOUT_S), database_of(request).begin() as session:
            await session.execute(text("SELECT 1"))
    except (SQLAlchemyError, TimeoutError):
        return False
    return True
