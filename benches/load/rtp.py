"""Sends and counts RTP of many legs, as a process of its own so that it disturbs nobody: `python -m benches.load.rtp`.

Reads lines: `leg HOST PORT` opens a leg, `to HOST PORT TARGET_HOST TARGET_PORT` sends its packets there,
`stop HOST PORT` closes it, `count` answers with one line of JSON. Each leg sends 50 packets of 20 ms A-law a second.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import socket
import struct
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

CHECKOUT = Path(__file__).resolve().parents[2]
SLOTS = 4
SLOT_S = 0.005
PACKET = 160
_HEADER = struct.Struct("!BBHII")
_ALAW_SEGMENTS = np.array([0, 256, 512, 1024, 2048, 4096, 8192, 16384])


@dataclass(frozen=True, slots=True)
class Count:
    """Packets so far over all legs; `silent` is how many legs received nothing since the count before."""

    sent: int
    received: int
    silent: int
    legs: int


class _Leg:
    __slots__ = ("key", "plug", "received", "sent", "sequence", "slot", "ssrc", "target", "was_received")

    def __init__(self, host: str, port: int, number: int) -> None:
        self.key = (host, port)
        self.plug = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.plug.bind((host, port))
        self.plug.setblocking(False)
        self.target: tuple[str, int] | None = None
        self.sequence = number * 7 & 0x7FFF
        self.ssrc = 0x10000 + number
        self.slot = number % SLOTS
        self.sent = self.received = self.was_received = 0


class _Generator:
    def __init__(self) -> None:
        self._legs: dict[tuple[str, int], _Leg] = {}
        self._by_file: dict[int, _Leg] = {}
        self._slots: list[list[_Leg]] = [[] for _ in range(SLOTS)]
        self._poll = select.epoll()
        self._poll.register(0, select.EPOLLIN)
        self._sound = _make_sound()
        self._pending = b""
        self._number = 0
        self._gone = [0, 0]
        self.is_open = True

    def run(self) -> None:
        due, slot = time.monotonic(), 0
        while self.is_open:
            self._send(self._slots[slot])
            slot, due = (slot + 1) % SLOTS, due + SLOT_S
            while True:
                left = due - time.monotonic()
                self._hear(self._poll.poll(max(left, 0), 512))
                if left <= 0:
                    break

    def _send(self, legs: list[_Leg]) -> None:
        for leg in legs:
            if leg.target is None:
                continue
            sequence = leg.sequence = leg.sequence + 1 & 0xFFFF
            leg.sent += 1
            head = _HEADER.pack(0x80, 8, sequence, leg.sent * PACKET & 0xFFFFFFFF, leg.ssrc)
            try:
                leg.plug.sendto(head + self._sound[sequence % len(self._sound)], leg.target)
            except OSError:
                leg.sent -= 1  # nothing went out: it is not counted as sent

    def _hear(self, events: list[tuple[int, int]]) -> None:
        for file, _ in events:
            if file == 0:
                self._obey()
                continue
            leg = self._by_file.get(file)
            if leg is None:
                continue
            try:
                while len(leg.plug.recv(2048)) > 12:
                    leg.received += 1
            except OSError:
                pass

    def _obey(self) -> None:
        data = os.read(0, 65536)
        if not data:
            self.is_open = False
            return
        *lines, self._pending = (self._pending + data).split(b"\n")
        for line in lines:
            match line.decode().split():
                case ["leg", host, port]:
                    self._open((host, int(port)))
                case ["to", host, port, target_host, target_port]:
                    if leg := self._legs.get((host, int(port))):
                        leg.target = (target_host, int(target_port))
                case ["stop", host, port]:
                    self._close((host, int(port)))
                case ["count"]:
                    self._tell()

    def _open(self, key: tuple[str, int]) -> None:
        leg = _Leg(*key, self._number)
        self._number += 1
        self._legs[key] = self._by_file[leg.plug.fileno()] = leg
        self._slots[leg.slot].append(leg)
        self._poll.register(leg.plug.fileno(), select.EPOLLIN)

    def _close(self, key: tuple[str, int]) -> None:
        if (leg := self._legs.pop(key, None)) is None:
            return
        self._slots[leg.slot].remove(leg)
        self._poll.unregister(leg.plug.fileno())
        del self._by_file[leg.plug.fileno()]
        leg.plug.close()
        self._gone[0] += leg.sent
        self._gone[1] += leg.received

    def _tell(self) -> None:
        legs = list(self._legs.values())
        silent = sum(leg.received == leg.was_received for leg in legs)
        for leg in legs:
            leg.was_received = leg.received
        sent, received = sum(leg.sent for leg in legs), sum(leg.received for leg in legs)
        facts = {"sent": sent + self._gone[0], "received": received + self._gone[1], "silent": silent}
        print(json.dumps(facts | {"legs": len(legs)}), flush=True)


def _make_sound() -> list[bytes]:
    """Half a second of a voice-like mixture, packet by packet."""
    t = np.arange(4000) / 8000
    sound = sum(np.sin(2 * np.pi * hz * t) / rank for rank, hz in enumerate((180, 360, 540, 1080, 2160), start=1))
    coded = _to_alaw((np.asarray(sound) * 5000).astype(np.int16)).tobytes()
    return [coded[at : at + PACKET] for at in range(0, len(coded), PACKET)]


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

    def tell(self, *words: object) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(str(word) for word in words).encode() + b"\n")

    async def count(self) -> Count:
        assert self._process is not None
        assert self._process.stdout is not None
        self.tell("count")
        return Count(**json.loads(await self._process.stdout.readline()))


if __name__ == "__main__":
    _Generator().run()
