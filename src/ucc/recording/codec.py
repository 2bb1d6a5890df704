"""Decodes telephone payloads to 16-bit samples at 8 kHz: PCMA and PCMU by table, G.729 and G.723.1 by PyAV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, cast

import av
import av.error
import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Samples = npt.NDArray[np.int16]
Ints = npt.NDArray[np.int64]

SAMPLE_RATE = 8000
PCMU, G723, PCMA, G729 = 0, 4, 8, 18
"""Payload types, all static (RFC 3551)."""
_BLOCK = 2000  # packets that go to PyAV at once


class Decoder(Protocol):
    """One stream of one codec. A decoder may keep state from packet to packet."""

    def measure(self, data: Bytes, offset: Ints, size: Ints) -> Ints:
        """Samples of each packet; 0 for one that carries no audio of this codec."""
        ...

    def decode(self, data: Bytes, offset: Ints, size: Ints) -> Samples:
        """Samples of consecutive packets of equal length in samples."""
        ...


def is_audio(payload_type: int) -> bool:
    """Whether payloads of this type can be decoded."""
    return payload_type in (PCMU, G723, PCMA, G729)


def make_decoder(payload_type: int) -> Decoder | None:
    """A new decoder, None for payloads that are no audio we know (telephone events, comfort noise, video)."""
    match payload_type:
        case 8:
            return _PCMA_DECODER
        case 0:
            return _PCMU_DECODER
        case 18:
            return FrameDecoder("g729")
        case 4:
            return FrameDecoder("g723_1")
        case _:
            return None


def _make_alaw() -> Samples:
    """ITU-T G.711, A-law, all 256 codes."""
    code = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = code >> 4 & 7, code & 15
    value = np.where(exponent == 0, (mantissa << 4) + 8, (mantissa << 4) + 0x108 << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, value, -value).astype(np.int16)


def _make_ulaw() -> Samples:
    """ITU-T G.711, mu-law, all 256 codes."""
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    value = (((code & 15) << 3) + 0x84 << (code >> 4 & 7)) - 0x84
    return np.where(code & 0x80, -value, value).astype(np.int16)


_ALAW, _ULAW = _make_alaw(), _make_ulaw()


class TableDecoder:
    """G.711: one byte, one sample; looked up two at a time, which takes half as long."""

    def __init__(self, table: Samples) -> None:
        self._table = table
        low, high = np.meshgrid(table.view(np.uint16), table.view(np.uint16).astype(np.uint32) << 16)
        self._pairs = (low | high).ravel().astype("<u4")

    def measure(self, data: Bytes, offset: Ints, size: Ints) -> Ints:
        return size

    def decode(self, data: Bytes, offset: Ints, size: Ints) -> Samples:
        payloads = np.lib.stride_tricks.sliding_window_view(data, int(size[0]))[offset].ravel()
        if len(payloads) % 2:
            return self._table[payloads]
        return cast(Samples, self._pairs[payloads.view("<u2")].view("<i2"))


_PCMA_DECODER, _PCMU_DECODER = TableDecoder(_ALAW), TableDecoder(_ULAW)


class FrameDecoder:
    """G.729 (10 bytes, 10 ms) and G.723.1 (24 or 20 bytes, 30 ms) with their silence frames."""

    def __init__(self, name: str) -> None:
        self._is_g729 = name == "g729"
        self._context = av.CodecContext.create(name, "r")
        self._context.sample_rate = SAMPLE_RATE  # type: ignore[attr-defined]
        self._context.layout = "mono"  # type: ignore[attr-defined]

    def measure(self, data: Bytes, offset: Ints, size: Ints) -> Ints:
        if self._is_g729:
            return size // 10 * 80  # a silence frame of 2 bytes carries no audio
        counts = np.where(size > 0, -1, 0)
        counts[(size == 24) | (size == 20) | (size == 4)] = 1
        for index in np.flatnonzero(counts < 0):
            counts[index] = _count_g723(data, int(offset[index]), int(size[index]))
        return counts * 240

    def decode(self, data: Bytes, offset: Ints, size: Ints) -> Samples:
        if self._is_g729:
            size = size // 10 * 10
        samples = int(self.measure(data, offset[:1], size[:1])[0])
        out = np.zeros(len(offset) * samples, np.int16)
        for first in range(0, len(offset), _BLOCK):
            part = slice(first, first + _BLOCK)
            payload = _join(data, offset[part], size[part])
            decoded = self._decode_block(payload, data, offset[part], size[part], samples)
            room = out[first * samples : (first + len(offset[part])) * samples]
            count = min(len(room), len(decoded))
            room[:count] = decoded[:count]
        return out

    def _decode_block(self, payload: bytes, data: Bytes, offset: Ints, size: Ints, samples: int) -> Samples:
        """The packets at once; when PyAV refuses one of them, one by one with silence for the refused."""
        try:
            return self._decode_bytes(payload)
        except av.error.FFmpegError:
            parts = []
            for at, length in zip(offset.tolist(), size.tolist(), strict=True):
                part = np.zeros(samples, np.int16)
                try:
                    decoded = self._decode_bytes(data[at : at + length].tobytes())[:samples]
                    part[: len(decoded)] = decoded
                except av.error.FFmpegError:
                    pass  # a damaged packet is 10 to 30 ms of silence
                parts.append(part)
            return np.concatenate(parts)

    def _decode_bytes(self, payload: bytes) -> Samples:
        parts = list(self._frames(payload))
        return np.concatenate(parts) if parts else np.zeros(0, np.int16)

    def _frames(self, payload: bytes) -> Iterator[Samples]:
        for frame in self._context.decode(av.Packet(payload)):  # type: ignore[attr-defined]
            yield np.frombuffer(frame.planes[0], np.int16)[: frame.samples]


def _join(data: Bytes, offset: Ints, size: Ints) -> bytes:
    if (size == size[0]).all():
        return np.lib.stride_tricks.sliding_window_view(data, int(size[0]))[offset].tobytes()
    return b"".join(data[at : at + length].tobytes() for at, length in zip(offset.tolist(), size.tolist(), strict=True))


def _count_g723(data: Bytes, offset: int, size: int) -> int:
    """Frames in one packet, 0 when they do not fill it. The two low bits of a frame's first byte tell its size."""
    end, count = offset + size, 0
    while offset < end:
        offset += (24, 20, 4, 1)[int(data[offset]) & 3]
        count += 1
    return count if offset == end else 0
