"""Captures to MP3, parsing included, beside ffmpeg that turns the same audio from WAV files into the same MP3.

Both count CPU seconds (user and system): ours in a process that lives on, as the worker does;
ffmpeg as one command a file, as it is used. Quality 7 of LAME on both sides. Runs alternate; medians count. The audio
is a conversation of two synthetic voices that take turns.
"""

from __future__ import annotations

import ctypes
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from tests.recording.capture_writer import CUSTOMER, INSIDE, OUTSIDE, START, SWITCH, Stream, encode_alaw, write_capture

from benches.result import Result
from ucc.recording.capture import Capture
from ucc.recording.encode import Channels, EncodeRequest, encode_captures
from ucc.recording.mp3 import QUALITY
from ucc.recording.sides import Hints

Samples = npt.NDArray[np.int16]

AIM = 2.0
ROUNDS = 9
MAIN_LENGTH_S = 60
_VOICES = {
    "en-gb": "Good morning, thank you for calling. I would like to ask about my last bill, it looks too high to me. "
    "Could you tell me which calls were made in March, and what each of them has cost?",
    "en-us+f3": "Of course, one moment please while I look at your account. I can see forty two calls in March, "
    "most of them to mobile numbers. Shall I send you the list by mail?",
}


@dataclass(frozen=True, slots=True)
class Codec:
    """How the customer's direction is coded; ours is always A-law."""

    name: str
    payload_type: int
    samples: int
    """Of one packet."""
    encode: Callable[[Samples], list[bytes]]


def run() -> Result:
    _install("ffmpeg", "ffmpeg")
    _install("espeak-ng", "espeak-ng")
    lines = [f"{'audio':<24}{'ours':>9}{'ffmpeg':>9}{'ratio':>7}   (times real time per core, median of {ROUNDS})"]
    figures: dict[tuple[str, str, int], tuple[float, float]] = {}
    with tempfile.TemporaryDirectory(prefix="ucc-bench-") as folder:
        for seconds in (MAIN_LENGTH_S, 180):
            voices = _make_conversation(Path(folder), seconds)
            codecs = _list_codecs() if seconds == MAIN_LENGTH_S else _list_codecs()[:1]
            for codec in codecs:
                capture = _write(Path(folder) / f"{codec.name}-{seconds}.pcap", codec, *voices)
                for channels in ("mono", "stereo") if seconds == MAIN_LENGTH_S else ("mono",):
                    ours, peer = _measure(Path(folder), capture, voices, channels, seconds)
                    figures[codec.name, channels, seconds] = ours, peer
                    lines.append(
                        f"{codec.name + ' ' + channels:<16}{seconds:>4} s  {ours:>9.0f}{peer:>9.0f}{ours / peer:>7.2f}"
                    )
                    print(lines[-1], flush=True)
    if not any(name == "G.729" for name, _, _ in figures):
        lines.append("G.729 was not measured: its encoder (Debian's libbcg729-0) is missing")
    ours, peer = figures["G.711", "mono", MAIN_LENGTH_S]
    details = {
        f"{name} {channels} {seconds} s": round(mine / theirs, 2)
        for (name, channels, seconds), (mine, theirs) in figures.items()
    }
    return Result("encode", ours, peer, "times real time per core", AIM, notes=tuple(lines), details=details)


def _install(command: str, package: str) -> None:
    """Take what is missing from Debian. Raises RuntimeError when it cannot be had."""
    if shutil.which(command):
        return
    print(f"installing {package}", flush=True)
    subprocess.run(
        ["apt-get", "install", "-y", "-q", "--no-install-recommends", package], capture_output=True, check=False
    )
    if shutil.which(command) is None:
        raise RuntimeError(f"{command} is missing: apt-get install {package}")


def _make_conversation(folder: Path, seconds: int) -> tuple[Samples, Samples]:
    """Two voices that take turns every few seconds over faint noise, each as long as the call."""
    rng = np.random.default_rng(7)
    length = seconds * 8000
    voices = []
    for index, (voice, text) in enumerate(_VOICES.items()):
        source, target = folder / "voice.wav", folder / "voice8.wav"
        subprocess.run(["espeak-ng", "-v", voice, "-w", str(source), text], check=True, capture_output=True)
        command = ["ffmpeg", "-v", "error", "-y", "-i", str(source), "-ar", "8000", "-ac", "1", str(target)]
        subprocess.run(command, check=True)
        with wave.open(str(target)) as file:
            spoken = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        turn = (np.arange(length) // (8000 * 6)) % 2 == index
        sound = np.resize(spoken, length) * turn + rng.normal(0, 12, length)
        voices.append(np.clip(sound, -32768, 32767).astype(np.int16))
    return voices[0], voices[1]


def _list_codecs() -> list[Codec]:
    codecs = [Codec("G.711", 8, 160, _encode_g711)]
    try:
        ctypes.CDLL("libbcg729.so.0")
    except OSError:
        subprocess.run(["apt-get", "install", "-y", "-q", "libbcg729-0"], capture_output=True, check=False)
    try:
        ctypes.CDLL("libbcg729.so.0")
        codecs.append(Codec("G.729", 18, 160, _encode_g729))
    except OSError:
        pass  # reported by the caller
    codecs.append(Codec("G.723.1", 4, 240, _encode_g723))
    return codecs


def _encode_g711(samples: Samples) -> list[bytes]:
    coded = encode_alaw(samples)
    return [coded[at : at + 160] for at in range(0, len(coded) - 159, 160)]


def _encode_g729(samples: Samples) -> list[bytes]:
    library = ctypes.CDLL("libbcg729.so.0")
    library.initBcg729EncoderChannel.restype = ctypes.c_void_p
    library.initBcg729EncoderChannel.argtypes = [ctypes.c_uint8]
    library.bcg729Encoder.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p]
    channel = library.initBcg729EncoderChannel(0)
    frame, size, pcm = ctypes.create_string_buffer(10), ctypes.c_uint8(), samples.tobytes()
    frames = []
    for at in range(0, len(pcm) - 159, 160):
        library.bcg729Encoder(channel, pcm[at : at + 160], frame, ctypes.byref(size))
        frames.append(frame.raw)
    return [first + second for first, second in zip(frames[::2], frames[1::2], strict=False)]


def _encode_g723(samples: Samples) -> list[bytes]:
    encoder = av.CodecContext.create("g723_1", "w")
    encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = 8000, "mono", "s16", 6300
    frames = []
    for at in range(0, len(samples) - 239, 240):
        frame = av.AudioFrame.from_ndarray(samples[None, at : at + 240], "s16", "mono")
        frame.sample_rate = 8000
        frames += [bytes(packet) for packet in encoder.encode(frame)]
    return frames


def _write(path: Path, codec: Codec, customer: Samples, ours: Samples) -> Capture:
    theirs = Stream(CUSTOMER, OUTSIDE, codec.payload_type, ssrc=1)
    for index, payload in enumerate(codec.encode(customer)):
        theirs.send(START + index * codec.samples / 8000, payload, codec.samples)
    mine = Stream(SWITCH, INSIDE, 8, ssrc=2).talk(START + 0.004, ours)
    return Capture(write_capture(path, theirs, mine))


def _measure(
    folder: Path, capture: Capture, voices: tuple[Samples, Samples], channels: Channels, seconds: int
) -> tuple[float, float]:
    """Times real time of ours and of ffmpeg."""
    sound, target = folder / "sound.wav", folder / "peer.mp3"
    _write_wav(sound, voices, channels)
    hints = Hints(frozenset({CUSTOMER[0]}), SWITCH[0], range(20000, 30000))
    request = EncodeRequest((capture,), START, START + seconds, channels, folder / "ours.mp3", hints)
    count, rate = ("2", "16k") if channels == "stereo" else ("1", "8k")
    command = ["ffmpeg", "-v", "error", "-y", "-threads", "1", "-i", str(sound), "-c:a", "libmp3lame", "-b:a", rate]
    command += ["-ac", count, "-ar", "8000", "-compression_level", str(QUALITY), "-threads", "1", str(target)]
    mine, theirs = [], []
    for _ in range(ROUNDS + 1):  # the first round warms the caches and is dropped
        started = time.process_time()
        encode_captures(request)
        mine.append(time.process_time() - started)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        theirs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return seconds / statistics.median(mine[1:]), seconds / statistics.median(theirs[1:])


def _write_wav(path: Path, voices: tuple[Samples, Samples], channels: Channels) -> None:
    customer, ours = voices
    if channels == "stereo":
        sound = np.column_stack(voices)
    else:
        sound = np.clip(customer.astype(np.int32) + ours, -32768, 32767).astype(np.int16)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2 if channels == "stereo" else 1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(sound.tobytes())
