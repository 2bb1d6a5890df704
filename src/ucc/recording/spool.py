"""rtpengine's recording folder: which captures belong to a SIP call, whether they are complete, what nobody claims.

`pcaps/<Call-ID, percent-encoded>-<16 hex digits>.pcap` grows while the call is recorded; the text file of the same
name in `metadata/` appears when it is complete. After a kill of rtpengine the text stays in `tmp/`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from ucc.recording.capture import Capture

_NAME = re.compile(r"^(?P<call>.+)-(?P<random>[0-9a-f]{16})\.pcap$")
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
        return sorted((one for one in self.list_captures() if one.sip_call_id == sip_call_id), key=_age)

    def list_captures(self) -> Iterator[SpooledCapture]:
        """All captures. Files that vanish meanwhile, and files of other names, are passed over."""
        try:
            found = list(self._pcaps.iterdir())
        except OSError:
            return
        for path in found:
            named = _NAME.match(path.name)
            if named is None:
                continue
            try:
                status = path.stat()
            except OSError:
                continue
            metadata = self._metadata / f"rtpengine-meta-{path.stem}.txt"
            yield SpooledCapture(
                sip_call_id=unquote(named["call"]),
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


def _age(capture: SpooledCapture) -> tuple[float, str]:
    return capture.created_at, capture.pcap.name
