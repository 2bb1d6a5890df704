"""Session tokens: 256 random bits in the browser's cookie, a keyed hash of them in the database."""

from __future__ import annotations

import hashlib
import hmac
import secrets as random

from ucc.secrets import Secrets

COOKIE = "ucc_session"
LIFETIME_S = 12 * 3600


def new_token() -> str:
    return random.token_urlsafe(32)


def hash_token(secrets: Secrets, token: str) -> bytes:
    """Useless to whoever reads the table: neither the token nor, without the installation's key, a test for one."""
    return hmac.new(secrets.session_key.encode(), token.encode(), hashlib.sha256).digest()
