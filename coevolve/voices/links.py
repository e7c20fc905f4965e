"""The signed link by which an official answers without an account."""

from __future__ import annotations

import uuid

from itsdangerous import BadSignature, URLSafeTimedSerializer

from coevolve.config import settings

MAX_AGE_SECONDS = 400 * 24 * 3600
"""Longer than the time to answer, so that a statement can be revoked by the same link for a year."""


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="voices.attestation")


def path(attestation_id: uuid.UUID) -> str:
    """The page of one attestation with the token."""
    return f"/pernyataan/{attestation_id}?kunci={_signer().dumps(attestation_id.hex)}"


def opens(text: str | None, attestation_id: uuid.UUID) -> bool:
    """Whether a token is ours, young enough, and for this attestation."""
    if not text or len(text) > 300:
        return False
    try:
        return bool(_signer().loads(text, max_age=MAX_AGE_SECONDS) == attestation_id.hex)
    except (BadSignature, ValueError, TypeError):
        return False
