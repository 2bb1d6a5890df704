"""What the emulator heard: one raw G.711 A-law file a call (8 kHz, mono), its name tells time, caller and callee."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ucc.config import Settings
from ucc.emulator.conf import heard_dir

_TIME = "%Y%m%dT%H%M%SZ"
_UNSAFE = re.compile(r"[^+0-9A-Za-z]")


@dataclass(frozen=True, order=True)
class Heard:
    """One recording of what the carrier's party heard. `at` is the start of the call, to the second."""

    at: datetime
    caller: str
    callee: str
    channel_id: str
    path: Path


def heard_name(at: datetime, caller: str, callee: str, channel_id: str) -> str:
    """File name without suffix; the dialplan makes the same for calls that UCC places."""
    return "_".join((at.strftime(_TIME), _UNSAFE.sub("", caller), _UNSAFE.sub("", callee), channel_id))


def list_heard(
    settings: Settings, *, caller: str | None = None, callee: str | None = None, since: datetime | None = None
) -> list[Heard]:
    """Recordings, oldest first, of calls that match. Numbers match by their end (with or without a country code);
    `since` is compared to the second.
    """
    found = []
    for path in heard_dir(settings).glob("*.alaw"):
        time_text, from_number, to_number, channel_id = path.stem.split("_", 3)
        at = datetime.strptime(time_text, _TIME).replace(tzinfo=UTC)
        is_wanted = (
            (caller is None or _is_same(from_number, caller))
            and (callee is None or _is_same(to_number, callee))
            and (since is None or at >= since.replace(microsecond=0))
        )
        if is_wanted:
            found.append(Heard(at, from_number, to_number, channel_id, path))
    return sorted(found)


def _is_same(number: str, wanted: str) -> bool:
    return bool(number) and (number.endswith(wanted.lstrip("+0")) or wanted.endswith(number.lstrip("+0")))
