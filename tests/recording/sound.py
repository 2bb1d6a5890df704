"""Listens to MP3 files: decodes them as a player does and looks for tones."""

from __future__ import annotations

import io

import av
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def decode_mp3(content: bytes) -> Floats:
    """Samples as (channels, time), from -1 to 1; what the file's tag says to skip is skipped."""
    with av.open(io.BytesIO(content)) as file:
        frames = [frame.to_ndarray() for frame in file.decode(audio=0)]
    return np.concatenate(frames, axis=1).astype(np.float64)


def measure_tone(sound: Floats, frequency: float, begin_s: float, end_s: float) -> float:
    """Amplitude of a tone in a stretch of one channel, 1 is full scale."""
    part = sound[round(begin_s * 8000) : round(end_s * 8000)]
    angle = 2j * np.pi * frequency * np.arange(len(part)) / 8000
    return float(2 * abs(np.dot(part * np.hanning(len(part)), np.exp(-angle))) / np.hanning(len(part)).sum())


def find_onset(track: npt.NDArray[np.int16], level: int = 500) -> float:
    """Seconds until the first loud sample; raises AssertionError in silence."""
    loud = np.flatnonzero(np.abs(track.astype(np.int32)) > level)
    assert len(loud), "the track is silent"
    return float(loud[0]) / 8000
