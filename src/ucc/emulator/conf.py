"""Renders the configuration of the PSTN emulator, a second Asterisk that plays the demo's carrier."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

from ucc.config import Settings
from ucc.secrets import Secrets
from ucc.stack.namespace import make_folder, user_ids

USER = "asterisk"
_TEMPLATES = Path(__file__).with_name("conf")
_HEARD_KEPT_S = 24 * 3600
_EMPTY = (
    *("acl", "ccss", "cli", "cli_permissions", "codecs", "features", "pjproject", "sorcery"),
    *("udptl", "websocket_client"),
)
"""Files that Asterisk looks for; empty ones mean its defaults."""


def emulator_dir(settings: Settings) -> Path:
    return settings.home / "emulator"


def heard_dir(settings: Settings) -> Path:
    """Where the emulator keeps what it heard, one file a call."""
    return emulator_dir(settings) / "heard"


def render(settings: Settings, secrets: Secrets) -> None:
    """Writes the emulator's folder anew; recordings older than a day go. Raises LookupError, OSError."""
    folder = make_folder(settings, emulator_dir(settings), USER)
    for name in ("lib", "spool", "spool/recording", "run", "log", "heard"):
        make_folder(settings, folder / name, USER)
    for heard in heard_dir(settings).glob("*.alaw"):
        if heard.stat().st_mtime < time.time() - _HEARD_KEPT_S:
            heard.unlink()
    values = {
        "folder": str(folder),
        "modules": find_modules(settings),
        "address": settings.address,
        "emulator_address": settings.emulator_address,
        "emulator_sip_port": str(settings.emulator_sip_port),
        "emulator_ari_port": str(settings.emulator_ari_port),
        "emulator_ari": secrets.emulator_ari,
    }
    shutil.rmtree(folder / "etc", ignore_errors=True)
    etc = make_folder(settings, folder / "etc", USER)
    for name in _EMPTY:
        _write(settings, etc / f"{name}.conf", "")
    for template in sorted(_TEMPLATES.glob("*.conf")):
        text = re.sub(r"@(\w+)@", lambda match: values[match[1]], template.read_text())
        _write(settings, etc / template.name, text)


def command(settings: Settings) -> list[str]:
    """What runs inside the runtime, in the foreground, as the user `asterisk`."""
    return ["/usr/sbin/asterisk", "-f", "-C", str(emulator_dir(settings) / "etc/asterisk.conf")]


def find_modules(settings: Settings) -> str:
    """The runtime's folder of Asterisk modules, as seen inside. Raises LookupError."""
    root = settings.runtime_root
    for found in root.glob("usr/lib/*/asterisk/modules"):
        return f"/{found.relative_to(root)}"
    raise LookupError(f"the runtime {root} has no modules of Asterisk")


def _write(settings: Settings, path: Path, text: str) -> None:
    path.touch(mode=0o640)
    shutil.chown(path, *user_ids(settings, USER))
    path.write_text(text)
