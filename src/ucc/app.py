"""The API and the console as one ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from ucc import __version__
from ucc.agent.endpoints import router as agents
from ucc.api import console, failures
from ucc.api.guard import Guard
from ucc.api.health import router as health
from ucc.blacklist.endpoints import router as blacklist
from ucc.call.endpoints import router as calls
from ucc.caller_id.endpoints import router as caller_ids
from ucc.config import CHECKOUT, Settings, get_settings
from ucc.credit.endpoints import router as credit
from ucc.db.engine import role_url
from ucc.db.unit import Database
from ucc.desk.endpoints import router as desk
from ucc.floor.endpoints import router as floor_setting
from ucc.frequency.endpoints import router as frequency
from ucc.identity.access import require_billing
from ucc.identity.endpoints import router as session
from ucc.identity.limiter import LoginLimiter
from ucc.identity.password import PasswordChecker
from ucc.ivr.endpoints import router as ivr_trees
from ucc.ledger.endpoints import router as ledger
from ucc.live.controller import Controller
from ucc.live.endpoints import router as live
from ucc.live.relay import Relay
from ucc.missed.endpoints import router as missed_calls
from ucc.pause.endpoints import router as pauses
from ucc.prompt.endpoints import router as prompts
from ucc.queue.endpoints import router as queues
from ucc.rating.endpoints import router as rate_plans
from ucc.reception.endpoints import router as reception
from ucc.reception.region import preload
from ucc.recording.endpoints import router as recordings
from ucc.recording_policy.endpoints import router as recording_policies
from ucc.rent.endpoints import router as rents
from ucc.resource.endpoints import router as resources
from ucc.schedule.endpoints import router as schedules
from ucc.secrets import Secrets, get_secrets
from ucc.settlement.endpoints import router as statements
from ucc.statistics.endpoints import router as statistics
from ucc.supervision.endpoints import router as supervision
from ucc.team.endpoints import router as teams
from ucc.tenant.endpoints import router as tenants
from ucc.trunk.endpoints import router as trunks
from ucc.verification.endpoints import router as verifications
from ucc.voicemail.endpoints import router as voicemail

PREFIX = "/api/v1"
BILLING = (rate_plans, rents, ledger, credit, statements, statistics)
ROUTERS = (
    session,
    tenants,
    resources,
    trunks,
    caller_ids,
    blacklist,
    frequency,
    teams,
    pauses,
    recording_policies,
    verifications,
    calls,
    missed_calls,
    recordings,
    agents,
    desk,
    supervision,
    queues,
    floor_setting,
    ivr_trees,
    prompts,
    schedules,
    reception,
    voicemail,
    live,
    health,
)


def create_app(
    settings: Settings | None = None,
    secrets: Secrets | None = None,
    database: Database | None = None,
    console_dir: Path = CHECKOUT / "console" / "dist",
) -> FastAPI:
    """An application of these settings. A given database is used, and closed at the end, instead of their own."""
    settings, secrets = settings or get_settings(), secrets or get_secrets()

    @contextlib.asynccontextmanager
    async def live_as_long(app: FastAPI) -> AsyncIterator[None]:
        app.state.database = database or Database(role_url("api", settings, secrets), pool_size=10)
        app.state.controller = Controller(settings, secrets)
        app.state.relay = Relay(app.state.controller)
        following = asyncio.create_task(app.state.relay.run())
        loading = asyncio.create_task(asyncio.to_thread(preload))
        try:
            yield
        finally:
            following.cancel()
            await asyncio.gather(following, loading, return_exceptions=True)
            await app.state.controller.close()
            await app.state.database.close()

    app = FastAPI(
        title="UCC",
        version=__version__,
        summary="Call-centre platform: calls, recordings, money.",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=live_as_long,
        routes=_list_routes(),
    )
    app.state.settings = settings
    app.state.secrets = secrets
    app.state.login_limiter = LoginLimiter()
    app.state.password_checker = PasswordChecker()
    app.state.live_sockets = 0
    failures.install(app)
    console.install(app, console_dir)
    app.add_middleware(Guard, sip_socket=f"ws://{settings.address}:{settings.sip_ws_port}")
    return app


@cache
def _list_routes() -> list[BaseRoute]:
    """Made once, however many applications there are: they hold nothing of their application."""
    api = APIRouter(prefix=PREFIX, generate_unique_id_function=_name_operation)
    for router in BILLING:
        api.include_router(router, dependencies=[Depends(require_billing)])
    for router in ROUTERS:
        api.include_router(router)
    return api.routes


def _name_operation(route: APIRoute) -> str:
    """The name of the function: what the generated client calls it."""
    return route.name
