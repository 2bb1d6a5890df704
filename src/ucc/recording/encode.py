"""Captures to one MP3 file on disk: written under a temporary name, synced, renamed. Runs in a process of its own."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from ucc.recording.capture import Capture, NoAudio, Tracks, read_tracks
from ucc.recording.codec import SAMPLE_RATE
from ucc.recording.failure import Failure
from ucc.recording.mp3 import encode_mp3
from ucc.recording.pcap import CaptureUnreadable
from ucc.recording.sides import Hints

Samples = npt.NDArray[np.int16]
Channels = Literal["mono", "stereo"]

_FULL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class EncodeRequest:
    """What to encode, and where to. Times are seconds since 1970. Of `stretches`, if any, the file is joined."""

    captures: tuple[Capture, ...]
    started_at: float
    ended_at: float
    channels: Channels
    target: Path
    hints: Hints = field(default_factory=Hints)
    stretches: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class EncodedFile:
    """The file as it lies on disk. `duration_ms` is what a player shows."""

    bytes: int
    duration_ms: int
    sha256: str
    silent_end_s: float
    """From the last packet to the end of the recording."""
    is_side_sure: bool


class EncodeFailed(Exception):
    """The recording cannot be made. `is_temporary`: the same attempt may succeed later. `detail` is for logs."""

    def __init__(self, failure: Failure, detail: str, *, is_temporary: bool) -> None:
        super().__init__(failure, detail, is_temporary)
        self.failure = failure
        self.detail = detail
        self.is_temporary = is_temporary

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_failure, (self.failure, self.detail, self.is_temporary)

    def __str__(self) -> str:
        return f"{self.failure}: {self.detail}"


def _rebuild_failure(failure: Failure, detail: str, is_temporary: bool) -> EncodeFailed:
    return EncodeFailed(failure, detail, is_temporary=is_temporary)


def encode_captures(request: EncodeRequest) -> EncodedFile:
    """Makes `request.target`; an older file of that name is replaced in one step. Raises EncodeFailed."""
    try:
        tracks = read_tracks(request.captures, request.started_at, request.ended_at, request.hints)
        channels = mix_channels(tracks, request.channels)
        if request.stretches:
            channels = [join_stretches(channel, request.started_at, request.stretches) for channel in channels]
        content = encode_mp3(channels)
        write_atomically(request.target, content)
    except NoAudio as error:
        raise EncodeFailed(Failure.NO_AUDIO, str(error), is_temporary=False) from error
    except CaptureUnreadable as error:
        raise EncodeFailed(Failure.CAPTURE_UNREADABLE, str(error), is_temporary=False) from error
    except ValueError as error:
        raise EncodeFailed(Failure.BAD_LENGTH, str(error), is_temporary=False) from error
    except FileNotFoundError as error:
        raise EncodeFailed(Failure.CAPTURE_GONE, str(error.filename), is_temporary=False) from error
    except OSError as error:
        failure = Failure.STORAGE_FULL if error.errno in _FULL_DISK else Failure.STORAGE_ERROR
        raise EncodeFailed(failure, f"{error.strerror}: {error.filename}", is_temporary=True) from error
    except MemoryError as error:
        raise EncodeFailed(Failure.OUT_OF_MEMORY, "not enough memory", is_temporary=True) from error
    return EncodedFile(
        bytes=len(content),
        duration_ms=round(len(channels[0]) * 1000 / SAMPLE_RATE),
        sha256=hashlib.sha256(content).hexdigest(),
        silent_end_s=max(0.0, request.ended_at - tracks.last_packet_at),
        is_side_sure=tracks.is_side_sure,
    )


def mix_channels(tracks: Tracks, channels: Channels) -> Sequence[Samples]:
    """Left and right for stereo (the customer left); one sum for mono, loud places held at full scale."""
    if channels == "stereo":
        return (tracks.customer, tracks.ours)
    mixed = tracks.customer.astype(np.int32)
    mixed += tracks.ours
    np.clip(mixed, -32768, 32767, out=mixed)
    return (mixed.astype(np.int16),)


def join_stretches(channel: Samples, started_at: float, stretches: Sequence[tuple[float, float]]) -> Samples:
    """The sound of the stretches, one after the other."""
    edges = [
        (round((begin - started_at) * SAMPLE_RATE), round((end - started_at) * SAMPLE_RATE)) for begin, end in stretches
    ]
    return np.concatenate([channel[max(begin, 0) : max(end, 0)] for begin, end in edges])


def write_atomically(target: Path, content: bytes) -> None:
    """The file is there whole or not at all, also after a power cut. Raises OSError and leaves nothing behind."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{uuid4().hex}.part")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        if error.filename is None:
            error.filename = str(target)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
