"""rtpengine's recording folder: which captures belong to a SIP call, whether they are complete, what nobody claims.

`pcaps/<Call-ID, percent-encoded>-<16 hex digits>.pcap` grows while the call is recorded; the text file of the same
name in `metadata/` appears when it is complete. After a kill of rtpengine the text stays in `tmp/`.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from ucc.recording.capture import Capture

_NAME = re.compile(r"^(?P<call>.+)-(?P<random>[0-9a-f]{16})\.pcap$")
_ROOM = 1 << 20
QUIET_S = 3.0
"""A capture without metadata counts as complete when nothing was written to it for so long."""


@dataclass(frozen=True, slots=True)
class SpooledCapture:
    """A capture as it lies in the folder. Times are seconds since 1970."""

    sip_call_id: str
    pcap: Path
    metadata: Path | None
    created_at: float
    changed_at: float
    bytes: int

    def is_complete(self, at: float) -> bool:
        return self.metadata is not None or at - self.changed_at >= QUIET_S

    @property
    def capture(self) -> Capture:
        return Capture(self.pcap, self.metadata)


class Spool:
    """The folder of one machine."""

    def __init__(self, folder: Path) -> None:
        self._pcaps = folder / "pcaps"
        self._metadata = folder / "metadata"
        self._unfinished = folder / "tmp"

    def find_captures(self, sip_call_id: str) -> list[SpooledCapture]:
        """The captures of one SIP call, oldest first; empty when there are none or the folder is missing."""
        names = self._list_names()
        start = quote(
            sip_call_id, safe=""
        )  # how rtpengine writes it, as far as seen; decoding every name is the sure way
        likely = [name for name in names if name.startswith(start)]
        found = [self._look_at(name) for name in likely or names if _call_of(name) == sip_call_id]
        return sorted((one for one in found if one), key=_age)

    def list_captures(self) -> Iterator[SpooledCapture]:
        """All captures. Files that vanish meanwhile, and files of other names, are passed over."""
        for name in self._list_names():
            capture = self._look_at(name)
            if capture is not None:
                yield capture

    def _list_names(self) -> list[str]:
        try:
            return os.listdir(self._pcaps)
        except OSError:
            return []

    def _look_at(self, name: str) -> SpooledCapture | None:
        sip_call_id, path = _call_of(name), self._pcaps / name
        if sip_call_id is None:
            return None
        try:
            status = path.stat()
        except OSError:
            return None
        metadata = self._metadata / f"rtpengine-meta-{path.stem}.txt"
        return SpooledCapture(
            sip_call_id=sip_call_id,
            pcap=path,
            metadata=metadata if metadata.exists() else None,
            created_at=min(status.st_ctime, status.st_mtime),
            changed_at=status.st_mtime,
            bytes=status.st_size,
        )

    def find_named(self, names: list[str]) -> list[SpooledCapture]:
        """The captures whose paths, relative to the folder, are `names`."""
        return sorted((one for one in self.list_captures() if self.name_of(one) in names), key=_age)

    def name_of(self, capture: SpooledCapture) -> str:
        """The path relative to the folder: what the recording's row keeps."""
        return f"pcaps/{capture.pcap.name}"

    def remove(self, capture: SpooledCapture) -> None:
        """Delete a capture and its metadata. The capture goes last: while it is there, all of it can be found."""
        (self._metadata / f"rtpengine-meta-{capture.pcap.stem}.txt").unlink(missing_ok=True)
        (self._unfinished / f"rtpengine-meta-{capture.pcap.stem}.tmp").unlink(missing_ok=True)
        capture.pcap.unlink(missing_ok=True)

    def has_room(self) -> bool:
        """Whether the disk has space for captures; True when that cannot be told."""
        try:
            return shutil.disk_usage(self._pcaps).free > _ROOM
        except OSError:
            return True

    def sweep_metadata(self, older_than_s: float = 3600.0) -> int:
        """Delete texts whose capture is gone, finished or left behind by a killed rtpengine; how many."""
        horizon, count = time.time() - older_than_s, 0
        for folder, suffix in ((self._metadata, ".txt"), (self._unfinished, ".tmp")):
            for path in folder.glob(f"rtpengine-meta-*{suffix}"):
                name = path.name.removeprefix("rtpengine-meta-").removesuffix(suffix)
                try:
                    if path.stat().st_mtime < horizon and not (self._pcaps / f"{name}.pcap").exists():
                        path.unlink()
                        count += 1
                except FileNotFoundError:
                    continue
        return count


def _call_of(name: str) -> str | None:
    """The Call-ID that a capture's name tells, None for other files."""
    named = _NAME.match(name)
    return unquote(named["call"]) if named else None


def _age(capture: SpooledCapture) -> tuple[float, str]:
    return capture.created_at, capture.pcap.name
