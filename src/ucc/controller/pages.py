"""Pages that are loaded again or closed in a call: their sound stops, and nobody says goodbye. A page that is silent is
called anew, so that its successor takes its place; one that stays silent has gone for good, and its leg is ended.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from ucc.border.ng import NgClient, NgError, NgRefused
from ucc.engine import events as ev
from ucc.engine.state import Live, Talking
from ucc.switch.port import Switch, SwitchError
from ucc.switch.runner import Runner

log = structlog.get_logger("pages")
LOOK_EVERY_S = 0.5
SILENT_S = 1.5
GONE_S = 12.0
SETTLED_PACKETS = 50
"""One second of sound: a page that has sent less is still setting up its media."""
AT_ONCE = 8
NORMAL = 16
PAGE_PROTOCOL = "SAVPF"


@dataclass(slots=True)
class _Page:
    call_id: UUID
    packets: int
    changed_at: float
    asked_at: float = 0.0


class PageWatch:
    """Counts what comes from every page that talks. Only pages are judged: they send without pause."""

    def __init__(self, runner: Runner, switch: Switch, ng: NgClient) -> None:
        self._runner = runner
        self._switch = switch
        self._ng = ng
        self._pages: dict[str, _Page] = {}
        self._others: set[str] = set()
        self._room = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look()

    async def look(self) -> None:
        legs = dict(self._list_legs())
        for leg in self._pages.keys() - legs.keys():
            del self._pages[leg]
        self._others &= legs.keys()
        await asyncio.gather(*(self._look_at(leg, *legs[leg]) for leg in legs.keys() - self._others))

    def _list_legs(self) -> Iterator[tuple[str, tuple[UUID, str]]]:
        """The answered legs of agents that talk, with their calls and SIP Call-IDs."""
        for actor in self._runner.calls.values():
            if isinstance(actor.state, Live) and isinstance(actor.state.stage, Talking):
                for one in actor.state.stage.participants:
                    leg = actor.state.facts.leg(one.leg)
                    if one.agent is not None and leg is not None and leg.is_up and leg.sip_call_id is not None:
                        yield leg.leg, (actor.call_id, leg.sip_call_id)

    async def _look_at(self, leg: str, call_id: UUID, sip_call_id: str) -> None:
        try:
            async with self._room:
                packets = count_page_packets(await self._ng.query(sip_call_id))
        except NgRefused:
            packets = None  # A desk phone's leg, which rtpengine does not relay; a page's is known before it talks.
            if leg in self._pages:
                return
        except (NgError, OSError):
            return
        if packets is None:
            self._others.add(leg)
            return
        at = self._runner.clock.time()
        page = self._pages.get(leg)
        if page is None or page.packets != packets:
            self._pages[leg] = _Page(call_id, packets, at)
            return
        if at - page.changed_at >= GONE_S:
            log.warning("a page has gone for good, its leg is ended", leg=leg, call=str(call_id))
            del self._pages[leg]
            with contextlib.suppress(SwitchError):
                await self._switch.hang_up(leg, NORMAL)
        elif packets >= SETTLED_PACKETS and at - max(page.changed_at, page.asked_at) >= SILENT_S:
            page.asked_at = at
            log.info("a page is silent and called anew", leg=leg, call=str(call_id))
            self._runner.post(call_id, ev.RejoinRequested(at, leg))


def count_page_packets(found: dict[str, Any]) -> int | None:
    """The RTP packets that came from the page of a media session; None when no page is in it."""
    counts = [
        int(stream.get("stats", {}).get("packets", 0))
        for tag in found.get("tags", {}).values()
        for media in tag.get("medias", ())
        if PAGE_PROTOCOL in str(media.get("protocol", ""))
        for stream in media.get("streams", ())
    ]
    return sum(counts) if counts else None
