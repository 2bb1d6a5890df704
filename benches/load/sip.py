"""A carrier or a house full of phones on one UDP socket: just enough SIP to make, take and end many calls cheaply."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

Address = tuple[str, int]
_TAG = re.compile(r";tag=([^;>\s]+)")
_URI = re.compile(r"<([^>]+)>")
_CONNECTION = re.compile(r"^c=IN IP4 (\S+)", re.MULTILINE)
_AUDIO = re.compile(r"^m=audio (\d+)", re.MULTILINE)
BUFFER_BYTES = 8 << 20


class CallFailed(Exception):
    """The call was refused, or nobody answered it in time; the text says with what."""


@dataclass(slots=True)
class Message:
    """`names` are lower-case; a header that comes several times keeps all of its values."""

    first: str
    headers: dict[str, list[str]]
    body: str

    def get(self, name: str) -> str:
        values = self.headers.get(name)
        return values[0] if values else ""

    @classmethod
    def parse(cls, data: bytes) -> Message:
        head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        headers: dict[str, list[str]] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers.setdefault(name.strip().lower(), []).append(value.strip())
        return cls(first, headers, body)


@dataclass(slots=True, eq=False)
class Leg:
    """One dialog. `answered_at` and `ended_at` are monotonic seconds; `media` is where our RTP has to go."""

    call_id: str
    local: str
    remote: str
    target: str
    rtp_port: int
    started_at: float
    routes: list[str] = field(default_factory=list)
    cseq: int = 1
    sdp_version: int = 1
    answered_at: float | None = None
    ended_at: float | None = None
    media: Address | None = None
    answered: asyncio.Future[None] | None = None
    closed: asyncio.Future[None] | None = None
    last_reply: bytes = b""
    last_branch: str = ""
    ack: bytes = b""
    credentials: tuple[str, str] | None = None
    """(User, HA1) of a phone that has to prove who it is."""


class Endpoint(asyncio.DatagramProtocol):
    """All SIP of one address. A request that comes in is a call to a phone, which answers at once.

    `rtp_ports` gives each leg a port for its media; `on_media` hears of a leg whose media goes elsewhere or, when its
    `ended_at` is set, ends; `on_call` hears of each call that comes in, as it comes.
    """

    def __init__(
        self,
        address: Address,
        server: Address,
        rtp_ports: Callable[[], int] | None = None,
        on_media: Callable[[Leg], None] | None = None,
        on_call: Callable[[Leg], None] | None = None,
    ) -> None:
        self.address = address
        self.server = server
        self.legs: dict[str, Leg] = {}
        self.reinvites = 0
        self.unexpected: list[str] = []
        self._rtp_ports = rtp_ports or itertools.cycle(range(12000, 16000, 2)).__next__
        self._on_media = on_media or (lambda leg: None)
        self._on_call = on_call or (lambda leg: None)
        self._transport: asyncio.DatagramTransport | None = None
        self._registering: dict[str, asyncio.Future[Message]] = {}
        self._branches = itertools.count(1)
        self._seed = uuid4().hex[:10]

    async def open(self) -> None:
        plug = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        plug.bind(self.address)
        plug.setblocking(False)
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=plug)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    # --- doing --------------------------------------------------------------------------------------------------------

    async def register(self, user: str, domain: str, password: str, within_s: float = 5.0) -> None:
        """Raises CallFailed when the registrar does not take the phone."""
        call_id, ha1 = uuid4().hex, _md5(f"{user}:{domain}:{password}")
        authorization = ""
        for cseq in (1, 2):
            lines = [
                f"REGISTER sip:{domain} SIP/2.0",
                f"From: <sip:{user}@{domain}>;tag={call_id[:8]}",
                f"To: <sip:{user}@{domain}>",
                f"Call-ID: {call_id}",
                f"CSeq: {cseq} REGISTER",
                f"Contact: {self._contact(user)}",
                "Expires: 3600",
                *([authorization] if authorization else []),
            ]
            self._registering[call_id] = waiting = asyncio.get_running_loop().create_future()
            self._send(self._request(lines))
            try:
                reply = await asyncio.wait_for(waiting, within_s)
            except TimeoutError as error:
                raise CallFailed(f"no answer to REGISTER of {user}") from error
            status = int(reply.first.split(" ")[1])
            if status == 200:
                return
            challenge = dict(re.findall(r'(\w+)="([^"]*)"', reply.get("www-authenticate")))
            if status != 401 or cseq == 2:
                raise CallFailed(f"REGISTER of {user}: {reply.first}")
            response = _md5(f"{ha1}:{challenge['nonce']}:{_md5(f'REGISTER:sip:{domain}')}")
            authorization = (
                f'Authorization: Digest username="{user}", realm="{challenge["realm"]}", nonce="{challenge["nonce"]}",'
                f' uri="sip:{domain}", response="{response}"'
            )

    def invite(self, caller: str, callee: str, domain: str = "", password: str = "") -> Leg:
        """A new call; its `answered` is done, or failed, by what comes back. With a domain it is that of a phone."""
        call_id = uuid4().hex
        host, port = self.server
        target = f"sip:{callee}@{domain or f'{host}:{port}'}"
        local = f"<sip:{caller}@{domain or f'{self.address[0]}:{self.address[1]}'}>;tag={call_id[:8]}"
        leg = Leg(call_id, local, f"<{target}>", target, self._rtp_ports(), time.monotonic())
        leg.answered = asyncio.get_running_loop().create_future()
        leg.answered.add_done_callback(_look_at)
        if domain:
            leg.credentials = (caller, _md5(f"{caller}:{domain}:{password}"))
        self.legs[call_id] = leg
        self._send(self._request(self._dialog_lines(leg, "INVITE", caller), self._sdp(leg)))
        return leg

    def hang_up(self, leg: Leg) -> asyncio.Future[None]:
        """The result is done when the other side has confirmed."""
        leg.closed = asyncio.get_running_loop().create_future()
        leg.cseq += 1
        leg.ended_at = time.monotonic()
        self._on_media(leg)
        self._send(self._request(self._dialog_lines(leg, "BYE")))
        return leg.closed

    # --- hearing ------------------------------------------------------------------------------------------------------

    def datagram_received(self, data: bytes, address: Address) -> None:
        if len(data) < 20:
            return
        message = Message.parse(data)
        if message.first.startswith("SIP/2.0 "):
            self._take_reply(message)
        else:
            self._take_request(message, address)

    def _take_reply(self, message: Message) -> None:
        status, call_id = int(message.first[8:11]), message.get("call-id")
        cseq, _, method = message.get("cseq").partition(" ")
        if status < 200:
            return
        if method == "REGISTER":
            waiting = self._registering.get(call_id)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
            return
        leg = self.legs.get(call_id)
        if leg is None:
            return
        if method == "BYE":
            if leg.closed is not None and not leg.closed.done():
                if status == 200:
                    leg.closed.set_result(None)
                else:
                    leg.closed.set_exception(CallFailed(f"BYE: {message.first}"))
            del self.legs[call_id]
        elif method == "INVITE" and leg.answered is not None:
            self._take_final(leg, status, message, int(cseq))

    def _take_final(self, leg: Leg, status: int, message: Message, cseq: int) -> None:
        assert leg.answered is not None
        if leg.ack:
            self._send(leg.ack)  # the answer came twice: our ACK was late or lost
            return
        leg.remote = message.get("to")
        if status < 300:
            leg.routes = list(reversed(_split(message.headers.get("record-route", []))))
            found = _URI.search(message.get("contact"))
            leg.target = found.group(1) if found else leg.target
            leg.answered_at = time.monotonic()
        leg.ack = self._request(self._dialog_lines(leg, "ACK", cseq=cseq), branch=_ack_branch(status, message))
        self._send(leg.ack)
        if status in (401, 407) and leg.credentials is not None and cseq == 1:
            self._prove(leg, message)
            return
        if status < 300:
            self._take_sdp(leg, message.body)
            if not leg.answered.done():
                leg.answered.set_result(None)
        else:
            self.legs.pop(leg.call_id, None)
            if not leg.answered.done():
                leg.answered.set_exception(CallFailed(message.first))

    def _prove(self, leg: Leg, message: Message) -> None:
        """The call again, with the answer to the challenge."""
        assert leg.credentials is not None
        user, ha1 = leg.credentials
        name = "proxy-authenticate" if message.first.startswith("SIP/2.0 407") else "www-authenticate"
        challenge = dict(re.findall(r'(\w+)="([^"]*)"', message.get(name)))
        response = _md5(f"{ha1}:{challenge['nonce']}:{_md5(f'INVITE:{leg.target}')}")
        leg.ack, leg.remote, leg.cseq = b"", f"<{leg.target}>", leg.cseq + 1
        header = "Proxy-Authorization" if name.startswith("proxy") else "Authorization"
        proof = (
            f'{header}: Digest username="{user}", realm="{challenge["realm"]}", nonce="{challenge["nonce"]}",'
            f' uri="{leg.target}", response="{response}"'
        )
        self._send(self._request([*self._dialog_lines(leg, "INVITE", user), proof], self._sdp(leg)))

    def _take_request(self, message: Message, address: Address) -> None:
        method, call_id = message.first.partition(" ")[0], message.get("call-id")
        leg = self.legs.get(call_id)
        if method == "ACK":
            return
        branch = message.get("via")
        if leg is not None and leg.last_branch == branch:
            self._send_to(leg.last_reply, address)
            return
        reply, is_new = b"", False
        if method == "INVITE":
            if leg is None:
                leg, is_new = self._accept(message), True
                self._send_to(self._reply(message, "180 Ringing", leg.local), address)
            else:
                leg.sdp_version += 1
                self.reinvites += 1
            reply = self._reply(message, "200 OK", leg.local, self._sdp(leg))
        elif method == "BYE":
            reply = self._reply(message, "200 OK" if leg else "481 Gone")
        elif method == "OPTIONS":
            reply = self._reply(message, "200 OK")
        else:
            self.unexpected.append(message.first)
            reply = self._reply(message, "200 OK" if leg else "481 Gone")
        if leg is not None:
            leg.last_branch, leg.last_reply = branch, reply
        self._send_to(reply, address)
        if method == "INVITE" and leg is not None:
            if is_new:
                leg.answered_at = time.monotonic()
            self._take_sdp(leg, message.body)
        elif method == "BYE" and leg is not None:
            leg.ended_at = time.monotonic()
            self._on_media(leg)
            del self.legs[call_id]

    def _accept(self, message: Message) -> Leg:
        call_id = message.get("call-id")
        found = _URI.search(message.get("contact"))
        local = f"{message.get('to')};tag={uuid4().hex[:8]}"
        target = found.group(1) if found else ""
        leg = Leg(call_id, local, message.get("from"), target, self._rtp_ports(), time.monotonic())
        leg.routes = _split(message.headers.get("record-route", []))
        self.legs[call_id] = leg
        self._on_call(leg)
        return leg

    def _take_sdp(self, leg: Leg, body: str) -> None:
        host, port = _CONNECTION.search(body), _AUDIO.search(body)
        if host and port:
            media = (host.group(1), int(port.group(1)))
            if media != leg.media:
                leg.media = media
                self._on_media(leg)

    # --- writing ------------------------------------------------------------------------------------------------------

    def _contact(self, user: str) -> str:
        return f"<sip:{user}@{self.address[0]}:{self.address[1]}>"

    def _dialog_lines(self, leg: Leg, method: str, user: str = "", cseq: int | None = None) -> list[str]:
        return [
            f"{method} {leg.target} SIP/2.0",
            *(f"Route: {route}" for route in leg.routes),
            f"From: {leg.local}",
            f"To: {leg.remote}",
            f"Call-ID: {leg.call_id}",
            f"CSeq: {cseq or leg.cseq} {method}",
            f"Contact: {self._contact(user or 'bench')}",
        ]

    def _request(self, lines: list[str], body: str = "", branch: str = "") -> bytes:
        host, port = self.address
        branch = branch or f"z9hG4bK{self._seed}{next(self._branches)}"
        first, *rest = lines
        head = [first, f"Via: SIP/2.0/UDP {host}:{port};branch={branch};rport", "Max-Forwards: 70", *rest]
        return _close(head, body)

    def _reply(self, message: Message, status: str, to: str = "", body: str = "") -> bytes:
        head = [f"SIP/2.0 {status}"]
        head += [f"Via: {value}" for value in message.headers.get("via", [])]
        head += [f"Record-Route: {value}" for value in message.headers.get("record-route", [])]
        head += [f"From: {message.get('from')}", f"To: {to or message.get('to')}", f"Call-ID: {message.get('call-id')}"]
        head += [f"CSeq: {message.get('cseq')}", f"Contact: {self._contact('bench')}"]
        return _close(head, body)

    def _sdp(self, leg: Leg) -> str:
        host = self.address[0]
        lines = ["v=0", f"o=- {leg.rtp_port} {leg.sdp_version} IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0"]
        lines += [f"m=audio {leg.rtp_port} RTP/AVP 8 101", "a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000"]
        return "\r\n".join([*lines, "a=fmtp:101 0-16", "a=ptime:20", "a=sendrecv", ""])

    def _send(self, data: bytes) -> None:
        self._send_to(data, self.server)

    def _send_to(self, data: bytes, address: Address) -> None:
        if self._transport is not None:
            self._transport.sendto(data, address)


def _close(head: list[str], body: str) -> bytes:
    kind = ["Content-Type: application/sdp"] if body else []
    return "\r\n".join([*head, *kind, f"Content-Length: {len(body)}", "", body]).encode()


def _split(values: list[str]) -> list[str]:
    return [part.strip() for value in values for part in value.split(",")]


def _ack_branch(status: int, message: Message) -> str:
    """The ACK of a refusal belongs to the INVITE's transaction; that of an answer is one of its own."""
    found = re.search(r"branch=([^;\s]+)", message.get("via"))
    return found.group(1) if status >= 300 and found else ""


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _look_at(future: asyncio.Future[None]) -> None:
    """Nobody may wait for it any more when it fails."""
    if not future.cancelled():
        future.exception()
