"""What the phone heard in one call, joined from the files that baresip writes: a new one at each start of the audio."""

from __future__ import annotations

import wave
from pathlib import Path

from ucc.stack.tones import SAMPLE_RATE

_HEADER_BYTES = 44
"""Of a WAV of libsndfile. Its lengths are wrong until the file is closed, and stay so when the phone is killed."""


class Tape:
    """The parts in `folder` that came after those of `previous`, shown as one WAV named `name`: 8 kHz, mono."""

    def __init__(self, folder: Path, name: str, previous: Tape | None = None) -> None:
        self._folder = folder
        self._path = folder / name
        self._earlier = previous.close() if previous else set()
        self._own: list[Path] | None = None

    def close(self) -> set[Path]:
        """Parts that come later belong to the next call. All parts up to here."""
        if self._own is None:
            self._own = self._list_new()
        return self._earlier | set(self._own)

    def write(self) -> Path:
        """The WAV, written anew from what there is."""
        parts = self._list_new() if self._own is None else self._own
        sound = b"".join(part.read_bytes()[_HEADER_BYTES:] for part in parts)
        with wave.open(str(self._path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(sound[: len(sound) // 2 * 2])
        return self._path

    def _list_new(self) -> list[Path]:
        return [part for part in self._list_parts() if part not in self._earlier]

    def _list_parts(self) -> list[Path]:
        return sorted(self._folder.glob("dump-*-dec.wav"))
