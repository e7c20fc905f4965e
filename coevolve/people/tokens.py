"""Random secrets: given out once, kept as hashes."""

from __future__ import annotations

import hashlib
import secrets

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def new() -> tuple[str, bytes]:
    """A fresh secret of 256 random bits, and the hash that is stored."""
    plain = secrets.token_urlsafe(32)
    return plain, digest(plain)


def digest(plain: str) -> bytes:
    """The hash a secret is found by. It is random enough that no slow hash is needed."""
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).digest()


def recovery_code() -> str:
    """Ten symbols without look-alikes, in two groups, such as `k7m2p-q9xw4`."""
    symbols = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    return f"{symbols[:5]}-{symbols[5:]}"
