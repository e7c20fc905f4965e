"""Words in two languages. Sentences are written in Indonesian; `coevolve/translations/en/*.po` holds the English.

One .po file per domain, merged at start: whoever changes a domain finds its English beside nothing else's. The
formats of dates, numbers and money live here and in kit.money; templates never format.
"""

from __future__ import annotations

import datetime as dt
import functools
import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import format_date, format_skeleton
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import LazyProxy, NullTranslations, Translations

LANGUAGES = ("id", "en")
DEFAULT = "id"
TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"
ZONE_NAMES = {
    "Asia/Jakarta": "WIB",
    "Asia/Pontianak": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Jayapura": "WIT",
}

_language: ContextVar[str] = ContextVar("language", default=DEFAULT)


def language() -> str:
    """The language words come out in just now."""
    return _language.get()


def use_language(code: str) -> None:
    """Choose the language of this request or task (an unknown one falls back to Indonesian)."""
    _language.set(code if code in LANGUAGES else DEFAULT)


@contextmanager
def in_language(code: str) -> Iterator[None]:
    """Another language within a block (mails to several readers)."""
    token = _language.set(code if code in LANGUAGES else DEFAULT)
    try:
        yield
    finally:
        _language.reset(token)


def catalogue_files(code: str) -> list[Path]:
    """The .po files of a language, in order of name."""
    return sorted((TRANSLATIONS / code).glob("*.po"))


@functools.cache
def _translations(code: str) -> NullTranslations:
    files = catalogue_files(code)
    if not files:
        return NullTranslations()
    merged = Catalog(locale=code)
    for path in files:
        with path.open("rb") as source:
            for message in read_po(source, locale=code):
                if message.id and message.string and not message.fuzzy:
                    merged.add(message.id, message.string, context=message.context)
    binary = io.BytesIO()
    write_mo(binary, merged)
    binary.seek(0)
    return Translations(fp=binary)


def gettext(message: str, /, **values: Any) -> str:
    """The sentence in the reader's language, with %(name)s filled in."""
    translated = _translations(_language.get()).ugettext(message)
    return translated % values if values else translated


def ngettext(one: str, many: str, count: int, /, **values: Any) -> str:
    """The sentence fit for a count; Indonesian has one form, so both arguments are usually the same words."""
    values.setdefault("num", count)
    translations = _translations(_language.get())
    return translations.ungettext(one, many, count) % values


def pgettext(context: str, message: str, /, **values: Any) -> str:
    """A sentence whose translation depends on where it stands."""
    translated = str(_translations(_language.get()).upgettext(context, message))
    return translated % values if values else translated


def lazy(message: str, /, **values: Any) -> Any:
    """A sentence translated when it is shown."""
    return LazyProxy(gettext, message, enable_cache=False, **values)


_ = gettext


def locale() -> Locale:
    """Babel's locale of the reader."""
    return _locale(_language.get())


@functools.cache
def _locale(code: str) -> Locale:
    return Locale.parse("id_ID" if code == "id" else "en_GB")


def number(value: float) -> str:
    """1.234 in Indonesian, 1,234 in English. Whole numbers, hundreds on a page, are written without Babel."""
    if type(value) is int:
        figure = f"{value:,}"
        return figure.replace(",", ".") if _language.get() == "id" else figure
    return format_decimal(value, locale=locale())


def percent(part: int, whole: int) -> str:
    """A share in whole percent, rounded down so that 99,9 % is never shown as complete."""
    return f"{0 if whole <= 0 else part * 100 // whole} %"


def date(value: dt.date | dt.datetime | None, zone: str = "Asia/Jakarta") -> str:
    """22 November 2026."""
    if value is None:
        return ""
    day = value.astimezone(ZoneInfo(zone)).date() if isinstance(value, dt.datetime) else value
    return _written(day, "d MMMM y", _language.get())


def short_date(value: dt.date | dt.datetime | None, zone: str = "Asia/Jakarta") -> str:
    """22 Nov 2026."""
    if value is None:
        return ""
    day = value.astimezone(ZoneInfo(zone)).date() if isinstance(value, dt.datetime) else value
    return _written(day, "d MMM y", _language.get())


@functools.lru_cache(maxsize=2_048)
def _written(day: dt.date, pattern: str, code: str) -> str:
    """A day in the words of a language; a page names the same few days again and again."""
    return format_date(day, pattern, locale=_locale(code))


def day_month(value: dt.date) -> str:
    """Kamis, 26 November."""
    return format_skeleton("MMMMEEEEd", value, locale=locale())


def month(value: dt.date) -> str:
    """November 2026."""
    return _written(value, "MMMM y", _language.get())


def weekday(value: dt.date) -> str:
    """Kamis."""
    return _written(value, "EEEE", _language.get())


def hours(starts_at: dt.datetime, ends_at: dt.datetime, zone: str) -> str:
    """08.00-12.00 (with a dash), by the clock of the zone; a midnight at the end is 24.00."""
    first, last = starts_at.astimezone(ZoneInfo(zone)), ends_at.astimezone(ZoneInfo(zone))
    separator = "." if language() == "id" else ":"
    ends_hour = 24 if last.date() > first.date() and (last.hour, last.minute) == (0, 0) else last.hour
    return f"{first.hour:02d}{separator}{first.minute:02d}\u2013{ends_hour:02d}{separator}{last.minute:02d}"


def datetime(value: dt.datetime | None, zone: str = "Asia/Jakarta") -> str:
    """22 November 2026, 20.40 WIB."""
    if value is None:
        return ""
    local = value.astimezone(ZoneInfo(zone))
    separator = "." if language() == "id" else ":"
    clock = f"{local.hour:02d}{separator}{local.minute:02d}"
    return f"{date(local.date())}, {clock} {zone_name(zone)}"


def zone_name(zone: str) -> str:
    """WIB, WITA, WIT; elsewhere the zone's own abbreviation."""
    from coevolve.kit import clock

    return ZONE_NAMES.get(zone) or clock.now().astimezone(ZoneInfo(zone)).strftime("%Z")
