"""Keys as rtpengine reports them: one JSON datagram a key."""

from __future__ import annotations

import orjson

KEYS = "0123456789*#ABCD"


def parse_key(data: bytes) -> tuple[str, str] | None:
    """(SIP Call-ID, key) of one report; None for anything else."""
    try:
        report = orjson.loads(data)
        if report["type"] != "DTMF":
            return None
        return str(report["callid"]), KEYS[int(report["event"])]
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, ValueError):
        return None
