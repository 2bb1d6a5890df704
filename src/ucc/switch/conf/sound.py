"""The music that waiting callers hear and the built-in prompts, made at set-up; nobody else's file is shipped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from ucc.config import Settings
from ucc.prompt.audio import RATE, Samples, to_wav
from ucc.prompt.builtin import make_builtin
from ucc.prompt.files import write

# A quiet pentatonic tune (Hz), each note 0.5 s.
TUNE = (392, 440, 523, 587, 659, 587, 523, 440, 392, 523, 659, 784, 659, 587, 523, 440)


def make_sounds(settings: Settings) -> None:
    """Make what is missing below `music` and `prompt` in the home folder, readable by the switch."""
    music = settings.home / "music" / "waiting.wav"
    if not music.exists():
        write(music, to_wav(_make_tune()))
    if not silence_path(settings).exists():
        write(silence_path(settings), to_wav(np.zeros(RATE // 2, np.int16)))
    make_builtin(settings)


def silence_path(settings: Settings) -> Path:
    """Half a second in which nothing is said."""
    return settings.home / "prompt" / "silence.wav"


def _make_tune() -> Samples:
    notes: list[npt.NDArray[np.float64]] = []
    for number, hz in enumerate(TUNE * 2):
        t = np.arange(RATE // 2) / RATE
        envelope = np.exp(-3.0 * t) * np.minimum(1.0, t * 100)
        second = TUNE[(number + 8) % len(TUNE)] / 2
        notes.append(envelope * (np.sin(2 * np.pi * hz * t) + 0.4 * np.sin(2 * np.pi * second * t)))
    return (np.concatenate(notes) * 5000).astype(np.int16)
