"""What a pledge is called in sentences: "340 meter pipa HDPE", "Rp 500.000"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from coevolve.kit import i18n
from coevolve.kit.i18n import _
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


def supply(kind: str, unit: str, amount: int, per: str, *, is_inexhaustible: bool) -> str:
    """How much of an offer there is, and how often: "10 jam setiap bulan"."""
    much = quantity(kind, unit, amount)
    if is_inexhaustible:
        return _("Paling banyak %(amount)s setiap kali, tidak habis", amount=much)
    if per == "week":
        return _("%(amount)s setiap minggu", amount=much)
    return _("%(amount)s setiap bulan", amount=much) if per == "month" else much


def free(
    kind: str, unit: str, left: int, *, per: str = "once", first_on: dt.date | None = None, today: dt.date
) -> str:
    """What is free now, in words: "Bulan ini masih bebas 6 jam", "Minggu mulai 30 Nov masih bebas 2 hari"."""
    much = quantity(kind, unit, left)
    if per == "once" or first_on is None:
        return _("Masih bebas %(amount)s", amount=much) if left else _("Sudah habis")
    now = first_on <= today
    if per == "week":
        if not left:
            return (
                _("Minggu ini sudah penuh")
                if now
                else _("Minggu mulai %(day)s sudah penuh", day=_day(first_on))
            )
        if now:
            return _("Minggu ini masih bebas %(amount)s", amount=much)
        return _("Minggu mulai %(day)s bebas %(amount)s", day=_day(first_on), amount=much)
    month = i18n.month(first_on)
    if not left:
        return _("%(month)s sudah penuh", month=month)
    return _("%(month)s masih bebas %(amount)s", month=month, amount=much)


def _day(day: dt.date) -> str:
    return i18n.short_date(day)


def slot(starts_at: dt.datetime, ends_at: dt.datetime, zone: str) -> str:
    """A time of a facility: "Jumat, 27 November 2026, 08.00\u201312.00 WITA"."""
    day = starts_at.astimezone(ZoneInfo(zone)).date()
    times = f"{i18n.hours(starts_at, ends_at, zone)}\u00a0{i18n.zone_name(zone)}"
    return f"{i18n.weekday(day)}, {i18n.date(day)}, {times}"
