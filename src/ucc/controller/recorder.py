"""Recording at the border: rtpengine captures the customer's leg when told so."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable
from pathlib import Path

from ucc.border.ng import NgClient, NgError, NgRefused
from ucc.recording.failure import Failure
from ucc.switch.perform import RecorderError

MIN_FREE_BYTES = 64 * 1024 * 1024


class BorderRecorder:
    """Starts, pauses and stops captures; refuses to start one on a full disk, so that the record says why it is
    missing. Every method raises RecorderError with a code of `ucc.recording.failure`, and may be repeated.
    """

    def __init__(self, ng: NgClient, capture_dir: Path) -> None:
        self._ng = ng
        self._capture_dir = capture_dir

    async def start(self, sip_call_id: str) -> None:
        if shutil.disk_usage(self._capture_dir).free < MIN_FREE_BYTES:
            raise RecorderError(Failure.DISK_FULL)
        await _told(self._ng.start_recording(sip_call_id))

    async def stop(self, sip_call_id: str) -> None:
        await _told(self._ng.stop_recording(sip_call_id))

    async def pause(self, sip_call_id: str) -> None:
        """Nothing more of the leg reaches the disk until `resume`, in the same file."""
        await _told(self._ng.pause_recording(sip_call_id))

    async def resume(self, sip_call_id: str) -> None:
        await self.start(sip_call_id)


async def _told(command: Awaitable[None]) -> None:
    try:
        await command
    except NgRefused as error:
        raise RecorderError(Failure.BORDER_REFUSED) from error
    except (NgError, OSError, TimeoutError) as error:
        raise RecorderError(Failure.BORDER_AWAY) from error
