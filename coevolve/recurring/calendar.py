"""Days of months: a plan for the 31st is charged on the last day of shorter months. Pure."""

from __future__ import annotations

import calendar
import datetime as dt
from zoneinfo import ZoneInfo

from coevolve.kit.clock import JAKARTA


def month_of(day: dt.date) -> dt.date:
    """The first of a day's month: the name by which months are counted."""
    return day.replace(day=1)


def following(month: dt.date) -> dt.date:
    """The first of the month after."""
    return (month.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def day_in(month: dt.date, day: int) -> dt.date:
    """That day of a month, or its last day when the month is shorter."""
    return month.replace(day=min(day, calendar.monthrange(month.year, month.month)[1]))


def next_day(day: int, *, after: dt.date, not_before: dt.date | None = None) -> dt.date:
    """The first such day after a date; with `not_before` in no earlier month than that one's."""
    month = month_of(after)
    if not_before is not None and not_before > month:
        month = month_of(not_before)
    while day_in(month, day) <= after:
        month = following(month)
    return day_in(month, day)


def moment(day: dt.date, hour: int) -> dt.datetime:
    """When on that day a charge is due: at an hour of the capital, when banks and people are awake."""
    return dt.datetime.combine(day, dt.time(hour), ZoneInfo(JAKARTA)).astimezone(dt.UTC)
