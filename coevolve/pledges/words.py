"""What a pledge is called in sentences: "340 meter pipa HDPE", "Rp 500.000"."""

from __future__ import annotations

from collections.abc import Iterable

from coevolve.kit import i18n
from coevolve.kit.money import Money, format_money
from coevolve.listings.units import unit_label


def quantity(kind: str, unit: str, amount: int) -> str:
    """An amount with its unit, in the reader's language."""
    if kind == "money":
        return format_money(Money(amount, unit))
    return f"{i18n.number(amount)}\u00a0{unit_label(unit)}"


def thing(kind: str, unit: str, amount: int, label: str) -> str:
    """An amount of something: money needs no further word."""
    said = quantity(kind, unit, amount)
    return said if kind == "money" else f"{said} {label}"


def support(lines: Iterable[tuple[str, str, int, str]]) -> dict[str, str]:
    """All that a pledge gives, in both languages, for notices: (kind, unit, amount, label) each."""
    given = list(lines)
    words = {}
    for code in i18n.LANGUAGES:
        with i18n.in_language(code):
            words[code] = ", ".join(thing(*line) for line in given)
    return words
