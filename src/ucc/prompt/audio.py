"""Sound files as the switch plays them: 8 kHz, mono, 16 bit. `python -m ucc.prompt.audio` converts stdin to stdout.

What people upload is decoded in a process of its own with little memory and time, so that a broken or hostile file ends
nothing but that process.
"""

from __future__ import annotations

import asyncio
import io
import resource
import sys
import wave

import av
import numpy as np
import numpy.typing as npt

from ucc.errors import UnsupportedAudio

RATE = 8000
MAX_S = 600
FORMATS = ("wav", "mp3")
Samples = npt.NDArray[np.int16]
_DEADLINE_S = 30.0
_MEMORY_BYTES = 1 << 30
_CPU_S = 20


def decode(source: bytes, file_format: str) -> Samples:
    """Raises av.FFmpegError for what is no such file, ValueError for what is empty or too long."""
    pieces: list[Samples] = []
    count = 0
    with av.open(io.BytesIO(source), mode="r", format=file_format) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        for frame in container.decode(audio=0):
            for resampled in resampler.resample(frame):
                pieces.append(resampled.to_ndarray().reshape(-1).astype(np.int16))
                count += pieces[-1].size
            if count > MAX_S * RATE:
                raise ValueError(f"longer than {MAX_S} s")
        pieces += [rest.to_ndarray().reshape(-1).astype(np.int16) for rest in resampler.resample(None)]
    samples: Samples = np.concatenate(pieces) if pieces else np.zeros(0, np.int16)
    if samples.size < RATE // 20:
        raise ValueError("nothing in it")
    return samples


def to_wav(samples: Samples) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype(np.int16).tobytes())
    return target.getvalue()


def duration_ms(wav: bytes) -> int:
    with wave.open(io.BytesIO(wav), "rb") as file:
        return file.getnframes() * 1000 // file.getframerate()


def guess_format(source: bytes) -> str | None:
    """By its first bytes; None: neither WAV nor MP3."""
    if source[:4] in (b"RIFF", b"RF64") and source[8:12] == b"WAVE":
        return "wav"
    if source[:3] == b"ID3" or (len(source) > 1 and source[0] == 0xFF and source[1] & 0xE0 == 0xE0):
        return "mp3"
    return None


async def convert(source: bytes) -> bytes:
    """An uploaded WAV or MP3 as a WAV that the switch plays. Raises UnsupportedAudio."""
    file_format = guess_format(source)
    if file_format is None:
        raise UnsupportedAudio
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "ucc.prompt.audio",
        file_format,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_DEADLINE_S):
            converted, _ = await process.communicate(source)
    except TimeoutError:
        raise UnsupportedAudio from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise UnsupportedAudio
    return converted


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    try:
        sys.stdout.buffer.write(to_wav(decode(sys.stdin.buffer.read(), sys.argv[1])))
    except (av.FFmpegError, ValueError, IndexError, MemoryError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
