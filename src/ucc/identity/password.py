"""Passwords: argon2id, checked off the event loop and a few at a time, in the same time for users that do not exist."""

from __future__ import annotations

import asyncio
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MAX_LENGTH = 256
MIN_LENGTH = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without signs that look like others."""
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_AT_ONCE = 2


def make_password(length: int = 14) -> str:
    """A random one that can be read out: 14 signs are 80 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def hash_password(password: str) -> str:
    """An argon2id hash that carries its own parameters and salt. Takes some 20 ms and 19 MiB."""
    return _HASHER.hash(password)


def is_password(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return hash_password("a password that nobody has")


class PasswordChecker:
    """Bounds how many checks run at once, so that logins cannot take all memory or all cores."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(_AT_ONCE)
        _nobody()

    async def check(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is right; for an unknown user (None) the same work is done, and the answer is no."""
        async with self._slots:
            is_right = await asyncio.to_thread(is_password, password_hash or _nobody(), password)
        return is_right and password_hash is not None
