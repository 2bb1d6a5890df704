"""Writes pcap files as rtpengine does: raw IPv4, UDP and RTP, as received, one file for both directions of a leg."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]

CUSTOMER = ("192.0.2.7", 30000)
SWITCH = ("127.0.0.1", 20010)
OUTSIDE = ("127.0.0.1", 10000)
"""rtpengine's port that faces the customer."""
INSIDE = ("127.0.0.1", 10002)
START = 1_795_400_000.0


def encode_alaw(samples: Samples) -> bytes:
    """G.711 A-law."""
    value = samples.astype(np.int32) >> 3
    sign = np.where(value >= 0, 0xD5, 0x55)
    magnitude = np.minimum(np.where(value >= 0, value, -value - 1), 4095)
    exponent = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 4, 0)
    mantissa = np.where(exponent <= 1, magnitude >> 1, magnitude >> np.maximum(exponent, 1)) & 15
    return ((exponent << 4 | mantissa) ^ sign).astype(np.uint8).tobytes()


def make_tone(frequency: float, seconds: float, level: float = 8000.0) -> Samples:
    t = np.arange(round(seconds * 8000)) / 8000
    return (level * np.sin(2 * np.pi * frequency * t)).astype(np.int16)


@dataclass
class Stream:
    """One sender's RTP, one packet after the other; every number may be set aside to make trouble."""

    source: tuple[str, int]
    target: tuple[str, int]
    payload_type: int = 8
    ssrc: int = 0x1234
    sequence: int = 65530
    timestamp: int = 0xFFFFF000
    packets: list[tuple[float, bytes]] = field(default_factory=list)

    def send(
        self, at: float, payload: bytes, samples: int, *, payload_type: int | None = None, first_byte: int = 0x80
    ) -> None:
        kind = self.payload_type if payload_type is None else payload_type
        rtp = struct.pack(">BBHII", first_byte, kind, self.sequence, self.timestamp, self.ssrc) + payload
        self.packets.append((at, wrap_udp(self.source, self.target, rtp)))
        self.sequence = (self.sequence + 1) % (1 << 16)
        self.timestamp = (self.timestamp + samples) % (1 << 32)

    def talk(self, at: float, samples: Samples, ptime_s: float = 0.02) -> Stream:
        """A-law in packets of `ptime_s`, the first arriving at `at`."""
        size = round(ptime_s * 8000)
        coded = encode_alaw(samples)
        for index in range(0, len(coded) - size + 1, size):
            self.send(at + index / 8000, coded[index : index + size], size)
        return self

    def wait(self, seconds: float) -> Stream:
        """Let the sender's clock go on without packets."""
        self.timestamp = (self.timestamp + round(seconds * 8000)) % (1 << 32)
        return self


def wrap_udp(source: tuple[str, int], target: tuple[str, int], content: bytes) -> bytes:
    """UDP in IPv4, checksums left out as rtpengine leaves them."""
    addresses = b"".join(bytes(int(part) for part in host.split(".")) for host, _ in (source, target))
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 28 + len(content), 0, 0, 64, 17, 0) + addresses
    return ip + struct.pack(">HHHH", source[1], target[1], 8 + len(content), 0) + content


def write_capture(path: Path, *streams: Stream, link_type: int = 101, cut: int = 0) -> Path:
    """All packets in the order of their arrival; `cut` bytes are missing at the end."""
    content = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link_type)
    for at, packet in sorted((one for stream in streams for one in stream.packets), key=lambda one: one[0]):
        micros = round(at * 1e6)
        content += struct.pack("<IIII", micros // 1_000_000, micros % 1_000_000, len(packet), len(packet)) + packet
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content[: len(content) - cut])
    return path
