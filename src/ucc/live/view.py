"""What one browser may see of the live events, and under which sequence numbers. Pure: no sockets in here."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ucc.identity.access import Viewer

_KINDS = ("agents", "calls", "queues")


class LiveView:
    """Filters by tenant; an agent besides sees only the calls that are its own.

    The browser gets its own gapless sequence: 0 is the snapshot, every event after it one more.
    """

    def __init__(self, viewer: Viewer, tenant_ids: Collection[int]) -> None:
        self._viewer = viewer
        self._tenant_ids = frozenset(tenant_ids)
        self._known_until = -1
        self._own_calls: set[str] = set()
        self._seq = 0

    def snapshot(self, found: dict[str, Any]) -> dict[str, Any]:
        """What may be seen of the controller's snapshot; begins a new sequence."""
        self._seq = 0
        self._own_calls.clear()
        self._known_until = int(found["seq"])
        visible = {kind: [item for item in found[kind] if item["tenant_id"] in self._tenant_ids] for kind in _KINDS}
        visible["calls"] = [call for call in visible["calls"] if self._may_see_call(call)]
        return {"kind": "snapshot", "seq": 0, **visible}

    def apply(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """The event as this browser gets it; None when it is not for it, or part of the snapshot already."""
        tenant_id = event.get("tenant_id")
        if tenant_id not in self._tenant_ids or event["seq"] <= self._known_until:
            return None
        subject = next((name for name in ("agent", "call", "queue") if name in event), None)
        if subject is None:
            return None
        item = event[subject]
        if subject == "call" and not self._may_see_call(item, is_over=event["kind"] == "call.ended"):
            return None
        self._seq += 1
        return {"kind": event["kind"], "seq": self._seq, "tenant_id": tenant_id, subject: item}

    def _may_see_call(self, call: dict[str, Any], *, is_over: bool = False) -> bool:
        """An agent sees a call that leaves it once more, so that the page can let go of it."""
        if not self._viewer.own_calls_only:
            return True
        call_id, was_own = str(call["call_id"]), str(call["call_id"]) in self._own_calls
        own = self._viewer.own_calls_of
        is_own = call.get("agent_id") == own or own in call.get("agent_ids", ())
        if is_own and not is_over:
            self._own_calls.add(call_id)
        else:
            self._own_calls.discard(call_id)
        return is_own or was_own
