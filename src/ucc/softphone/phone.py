"""A desk phone: one baresip process in the telephony runtime, driven over its control socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from ucc.config import Settings
from ucc.softphone.control import Control, ControlError, Event
from ucc.softphone.tape import Tape
from ucc.stack.namespace import chroot_command, make_folder

USER = "asterisk"
"""The account of the runtime that it runs as."""
REGISTERED_WITHIN_S = 5.0
_KEPT_S = 24 * 3600

_CONFIG = """\
sip_listen {address}:{sip_port}
net_interface {address}
audio_source ausine,{tone_hz}
audio_player aubridge,nowhere
audio_alert aubridge,nowhere
ausrc_srate 48000
auplay_srate 8000
audio_txmode poll
rtp_ports 30000-30999
module_path /usr/lib/baresip/modules
module g711.so
module ausine.so
module aubridge.so
module sndfile.so
module ctrl_tcp.so
module_app menu.so
statmode_default off
sip_autoanswer_beep no
ctrl_tcp_listen {address}:{control_port}
snd_path {folder}
"""
"""The tone source works at 48 kHz only; baresip converts it to the codec's 8 kHz. What it hears is written by the
filter `sndfile`: the player of the module `aufile` crashes now and then.
"""


Direction = Literal["inbound", "outbound"]


class SoftPhoneError(Exception):
    """The phone could not register, dial or answer in time; the text says what happened."""


@dataclass
class PhoneCall:
    """One call of the phone."""

    direction: Direction
    peer: str
    tape: Tape
    id: str | None = None
    """baresip's own id of the call."""
    is_established: bool = False
    keys: str = ""
    """The DTMF that it heard."""
    closed: str | None = None
    """Why it closed, in baresip's words ("486 Busy Here", "Connection reset by peer"); None while it lasts."""

    @property
    def heard(self) -> Path:
        """WAV of what the phone heard so far; complete once the call has closed."""
        return self.tape.write()

    @property
    def is_open(self) -> bool:
        return self.closed is None


class SoftPhone:
    """Registers on entry, closes on exit. Answers every call by itself when `is_answering`, else those whose INVITE
    asks for it (Call-Info answer-after) and those that `answer` takes. Sends a steady tone and records what it hears.
    """

    def __init__(
        self,
        settings: Settings,
        number: str,
        password: str,
        *,
        tone_hz: int = 1004,
        is_answering: bool = True,
        codecs: Sequence[str] = ("PCMA",),
        registrar: tuple[str, int] | None = None,
    ) -> None:
        self.number = number
        self.calls: list[PhoneCall] = []
        """Every call so far, the latest last."""
        self._settings = settings
        self._password = password
        self._tone_hz = tone_hz
        self._is_answering = is_answering
        self._codecs = codecs
        self._registrar = registrar or (settings.address, settings.sip_port)
        self._folder = settings.home / "softphone" / f"{number}-{os.getpid()}-{os.urandom(3).hex()}"
        self._registration = "no answer from the registrar"
        self._is_registered = False
        self._is_lost = False
        self._changed = asyncio.Condition()
        self._process: asyncio.subprocess.Process | None = None
        self._control: Control | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def call(self) -> PhoneCall | None:
        """The latest call, open or closed."""
        return self.calls[-1] if self.calls else None

    @property
    def heard(self) -> Path:
        """WAV of what it heard in the latest call, as far as it has come. Raises SoftPhoneError when there is none."""
        if not self.calls:
            raise SoftPhoneError(f"phone {self.number} had no call")
        return self.calls[-1].heard

    @property
    def log(self) -> Path:
        """Its output, with every SIP message."""
        return self._folder / "log"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def dial(self, number: str) -> PhoneCall:
        """Sends the INVITE; `wait_established` or `wait_closed` tell how it goes. Raises SoftPhoneError."""
        call = PhoneCall("outbound", number, self._new_tape())
        self.calls.append(call)
        try:
            await self._command("dial", number)
        except SoftPhoneError as error:
            call.closed = str(error)
            call.tape.close()
            raise
        return call

    async def answer(self) -> None:
        """Takes the call that rings. Raises SoftPhoneError."""
        await self._command("accept")

    async def hang_up(self, within_s: float = 5.0) -> None:
        """Ends or declines the open call; nothing when there is none. Raises SoftPhoneError."""
        if self.call is not None and self.call.is_open:
            await self._command("hangup")
            await self.wait_closed(within_s)

    async def hold(self) -> None:
        """The phone's own hold key. Raises SoftPhoneError."""
        await self._command("hold")

    async def resume(self) -> None:
        """Takes the held call back; baresip does it and calls its own command invalid. Raises SoftPhoneError."""
        with contextlib.suppress(SoftPhoneError):
            await self._command("resume")
        if "(on hold)" in await self._command("listcalls"):
            raise SoftPhoneError(f"phone {self.number} does not take its call back")

    async def transfer(self, number: str) -> None:
        """The phone's own transfer key: REFER. Raises SoftPhoneError."""
        await self._command("transfer", f"sip:{number}@{self._settings.sip_domain}")

    async def press(self, keys: str) -> None:
        """Sends DTMF in the open call. Raises SoftPhoneError."""
        for key in keys:
            await self._command("sndcode", key)
            await asyncio.sleep(0.2)

    async def wait_ringing(self, within_s: float = 10.0) -> PhoneCall:
        """The open inbound call, once there is one (an automatic answer may have taken it). Raises SoftPhoneError."""

        def is_ringing() -> bool:
            return self.call is not None and self.call.is_open and self.call.direction == "inbound"

        await self._wait(is_ringing, within_s, "does not ring")
        return self.calls[-1]

    async def wait_established(self, within_s: float = 10.0) -> PhoneCall:
        """The open call, once it talks. Raises SoftPhoneError, at once when the call that it dialled was refused."""

        def is_decided() -> bool:
            call = self.call
            return call is not None and (
                (call.is_established and call.is_open)
                or (call.direction == "outbound" and not call.is_open and not call.is_established)
            )

        await self._wait(is_decided, within_s, "is in no call")
        call = self.calls[-1]
        if not call.is_open:
            raise SoftPhoneError(f"phone {self.number} was refused: {call.closed}")
        return call

    async def wait_closed(self, within_s: float = 10.0) -> str:
        """Why the latest call closed, once it has. Raises SoftPhoneError."""
        await self._wait(lambda: self.call is not None and not self.call.is_open, within_s, "is still in its call")
        return self.calls[-1].closed or ""

    async def kill(self) -> None:
        """SIGKILL: the dead phone, which says goodbye to nobody."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def close(self) -> None:
        """Hangs up, unregisters and ends the process. Its recordings stay."""
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(3):
                    await process.wait()
            except TimeoutError:
                await self.kill()
        if self._control is not None:
            await self._control.close()
            self._control = None
        for task in self._tasks:
            task.cancel()

    async def _start(self) -> None:
        self._clear_old()
        make_folder(self._settings, self._folder.parent, USER)
        make_folder(self._settings, self._folder, USER)
        address = self._settings.address
        sip_port, control_port = _find_port(address), _find_port(address)
        config = _CONFIG.format(
            address=address,
            sip_port=sip_port,
            control_port=control_port,
            tone_hz=self._tone_hz,
            folder=self._folder,
        )
        (self._folder / "config").write_text(config)
        argv = ["/usr/bin/baresip", "-4", "-s", "-f", str(self._folder)]
        with self.log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *chroot_command(self._settings, argv, user=USER),
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            async with asyncio.timeout(REGISTERED_WITHIN_S):
                self._control = await self._connect(control_port)
                await self._command("uanew", self._account())
                async with self._changed:
                    await self._changed.wait_for(lambda: self._is_registered or self._is_lost)
        except TimeoutError:
            raise SoftPhoneError(
                f"phone {self.number} is not registered within {REGISTERED_WITHIN_S:g} s: {self._registration}"
            ) from None
        if self._is_lost:
            raise SoftPhoneError(f"phone {self.number} ended: {self._tail()}")

    def _account(self) -> str:
        host, port = self._registrar
        codecs = ",".join(f"{codec}/8000/1" for codec in self._codecs)
        return (
            f"<sip:{self.number}@{self._settings.sip_domain}>;auth_user={self.number};auth_pass={self._password}"
            f';outbound="sip:{host}:{port};transport=udp";regint=60;audio_codecs={codecs};sip_autoanswer=yes'
            f";answermode={'auto' if self._is_answering else 'manual'}"
        )

    async def _connect(self, port: int) -> Control:
        process = self._process
        while process is not None and process.returncode is None:
            with contextlib.suppress(ConnectionRefusedError):
                return await Control.connect(self._settings.address, port, self._take, self._lose)
            await asyncio.sleep(0.05)
        raise SoftPhoneError(f"phone {self.number} ended: {self._tail()}")

    def _take(self, event: Event) -> None:
        kind, text = event["type"], str(event.get("param", ""))
        if kind == "REGISTER_OK":
            self._is_registered = True
        elif kind == "REGISTER_FAIL":
            self._registration = text
        elif kind.startswith("CALL_") and "id" in event:
            call = self._find_call(event)
            if kind == "CALL_ESTABLISHED":
                call.is_established = True
            elif kind == "CALL_DTMF_START":
                call.keys += text
            elif kind in ("CALL_CLOSED", "CALL_TRANSFER_FAILED") and call.is_open:  # after which it hangs up
                call.closed = text
                call.tape.close()
        self._spawn(self._notify())

    def _find_call(self, event: Event) -> PhoneCall:
        """The call of an event. A call that is answered automatically is first heard of when it is established."""
        for call in reversed(self.calls):
            if call.id == event["id"]:
                return call
        if event.get("direction") == "outgoing":
            for call in reversed(self.calls):
                if call.id is None:
                    call.id = event["id"]
                    return call
        direction: Direction = "outbound" if event.get("direction") == "outgoing" else "inbound"
        call = PhoneCall(direction, event.get("peeruri", ""), self._new_tape(), event["id"])
        self.calls.append(call)
        return call

    def _new_tape(self) -> Tape:
        previous = self.calls[-1].tape if self.calls else None
        return Tape(self._folder, f"heard-{len(self.calls) + 1}.wav", previous)

    def _lose(self) -> None:
        self._is_lost = True
        if self.call is not None and self.call.is_open:
            self.call.closed = "the phone is gone"
            self.call.tape.close()
        self._spawn(self._notify())

    async def _command(self, name: str, params: str = "") -> str:
        if self._control is None:
            raise SoftPhoneError(f"phone {self.number} does not run")
        try:
            return await self._control.command(name, params)
        except ControlError as error:
            raise SoftPhoneError(f"phone {self.number}: {error}") from error

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _wait(self, is_true: Callable[[], bool], within_s: float, trouble: str) -> None:
        try:
            async with asyncio.timeout(within_s), self._changed:
                await self._changed.wait_for(lambda: is_true() or self._is_lost)
        except TimeoutError:
            last = f"; its last call closed: {self.call.closed}" if self.call and not self.call.is_open else ""
            raise SoftPhoneError(f"phone {self.number} {trouble} after {within_s:g} s{last}") from None
        if not is_true():
            raise SoftPhoneError(f"phone {self.number} is gone")

    def _tail(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()[-5:] if self.log.exists() else []
        return " | ".join(lines) or "no output"

    def _clear_old(self) -> None:
        """Folders of phones of yesterday go."""
        for folder in self._folder.parent.glob("*-*-*"):
            if folder.stat().st_mtime < time.time() - _KEPT_S:
                shutil.rmtree(folder, ignore_errors=True)


def _find_port(address: str) -> int:
    """A port that is free now for UDP and TCP, and the one above it too."""
    while True:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
            socket.socket() as tcp,
            socket.socket() as above,
        ):
            udp.bind((address, 0))
            port: int = udp.getsockname()[1]
            with contextlib.suppress(OSError, OverflowError):
                tcp.bind((address, port))
                above.bind((address, port + 1))
                return port
