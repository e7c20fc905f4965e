"""Addresses that carry their own right: a giver without an account opens a receipt by the link in the mail."""

from __future__ import annotations

import hashlib
import hmac
import uuid

from coevolve.config import settings


def receipt_key(receipt_id: uuid.UUID) -> str:
    """What proves that a link to a receipt came from us."""
    message = f"receipt:{receipt_id}".encode()
    return hmac.new(settings().secret_key.encode(), message, hashlib.sha256).hexdigest()[:32]


def receipt_path(receipt_id: uuid.UUID, *, for_guest: bool = False) -> str:
    """The address of a receipt; a guest's carries the key."""
    path = f"/kuitansi/{receipt_id}"
    return f"{path}?kunci={receipt_key(receipt_id)}" if for_guest else path


def proves(receipt_id: uuid.UUID, key: str | None) -> bool:
    """Whether this key is the receipt's."""
    return hmac.compare_digest(receipt_key(receipt_id).encode(), (key or "").encode("utf-8", "replace"))
