"""Signed links to one pledge, for those who have no account or no patience to sign in."""

from __future__ import annotations

import uuid

from itsdangerous import BadSignature, URLSafeTimedSerializer

from coevolve.config import settings

MAX_AGE_SECONDS = 180 * 24 * 3600
SIDES = ("giver", "receiver")


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="pledges.party")


def token(pledge_id: uuid.UUID, side: str) -> str:
    """What lets its holder act for one side of one pledge, for half a year."""
    return str(_signer().dumps([pledge_id.hex, side]))


def path(pledge_id: uuid.UUID, side: str) -> str:
    """The pledge's page with the token."""
    return f"/dukungan/{pledge_id}?kunci={token(pledge_id, side)}"


def pay_path(pledge_id: uuid.UUID) -> str:
    """Where the giver pays anew, with the token: after a deadline that passed, a card that failed."""
    return f"/dukungan/{pledge_id}/bayar?kunci={token(pledge_id, 'giver')}"


def side_of(text: str | None, pledge_id: uuid.UUID) -> str | None:
    """The side a token speaks for, or None when it is not ours, too old, or for another pledge."""
    if not text or len(text) > 300:
        return None
    try:
        named, side = _signer().loads(text, max_age=MAX_AGE_SECONDS)
    except (BadSignature, ValueError, TypeError):
        return None
    return side if named == pledge_id.hex and side in SIDES else None
