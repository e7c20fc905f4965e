"""Dates of bank files: the declared order only; a day without a year takes it from the statement's period."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from coevolve.reconciliation.statements.reasons import Unsure

_ZONE = r"(?: ?(?:WIB|WITA|WIT|AM|PM|Z|[+-][0-9]{2}:?[0-9]{2}))?"
_TIME = rf"(?:[ T,]+[0-9]{{1,2}}[:.][0-9]{{2}}(?:[:.][0-9]{{2}}(?:\.[0-9]{{1,9}})?)?{_ZONE})?"
_NUMERIC = re.compile(
    r"(?P<one>[0-9]{1,4})(?P<by>[/.\- ])(?P<two>[0-9]{1,2})(?:(?P=by)(?P<three>[0-9]{2}|[0-9]{4}))?" + _TIME
)
_COMPACT = re.compile(r"[0-9]{8}")
_NAMED = re.compile(
    r"(?P<day>[0-9]{1,2})[/.\- ](?P<month>[A-Za-z]{3,9})\.?(?:[/.\- ,]+(?P<year>[0-9]{2}|[0-9]{4}))?" + _TIME
)
_SPACES = re.compile(r"[ \t\r\n\u00a0\u202f]+")
_MONTHS = (
    "januari january jan", "februari february pebruari feb peb", "maret march mar", "april apr", "mei may",
    "juni june jun", "juli july jul", "agustus august agu agt aug ags", "september sep sept",
    "oktober october okt oct", "november nopember nov nop", "desember december des dec",
)  # fmt: skip
MONTHS = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()}
FIRST_YEAR = 2000


@dataclass(frozen=True, kw_only=True)
class DateForm:
    """How one profile writes its days."""

    order: str = "dmy"
    """dmy, mdy or ymd."""
    years: frozenset[str] = frozenset({"4"})
    """Which of: 4 digits, 2 digits, none."""


Period = tuple[dt.date, dt.date]


def parse_date(value: object, form: DateForm, period: Period | None) -> dt.date:
    """A cell as a day, or Unsure. A day that does not exist (29 February of a common year) is unsure too."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    if not isinstance(value, str):
        raise Unsure("date_shape")
    text = _SPACES.sub(" ", value).strip(" ")
    if not text:
        raise Unsure("date_empty")
    if not text.isascii():
        raise Unsure("date_strange")
    year, month, day = _parts(text, form)
    if year is None:
        return _in_period(month, day, period)
    return _day(year, month, day)


def _parts(text: str, form: DateForm) -> tuple[int | None, int, int]:
    named = _NAMED.fullmatch(text)
    if named is not None:
        month = MONTHS.get(named["month"].lower())
        if month is None:
            raise Unsure("date_shape")
        return _year(named["year"], form), month, int(named["day"])
    if _COMPACT.fullmatch(text) and form.order == "ymd":
        return int(text[:4]), int(text[4:6]), int(text[6:])
    found = _NUMERIC.fullmatch(text)
    if found is None:
        raise Unsure("date_shape")
    one, two, three = found["one"], found["two"], found["three"]
    if form.order == "ymd":
        if len(one) != 4 or three is None:
            raise Unsure("date_order")
        return int(one), int(two), int(three)
    if len(one) > 2:
        raise Unsure("date_order")
    first, second = int(one), int(two)
    month, day = (second, first) if form.order == "dmy" else (first, second)
    if month > 12:
        raise Unsure("date_order")
    return _year(three, form), month, day


def _year(text: str | None, form: DateForm) -> int | None:
    if text is None:
        if "none" not in form.years:
            raise Unsure("date_without_year")
        return None
    if str(len(text)) not in form.years:
        raise Unsure("date_year_form")
    return int(text) + 2000 if len(text) == 2 else int(text)


def _day(year: int, month: int, day: int) -> dt.date:
    if not FIRST_YEAR <= year <= 2999:
        raise Unsure("date_year_form")
    try:
        return dt.date(year, month, day)
    except ValueError as none:
        raise Unsure("date_not_there") from none


def _in_period(month: int, day: int, period: Period | None) -> dt.date:
    """The one day of the statement's period with this day and month: over New Year too."""
    if period is None:
        raise Unsure("date_without_period")
    begin, end = period
    found = []
    for year in range(begin.year, end.year + 1):
        try:
            candidate = dt.date(year, month, day)
        except ValueError:
            continue
        if begin <= candidate <= end:
            found.append(candidate)
    if len(found) == 1:
        return found[0]
    if found:
        raise Unsure("date_two_years")
    raise Unsure("date_outside_period")


def find_period(text: str, form: DateForm) -> Period | None:
    """The two days of a line like `Periode : 01/12/2025 - 31/01/2026`, or None."""
    dates = []
    full = DateForm(order=form.order, years=frozenset({"4", "2"}))
    pattern = (
        r"[0-9]{4}[/.\-][0-9]{1,2}[/.\-][0-9]{1,2}|[0-9]{1,2}[/.\-][0-9]{1,2}[/.\-](?:[0-9]{4}|[0-9]{2})(?![0-9])"
        r"|[0-9]{1,2}[ \-][A-Za-z]{3,9}[ \-][0-9]{4}|(?<![0-9])[0-9]{8}(?![0-9])"
    )
    for found in re.findall(pattern, text):
        try:
            iso = re.match(r"[0-9]{4}[/.\-]|[0-9]{8}", found)
            dates.append(parse_date(found, DateForm(order="ymd") if iso else full, None))
        except Unsure:
            return None
    if len(dates) != 2 or dates[0] > dates[1]:
        return None
    return dates[0], dates[1]
