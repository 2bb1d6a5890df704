"""Keys as rtpengine reports them: one JSON datagram a key."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

KEYS = "0123456789*#ABCD"


@dataclass(frozen=True, slots=True)
class ReportedKey:
    """`is_near`: pressed on our side of the leg, by whoever talks with its far end."""

    sip_call_id: str
    key: str
    is_near: bool


def parse_key(data: bytes) -> ReportedKey | None:
    """The key of one report; None for anything else."""
    try:
        report = orjson.loads(data)
        if report["type"] != "DTMF":
            return None
        return ReportedKey(str(report["callid"]), KEYS[int(report["event"])], report.get("source_label") == "near")
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, ValueError):
        return None
