"""Money: integer minor units and a unit code, never float.

IDR has exponent 2, as Stripe counts it: Rp 500.000 is 50,000,000. Goods, hours and room-days are units too (`X:KG`),
with exponent 0, in the commitment book only. Two units are never added.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from coevolve.kit import i18n
from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy

EXPONENTS = {
    "IDR": 2,
    "USD": 2,
    "EUR": 2,
    "SGD": 2,
    "MYR": 2,
    "AUD": 2,
    "GBP": 2,
    "PHP": 2,
    "THB": 2,
    "CHF": 2,
    "CAD": 2,
    "NZD": 2,
    "HKD": 2,
    "CNY": 2,
    "SAR": 2,
    "AED": 2,
    "INR": 2,
    "JPY": 0,
    "KRW": 0,
    "VND": 0,
    "KWD": 3,
    "BHD": 3,
}
"""Our own frozen table: a provider's or ISO's change must not move our books."""

LIMIT_MINOR = 9_000_000_000_000_000
"""Amounts stay below 9 * 10^15: exact in BIGINT, in JSON readers and in spreadsheets."""

NBSP = "\u00a0"
_PLAIN = re.compile(r"[0-9]{1,16}")
_GROUPED = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+")
_WORDY = re.compile(
    r"(?:rp\.?\s*)?([0-9]+(?:[.,][0-9]{1,3})?)\s*(rb|ribu|jt|juta|m|miliar|milyar|k)\.?",
    re.IGNORECASE,
)
_WORDS = {
    "rb": 3,
    "ribu": 3,
    "k": 3,
    "jt": 6,
    "juta": 6,
    "m": 9,
    "miliar": 9,
    "milyar": 9,
}


def exponent(unit: str) -> int:
    """Decimal places of a unit; units of things have none."""
    if unit.startswith("X:"):
        return 0
    return EXPONENTS[unit]


@dataclass(frozen=True, order=False, slots=True)
class Money:
    """An amount in minor units of one currency."""

    amount: int
    unit: str = "IDR"

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError(f"minor units are whole numbers, not {self.amount!r}")

    def _same(self, other: Money) -> None:
        if self.unit != other.unit:
            raise ValueError(f"{self.unit} and {other.unit} do not mix")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount + other.amount, self.unit)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount - other.amount, self.unit)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.unit)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.amount < other.amount

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.amount <= other.amount

    def __gt__(self, other: Money) -> bool:
        self._same(other)
        return self.amount > other.amount

    def __ge__(self, other: Money) -> bool:
        self._same(other)
        return self.amount >= other.amount

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return format_money(self)


def rupiah(whole: int) -> Money:
    """Money of so many whole rupiah."""
    return Money(whole * 100, "IDR")


def split(amount: int, weights: list[int]) -> list[int]:
    """Share an amount by weights with the largest remainders first; the parts sum to the amount exactly."""
    total = sum(weights)
    if total <= 0 or amount < 0 or min(weights) < 0:
        raise ValueError("split needs a non-negative amount and weights with a positive sum")
    parts = [amount * weight // total for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % total), i))
    for i in order[: amount - sum(parts)]:
        parts[i] += 1
    return parts


def parse_rupiah(text: str | None, *, field: str | None = None) -> Money:
    """Read what a person typed as whole rupiah: only `75000` and `75.000`, in ASCII digits.

    Everything else is refused with the number that was probably meant, never guessed: `75.000,50` with the non-digits
    stripped would be 7.500.050. Raises Invalid.
    """
    shown = "" if text is None else text
    cleaned = shown.strip(" \t\r\n")
    if not cleaned:
        raise Invalid(
            "amount_missing",
            lazy("Isi jumlahnya dalam rupiah, misalnya 75.000."),
            field=field,
        )
    if _PLAIN.fullmatch(cleaned) or (len(cleaned) <= 24 and _GROUPED.fullmatch(cleaned)):
        whole = int(cleaned.replace(".", ""))
        if whole * 100 >= LIMIT_MINOR:
            raise Invalid("amount_too_large", lazy("Jumlah ini terlalu besar."), field=field)
        return rupiah(whole)
    meant = _meant(cleaned)
    if meant is not None:
        message = lazy(
            "Tulis jumlah dengan angka saja. Maksud Anda %(amount)s?",
            amount=_dotted(meant),
        )
        raise Invalid("amount_shape", message, field=field)
    raise Invalid(
        "amount_shape",
        lazy("Tulis jumlah dengan angka saja, misalnya 75.000."),
        field=field,
    )


def _power(zeros: int) -> int:
    return int("1" + "0" * zeros)


def _meant(text: str) -> int | None:
    """The whole rupiah that a person probably meant by "500rb", "1,5 juta", "Rp 75.000", "75.000,50"."""
    if len(text) > 30 or not text.isascii():
        return None
    wordy = _WORDY.fullmatch(text)
    if wordy:
        digits = wordy.group(1).replace(",", ".")
        whole, _, fraction = digits.partition(".")
        zeros = _WORDS[wordy.group(2).lower()]
        return int(whole + fraction) * _power(zeros - len(fraction))
    plain = re.sub(r"^(?:rp|idr)\.?\s*", "", text, flags=re.IGNORECASE)
    plain = re.sub(r",(?:[0-9]{2}|-)$", "", plain)
    if _PLAIN.fullmatch(plain) or _GROUPED.fullmatch(plain):
        return int(plain.replace(".", ""))
    if re.fullmatch(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{2})?", plain):
        return int(plain.split(".")[0].replace(",", ""))
    return None


def format_money(money: Money) -> str:
    """Rp 68.450.000 (sen only when there are any); other currencies with their code."""
    places = exponent(money.unit)
    whole, rest = divmod(abs(money.amount), 10**places)
    sign = "-" if money.amount < 0 else ""
    # Rupiah is written with points in both languages: "Rp 75,000" would be read as seventy-five here.
    has_points = money.unit == "IDR" or i18n.language() == "id"
    figure = _dotted(whole) if has_points else f"{whole:,}"
    if rest or (places and money.unit != "IDR"):
        comma = "," if has_points else "."
        figure += f"{comma}{rest:0{places}d}"
    name = "Rp" if money.unit == "IDR" else money.unit
    return f"{sign}{name}{NBSP}{figure}"


def _dotted(whole: int) -> str:
    """68.450.000: a whole number as Indonesians write it."""
    return f"{whole:,}".replace(",", ".")


def format_rupiah(amount_minor: int | None) -> str:
    """Rp 68.450.000 from hundredths of a rupiah."""
    return format_money(Money(int(amount_minor or 0), "IDR"))


def typed_rupiah(amount_minor: int | None) -> str:
    """The amount as one would type it into a field: 75.000."""
    return "" if amount_minor is None else _dotted(int(amount_minor) // 100)


def short_rupiah(amount_minor: int | None) -> str:
    """Rp 25 rb, Rp 68,4 juta, Rp 1,2 miliar: rounded down, so that no sum looks larger than it is."""
    whole = int(amount_minor or 0) // 100
    indonesian = i18n.language() == "id"
    for size, name_id, name_en in (
        (10**12, "triliun", "tn"),
        (10**9, "miliar", "bn"),
        (10**6, "juta", "m"),
    ):
        if whole >= size:
            tenths = whole * 10 // size
            figure = i18n.number(tenths // 10)
            if tenths % 10:
                figure += ("," if indonesian else ".") + str(tenths % 10)
            return f"Rp{NBSP}{figure}{NBSP}{name_id if indonesian else name_en}"
    if whole >= 1_000:
        return f"Rp{NBSP}{whole // 1000}{NBSP}{'rb' if indonesian else 'k'}"
    return f"Rp{NBSP}{whole}"


_ONES = (
    "nol satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas".split()  # noqa: SIM905
)


def spell_rupiah(amount_minor: int) -> str:
    """The amount in Indonesian words, as receipts need it: "lima ratus ribu rupiah"."""
    whole, sen = divmod(amount_minor, 100)
    words = f"{_spell(whole)} rupiah"
    return f"{words} {_spell(sen)} sen" if sen else words


def _spell(value: int) -> str:
    if value < 12:
        return _ONES[value]
    if value < 20:
        return f"{_ONES[value - 10]} belas"
    for size, one, many in _SCALES:
        if value >= size:
            head, rest = divmod(value, size)
            words = one if one and head == 1 else f"{_spell(head)} {many}"
            return f"{words} {_spell(rest)}" if rest else words
    raise ValueError(value)


_SCALES = (
    (10**12, "", "triliun"),
    (10**9, "", "miliar"),
    (10**6, "", "juta"),
    (1_000, "seribu", "ribu"),
    (100, "seratus", "ratus"),
    (10, "", "puluh"),
)


def parse_quantity(text: str | None, *, field: str | None = None) -> int:
    """A whole, positive number of things: `340` or `1.200`. Raises Invalid."""
    cleaned = ("" if text is None else text).strip(" \t\r\n")
    if not cleaned:
        raise Invalid("quantity_missing", lazy("Isi jumlahnya dengan angka."), field=field)
    if not (re.fullmatch(r"[0-9]{1,9}", cleaned) or re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{3}){1,2}", cleaned)):
        raise Invalid(
            "quantity_shape",
            lazy("Tulis jumlah dengan angka bulat, misalnya 340."),
            field=field,
        )
    value = int(cleaned.replace(".", ""))
    if value == 0:
        raise Invalid("quantity_zero", lazy("Jumlahnya harus lebih dari nol."), field=field)
    return value


def plain(value: Any) -> str:
    """An integer as text for JSON: some readers lose digits beyond 2^53."""
    return str(int(value))
