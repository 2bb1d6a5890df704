"""Recording at the border: rtpengine captures the customer's leg when told so."""

from __future__ import annotations

import shutil
from pathlib import Path

from ucc.border.ng import NgClient, NgError
from ucc.switch.runner import RecorderError

MIN_FREE_BYTES = 64 * 1024 * 1024


class BorderRecorder:
    """Starts and stops captures; refuses to start one on a full disk, so that the record says why it is missing."""

    def __init__(self, ng: NgClient, capture_dir: Path) -> None:
        self._ng = ng
        self._capture_dir = capture_dir

    async def start(self, sip_call_id: str) -> None:
        if shutil.disk_usage(self._capture_dir).free < MIN_FREE_BYTES:
            raise RecorderError("disk_full")
        try:
            await self._ng.start_recording(sip_call_id)
        except (NgError, OSError, TimeoutError) as error:
            raise RecorderError(f"rtpengine: {error}") from error

    async def stop(self, sip_call_id: str) -> None:
        try:
            await self._ng.stop_recording(sip_call_id)
        except (NgError, OSError, TimeoutError) as error:
            raise RecorderError(f"rtpengine: {error}") from error
