"""Speaks to the controller, which decides what calls and agents do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import aiohttp
from starlette.requests import HTTPConnection

from ucc.config import Settings
from ucc.errors import ControllerAway, ControllerRefused
from ucc.secrets import Secrets

TIMEOUT_S = 5.0
TENANTS_AT_ONCE = 150
NUMBERS_AT_ONCE = 150
"""Requests to call control are at most 4 KiB."""
REFUSAL_STATUSES = (404, 409, 422)


class Controller:
    """Requests to the controller. Each raises ControllerAway, or ControllerRefused with the controller's own code."""

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self._base = f"http://{settings.address}:{settings.controller_port}"
        self._headers = {"Authorization": f"Bearer {secrets.controller_token}"}
        self._http: aiohttp.ClientSession | None = None

    @property
    def http(self) -> aiohttp.ClientSession:
        if self._http is None:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
            self._http = aiohttp.ClientSession(self._base, headers=self._headers, timeout=timeout)
        return self._http

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    async def request(self, method: str, path: str, **options: Any) -> Any:
        """The decoded JSON answer, None when empty."""
        try:
            async with self.http.request(method, path, **options) as response:
                body = await response.json(content_type=None) if response.content_length != 0 else None
                status = response.status
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise ControllerAway from error
        if status in REFUSAL_STATUSES and isinstance(body, dict) and "code" in body:
            raise ControllerRefused(status, str(body["code"]), str(body.get("message") or ControllerRefused.summary))
        if status >= 400:
            raise ControllerAway(f"Call control answered {status}.")
        return body

    async def set_presence(self, agent_id: int, presence: str, reason: str | None) -> None:
        await self.request("POST", f"/agents/{agent_id}/presence", json={"presence": presence, "reason": reason})

    async def place_call(self, agent_id: int, callee: str, caller_id: str | None = None) -> UUID:
        body = {"callee": callee, "caller_id": caller_id}
        answer = await self.request("POST", f"/agents/{agent_id}/calls", json=body)
        return UUID(answer["call_id"])

    async def command_agent(self, agent_id: int, command: str, body: dict[str, Any]) -> dict[str, Any]:
        """What an agent asks of its phone or of the call it is in."""
        return dict(await self.request("POST", f"/agents/{agent_id}/{command}", json=body) or {})

    async def command_call(self, call_id: UUID, command: str, body: dict[str, Any]) -> None:
        """What is asked of a call from outside it."""
        await self.request("POST", f"/calls/{call_id}/{command}", json=body)

    async def hang_up(self, call_id: UUID) -> None:
        await self.request("POST", f"/calls/{call_id}/hang-up", json={"by": "agent"})

    async def end_calls(self, tenant_ids: Sequence[int]) -> int:
        """Let all calls of these enterprises end; how many were asked to."""
        ended = 0
        for first in range(0, len(tenant_ids), TENANTS_AT_ONCE):
            part = list(tenant_ids[first : first + TENANTS_AT_ONCE])
            answer = await self.request("POST", "/calls/end", json={"tenant_ids": part})
            ended += int(answer["count"])
        return ended

    async def find_registrations(self, numbers: Sequence[str]) -> list[dict[str, Any]]:
        """The phones that are registered as these extensions."""
        found: list[dict[str, Any]] = []
        for first in range(0, len(numbers), NUMBERS_AT_ONCE):
            part = list(numbers[first : first + NUMBERS_AT_ONCE])
            found += (await self.request("POST", "/registrations/find", json={"numbers": part}))["items"]
        return found

    async def end_registrations(self, numbers: Sequence[str]) -> int:
        """Let the border forget the phones of these extensions; of how many there were some."""
        ended = 0
        for first in range(0, len(numbers), NUMBERS_AT_ONCE):
            part = list(numbers[first : first + NUMBERS_AT_ONCE])
            ended += int((await self.request("POST", "/registrations/end", json={"numbers": part}))["count"])
        return ended

    async def place_verification(self, verification_id: UUID) -> None:
        """Let the verification's call be placed; its id is the call's too."""
        await self.request("POST", f"/verification-calls/{verification_id}")

    async def snapshot(self, tenant_id: int | None = None) -> dict[str, Any]:
        """What happens now, in one enterprise or in all of them."""
        answer = await self.request("GET", "/snapshot", params={} if tenant_id is None else {"tenant_id": tenant_id})
        return dict(answer)


def controller_of(connection: HTTPConnection) -> Controller:
    controller: Controller = connection.app.state.controller
    return controller
