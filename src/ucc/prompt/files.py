"""Where sounds lie: a tenant's in a folder of its own, the built-in ones in a folder for each language."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection
from pathlib import Path

from ucc.config import Settings
from ucc.prompt.models import Prompt

KEPT_S = 24 * 3600.0
"""How long a file stays that no prompt names any more: longer than any call that still plays it."""


def prompt_dir(settings: Settings) -> Path:
    return settings.home / "prompt"


def voice_dir(settings: Settings, language: str) -> Path:
    """The built-in sounds of a language: zh-CN -> zh."""
    return prompt_dir(settings) / language.partition("-")[0]


def sound_of(settings: Settings, prompt: Prompt) -> str:
    """The sound as the switch takes it: an absolute path without its ending."""
    return str(prompt_dir(settings) / str(prompt.tenant_id) / prompt.file_name)


def path_of(settings: Settings, prompt: Prompt) -> Path:
    return Path(sound_of(settings, prompt) + ".wav")


def write(path: Path, wav: bytes) -> None:
    """Whole or not at all, readable by the switch."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for folder in (path.parent.parent, path.parent):
        folder.chmod(0o755)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(wav)
    temporary.chmod(0o644)
    temporary.replace(path)


def sweep(folder: Path, kept: Collection[str]) -> int:
    """Remove files that no prompt has named for a day; `kept` are the names that prompts have now. How many."""
    horizon, count = time.time() - KEPT_S, 0
    if not folder.is_dir():
        return 0
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.stem not in kept and path.stat().st_mtime < horizon:
                path.unlink()
                count += 1
    return count
