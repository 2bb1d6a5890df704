"""Secrets of one installation: generated at first start, kept in `secrets.toml` of the home folder, readable by its
owner only.
"""

from __future__ import annotations

import os
import secrets as random
import tempfile
import tomllib
from functools import lru_cache
from pathlib import Path

import tomli_w
from pydantic import BaseModel, ConfigDict, Field

from ucc.config import get_settings


def _make_key() -> str:
    return random.token_hex(24)


def _make_password() -> str:
    """Twelve letters and digits without look-alikes, to be read from a screen: 69 bits."""
    return "".join(random.choice("abcdefghjkmnpqrstuvwxyz23456789ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(12))


class Secrets(BaseModel):
    """Passwords and keys. Hexadecimal, so that they stand in URLs and configuration files without quoting."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    postgres_superuser: str = Field(default_factory=_make_key)
    postgres_owner: str = Field(default_factory=_make_key)
    postgres_system: str = Field(default_factory=_make_key)
    postgres_api: str = Field(default_factory=_make_key)
    postgres_border: str = Field(default_factory=_make_key)
    ari: str = Field(default_factory=_make_key)
    emulator_ari: str = Field(default_factory=_make_key)
    controller_token: str = Field(default_factory=_make_key)
    session_key: str = Field(default_factory=_make_key)
    demo_password: str = Field(default_factory=_make_password)


def load_secrets(path: Path) -> Secrets:
    """The secrets in `path`; those that are missing are generated and written. Raises OSError, or ValueError for
    broken TOML.
    """
    found = tomllib.loads(path.read_text()) if path.exists() else {}
    secrets = Secrets.model_validate(found)
    if set(Secrets.model_fields) - set(found):
        _write(path, secrets)
    return secrets


def _write(path: Path, secrets: Secrets) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".secrets-")  # created with mode 0600
    with os.fdopen(descriptor, "wb") as file:
        tomli_w.dump(secrets.model_dump(), file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(name, path)


@lru_cache
def get_secrets() -> Secrets:
    """The secrets of this installation, generated when this is its first start."""
    return load_secrets(get_settings().secrets_path)
