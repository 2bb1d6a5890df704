"""The music that waiting callers hear and the prompts, made at set-up: no file of somebody else's is shipped."""

from __future__ import annotations

import subprocess
import wave
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from ucc.config import Settings

RATE = 8000
Samples = npt.NDArray[np.int16]
PROMPTS = {
    "no_agents": (
        ("cmn", "您好,现在没有坐席为您服务,请稍后再拨。"),
        ("en", "Sorry, no agent is available now. Please call again later."),
    )
}
# A quiet pentatonic tune (Hz), each note 0.5 s.
TUNE = (392, 440, 523, 587, 659, 587, 523, 440, 392, 523, 659, 784, 659, 587, 523, 440)


def make_sounds(settings: Settings) -> None:
    """Make what is missing below `music` and `prompt` in the home folder, readable by the switch."""
    music = settings.home / "music" / "waiting.wav"
    if not music.exists():
        _write(music, _make_tune())
    for name, parts in PROMPTS.items():
        path = settings.home / "prompt" / f"{name}.wav"
        if not path.exists():
            _write(path, np.concatenate([_speak(voice, text) for voice, text in parts]))


def _make_tune() -> Samples:
    notes: list[npt.NDArray[np.float64]] = []
    for number, hz in enumerate(TUNE * 2):
        t = np.arange(RATE // 2) / RATE
        envelope = np.exp(-3.0 * t) * np.minimum(1.0, t * 100)
        second = TUNE[(number + 8) % len(TUNE)] / 2
        notes.append(envelope * (np.sin(2 * np.pi * hz * t) + 0.4 * np.sin(2 * np.pi * second * t)))
    return (np.concatenate(notes) * 5000).astype(np.int16)


def _speak(voice: str, text: str) -> Samples:
    """Speech at 8 kHz by espeak-ng, with half a second of rest after it."""
    spoken = subprocess.run(["espeak-ng", "-v", voice, "-s", "150", "--stdout", text], capture_output=True, check=True)
    with av.open(BytesIO(spoken.stdout), mode="r", format="wav") as source:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        frames = [piece for frame in source.decode(audio=0) for piece in resampler.resample(frame)]
        frames += resampler.resample(None)
    samples = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])
    return np.concatenate([samples, np.zeros(RATE // 2, dtype=np.int16)])


def _write(path: Path, samples: Samples) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o755)
    temporary = path.with_suffix(".new")
    with wave.open(str(temporary), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype(np.int16).tobytes())
    temporary.replace(path)
