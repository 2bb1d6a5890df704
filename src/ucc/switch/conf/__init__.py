"""The switch's configuration and command: one Asterisk whose only neighbour is the border."""

from __future__ import annotations

import os
from importlib.resources import files

from ucc.config import Settings
from ucc.secrets import Secrets
from ucc.stack.namespace import make_folder, user_ids
from ucc.switch.conf.modules import list_modules
from ucc.switch.conf.sound import make_sounds

USER = "asterisk"
FOLDERS = ("cache", "lib", "spool", "spool/recording", "spool/tmp", "run", "log", "etc")


def render(settings: Settings, secrets: Secrets) -> None:
    """Write every file that Asterisk reads, and the music and prompts it plays."""
    home = settings.home / "asterisk"
    make_folder(settings, home, USER)
    for name in FOLDERS:
        make_folder(settings, home / name, USER)
    names = {
        "HOME": settings.home,
        "ETC": home / "etc",
        "ADDRESS": settings.address,
        "DOMAIN": settings.sip_domain,
        "ARI_PORT": settings.ari_port,
        "ARI_PASSWORD": secrets.ari,
        "EVENT_PORT": settings.ari_event_port,
        "SIP_PORT": settings.sip_port,
        "SWITCH_PORT": settings.switch_sip_port,
        "RTP_MIN": settings.switch_rtp_min,
        "RTP_MAX": settings.switch_rtp_max,
    }
    texts = {x.name: x.read_text() for x in files("ucc.switch.conf").iterdir() if x.name.endswith(".conf")}
    texts["modules.conf"] = list_modules(settings.runtime_root)
    for file_name, text in texts.items():
        for name, value in names.items():
            text = text.replace(f"@{name}@", str(value))
        path = home / "etc" / file_name
        path.write_text(text)
        path.chmod(0o600)
        os.chown(path, *user_ids(settings, USER))
    make_sounds(settings)


def command(settings: Settings) -> list[str]:
    etc = settings.home / "asterisk" / "etc" / "asterisk.conf"
    return ["/usr/sbin/asterisk", "-f", "-n", "-C", str(etc)]
