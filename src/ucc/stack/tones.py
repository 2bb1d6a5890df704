"""Finds a steady tone in a recording: decodes the MP3 and measures one frequency against everything else (Goertzel)."""

from __future__ import annotations

import math
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 8000
Samples = NDArray[np.float64]

WINDOW_S = 0.25
LEAST_SHARE = 0.1
"""Of a window's energy, what a tone must hold to be heard in it: speech and noise stay far below at one frequency."""
SILENCE_RMS = 0.003
"""Windows below this (of full scale 1.0) are silence and hold no tone."""


def decode_mono(path: Path) -> Samples:
    """All samples at 8 kHz, channels averaged, full scale 1.0; `.alaw` is raw G.711.

    Raises av.FFmpegError when it is no audio.
    """
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    parts: list[Samples] = []
    is_raw = path.suffix == ".alaw"
    options = {"sample_rate": str(SAMPLE_RATE)} if is_raw else {}
    with av.open(str(path), mode="r", format="alaw" if is_raw else None, options=options) as container:
        for frame in container.decode(audio=0):
            parts += [piece.to_ndarray()[0].astype(np.float64) / 32768 for piece in resampler.resample(frame)]
    return np.concatenate(parts) if parts else np.zeros(0)


def measure_share(window: Samples, frequency_hz: float) -> float:
    """How much of the window's energy is at one frequency: 0 to 1."""
    energy = float(np.sum(window**2)) * len(window)
    if energy == 0 or math.sqrt(float(np.mean(window**2))) < SILENCE_RMS:
        return 0.0
    phase = np.exp(-2j * np.pi * frequency_hz * np.arange(len(window)) / SAMPLE_RATE)
    return float(2 * abs(np.sum(window * phase)) ** 2 / energy)


def count_tone_s(samples: Samples, frequency_hz: float) -> float:
    """Seconds in which the tone is heard, in steps of 0.25 s."""
    size = int(SAMPLE_RATE * WINDOW_S)
    windows = (samples[start : start + size] for start in range(0, len(samples) - size + 1, size))
    return sum(WINDOW_S for window in windows if measure_share(window, frequency_hz) >= LEAST_SHARE)
