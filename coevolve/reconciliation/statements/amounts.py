"""Amounts of bank files: only the declared form is read, everything else is unsure.

Others read "500.000" as five hundred and "500,000.00 DB" as money that came in; here such a cell refuses the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache

from coevolve.kit.money import LIMIT_MINOR
from coevolve.reconciliation.statements.reasons import Unsure

PLACES = 2
"""IDR and its neighbours carry hundredths."""
HUNDREDTHS = 100
_SPACES = re.compile(r"[ \t\r\n\u00a0\u2007\u2009\u202f]+")
_PARTS = re.compile(
    r"(?P<open>\()? ?(?P<sign>[-+])? ?(?P<currency>[A-Za-z]{2,3}\.?)? ?(?P<inner>-)?(?P<number>[0-9.,']*[0-9])"
    r"(?P<dash>[.,]-{1,2})?(?P<after>-)? ?(?P<close>\))? ?(?P<mark>[A-Za-z]{1,6}\.?)?"
)

CREDIT_DEBIT: Mapping[str, int] = {"CR": 1, "DB": -1}


@dataclass(frozen=True, kw_only=True)
class AmountForm:
    """How one profile writes its amounts."""

    decimal: str = ","
    group: str = "."
    """Between thousands; empty: never written."""
    marks: Mapping[str, int] = field(default_factory=dict)
    """Words behind the number that carry its sign."""
    may_have_minus: bool = True
    may_have_parentheses: bool = True
    may_omit_decimals: bool = True
    may_start_with_decimal: bool = False
    """Some banks write nothing as `.00`."""
    currencies: frozenset[str] = frozenset({"RP", "IDR"})


@cache
def _number(decimal: str, group: str, may_start_with_decimal: bool) -> re.Pattern[str]:
    whole = r"(?:0|[1-9][0-9]*)"
    if group:
        whole = rf"(?:0|[1-9][0-9]*|[1-9][0-9]{{0,2}}(?:{re.escape(group)}[0-9]{{3}})+)"
    part = rf"(?:{re.escape(decimal)}(?P<part>[0-9]{{{PLACES}}}))"
    if may_start_with_decimal:
        return re.compile(rf"(?P<whole>{whole})?{part}|(?P<only>{whole})")
    return re.compile(rf"(?P<whole>{whole}){part}|(?P<only>{whole})")


def parse_amount(value: object, form: AmountForm) -> int:
    """A cell as signed minor units, or Unsure. Cells of spreadsheets may be numbers: read exactly or not at all."""
    if isinstance(value, bool):
        raise Unsure("amount_shape")
    if isinstance(value, int | float):
        return _typed(value)
    return _written(str(value), form)


def _typed(value: float) -> int:
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not exact.is_finite():
        raise Unsure("amount_shape")
    minor = exact * HUNDREDTHS
    if minor != minor.to_integral_value():
        raise Unsure("amount_parts")
    return _within(int(minor))


def _written(text: str, form: AmountForm) -> int:
    cleaned = _SPACES.sub(" ", text).strip(" ")
    if not cleaned:
        raise Unsure("amount_empty")
    if not cleaned.isascii():
        raise Unsure("amount_strange")
    if len(cleaned) > 40:
        raise Unsure("amount_shape")
    bare = form.may_start_with_decimal and cleaned.startswith(form.decimal)
    parts = _PARTS.fullmatch("0" + cleaned if bare else cleaned)
    if parts is None:
        raise Unsure("amount_shape")
    currency = (parts["currency"] or "").rstrip(".").upper()
    if currency and currency not in form.currencies:
        raise Unsure("amount_currency")
    return _within(_sign(parts, form) * _minor(parts, form))


def _minor(parts: re.Match[str], form: AmountForm) -> int:
    number = parts["number"]
    # 150.000,- is how a price tag says "and no sen".
    if parts["dash"] and (parts["dash"][0] != form.decimal or form.decimal in number):
        raise Unsure("amount_shape")
    found = _number(form.decimal, form.group, form.may_start_with_decimal).fullmatch(number)
    if found is None:
        raise Unsure(_why_not(number, form))
    if found["part"] is None and not form.may_omit_decimals and not parts["dash"]:
        raise Unsure("amount_without_parts")
    whole = found["whole"] or found["only"] or "0"
    digits = whole.replace(form.group, "") if form.group else whole
    return int(digits) * HUNDREDTHS + int(found["part"] or 0)


def _why_not(number: str, form: AmountForm) -> str:
    """Whether the number would make sense to a reader of another country: then it is two-faced."""
    other = AmountForm(decimal="." if form.decimal == "," else ",", group="," if form.decimal == "," else ".")
    if _number(other.decimal, other.group, False).fullmatch(number):
        return "amount_two_faced"
    return "amount_shape"


def _sign(parts: re.Match[str], form: AmountForm) -> int:
    signs = []
    if bool(parts["open"]) != bool(parts["close"]):
        raise Unsure("amount_shape")
    if parts["open"]:
        if not form.may_have_parentheses:
            raise Unsure("amount_shape")
        signs.append(-1)
    for name in ("sign", "inner", "after"):
        if parts[name]:
            if not form.may_have_minus:
                raise Unsure("amount_shape")
            signs.append(-1 if parts[name] == "-" else 1)
    if parts["mark"]:
        signs.append(read_mark(parts["mark"], form.marks))
    if len(signs) > 1:
        raise Unsure("amount_two_signs")
    return signs[0] if signs else 1


def read_mark(text: str, marks: Mapping[str, int]) -> int:
    """What a word like CR or DB says about the sign, or Unsure."""
    word = _SPACES.sub(" ", text).strip(" .").upper()
    if word not in marks:
        raise Unsure("mark_unknown")
    return marks[word]


def _within(minor: int) -> int:
    if abs(minor) >= LIMIT_MINOR:
        raise Unsure("amount_too_large")
    return minor
