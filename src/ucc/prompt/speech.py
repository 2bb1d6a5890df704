"""Text to speech by a command of the machine: Debian's espeak-ng, or what the setting `speech_command` names.

The command gets the text on its standard input and writes a WAV file to its standard output; `{voice}` in it is
replaced by the voice of the language.
"""

from __future__ import annotations

import asyncio
import shlex
import subprocess

import av
import numpy as np

from ucc.config import Settings
from ucc.errors import SpeechFailed
from ucc.kit.logging import get_logger
from ucc.prompt.audio import RATE, decode, to_wav

log = get_logger("prompt")
REST_S = 0.15
_DEADLINE_S = 30.0


def speak(settings: Settings, text: str, language: str) -> bytes:
    """A WAV file as the switch plays it, with a short rest at its end. Raises SpeechFailed."""
    voice = settings.speech_voices.get(language)
    if voice is None:
        raise SpeechFailed(f"There is no voice for {language}.")
    argv = [part.replace("{voice}", voice) for part in shlex.split(settings.speech_command)]
    try:
        done = subprocess.run(argv, input=text.encode(), capture_output=True, check=True, timeout=_DEADLINE_S)
        samples = decode(done.stdout, "wav")
    except (OSError, subprocess.SubprocessError, av.FFmpegError, ValueError) as error:
        log.error("the synthesiser failed", command=argv[0] if argv else "", language=language, error=str(error))
        raise SpeechFailed from error
    return to_wav(np.concatenate([samples, np.zeros(int(REST_S * RATE), np.int16)]))


async def synthesise(settings: Settings, text: str, language: str) -> bytes:
    """The same, beside what the process does otherwise."""
    return await asyncio.to_thread(speak, settings, text, language)
