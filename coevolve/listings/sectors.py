"""The one list of sectors: codes as stored, labels as shown."""

from __future__ import annotations

from typing import Any

from coevolve.kit.i18n import lazy

LABELS: dict[str, Any] = {
    "water": lazy("Air dan sanitasi"),
    "education": lazy("Pendidikan"),
    "health": lazy("Kesehatan"),
    "food": lazy("Pangan dan gizi"),
    "livelihood": lazy("Penghidupan"),
    "environment": lazy("Lingkungan"),
    "disaster": lazy("Kebencanaan"),
    "inclusion": lazy("Inklusi dan disabilitas"),
    "governance": lazy("Tata kelola"),
    "culture": lazy("Budaya"),
    "housing": lazy("Permukiman"),
    "digital": lazy("Digital"),
}
"""In the order in which forms show them."""

CODES: tuple[str, ...] = tuple(LABELS)


def label(code: str | None) -> str:
    """The sector in words; empty for none."""
    return str(LABELS[code]) if code in LABELS else ""
