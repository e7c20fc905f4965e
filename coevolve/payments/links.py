"""Addresses that carry their own right: a giver without an account opens a receipt by the link in the mail."""

from __future__ import annotations

import hashlib
import hmac
import uuid

from itsdangerous import BadSignature, URLSafeTimedSerializer

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


REFUND_LINK_SECONDS = 90 * 24 * 3600


def _refund_signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="payments.refund")


def refund_token(payment_id: uuid.UUID) -> str:
    """What lets its holder say where the money of one payment goes back to, for a quarter of a year."""
    return str(_refund_signer().dumps(payment_id.hex))


def refund_path(public_ref: str, payment_id: uuid.UUID) -> str:
    """The page where a giver states its account, with the token."""
    return f"/bayar/{public_ref}/rekening?kunci={refund_token(payment_id)}"


def opens_refund(payment_id: uuid.UUID, token: str | None) -> bool:
    """Whether this token speaks for this payment."""
    if not token or len(token) > 200:
        return False
    try:
        return bool(_refund_signer().loads(token, max_age=REFUND_LINK_SECONDS) == payment_id.hex)
    except (BadSignature, ValueError, TypeError):
        return False
