"""Reads the RTP packets of a pcap file into arrays, one entry a packet, without a Python step per packet.

The file may still grow or be cut off in its last packet (rtpengine killed): whole packets are used, the rest is left.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_FILE_HEADER = 24
_RECORD_HEADER = 16
_MARGIN = 64  # zero bytes after the file, so that a header may be gathered at the last packet without a bounds check
_MAX_RECORD = 1 << 18
_LINK_HEADER = {1: 14, 12: 0, 14: 0, 101: 0, 228: 0, 229: 0}  # Ethernet, and the numbers that mean bare IP
_UDP = 17


class CaptureUnreadable(Exception):
    """The file is no pcap of IP packets."""


@dataclass(frozen=True, slots=True)
class Packets:
    """RTP packets in the order of their arrival. `data` is the file; payloads are `data[offset : offset + size]`."""

    data: Bytes
    arrival: Floats
    """Seconds since 1970."""
    source: Ints
    """Address and port as one number, see `endpoint_key`; of IPv6 addresses the last four bytes."""
    target: Ints
    payload_type: Ints
    sequence: Ints
    timestamp: Ints
    ssrc: Ints
    offset: Ints
    size: Ints

    def __len__(self) -> int:
        return len(self.arrival)

    def choose(self, which: npt.NDArray[np.bool_] | Ints) -> Packets:
        """The packets that a mask or an order of indices names."""
        return Packets(self.data, *(getattr(self, field.name)[which] for field in fields(self)[1:]))


def endpoint_key(address: str, port: int) -> int:
    """The number that stands for an IPv4 endpoint in `source` and `target`. Raises ValueError for no address."""
    parts = [int(part) for part in address.split(".")]
    if len(parts) != 4:
        raise ValueError(f"not an IPv4 address: {address!r}")
    return int.from_bytes(bytes(parts), "big") << 16 | port


def read_packets(path: Path) -> Packets:
    """All RTP packets of one file. Raises CaptureUnreadable, or OSError when the file cannot be read."""
    with path.open("rb") as file:
        length = file.seek(0, 2)
        file.seek(0)
        data = np.zeros(length + _MARGIN, np.uint8)
        length = file.readinto(data[:length].data)
    order, tick, link_header = _read_file_header(data, length, path)
    starts = _find_records(data, length, order)
    return _parse_records(data, starts, order, tick, link_header)


def _read_file_header(data: Bytes, length: int, path: Path) -> tuple[str, float, int]:
    """Byte order, seconds per unit of its fraction, bytes before the IP header. An empty file is a start, too."""
    if length < _FILE_HEADER:
        return "<", 1e-6, 0
    magic = bytes(data[:4])
    known = {b"\xd4\xc3\xb2\xa1": ("<", 1e-6), b"\xa1\xb2\xc3\xd4": (">", 1e-6)}
    known |= {b"\x4d\x3c\xb2\xa1": ("<", 1e-9), b"\xa1\xb2\x3c\x4d": (">", 1e-9)}
    if magic not in known:
        raise CaptureUnreadable(f"{path.name}: not a pcap file")
    order, tick = known[magic]
    (link_type,) = struct.unpack_from(order + "I", data.data, 20)
    if link_type & 0xFFFF not in _LINK_HEADER:
        raise CaptureUnreadable(f"{path.name}: link type {link_type & 0xFFFF} is not one of IP packets")
    return order, tick, _LINK_HEADER[link_type & 0xFFFF]


def _find_records(data: Bytes, length: int, order: str) -> Ints:
    """Where each whole record starts. Stretches of equal records (packets of one size) are found at once."""
    found: list[Ints] = []
    size_at = struct.Struct(order + "I").unpack_from
    buffer = data.data
    position, patience = _FILE_HEADER, 0
    steps: list[int] = []
    while position + _RECORD_HEADER <= length:
        (size,) = size_at(buffer, position + 8)
        stride = _RECORD_HEADER + size
        if size == 0 or size > _MAX_RECORD or position + stride > length:
            break
        if patience:
            patience -= 1
            steps.append(position)
            position += stride
            continue
        count = _count_equal(data, position, stride, size, length, order)
        if count < 8:
            patience = 64
            continue
        if steps:
            found.append(np.array(steps, np.int64))
            steps = []
        found.append(np.arange(position, position + count * stride, stride, dtype=np.int64))
        position += count * stride
    found.append(np.array(steps, np.int64))
    return np.concatenate(found)


def _count_equal(data: Bytes, position: int, stride: int, size: int, length: int, order: str) -> int:
    """How many records in a row, from `position`, have this size."""
    possible = (length - position) // stride
    counted, step = 0, 64
    while counted < possible:
        step = min(step, possible - counted)
        at = position + counted * stride + 8
        sizes = np.ndarray((step,), np.dtype(order + "u4"), data.data, at, (stride,))
        differs = sizes != size
        if differs.any():
            return counted + int(differs.argmax())
        counted += step
        step *= 8
    return counted


def _gather(data: Bytes, at: Ints, dtype: str) -> Ints:
    """One big-endian number per packet, at any byte."""
    width = np.dtype(dtype).itemsize
    rows = np.lib.stride_tricks.sliding_window_view(data, width)[at]
    return np.ascontiguousarray(rows).view(dtype)[:, 0].astype(np.int64)


def _parse_records(data: Bytes, starts: Ints, order: str, tick: float, link_header: int) -> Packets:
    windows = np.lib.stride_tricks.sliding_window_view(data, _RECORD_HEADER)[starts]
    header = np.ascontiguousarray(windows).view(order + "u4").astype(np.int64)
    end = starts + _RECORD_HEADER + header[:, 2]
    ip = starts + _RECORD_HEADER + link_header
    first = data[ip]
    is_v4 = first >> 4 == 4
    ip_header = np.where(is_v4, (first & 15).astype(np.int64) * 4, 40)
    protocol = np.where(is_v4, data[ip + 9], data[ip + 6])
    udp = ip + ip_header
    whole = (protocol == _UDP) & (is_v4 | (first >> 4 == 6)) & (udp + 20 <= end)
    if not whole.all():
        starts, header, end, ip, udp, is_v4 = (x[whole] for x in (starts, header, end, ip, udp, is_v4))
    rtp = udp + 8
    flags, kind = data[rtp].astype(np.int64), data[rtp + 1].astype(np.int64)
    end = np.minimum(end, udp + _gather(data, udp + 4, ">u2"))
    payload = rtp + 12
    if (flags != 0x80).any():
        payload, end = _skip_extras(data, rtp, flags, payload, end)
    is_rtp = (flags >> 6 == 2) & ((kind < 192) | (kind > 223)) & (payload <= end)  # 192 to 223 is RTCP
    packets = Packets(
        data=data,
        arrival=header[:, 0] + header[:, 1] * tick,
        source=_gather(data, np.where(is_v4, ip + 12, ip + 20), ">u4") << 16 | _gather(data, udp, ">u2"),
        target=_gather(data, np.where(is_v4, ip + 16, ip + 36), ">u4") << 16 | _gather(data, udp + 2, ">u2"),
        payload_type=kind & 127,
        sequence=_gather(data, rtp + 2, ">u2"),
        timestamp=_gather(data, rtp + 4, ">u4"),
        ssrc=_gather(data, rtp + 8, ">u4"),
        offset=payload,
        size=end - payload,
    )
    return packets if is_rtp.all() else packets.choose(is_rtp)


def _skip_extras(data: Bytes, rtp: Ints, flags: Ints, payload: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Payload bounds without contributing sources, header extension and padding."""
    payload = payload + (flags & 15) * 4
    last = len(data) - _MARGIN
    extended = (flags & 0x10) != 0
    words = _gather(data, np.minimum(payload + 2, last), ">u2")
    payload = np.where(extended, payload + 4 + words * 4, payload)
    padded = (flags & 0x20) != 0
    end = np.where(padded, end - data[np.minimum(end - 1, last)], end)
    return payload, end
