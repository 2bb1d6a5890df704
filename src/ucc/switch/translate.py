"""From Asterisk's words to ours."""

from __future__ import annotations

import contextlib
import time
from datetime import datetime
from typing import Any

from ucc.engine import events as ev
from ucc.engine.record import LegKind
from ucc.switch.ari import Json

STALE_S = 1.0


def read_arrival(message: Json, channel: Json, at: float) -> ev.CallArrived:
    """A channel that the border sent: its dialplan passes the kind of leg, the extension and the trunk."""
    kind, extension, trunk = ([*message.get("args", []), "", "", ""])[:3]
    caller = extension or str(channel.get("caller", {}).get("number", ""))
    return ev.CallArrived(
        at=at,
        leg=str(channel["id"]),
        kind=LegKind.TRUNK if kind == "trunk" else LegKind.PHONE,
        caller=caller,
        callee=str(channel.get("dialplan", {}).get("exten", "")),
        address=trunk or extension,
        sip_call_id=channel.get("protocol_id"),
    )


def read_time(message: dict[str, Any], now: float) -> float:
    """When it happened: now, or for an event that was queued while we were away, the time the switch stamped on it."""
    with contextlib.suppress(KeyError, ValueError):
        stamped = datetime.strptime(message["timestamp"], "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
        age = time.time() - stamped
        if age > STALE_S:
            return now - age
    return now
