"""Understands what was heard: which of the built-in sounds are in a recording, in which order."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ucc.stack.tones import SILENCE_RMS, Samples, decode_mono

LEAST_MATCH = 0.9
"""Of 1.0, how alike a stretch and a sound must be: G.711 leaves 0.99, another sound reaches 0.84."""


def hear(recording: Path | Samples, folder: Path, names: list[str]) -> list[str]:
    """Those of the sounds `folder`/NAME.wav that are in the recording, as they come."""
    samples = decode_mono(recording) if isinstance(recording, Path) else recording
    found: list[tuple[float, int, int, str]] = []
    for name in names:
        sound = _trim(decode_mono(folder / f"{name}.wav"))
        match = _match(samples, sound)
        while len(match) and match[at := int(np.argmax(match))] >= LEAST_MATCH:
            found.append((float(match[at]), at, at + len(sound), name))
            match[max(0, at - len(sound) // 2) : at + len(sound) // 2] = 0
    heard: list[tuple[int, int, str]] = []
    for _, begin, end, name in sorted(found, reverse=True):  # the surest first; what lies in it is a part of it
        if all(min(end, e) - max(begin, b) < 0.3 * (end - begin) for b, e, _ in heard):
            heard.append((begin, end, name))
    return [name for _, _, name in sorted(heard)]


def _trim(sound: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(sound) > 4 * SILENCE_RMS)
    return sound[loud[0] : loud[-1] + 1]


def _match(samples: Samples, sound: Samples) -> Samples:
    """How alike the sound and the recording are from each sample on: their normalised correlation."""
    if len(samples) < len(sound):
        return np.zeros(0)
    size = 1 << (len(samples) + len(sound)).bit_length()
    spectrum = np.fft.rfft(samples, size) * np.conj(np.fft.rfft(sound, size))
    product = np.fft.irfft(spectrum, size)[: len(samples) - len(sound) + 1]
    power = np.concatenate([[0.0], np.cumsum(samples**2)])
    local = power[len(sound) :] - power[: -len(sound)]
    floor = len(sound) * SILENCE_RMS**2
    matched: Samples = product / np.sqrt(np.maximum(local, floor) * float(np.sum(sound**2)))
    return matched
