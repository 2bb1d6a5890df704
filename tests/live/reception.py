"""An enterprise that sets up what its callers meet, by the API; and what callers heard, by its tones."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from live.house import House
from ucc.emulator import PlacedCall, press
from ucc.stack.api_client import ApiClient, ApiRefused, log_in
from ucc.stack.tones import LEAST_SHARE, SAMPLE_RATE, decode_mono, measure_share

STEP_S = 0.1
MENU_HZ, OTHER_HZ, GOODBYE_HZ, CLOSED_HZ, RING_HZ, MUSIC_HZ = 697, 852, 1209, 1477, 1633, 560
"""Tones that neither the carrier (425) nor an agent's phone (1004) sends."""


@dataclass
class Reception:
    house: House
    api: ApiClient
    did_id: int
    queue_id: int
    agents: dict[str, int]
    """Agent ids by extension."""
    exits: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def make(self, path: str, **body: Any) -> int:
        """A row, deleted after the test (the newest first)."""
        made = await self.api.request("POST", f"/{path}", json={"name": uuid4().hex[:12], **body})
        self.exits.push_async_callback(self._delete, f"/{path.partition('/')[0]}/{made['id']}")
        return int(made["id"])

    async def _delete(self, path: str) -> None:
        try:
            await self.api.request("DELETE", path)
        except ApiRefused as refused:
            if refused.status != 404:
                raise

    async def prompt(self, hz: int, seconds: float = 1.0) -> str:
        """A tone as a sound of IVR trees."""
        t = np.arange(int(seconds * 16000)) / 16000
        target = io.BytesIO()
        with wave.open(target, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16000)
            file.writeframes((9000 * np.sin(2 * np.pi * hz * t)).astype(np.int16).tobytes())
        params = {"name": uuid4().hex[:12]}
        made = await self.api.request("POST", "/prompts/upload", params=params, data=target.getvalue())
        self.exits.push_async_callback(self._delete, f"/prompts/{made['id']}")
        return f"prompt:{made['id']}"

    async def tree(self, entry: str = "top", **nodes: Any) -> int:
        """A published tree."""
        tree_id = await self.make("ivr-trees", entry=entry, nodes=nodes)
        await self.api.request("POST", f"/ivr-trees/{tree_id}/publish")
        return tree_id

    async def publish(self, tree_id: int, entry: str = "top", **nodes: Any) -> None:
        body = {"name": uuid4().hex[:12], "entry": entry, "nodes": nodes}
        await self.api.request("PUT", f"/ivr-trees/{tree_id}", json=body)
        await self.api.request("POST", f"/ivr-trees/{tree_id}/publish")

    async def lead(self, choice: Any, **more: Any) -> None:
        """The demo's number leads there until the test has ended."""
        await self.api.request("PUT", f"/dids/{self.did_id}/reception", json={"open": choice, **more})

    async def lead_to_menu(self, entry: str = "top", **nodes: Any) -> int:
        tree_id = await self.tree(entry, **nodes)
        await self.lead({"kind": "menu", "tree_id": tree_id})
        return tree_id

    async def queue(self, **settings: Any) -> int:
        """A queue of both agents, known to the floor."""
        members = [{"agent_id": agent_id} for agent_id in self.agents.values()]
        queue_id = await self.make("queues", **{"members": members, **settings})
        await asyncio.sleep(2.5)  # the floor reads its settings every two seconds
        return queue_id

    async def vip(self, number: str, priority: int = 50) -> None:
        made = await self.api.request("POST", "/priority-callers", json={"number": number, "priority": priority})
        self.exits.push_async_callback(self._delete, f"/priority-callers/{made['id']}")

    async def press(self, call: PlacedCall, keys: str) -> None:
        await press(self.house.settings, self.house.secrets, call, keys)


@asynccontextmanager
async def open_reception(house: House) -> AsyncIterator[Reception]:
    """Puts the demo's number back to where it led, and deletes what was made."""
    url = f"http://{house.settings.address}:{house.settings.api_port}"
    async with log_in(url, "enterprise", house.secrets.demo_password) as api:
        did = next(one for one in (await api.get("/dids"))["items"] if one["number"] == house.demo.did)
        agents = {one["extension"]: one["agent_id"] for one in (await api.get("/agents"))["items"]}
        reception = Reception(house, api, did["id"], did["open"]["queue_id"], agents)
        back = {name: did[name] for name in ("schedule_id", "open", "closed")}
        try:
            yield reception
        finally:
            await house.exits.aclose()
            await api.request("PUT", f"/dids/{did['id']}/reception", json=back)
            await reception.exits.aclose()


def tone_spans(heard: Path, hz: int) -> list[tuple[float, float]]:
    """When the tone was heard: begin and end in seconds of the file."""
    samples = decode_mono(heard)
    size = int(SAMPLE_RATE * STEP_S)
    spans: list[tuple[float, float]] = []
    for start in range(0, len(samples) - size + 1, size):
        if measure_share(samples[start : start + size], hz) >= 3 * LEAST_SHARE:
            at = start / SAMPLE_RATE
            if spans and at - spans[-1][1] < 1.5 * STEP_S:
                spans[-1] = (spans[-1][0], at + STEP_S)
            else:
                spans.append((at, at + STEP_S))
    return [(begin, end) for begin, end in spans if end - begin >= 2 * STEP_S]


def tone_s(heard: Path, hz: int) -> float:
    return sum(end - begin for begin, end in tone_spans(heard, hz))


def is_silent(heard: Path) -> bool:
    samples = decode_mono(heard)
    return len(samples) == 0 or float(np.sqrt(np.mean(samples**2))) < 0.003
