"""Kamailio's configuration and command."""

from __future__ import annotations

import hashlib
import os
from importlib.resources import files
from pathlib import Path

from ucc.config import Settings
from ucc.secrets import Secrets
from ucc.stack.namespace import make_folder, user_ids

USER = "kamailio"


def config_path(settings: Settings) -> Path:
    return settings.run_dir / "kamailio" / "kamailio.cfg"


def render_text(settings: Settings, secrets: Secrets) -> str:
    """The configuration as text."""
    database = f"postgres://ucc_border:{secrets.postgres_border}@{settings.address}:{settings.postgres_port}/ucc"
    names = {
        "ADDRESS": settings.address,
        "DOMAIN": settings.sip_domain,
        "SIP_PORT": settings.sip_port,
        "WS_PORT": settings.sip_ws_port,
        "RPC_PORT": settings.border_rpc_port,
        "SWITCH_PORT": settings.switch_sip_port,
        "NG_PORT": settings.ng_port,
        "RATE": settings.border_rate_per_s,
        "DATABASE": database,
        "DIALOG_KEY": hashlib.sha256(f"border dialog {secrets.postgres_border}".encode()).hexdigest(),
    }
    text = files("ucc.border").joinpath("kamailio.cfg").read_text()
    for name, value in names.items():
        text = text.replace(f"@{name}@", str(value))
    return text


def render(settings: Settings, secrets: Secrets) -> None:
    """Write the configuration, readable by Kamailio only: it holds the password of its database role."""
    path = config_path(settings)
    make_folder(settings, path.parent, USER)
    path.write_text(render_text(settings, secrets))
    path.chmod(0o600)
    os.chown(path, *user_ids(settings, USER))


def command(settings: Settings) -> list[str]:
    path = config_path(settings)
    return ["/usr/sbin/kamailio", "-DD", "-E", "-f", str(path), "-Y", str(path.parent), "-m", "128", "-M", "12"]
