"""The built-in sounds and the synthesiser: every name in both languages, made once, anew for another voice."""

from __future__ import annotations

import os
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from ucc.config import Settings
from ucc.errors import SpeechFailed
from ucc.prompt import files
from ucc.prompt.audio import RATE, to_wav
from ucc.prompt.builtin import NAMES, TEXTS, make_builtin
from ucc.prompt.speech import speak


def read(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(float)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    make_builtin(settings)
    return settings


def test_every_sound_is_there_and_audible_in_both_languages(home: Settings) -> None:
    for language in ("zh-CN", "en"):
        folder = files.voice_dir(home, language)
        assert folder.name == language[:2]
        for name in NAMES:
            samples = read(folder / f"{name}.wav")
            assert np.abs(samples).max() > 1500, (language, name)
            assert (folder / f"{name}.wav").stat().st_mode & 0o004, "the switch may read it"
    spoken = {name: len(read(files.voice_dir(home, "en") / f"{name}.wav")) for name in TEXTS}
    assert spoken["leave_message"] > 3 * spoken["digit_1"]


def test_nothing_is_made_twice_and_another_voice_makes_all_anew(home: Settings, tmp_path: Path) -> None:
    assert make_builtin(home) == 0
    tone = tmp_path / "tone.wav"
    tone.write_bytes(to_wav((5000 * np.sin(2 * np.pi * 300 * np.arange(RATE) / RATE)).astype(np.int16)))
    other = home.model_copy(update={"speech_command": f"cat {tone}"})
    assert make_builtin(other) == 2 * len(TEXTS)
    samples = read(files.voice_dir(home, "en") / "goodbye.wav")
    assert np.abs(np.fft.rfft(samples[:RATE])).argmax() == 300


def test_the_command_gets_the_text_and_the_voice(tmp_path: Path) -> None:
    script = tmp_path / "speak"
    script.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/voice\ncat > {tmp_path}/text\nespeak-ng --stdout x\n')
    script.chmod(0o755)
    settings = Settings(home=tmp_path, speech_command=f"{script} {{voice}}", speech_voices={"zh-CN": "mandarin"})
    speak(settings, "-v 您好; rm -rf /", "zh-CN")
    assert (tmp_path / "voice").read_text() == "mandarin\n"
    assert (tmp_path / "text").read_text() == "-v 您好; rm -rf /"
    with pytest.raises(SpeechFailed):
        speak(settings, "hello", "en")
    for broken in ("false", "no-such-command", "echo no sound"):
        with pytest.raises(SpeechFailed):
            speak(settings.model_copy(update={"speech_command": broken}), "x", "zh-CN")


def test_files_that_nothing_names_go_after_a_day(tmp_path: Path) -> None:
    for name, age_h in (("1-a", 48), ("2-b", 48), ("3-c", 1)):
        path = tmp_path / f"{name}.wav"
        path.write_bytes(b"x")
        os.utime(path, (time.time() - age_h * 3600,) * 2)
    assert files.sweep(tmp_path, {"1-a"}) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"1-a.wav", "3-c.wav"}
