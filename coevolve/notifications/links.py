"""Signed links that need no sign-in: stop a group of mails, or all."""

from __future__ import annotations

import uuid

from itsdangerous import BadSignature, URLSafeSerializer

from coevolve.config import settings
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import lazy
from coevolve.notifications.kinds import GROUPS


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt="notifications.stop")


def stop_token(person_id: uuid.UUID, group: str) -> str:
    """A token that stops this group's mails for this person; it does not expire, and can do nothing else."""
    return str(_signer().dumps([str(person_id), group]))


def stop_url(person_id: uuid.UUID, group: str) -> str:
    """The whole address of the link."""
    return f"{settings().public_url.rstrip('/')}/berhenti/{stop_token(person_id, group)}"


def read_stop_token(token: str) -> tuple[uuid.UUID, str]:
    """Whom and what a token stops; NotFound when we did not sign it."""
    try:
        person_id, group = _signer().loads(token)
        found = uuid.UUID(person_id), str(group)
    except (BadSignature, ValueError, TypeError, AttributeError):
        raise NotFound("link_unknown", lazy("Tautan ini tidak dikenal.")) from None
    if found[1] not in GROUPS:
        raise NotFound("link_unknown", lazy("Tautan ini tidak dikenal."))
    return found
