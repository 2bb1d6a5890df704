"""The peer of a benchmark: an Asterisk of the same runtime with nothing but a dialplan, as call centres run it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

from benches.load.house import CARRIER_HOST, CARRIER_PORT, PEER_HOST, PHONE_HOST, PHONE_PORT
from ucc.config import Settings
from ucc.stack.namespace import chroot_command, make_folder, user_ids
from ucc.stack.service import exchange_datagram
from ucc.switch.conf import USER
from ucc.switch.conf.modules import list_modules

SIP_PORT = 5060
START_TIMEOUT_S = 20.0
_FOLDERS = ("cache", "lib", "spool", "spool/tmp", "run", "log", "etc", "sound")
# The same engine settings as ours; no ARI, no direct media, and every call records itself when asked to.
_SHARED = (
    "asterisk.conf",
    "cdr.conf",
    "cel.conf",
    "ccss.conf",
    "logger.conf",
    "pjproject.conf",
    "rtp.conf",
    "udptl.conf",
)
_PJSIP = """[global]
type = global
keep_alive_interval = 0

[system]
type = system
threadpool_initial_size = 10
threadpool_auto_increment = 5
threadpool_max_size = 50

[udp]
type = transport
protocol = udp
bind = @ADDRESS@:@PORT@

[leg](!)
type = endpoint
transport = udp
context = calls
disallow = all
allow = alaw
direct_media = no
rtp_symmetric = no
force_rport = no
dtmf_mode = rfc4733
timers = no
media_address = @ADDRESS@
bind_rtp_to_media_address = yes

[carrier](leg)

[carrier]
type = identify
endpoint = carrier
match = @CARRIER@

[phones](leg)
context = out

[phones]
type = identify
endpoint = phones
match = @PHONES@
"""


@asynccontextmanager
async def open_peer(settings: Settings, home: Path, *, with_recording: bool) -> AsyncIterator[int]:
    """Its process id while it runs. Raises RuntimeError when it does not start."""
    _render(settings, home, with_recording)
    command = ["/usr/sbin/asterisk", "-f", "-n", "-C", str(home / "asterisk" / "etc" / "asterisk.conf")]
    with (home / "peer.log").open("w") as output:
        process = subprocess.Popen(  # noqa: ASYNC220  at once; its end is waited for in a thread
            chroot_command(settings, command, user=USER, binds=(home,)),
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        await _wait_answer(process, home)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(process.wait, 5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def list_sounds(home: Path) -> list[int]:
    """Sizes of what it has recorded, in bytes, in an order that stays."""
    return [path.stat().st_size for path in sorted((home / "asterisk" / "sound").glob("*.wav"))]


def _render(settings: Settings, home: Path, with_recording: bool) -> None:
    home.mkdir(exist_ok=True)
    home.chmod(0o755)
    base = make_folder(settings, home / "asterisk", USER)
    for name in _FOLDERS:
        make_folder(settings, base / name, USER)
    names = {
        "HOME": home,
        "ETC": base / "etc",
        "ADDRESS": PEER_HOST,
        "PORT": SIP_PORT,
        "CARRIER": CARRIER_HOST,
        "PHONES": PHONE_HOST,
        "RTP_MIN": settings.switch_rtp_min,
        "RTP_MAX": settings.switch_rtp_max,
    }
    shared = files("ucc.switch.conf")
    texts = {name: shared.joinpath(name).read_text() for name in _SHARED}
    texts["modules.conf"] = _without_ari(list_modules(settings.runtime_root))
    texts["pjsip.conf"] = _PJSIP
    recording = f" same => n,MixMonitor({base}/sound/${{UNIQUEID}}.wav)\n" if with_recording else ""
    texts["extensions.conf"] = (
        f"[calls]\nexten => _[+0-9]X.,1,NoOp()\n{recording}"
        f" same => n,Dial(PJSIP/phones/sip:agent@{PHONE_HOST}:{PHONE_PORT},30)\n same => n,Hangup()\n"
        "[out]\nexten => _[+0-9]X.,1,NoOp()\n"
        f" same => n,Dial(PJSIP/carrier/sip:${{EXTEN}}@{CARRIER_HOST}:{CARRIER_PORT},30)\n same => n,Hangup()\n"
    )
    for file_name, text in texts.items():
        for name, value in names.items():
            text = text.replace(f"@{name}@", str(value))
        path = base / "etc" / file_name
        path.write_text(text)
        os.chown(path, *user_ids(settings, USER))


def _without_ari(modules: str) -> str:
    unwanted = ("res_ari", "stasis", "websocket")
    return "".join(f"{line}\n" for line in modules.splitlines() if not any(name in line for name in unwanted))


async def _wait_answer(process: subprocess.Popen[bytes], home: Path) -> None:
    question = (
        f"OPTIONS sip:{PEER_HOST}:{SIP_PORT} SIP/2.0\r\nVia: SIP/2.0/UDP {PEER_HOST}:9;branch=z9hG4bKpeer;rport\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:bench@{PEER_HOST}>;tag=1\r\nTo: <sip:{PEER_HOST}>\r\nCall-ID: peer\r\n"
        "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    ).encode()
    deadline = asyncio.get_running_loop().time() + START_TIMEOUT_S
    while True:
        try:
            await exchange_datagram(PEER_HOST, SIP_PORT, question, timeout_s=0.5)
            return
        except (TimeoutError, OSError) as error:
            late = asyncio.get_running_loop().time() > deadline
            if late or process.poll() is not None:
                tail = (home / "peer.log").read_text()[-2000:]
                raise RuntimeError(f"the bare Asterisk does not answer:\n{tail}") from error
            await asyncio.sleep(0.2)
