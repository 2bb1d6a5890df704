"""WS /live: a snapshot of what the user may see, then every change of it."""

from __future__ import annotations

import asyncio
import contextlib
from time import monotonic
from typing import Any

import orjson
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from sqlalchemy.exc import SQLAlchemyError

from ucc.db.scope import enter_scope
from ucc.errors import ControllerAway, ControllerRefused
from ucc.identity.access import Viewer, database_of, find_viewer
from ucc.identity.service import is_still_logged_in
from ucc.identity.token import COOKIE
from ucc.live.controller import controller_of
from ucc.live.relay import RETRY_S, Relay, Signal, Subscription
from ucc.live.view import LiveView
from ucc.tenant.repository import list_enterprise_ids

router = APIRouter(tags=["live"])
NOT_LOGGED_IN = 4401
TRY_AGAIN = 1013
RECHECK_S = 30.0
SEND_TIMEOUT_S = 10.0
MAX_SOCKETS = 500


@router.websocket("/live")
async def follow_live(socket: WebSocket) -> None:
    """First `snapshot` (or `controller.away`, until it is back), then `*.changed` and `call.ended`, without gaps.

    Closed with 4401 when the user is not, or no longer, logged in, and with 1013 when the browser should try again: it
    reads too slowly, there are too many, or the database is away.
    """
    await socket.accept()
    state = socket.app.state
    if state.live_sockets >= MAX_SOCKETS:
        await socket.close(TRY_AGAIN)
        return
    state.live_sockets += 1
    try:
        try:
            async with database_of(socket).begin() as session:
                viewer = await find_viewer(session, socket)
                if viewer is not None and viewer.must_change_password:
                    viewer = None
                if viewer is not None:
                    tenant_ids = await list_enterprise_ids(await enter_scope(session, viewer.scope))
        except SQLAlchemyError:
            await socket.close(TRY_AGAIN)
            return
        if viewer is None:
            await socket.close(NOT_LOGGED_IN)
            return
        with contextlib.suppress(WebSocketDisconnect, TimeoutError, RuntimeError):
            await _serve(socket, viewer, tenant_ids)
    finally:
        state.live_sockets -= 1


async def _serve(socket: WebSocket, viewer: Viewer, tenant_ids: list[int]) -> None:
    relay: Relay = socket.app.state.relay
    with relay.subscribe() as subscription:
        sending = asyncio.create_task(_send_all(socket, subscription, LiveView(viewer, tenant_ids), viewer, tenant_ids))
        leaving = asyncio.create_task(_wait_for_leave(socket))
        try:
            done, _ = await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
        if sending in done:
            await socket.close(sending.result())


async def _wait_for_leave(socket: WebSocket) -> None:
    """Browsers say nothing here; whatever they send is dropped until they go."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return


async def _send_all(
    socket: WebSocket, subscription: Subscription, view: LiveView, viewer: Viewer, tenant_ids: list[int]
) -> int:
    """Runs until the browser has to go; returns the close code."""
    state, checked_at = socket.app.state, monotonic()
    token = socket.cookies[COOKIE]
    while True:
        try:
            item = await asyncio.wait_for(subscription.next(), RECHECK_S)
        except TimeoutError:
            item = None
        if monotonic() - checked_at >= RECHECK_S:
            checked_at = monotonic()
            with contextlib.suppress(SQLAlchemyError):  # a database that is away logs nobody out
                if not await is_still_logged_in(database_of(socket), state.secrets, token, viewer):
                    return NOT_LOGGED_IN
        if item is Signal.LOST:
            return TRY_AGAIN
        if item is Signal.AWAY:
            await _send(socket, {"kind": "controller.away"})
        elif item is Signal.BACK:
            await _send_snapshot(socket, view, tenant_ids)
        elif isinstance(item, dict):
            event = view.apply(item)
            if event is not None:
                await _send(socket, event)


async def _send_snapshot(socket: WebSocket, view: LiveView, tenant_ids: list[int]) -> None:
    """Events that come meanwhile wait in the subscription; those that the snapshot holds already are dropped later."""
    controller, relay = controller_of(socket), socket.app.state.relay
    while relay.is_connected:
        try:
            snapshot = await controller.snapshot(tenant_ids[0] if len(tenant_ids) == 1 else None)
        except (ControllerAway, ControllerRefused):
            await asyncio.sleep(RETRY_S)
            continue
        await _send(socket, view.snapshot(snapshot))
        return


async def _send(socket: WebSocket, message: dict[str, Any]) -> None:
    await asyncio.wait_for(socket.send_text(orjson.dumps(message).decode()), SEND_TIMEOUT_S)
