"""The processes that encode: niced, so that calls come first; gone with the worker, however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from ucc.recording.encode import EncodedFile, EncodeRequest, encode_captures

_NICE = 10
_PR_SET_PDEATHSIG = 1


def _prepare_process() -> None:
    """Of a new process: low priority, no terminal interrupt, death with the parent."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.nice(_NICE)


class EncoderPool:
    """Encoding that leaves the event loop free. A process that dies (no memory) costs one recording one try."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._executor: ProcessPoolExecutor | None = None

    async def encode(self, request: EncodeRequest) -> EncodedFile:
        """Make the file. Raises EncodeFailed; BrokenProcessPool when the process died."""
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                self._processes, multiprocessing.get_context("spawn"), _prepare_process
            )
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, encode_captures, request)
        except BrokenProcessPool:
            self.close()
            raise

    def close(self) -> None:
        """Stop now; what is being encoded is given up."""
        executor, self._executor = self._executor, None
        if executor is None:
            return
        processes = list((executor._processes or {}).values())
        executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
