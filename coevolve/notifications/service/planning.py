"""When a message may go, as SQL over the columns of a person: in sets, for each reader's own zone and hours."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Integer, SmallInteger, and_, case, cast, func, literal, or_
from sqlalchemy import text as sql

from coevolve.config import settings
from coevolve.localities.gazetteer import ZONES
from coevolve.notifications.models import ReaderSetting
from coevolve.people.models import Person

DIGEST_HOUR = 7
"""Digests go out at this hour of the reader's own morning."""
KNOWN_ZONES = (*ZONES, "UTC")


def zone() -> Any:
    """The reader's zone; one that PostgreSQL does not know would stop the notices of all others."""
    return case((Person.zone.in_(KNOWN_ZONES), Person.zone), else_=ZONES[0])


def due(cadence: Any, channel: Any, moment: Any, *, is_prompt: Any) -> Any:
    """When a message may go: now, after the reader's quiet hours, or at the next digest hour of their zone.

    `moment` is a time, or a parameter that will be one.
    """
    here = zone()
    at = literal(moment) if isinstance(moment, dt.datetime) else moment
    local = func.timezone(here, at)
    before = sql(f"interval '{DIGEST_HOUR} hours'")
    tomorrow = func.date_trunc("day", local - before) + sql(f"interval '1 day {DIGEST_HOUR} hours'")
    monday = func.date_trunc("week", local - before) + sql(f"interval '7 days {DIGEST_HOUR} hours'")
    waits_not = literal(is_prompt) if isinstance(is_prompt, bool) else is_prompt
    begins, ends = quiet_hours()
    hour = func.extract("hour", local)
    wakes = (
        func.date_trunc("day", local)
        + func.make_interval(0, 0, 0, 0, cast(ends, Integer))
        + case((hour >= ends, sql("interval '1 day'")), else_=sql("interval '0'"))
    )
    return case(
        (cadence == "daily", func.timezone(here, tomorrow)),
        (cadence == "weekly", func.timezone(here, monday)),
        (and_(channel != "site", ~waits_not, _is_quiet(hour, begins, ends)), func.timezone(here, wakes)),
        else_=at,
    )


def quiet_hours() -> tuple[Any, Any]:
    """From and until, of the person or of the settings."""
    return (
        func.coalesce(ReaderSetting.quiet_from, cast(literal(settings().quiet_from_hour), SmallInteger)),
        func.coalesce(ReaderSetting.quiet_until, cast(literal(settings().quiet_until_hour), SmallInteger)),
    )


def _is_quiet(hour: Any, begins: Any, ends: Any) -> Any:
    return case(
        (begins == ends, literal(False)),
        (begins < ends, and_(hour >= begins, hour < ends)),
        else_=or_(hour >= begins, hour < ends),
    )


def quiet_until(moment: dt.datetime, *, zone_name: str, begins: int, ends: int) -> dt.datetime | None:
    """The same for one reader in Python: when the quiet hours end that hold at this moment, or None."""
    here = ZoneInfo(zone_name if zone_name in KNOWN_ZONES else ZONES[0])
    local = moment.astimezone(here)
    quiet = begins <= local.hour < ends if begins < ends else local.hour >= begins or local.hour < ends
    if begins == ends or not quiet:
        return None
    wakes = local.replace(hour=ends, minute=0, second=0, microsecond=0)
    return (wakes + dt.timedelta(days=1) if local.hour >= ends else wakes).astimezone(dt.UTC)


def slot_on(moment: dt.datetime) -> Any:
    """The morning of the reader's calendar that a digest at this moment belongs to."""
    local = func.timezone(zone(), literal(moment))
    return func.date_trunc("day", local - sql(f"interval '{DIGEST_HOUR} hours'")).cast(Date)


def hash_of(column: Any) -> Any:
    """The hash under which the standing of an address is kept, of a column with addresses."""
    return func.sha256(func.convert_to(column, "UTF8"))
