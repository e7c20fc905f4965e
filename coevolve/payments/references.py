"""Payment references that survive being read aloud and typed into a banking app: CE, eight symbols, one check symbol.

The symbols are Crockford's base 32 (no I, L, O, U); the last is Luhn's check modulo 32, which notices every single
wrong symbol and nearly every swap of neighbours.
"""

from __future__ import annotations

import re
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PREFIX = "CE"
_VALUE = {symbol: value for value, symbol in enumerate(ALPHABET)}
_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})
_CANDIDATE = re.compile(r"C[\s.,:_\-/]*E(?:[\s.,:_\-/]*[0-9A-Z]){9}")
_SHORTENED = re.compile(r"(?<![0-9A-Z])CE ?([0-9A-Z]{7,8})(?![0-9A-Z])")
_NOISE = re.compile(r"[\s.,:_\-/]")


def check_symbol(body: str) -> str:
    """The check symbol of a body of symbols (Luhn mod 32: every second value from the right doubled, digits summed)."""
    total = 0
    for place, symbol in enumerate(reversed(body)):
        value = _VALUE[symbol]
        if place % 2 == 0:
            doubled = 2 * value
            value = doubled // 32 + doubled % 32
        total += value
    return ALPHABET[-total % 32]


def new_reference() -> str:
    """A fresh reference; its uniqueness is the database's to say."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"{PREFIX}{body}{check_symbol(body)}"


def is_reference(text: str) -> bool:
    """Whether this is a reference in its exact form, check symbol included."""
    body = text[2:-1]
    if len(text) != 11 or not text.startswith(PREFIX) or any(symbol not in _VALUE for symbol in text[2:]):
        return False
    return check_symbol(body) == text[-1]


def find_reference(text: str) -> str | None:
    """The one valid reference in a bank's text, or None (also when there are two different ones).

    Lower case, spaces, line breaks, dots, commas and hyphens inside, O for 0, I or L for 1, and zeros lost after CE are
    forgiven; a wrong check symbol is not, because a half-read reference could be somebody else's.
    """
    found = find_references(text)
    return found[0] if len(found) == 1 else None


def find_references(text: str) -> list[str]:
    """All different valid references in a bank's text, in order of appearance."""
    upper = text.upper()
    found: dict[str, None] = {}
    for start in range(len(upper)):
        if upper[start] != "C":
            continue
        match = _CANDIDATE.match(upper, start)
        if match is None:
            continue
        cleaned = _NOISE.sub("", match.group(0))
        candidate = PREFIX + cleaned[2:].translate(_ALIKE)
        if is_reference(candidate):
            found[candidate] = None
    return list(found) or _with_lost_zeros(upper)


def _with_lost_zeros(upper: str) -> list[str]:
    """References whose first zeros a form has eaten, taking them for a number: one or two, in one unbroken word."""
    found: dict[str, None] = {}
    for rest in _SHORTENED.findall(upper):
        candidate = PREFIX + rest.translate(_ALIKE).rjust(9, "0")
        if sum(ch.isdigit() for ch in rest) >= 3 and is_reference(candidate):
            found[candidate] = None
    return list(found)


def new_code(length: int = 12) -> str:
    """A random code for a verification page: 60 bits, tells nothing about the thing."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
