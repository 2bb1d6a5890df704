"""A carrier's gateway that speaks one codec: SIP by hand, and RTP that says one tone and keeps what it hears."""

from __future__ import annotations

import asyncio
import itertools
import re
import struct
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import av
import numpy as np
import numpy.typing as npt
from sqlalchemy import text

from live.house import House
from ucc.border.rpc import reload_trunks
from ucc.recording.codec import make_decoder
from ucc.recording.pcap import read_packets
from ucc.stack.tones import SAMPLE_RATE

Samples = npt.NDArray[np.float64]
Address = tuple[str, int]

TONE_HZ = 425
PAYLOAD_TYPES = {"PCMU": 0, "G723": 4, "PCMA": 8, "G729": 18}
PTIMES_MS = {"PCMU": 20, "G723": 30, "PCMA": 20, "G729": 20}
KEYS = 101
G729_CALL = Path(__file__).parents[1] / "recording" / "fixtures" / "real-g729.pcap"
"""There is no encoder of G.729: what the gateway says was said by a real one, 425 Hz for 4 s."""


def encode_tone(codec: str, tone_hz: float = TONE_HZ) -> list[bytes]:
    """The tone, packet by packet, to be repeated."""
    if codec == "G729":
        assert tone_hz == TONE_HZ, "what was recorded is what there is"
        packets = read_packets(G729_CALL)
        packets = packets.choose(packets.payload_type == PAYLOAD_TYPES["G729"])
        ends = zip(packets.offset.tolist(), packets.size.tolist(), strict=True)
        return [packets.data[at : at + size].tobytes() for at, size in ends][:180]
    name = {"PCMU": "pcm_mulaw", "PCMA": "pcm_alaw", "G723": "g723_1"}[codec]
    context = av.CodecContext.create(name, "w")
    context.sample_rate, context.layout, context.format = SAMPLE_RATE, "mono", "s16"  # type: ignore[attr-defined]
    context.bit_rate = 6300 if codec == "G723" else 64000
    size = SAMPLE_RATE * PTIMES_MS[codec] // 1000
    said = []
    for first in range(0, size * 400, size):
        wave = 8000 * np.sin(2 * np.pi * tone_hz * np.arange(first, first + size) / SAMPLE_RATE)
        frame = av.AudioFrame.from_ndarray(wave.astype(np.int16)[None], format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        said += [bytes(packet) for packet in context.encode(frame)]  # type: ignore[attr-defined]
    return said[: len(said) // 40 * 40]


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes, Address], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, address: Any) -> None:
        self._take(data, address)


@dataclass
class Dialog:
    """One call of the gateway. Times are monotonic seconds; `heard` are (arrival, payload type, timestamp, payload)."""

    call_id: str
    local: str
    remote: str
    target: str
    routes: list[str]
    media: Address | None = None
    cseq: int = 1
    is_early: bool = False
    answered_at: float | None = None
    ended_at: float | None = None
    reinvites: int = 0
    heard: list[tuple[float, int, int, bytes]] = field(default_factory=list)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    refusal: int | None = None
    invite: str = ""

    def sound(self, codec: str) -> Samples:
        """What was heard, decoded; silence that was not sent is left out."""
        kind = PAYLOAD_TYPES[codec]
        payloads = [payload for _, payload_type, _, payload in self.heard if payload_type == kind]
        decoder = make_decoder(kind)
        assert decoder is not None
        if not payloads:
            return np.zeros(0)
        data = np.frombuffer(b"".join(payloads) + bytes(64), np.uint8).copy()
        sizes = np.array([len(payload) for payload in payloads], np.int64)
        offsets = np.cumsum(sizes) - sizes
        parts = []
        for _, group in itertools.groupby(range(len(sizes)), key=lambda at: int(sizes[at])):
            which = list(group)
            parts.append(decoder.decode(data, offsets[which], sizes[which]))
        return np.concatenate(parts).astype(np.float64) / 32768

    def payload_types(self) -> set[int]:
        return {payload_type for _, payload_type, _, _ in self.heard}


class Gateway:
    """A trunk at the emulator's address and ports of its own, known to the border while the block lasts.

    It answers what comes after `rings_s` of ringing; with `early_s` it first speaks so long before it answers.
    """

    def __init__(
        self,
        house: House,
        codec: str,
        port: int,
        *,
        rings_s: float = 0.2,
        early_s: float = 0.0,
        tone_hz: float = TONE_HZ,
    ) -> None:
        self.house = house
        self.codec = codec
        self.address = (house.settings.emulator_address, port)
        self.dialogs: dict[str, Dialog] = {}
        self._rings_s = rings_s
        self._early_s = early_s
        self._said = encode_tone(codec, tone_hz)
        self._sip: asyncio.DatagramTransport | None = None
        self._rtp: asyncio.DatagramTransport | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._replies: dict[str, asyncio.Future[str]] = {}
        self.trunk_id = 0

    @property
    def last(self) -> Dialog:
        return list(self.dialogs.values())[-1]

    async def __aenter__(self) -> Self:
        async with self.house.database.begin() as session:
            row = await session.execute(
                text(
                    "INSERT INTO trunk (tenant_id, name, host, port, codec, is_active)"
                    " SELECT id, 'gateway', :host, :port, :codec, true FROM tenant WHERE kind = 'operator' RETURNING id"
                ),
                {"host": self.address[0], "port": self.address[1], "codec": self.codec},
            )
            self.trunk_id = int(row.scalar_one())
        await reload_trunks(self.house.settings)
        loop = asyncio.get_running_loop()
        self._sip, _ = await loop.create_datagram_endpoint(lambda: _Socket(self._take_sip), local_addr=self.address)
        self._rtp, _ = await loop.create_datagram_endpoint(
            lambda: _Socket(self._take_rtp), local_addr=(self.address[0], self.address[1] + 35000)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for dialog in self.dialogs.values():
            if dialog.answered_at is not None and dialog.ended_at is None:
                await self.hang_up(dialog)
        for task in self._tasks:
            task.cancel()
        async with self.house.database.begin() as session:
            values = {"id": self.trunk_id}
            await session.execute(
                text(
                    "UPDATE caller_id SET trunk_id = (SELECT id FROM trunk WHERE name = 'emulator')"
                    " WHERE trunk_id = :id"
                ),
                values,
            )
            # Calls keep the trunk they went over: it is only put out of service, at an address nobody has.
            await session.execute(
                text("UPDATE trunk SET is_active = false, host = '192.0.2.1', port = 1024 + id WHERE id = :id"), values
            )
        await reload_trunks(self.house.settings)
        for transport in (self._sip, self._rtp):
            if transport is not None:
                transport.close()

    async def take_outbound(self) -> None:
        """Let the enterprise's calls leave here while the block lasts."""
        async with self.house.database.begin() as session:
            await session.execute(text("UPDATE caller_id SET trunk_id = :id"), {"id": self.trunk_id})

    # --- doing --------------------------------------------------------------------------------------------------------

    async def call(self, callee: str, caller: str | None = None, within_s: float = 5.0) -> Dialog:
        """An answered call to the border. Raises AssertionError when it is refused or not answered."""
        host, port = self.address
        settings = self.house.settings
        caller = caller or self.house.number("0")
        call_id = uuid4().hex
        target = f"sip:{callee}@{settings.address}:{settings.sip_port}"
        local = f"<sip:{caller}@{host}:{port}>;tag={call_id[:8]}"
        dialog = Dialog(call_id, local, f"<{target}>", target, [])
        self.dialogs[call_id] = dialog
        dialog.invite = self._request(dialog, "INVITE", self._sdp())
        self._send(dialog.invite)
        self._start(self._speak(dialog))
        async with asyncio.timeout(within_s):
            await dialog.answered.wait()
        assert dialog.refusal is None, f"refused with {dialog.refusal}"
        return dialog

    async def hang_up(self, dialog: Dialog) -> None:
        dialog.cseq += 1
        dialog.ended_at = time.monotonic()
        reply = asyncio.get_running_loop().create_future()
        self._replies[dialog.call_id] = reply
        for _ in range(4):
            self._send(self._request(dialog, "BYE"))
            done, _ = await asyncio.wait({reply}, timeout=1.0)
            if done:
                break
        dialog.ended.set()

    async def wait_call(self, within_s: float = 10.0) -> Dialog:
        """The call that came in and is answered."""
        deadline = time.monotonic() + within_s
        while not self.dialogs:
            assert time.monotonic() < deadline, f"no call within {within_s} s"
            await asyncio.sleep(0.05)
        dialog = self.last
        async with asyncio.timeout(within_s):
            await dialog.answered.wait()
        return dialog

    # --- SIP ----------------------------------------------------------------------------------------------------------

    def _take_sip(self, data: bytes, _: Address) -> None:
        message = data.decode(errors="replace")
        if len(message) < 20:
            return
        if message.startswith("SIP/2.0"):
            self._take_reply(message)
        else:
            self._take_request(message)

    def _take_reply(self, message: str) -> None:
        status, dialog = int(message[8:11]), self.dialogs.get(_header(message, "Call-ID"))
        if dialog is None:
            return
        method = _header(message, "CSeq").split(" ")[1]
        if method == "BYE" and status >= 200:
            reply = self._replies.get(dialog.call_id)
            if reply is not None and not reply.done():
                reply.set_result(message)
        elif method == "INVITE":
            self._take_invite_reply(dialog, status, message)

    def _take_invite_reply(self, dialog: Dialog, status: int, message: str) -> None:
        if "m=audio" in message:
            dialog.media = _media(message)
        if status < 200:
            dialog.is_early = dialog.is_early or "m=audio" in message
            return
        dialog.remote = _header(message, "To")
        if status < 300:
            dialog.routes = list(reversed(_headers(message, "Record-Route")))
            dialog.target = _uri(_header(message, "Contact"))
            self._send(self._request(dialog, "ACK"))
            dialog.answered_at = dialog.answered_at or time.monotonic()
        else:
            branch = re.search(r"branch=([^;\s]+)", _header(message, "Via"))
            self._send(self._request(dialog, "ACK", branch=branch[1] if branch else ""))
            dialog.refusal = status
        dialog.answered.set()

    def _take_request(self, message: str) -> None:
        method, call_id = message.split(" ", 1)[0], _header(message, "Call-ID")
        dialog = self.dialogs.get(call_id)
        if method == "INVITE" and dialog is None:
            local = f"{_header(message, 'To')};tag={uuid4().hex[:8]}"
            target = _uri(_header(message, "Contact"))
            dialog = Dialog(call_id, local, _header(message, "From"), target, _headers(message, "Record-Route"))
            dialog.media = _media(message)
            dialog.invite = message
            self.dialogs[call_id] = dialog
            self._start(self._answer(dialog, message))
        elif method == "INVITE" and dialog is not None and dialog.answered_at is not None:
            if message.split("branch=")[1][:40] != dialog.invite.split("branch=")[1][:40]:
                dialog.reinvites += 1
            dialog.media = _media(message)
            self._send(self._reply(message, "200 OK", dialog, self._sdp()))
        elif method == "BYE" and dialog is not None:
            dialog.ended_at = dialog.ended_at or time.monotonic()
            self._send(self._reply(message, "200 OK", dialog))
            dialog.ended.set()
        elif method == "CANCEL" and dialog is not None:
            dialog.ended_at = time.monotonic()
            self._send(self._reply(message, "200 OK", dialog))
            self._send(self._reply(dialog.invite, "487 Request Terminated", dialog))
            dialog.ended.set()
        elif method == "OPTIONS":
            self._send(self._reply(message, "200 OK"))

    async def _answer(self, dialog: Dialog, invite: str) -> None:
        self._start(self._speak(dialog))
        if self._early_s:
            dialog.is_early = True
            self._send(self._reply(invite, "183 Session Progress", dialog, self._sdp()))
            await asyncio.sleep(self._early_s)
        else:
            self._send(self._reply(invite, "180 Ringing", dialog))
            await asyncio.sleep(self._rings_s)
        if dialog.ended_at is None:
            dialog.answered_at = time.monotonic()
            self._send(self._reply(invite, "200 OK", dialog, self._sdp()))
            dialog.answered.set()

    # --- RTP ----------------------------------------------------------------------------------------------------------

    async def _speak(self, dialog: Dialog) -> None:
        """The tone, from early media or answer to the end."""
        kind, ptime_s = PAYLOAD_TYPES[self.codec], PTIMES_MS[self.codec] / 1000
        samples, ssrc = round(ptime_s * SAMPLE_RATE), int(dialog.call_id[:7].encode().hex()[:7], 16)
        due = time.monotonic()
        for number in itertools.count():
            if dialog.ended_at is not None:
                return
            if dialog.media is not None and self._rtp is not None and (dialog.is_early or dialog.answered_at):
                head = struct.pack(">BBHII", 0x80, kind, number & 0xFFFF, number * samples & 0xFFFFFFFF, ssrc)
                self._rtp.sendto(head + self._said[number % len(self._said)], dialog.media)
            due += ptime_s
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _take_rtp(self, data: bytes, source: Address) -> None:
        if len(data) < 13:
            return
        _, kind, _, timestamp, _ = struct.unpack(">BBHII", data[:12])
        for dialog in self.dialogs.values():
            if dialog.media == source and dialog.ended_at is None:
                dialog.heard.append((time.monotonic(), kind & 0x7F, timestamp, data[12:]))

    # --- writing ------------------------------------------------------------------------------------------------------

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _send(self, message: str) -> None:
        if self._sip is not None:
            settings = self.house.settings
            self._sip.sendto(message.encode(), (settings.address, settings.sip_port))

    def _sdp(self) -> str:
        host, kind = self.address[0], PAYLOAD_TYPES[self.codec]
        lines = ["v=0", f"o=- 1 1 IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0"]
        lines += [f"m=audio {self.address[1] + 35000} RTP/AVP {kind} {KEYS}", f"a=rtpmap:{kind} {self.codec}/8000"]
        lines += [f"a=rtpmap:{KEYS} telephone-event/8000", f"a=fmtp:{KEYS} 0-16", f"a=ptime:{PTIMES_MS[self.codec]}"]
        return "\r\n".join([*lines, "a=sendrecv", ""])

    def _request(self, dialog: Dialog, method: str, body: str = "", branch: str = "") -> str:
        host, port = self.address
        number = 1 if method == "ACK" else dialog.cseq
        lines = [
            f"{method} {dialog.target} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};branch={branch or f'z9hG4bK{uuid4().hex}'};rport",
            "Max-Forwards: 70",
            *(f"Route: {route}" for route in dialog.routes),
            f"From: {dialog.local}",
            f"To: {dialog.remote}",
            f"Call-ID: {dialog.call_id}",
            f"CSeq: {number} {method}",
            f"Contact: <sip:gateway@{host}:{port}>",
        ]
        return _close(lines, body)

    def _reply(self, request: str, status: str, dialog: Dialog | None = None, body: str = "") -> str:
        host, port = self.address
        lines = [
            f"SIP/2.0 {status}",
            *(f"Via: {value}" for value in _headers(request, "Via")),
            *(f"Record-Route: {value}" for value in _headers(request, "Record-Route")),
            f"From: {_header(request, 'From')}",
            f"To: {dialog.local if dialog and ';tag=' not in _header(request, 'To') else _header(request, 'To')}",
            f"Call-ID: {_header(request, 'Call-ID')}",
            f"CSeq: {_header(request, 'CSeq')}",
            f"Contact: <sip:gateway@{host}:{port}>",
        ]
        return _close(lines, body)


def _close(lines: list[str], body: str) -> str:
    kind = ["Content-Type: application/sdp"] if body else []
    return "\r\n".join([*lines, *kind, f"Content-Length: {len(body)}", "", body])


def _headers(message: str, name: str) -> list[str]:
    return list(_find(message, name))


def _find(message: str, name: str) -> Iterator[str]:
    for line in message.split("\r\n\r\n")[0].split("\r\n")[1:]:
        found, _, value = line.partition(":")
        if found.strip().lower() == name.lower():
            yield value.strip()


def _header(message: str, name: str) -> str:
    return next(_find(message, name), "")


def _uri(contact: str) -> str:
    found = re.search(r"<([^>]+)>", contact)
    return found[1] if found else contact


def _media(message: str) -> Address | None:
    host = re.search(r"^c=IN IP4 (\S+)", message, re.M)
    port = re.search(r"^m=audio (\d+)", message, re.M)
    return (host[1], int(port[1])) if host and port else None
