"""Links of notices: signed ones that need no sign-in (stop mails, prove an address), and click-to-chat."""

from __future__ import annotations

import urllib.parse
import uuid

from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer

from coevolve.config import settings
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import lazy
from coevolve.notifications.kinds import GROUPS


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt="notifications.stop")


def stop_token(person_id: uuid.UUID, *groups: str) -> str:
    """A token that stops these groups' mails for this person; it does not expire, and can do nothing else."""
    return str(_signer().dumps([str(person_id), "+".join(groups)]))


def stop_url(person_id: uuid.UUID, *groups: str) -> str:
    """The whole address of the link."""
    return f"{settings().public_url.rstrip('/')}/berhenti/{stop_token(person_id, *groups)}"


def read_stop_token(token: str) -> tuple[uuid.UUID, tuple[str, ...]]:
    """Whom and what a token stops; NotFound when we did not sign it."""
    try:
        person_id, told = _signer().loads(token)
        found = uuid.UUID(person_id), tuple(str(told).split("+"))
    except (BadSignature, ValueError, TypeError, AttributeError):
        raise _unknown() from None
    if not set(found[1]) <= set(GROUPS):
        raise _unknown()
    return found


def _unknown() -> NotFound:
    return NotFound("link_unknown", lazy("Tautan ini tidak dikenal."))


PROOF_DAYS = 7


def _proofs() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="notifications.proof")


def proof_path(kind: str, *parts: str) -> str:
    """The link in a mail that proves who reads at an address: `surel` a person's own, `bersama` an organisation's."""
    return f"/alamat/{_proofs().dumps([kind, *parts])}"


def read_proof(token: str) -> tuple[str, ...]:
    """What a proof says; NotFound when it is not ours, or a week old."""
    try:
        return tuple(str(part) for part in _proofs().loads(token, max_age=PROOF_DAYS * 24 * 3600))
    except (BadSignature, ValueError, TypeError):
        raise _unknown() from None


def chat_url(phone: str, text: str = "") -> str:
    """A click-to-chat address of WhatsApp for a number that is public anyhow; '' for a landline, which has none."""
    digits = "".join(letter for letter in phone if letter.isdigit())
    if digits.startswith("0"):
        digits = "62" + digits[1:]
    if not digits or (digits.startswith("62") and not digits.startswith("628")):
        return ""
    return f"https://wa.me/{digits}" + (f"?{urllib.parse.urlencode({'text': text})}" if text else "")
