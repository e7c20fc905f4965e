"""Signed links to one monthly gift: who has one in the mail pauses or stops without signing in."""

from __future__ import annotations

import uuid

from itsdangerous import BadSignature, URLSafeTimedSerializer

from coevolve.config import settings


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="recurring.plan")


def token(plan_id: uuid.UUID) -> str:
    """What lets its holder act for one monthly gift; each mail brings a fresh one."""
    return str(_signer().dumps(plan_id.hex))


def path(plan_id: uuid.UUID, tail: str = "") -> str:
    """A page of the monthly gift with the token."""
    return f"/dukungan-bulanan/{plan_id}{tail}?kunci={token(plan_id)}"


def proves(text: str | None, plan_id: uuid.UUID) -> bool:
    """Whether a token is ours, for this plan, and not too old."""
    if not text or len(text) > 300:
        return False
    try:
        named = _signer().loads(text, max_age=settings().monthly_link_days * 24 * 3600)
    except (BadSignature, ValueError, TypeError):
        return False
    return bool(named == plan_id.hex)
