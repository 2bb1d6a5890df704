"""Proves that audio arrived: how much of a recording is one tone."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ucc.stack.tones import SAMPLE_RATE, SILENCE_RMS, WINDOW_S, Samples, decode_mono, measure_share


def tone_strength(sound: Path | Samples, hz: float, rate: int = SAMPLE_RATE) -> float:
    """The share (0 to 1) of the loud part's power that is within about 4 Hz of `hz`: the median over its windows of
    0.25 s; 0.0 when there is no loud part. An array is full scale 1.0 at `rate`; a file may be of any format and rate.
    """
    samples, rate = (decode_mono(sound), SAMPLE_RATE) if isinstance(sound, Path) else (sound, rate)
    size = int(rate * WINDOW_S)
    windows = [samples[start : start + size] for start in range(0, len(samples) - size + 1, size)]
    loud = [window for window in windows if float(np.sqrt(np.mean(window**2))) >= SILENCE_RMS]
    if not loud:
        return 0.0
    return float(np.median([measure_share(window, hz * SAMPLE_RATE / rate) for window in loud]))
