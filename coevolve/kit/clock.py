"""The one clock. Nothing else asks the time, so tests and simulations can move it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

JAKARTA = "Asia/Jakarta"

_offset = dt.timedelta()


def now() -> dt.datetime:
    """This moment, aware, in UTC."""
    return dt.datetime.now(dt.UTC) + _offset


def today(zone: str = JAKARTA) -> dt.date:
    """The date on the calendar of a zone (a day in Jayapura begins two hours before one in Jakarta)."""
    return now().astimezone(ZoneInfo(zone)).date()


@contextmanager
def travel(to: dt.datetime | dt.timedelta) -> Iterator[None]:
    """Move the clock of this process to a moment, or by a span, within a block (tests)."""
    global _offset
    before = _offset
    _offset = to if isinstance(to, dt.timedelta) else to - dt.datetime.now(dt.UTC)
    try:
        yield
    finally:
        _offset = before
