"""The code itself: made at random, sealed while its call lasts, afterwards known by its keyed hash only."""

from __future__ import annotations

import hashlib
import hmac
import secrets as random
from uuid import UUID

from ucc.secrets import Secrets

DIGITS = 4


def make_code() -> str:
    """Four digits, each as likely as any other."""
    return f"{random.randbelow(10**DIGITS):0{DIGITS}d}"


def seal_code(secrets: Secrets, verification_id: UUID, code: str) -> bytes:
    """The code, readable with this installation's key only. No two verifications share a key stream."""
    stream = _digest(secrets, "seal", verification_id.hex)
    return bytes(one ^ other for one, other in zip(code.encode(), stream, strict=False))


def open_code(secrets: Secrets, verification_id: UUID, sealed: bytes) -> str:
    stream = _digest(secrets, "seal", verification_id.hex)
    return bytes(one ^ other for one, other in zip(sealed, stream, strict=False)).decode()


def hash_code(secrets: Secrets, verification_id: UUID, code: str) -> bytes:
    """What tells a right code from a wrong one without saying it."""
    return _digest(secrets, "hash", f"{verification_id.hex}:{code}")


def _digest(secrets: Secrets, purpose: str, text: str) -> bytes:
    return hmac.new(secrets.session_key.encode(), f"verification-{purpose}:{text}".encode(), hashlib.sha256).digest()
