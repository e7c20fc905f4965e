"""Use cases of voices."""

from __future__ import annotations

from coevolve.voices.service.asking import answer, ask, hide_question
from coevolve.voices.service.attesting import (
    ask_attestation,
    attest,
    decline_attestation,
    give_attestation,
    lapse_due,
    revoke_attestation,
    withdraw_attestation,
)
from coevolve.voices.service.joining import answer_invitation, end_partnership, invite_partner

__all__ = [
    "answer",
    "answer_invitation",
    "ask",
    "ask_attestation",
    "attest",
    "decline_attestation",
    "end_partnership",
    "give_attestation",
    "hide_question",
    "invite_partner",
    "lapse_due",
    "revoke_attestation",
    "withdraw_attestation",
]
