"""Sends and counts RTP of many legs, as a process of its own so that it disturbs nobody: `python -m benches.load.rtp`.

Reads lines: `host HOST PORT` opens the one socket of a host, `to LEG HOST TARGET_HOST TARGET_PORT` lets a leg speak
there, `stop LEG` ends it, `count` answers with one line of JSON. A leg sends 50 packets of 20 ms A-law a second, each
with its own number in its first bytes, so that what is lost is known to the packet wherever it got lost. All packets of
5 ms go to the kernel at once, and come from it in the same way: one packet costs about two microseconds.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import select
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from benches.load.sip import Address, Endpoint, Leg

CHECKOUT = Path(__file__).resolve().parents[2]
SLOTS = 4
SLOT_S = 0.005
PACKET = 160
ROOM = 1024
"""Legs of one host in one slot."""
BATCH = 1024
"""Packets taken from the kernel at once."""
BUFFER_BYTES = 64 << 20
_SO_SNDBUFFORCE, _SO_RCVBUFFORCE = 32, 33
_ALAW_SEGMENTS = np.array([0, 256, 512, 1024, 2048, 4096, 8192, 16384])
_PACKET = np.dtype(
    [("flags", ">u2"), ("sequence", ">u2"), ("timestamp", ">u4"), ("ssrc", ">u4"), ("number", ">u4"), ("sound", "V156")]
)
_ADDRESS = np.dtype([("family", "<u2"), ("port", ">u2"), ("host", ">u4"), ("rest", "V8")])
_VECTOR = np.dtype([("base", "<u8"), ("length", "<u8")])
_WORDS = ("name", "name_length", "vector", "vectors", "control", "control_length", "flags", "length")
_MESSAGE = np.dtype([(word, "<u8") for word in _WORDS])
"""struct mmsghdr of 64-bit Linux, padding counted in."""


@dataclass(frozen=True, slots=True)
class Count:
    """`sent` and `received` since the start, over all legs. Since the count before: `lost` packets of those that are
    heard, and legs of which nothing was heard at all (`silent`).
    """

    sent: int
    received: int
    lost: int
    silent: int
    legs: int


class _Batch:
    """Messages for the kernel: `count` packets with an address each."""

    def __init__(self, count: int) -> None:
        self.packets = np.zeros(count, _PACKET)
        self.addresses = np.zeros(count, _ADDRESS)
        self.vectors = np.zeros(count, _VECTOR)
        self.messages = np.zeros(count, _MESSAGE)
        order = np.arange(count, dtype=np.uint64)
        self.vectors["base"] = self.packets.ctypes.data + order * np.uint64(_PACKET.itemsize)
        self.vectors["length"] = _PACKET.itemsize
        self.messages["name"] = self.addresses.ctypes.data + order * np.uint64(_ADDRESS.itemsize)
        self.messages["name_length"] = _ADDRESS.itemsize
        self.messages["vector"] = self.vectors.ctypes.data + order * np.uint64(_VECTOR.itemsize)
        self.messages["vectors"] = 1


class _Host:
    """One socket and the legs that speak through it."""

    def __init__(self, host: str, port: int) -> None:
        self.plug = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for forced, plain in ((_SO_SNDBUFFORCE, socket.SO_SNDBUF), (_SO_RCVBUFFORCE, socket.SO_RCVBUF)):
            try:
                self.plug.setsockopt(socket.SOL_SOCKET, forced, BUFFER_BYTES)
            except PermissionError:
                self.plug.setsockopt(socket.SOL_SOCKET, plain, BUFFER_BYTES)
        self.plug.bind((host, port))
        self.plug.setblocking(False)
        self.slots = [_Batch(ROOM) for _ in range(SLOTS)]
        self.counts = [0] * SLOTS
        self.legs: list[list[int]] = [[] for _ in range(SLOTS)]
        self.heard = _Batch(BATCH)
        # By the sender's port, since the last count: the number before the first one, the newest, how many came.
        self.first = np.full(65536, -1, np.int64)
        self.newest = np.zeros(65536, np.int64)
        self.came = np.zeros(65536, np.int64)


class _Generator:
    def __init__(self) -> None:
        self._hosts: dict[str, _Host] = {}
        self._places: dict[int, tuple[_Host, int]] = {}
        self._poll = select.poll()
        self._poll.register(0, select.POLLIN)
        self._sounds = make_sound()
        self._tick = 0
        self._sent = self._received = 0
        self._pending = b""
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.is_open = True

    def run(self) -> None:
        due, slot = time.monotonic(), 0
        while self.is_open:
            for host in self._hosts.values():
                self._send(host, slot)
            slot, due = (slot + 1) % SLOTS, due + SLOT_S
            self._tick += slot == 0
            for host in self._hosts.values():
                self._hear(host)
            left = due - time.monotonic()
            if self._poll.poll(max(left * 1000, 0)):
                self._obey()
                left = due - time.monotonic()
                if left > 0:
                    time.sleep(left)

    def _send(self, host: _Host, slot: int) -> None:
        count, batch = host.counts[slot], host.slots[slot]
        if not count:
            return
        packets = batch.packets[:count]
        packets["number"] += 1
        packets["sequence"] = packets["number"]
        packets["timestamp"] += PACKET
        packets["sound"] = self._sounds[self._tick % len(self._sounds)]
        done = 0
        while done < count:
            at = ctypes.c_void_p(batch.messages.ctypes.data + done * _MESSAGE.itemsize)
            sent = self._libc.sendmmsg(host.plug.fileno(), at, count - done, 0)
            if sent <= 0:
                break  # the kernel is full: these numbers never arrive and count as lost
            done += sent
        self._sent += count

    def _hear(self, host: _Host) -> None:
        batch = host.heard
        while True:
            batch.messages["name_length"] = _ADDRESS.itemsize
            at = ctypes.c_void_p(batch.messages.ctypes.data)
            count = self._libc.recvmmsg(host.plug.fileno(), at, BATCH, 0, None)
            if count <= 0:
                return
            whole = batch.messages["length"][:count] == _PACKET.itemsize  # RTCP and keys are of other lengths
            ports = batch.addresses["port"][:count][whole].astype(np.int64)
            numbers = batch.packets["number"][:count][whole].astype(np.int64)
            fresh = host.first[ports] < 0
            host.first[ports[fresh]] = numbers[fresh] - 1
            host.newest[ports] = numbers
            np.add.at(host.came, ports, 1)
            self._received += len(ports)
            if count < BATCH:
                return

    def _obey(self) -> None:
        data = os.read(0, 65536)
        if not data:
            self.is_open = False
            return
        *lines, self._pending = (self._pending + data).split(b"\n")
        for line in lines:
            match line.decode().split():
                case ["host", host, port]:
                    self._hosts[host] = _Host(host, int(port))
                case ["to", leg, host, target_host, target_port]:
                    self._point(int(leg), self._hosts[host], (target_host, int(target_port)))
                case ["stop", leg]:
                    self._stop(int(leg))
                case ["count"]:
                    self._tell()

    def _point(self, leg: int, host: _Host, target: tuple[str, int]) -> None:
        if leg not in self._places:
            slot = min(range(SLOTS), key=lambda one: host.counts[one])
            at = host.counts[slot]
            host.counts[slot] += 1
            host.legs[slot].append(leg)
            self._places[leg] = (host, slot)
            packet = host.slots[slot].packets[at : at + 1]
            packet["flags"], packet["ssrc"], packet["number"], packet["timestamp"] = 0x8008, 0x10000 + leg, 0, 0
        host, slot = self._places[leg]
        address = host.slots[slot].addresses[host.legs[slot].index(leg) :][:1]
        address["family"], address["port"] = socket.AF_INET, target[1]
        address["host"] = int.from_bytes(socket.inet_aton(target[0]), "big")

    def _stop(self, leg: int) -> None:
        """The last leg of the slot takes the place."""
        if leg not in self._places:
            return
        host, slot = self._places.pop(leg)
        legs, batch = host.legs[slot], host.slots[slot]
        at, last = legs.index(leg), len(legs) - 1
        if at != last:
            batch.packets[at], batch.addresses[at] = batch.packets[last], batch.addresses[last]
        legs[at] = legs[last]
        legs.pop()
        host.counts[slot] -= 1

    def _tell(self) -> None:
        lost = heard_now = 0
        for host in self._hosts.values():
            self._hear(host)
            speaks = host.came > 0
            heard_now += int(speaks.sum())
            lost += int(np.maximum(host.newest - host.first - host.came, 0)[speaks].sum())
            host.first[:] = np.where(speaks, host.newest, -1)
            host.came[:] = 0
        legs = len(self._places)
        facts = {"sent": self._sent, "received": self._received, "lost": lost, "silent": max(0, legs - heard_now)}
        print(json.dumps(facts | {"legs": legs}), flush=True)


def make_sound() -> npt.NDArray[Any]:
    """Half a second of a voice-like mixture, packet by packet."""
    t = np.arange(4000) / 8000
    sound = sum(np.sin(2 * np.pi * hz * t) / rank for rank, hz in enumerate((180, 360, 540, 1080, 2160), start=1))
    coded = _to_alaw((np.asarray(sound) * 5000).astype(np.int16)).reshape(-1, PACKET)
    return np.ascontiguousarray(coded[:, 4:]).view("V156")[:, 0]


def _to_alaw(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.uint8]:
    size = np.minimum(np.abs(samples.astype(np.int32)), 32767)
    segment = np.searchsorted(_ALAW_SEGMENTS, size, side="right") - 1
    shift = np.where(segment < 1, 4, segment + 3)
    code = (segment << 4) | (size >> shift & 0x0F)
    return ((code | np.where(samples >= 0, 0x80, 0)) ^ 0x55).astype(np.uint8)


class RtpLoad:
    """The same from the side of the benchmark."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._numbers: dict[str, int] = {}

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benches.load.rtp", cwd=CHECKOUT,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()  # it ends with its orders
            await self._process.wait()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def open_endpoint(self, address: Address, server: Address, rtp_port: int = 12000) -> Endpoint:
        """An endpoint whose legs have their media here, all from one port of its host."""
        host = address[0]
        self._tell("host", host, rtp_port)

        def follow(leg: Leg) -> None:
            number = self._numbers.setdefault(f"{host} {leg.call_id}", len(self._numbers) + 1)
            if leg.ended_at is not None:
                self._tell("stop", number)
            elif leg.media is not None:
                self._tell("to", number, host, *leg.media)

        return Endpoint(address, server, lambda: rtp_port, follow)

    async def count(self) -> Count:
        assert self._process is not None
        assert self._process.stdout is not None
        self._tell("count")
        return Count(**json.loads(await self._process.stdout.readline()))

    def _tell(self, *words: object) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(str(word) for word in words).encode() + b"\n")


if __name__ == "__main__":
    _Generator().run()
