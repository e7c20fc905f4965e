"""Sentences about voices."""

from __future__ import annotations

from typing import Any

from coevolve.kit import i18n
from coevolve.kit.i18n import _, lazy
from coevolve.voices.queries import ShownAttestation, ShownQuestion, Voices

METHODS: dict[str, Any] = {
    "link": lazy("dijawab lewat tautan yang dikirim ke surel yang diberikan organisasi"),
    "officer": lazy("petugas instansi yang sudah diperiksa"),
}


def shown(voices: Voices, zone: str) -> dict[str, Any]:
    """What the page of a listing needs, its words prepared."""
    return {
        "attestations": [
            (one.text, f"{one.name}, {one.office}, {one.agency}", _about(one, zone))
            for one in voices.attestations
        ],
        "questions": [_question(one, zone) for one in voices.questions],
        "partners": voices.partners,
    }


def _about(one: ShownAttestation, zone: str) -> str:
    return f"{i18n.date(one.given_at, zone)} · {METHODS[one.method]}"


def _question(one: ShownQuestion, zone: str) -> dict[str, Any]:
    return {
        "id": one.id,
        "text": one.text,
        "who": one.name or _("Pengunjung"),
        "asked_on": i18n.short_date(one.asked_at, zone),
        "answer": one.answer,
        "answered_on": i18n.short_date(one.answered_at, zone) if one.answered_at else "",
    }
