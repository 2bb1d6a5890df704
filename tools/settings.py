#!/usr/bin/env python3
"""Writes docs/operate/settings.md from the descriptions in `ucc.config`; with `--check` only says whether it is up to
date.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ucc.config import Settings

CHECKOUT = Path(__file__).resolve().parents[1]
PAGE = CHECKOUT / "docs" / "operate" / "settings.md"
HEAD = """\
# Settings

Written by `.venv/bin/python tools/settings.py` from `src/ucc/config.py`; change the text there.

Each setting has a default that works on one machine, on loopback only. `ucc.toml` in the home folder changes it, and a
variable overrides both. They are read at start: `ucc stop`, then `make run`. An unknown name in the file is refused.

```toml
address = "10.0.0.5"
is_demo = false
```

| setting | variable | default | says |
|---|---|---|---|
"""
DEFAULTS = {
    "home": "`var` in the checkout",
    "runtime": "`runtime` in the home",
    "database_url": "none",
}
WORDS = {
    "home": "Folder of settings, secrets, data, recordings and logs; the variable only, because the file lies in it",
    "api_port": "API and console, HTTP",
    "postgres_port": "Private PostgreSQL cluster",
    "emulator_sip_port": "PSTN emulator, SIP over UDP",
    "emulator_ari_port": "PSTN emulator, ARI requests",
    "border_rtp_min": "rtpengine, lowest UDP port of sound",
    "border_rtp_max": "rtpengine, highest UDP port of sound",
    "switch_rtp_min": "Asterisk, lowest UDP port of sound; apart from rtpengine's",
    "switch_rtp_max": "Asterisk, highest UDP port of sound",
}
TAIL = """
Not settings: passwords and keys, which are generated into `secrets.toml` (mode 0600) at the first start;
`UCC_LOG_LEVEL` (`debug`, `info`, `warning`), read by each process of UCC's own.

Tenants, queues, trunks and plans are rows of the database. A queue has `ring_timeout_s`, `max_wait_s`, `wrap_up_s`; a
trunk `host`, `port`, `codec` (PCMA, PCMU, G729, G723), `is_active`; a tenant `recording_channels` (mono, stereo) and
`is_suspended`.
"""


def render() -> str:
    rows = []
    for name, field in Settings.model_fields.items():
        value = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
        default = DEFAULTS.get(name, f"`{value}`")
        says = WORDS.get(name) or field.description
        rows.append(f"| `{name}` | `UCC_{name.upper()}` | {default} | {says} |\n")
    return HEAD + "".join(rows) + TAIL


def main() -> int:
    text = render()
    if "--check" not in sys.argv:
        PAGE.write_text(text)
    elif PAGE.read_text() != text:
        print(f"{PAGE.relative_to(CHECKOUT)} is out of date: run tools/settings.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
