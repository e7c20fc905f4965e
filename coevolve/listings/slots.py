"""Slots of a facility: what its opening hours come to on a day, by the clock of its place. Pure."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from zoneinfo import ZoneInfo

DAY_MINUTES = 1440
UNIT_MINUTES = {"X:SLOT_HOUR": 60}
"""Units that count minutes; every other unit counts one per slot."""


@dataclass(frozen=True, slots=True)
class Hours:
    """One opening: a weekday (1 is Monday) and minutes after midnight, perhaps only between two days."""

    id: uuid.UUID
    weekday: int
    opens: int
    closes: int
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None

    def holds_on(self, day: dt.date) -> bool:
        """Whether it is open on this day."""
        return (
            day.isoweekday() == self.weekday
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_until is None or day <= self.valid_until)
        )


@dataclass(frozen=True, slots=True)
class Closed:
    """Days without use, with the reason shown."""

    id: uuid.UUID
    first_on: dt.date
    last_on: dt.date
    note: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that may be asked for."""

    starts_at: dt.datetime
    ends_at: dt.datetime

    @property
    def minutes(self) -> int:
        """How long it is."""
        return int((self.ends_at - self.starts_at).total_seconds() // 60)


@dataclass(frozen=True, slots=True)
class Calendar:
    """When one facility may be used."""

    line_id: uuid.UUID
    zone: str
    slot_minutes: int | None
    hours: tuple[Hours, ...]
    closed: tuple[Closed, ...] = ()
    first_on: dt.date | None = None
    last_on: dt.date | None = None

    def closed_on(self, day: dt.date) -> Closed | None:
        """What closes the facility on this day, if anything does."""
        return next((one for one in self.closed if one.first_on <= day <= one.last_on), None)

    def is_within(self, day: dt.date) -> bool:
        """Whether the offer holds on this day at all."""
        return (self.first_on is None or self.first_on <= day) and (
            self.last_on is None or day <= self.last_on
        )

    def slots_on(self, day: dt.date) -> list[Slot]:
        """The slots of a day in their order; an opening too short for a whole slot has none."""
        if not self.is_within(day) or self.closed_on(day) is not None:
            return []
        found = []
        for opening in sorted(self.hours, key=lambda one: one.opens):
            if not opening.holds_on(day):
                continue
            length = self.slot_minutes or opening.closes - opening.opens
            start = opening.opens
            while start + length <= opening.closes:
                found.append(Slot(at(day, start, self.zone), at(day, start + length, self.zone)))
                start += length
        return found

    def slots_between(self, first: dt.date, days: int) -> list[Slot]:
        """The slots of some days in a row."""
        return [slot for step in range(days) for slot in self.slots_on(first + dt.timedelta(days=step))]

    def slot_at(self, starts_at: dt.datetime) -> Slot | None:
        """The slot that begins just then, if there is one."""
        day = starts_at.astimezone(ZoneInfo(self.zone)).date()
        return next((slot for slot in self.slots_on(day) if slot.starts_at == starts_at), None)


def at(day: dt.date, minute: int, zone: str) -> dt.datetime:
    """A minute of a day of a place; minute 1440 is the next midnight."""
    midnight = dt.datetime.combine(day, dt.time(), tzinfo=ZoneInfo(zone))
    return (midnight + dt.timedelta(minutes=minute)).astimezone(dt.UTC)


def quantity_of(slot: Slot, unit: str) -> int:
    """How many units one slot is: begun hours where the unit counts hours, else one."""
    minutes = UNIT_MINUTES.get(unit)
    return 1 if minutes is None else -(-slot.minutes // minutes)


def period_of(per: str, day: dt.date) -> dt.date | None:
    """The first day of the week (Monday) or month that a day lies in; None where there are no periods."""
    if per == "week":
        return day - dt.timedelta(days=day.weekday())
    return day.replace(day=1) if per == "month" else None


def period_end(per: str, period_on: dt.date) -> dt.date:
    """The last day of the period that begins then."""
    if per == "week":
        return period_on + dt.timedelta(days=6)
    return next_period(per, period_on) - dt.timedelta(days=1)


def next_period(per: str, period_on: dt.date) -> dt.date:
    """The first day of the period after."""
    if per == "week":
        return period_on + dt.timedelta(days=7)
    return (period_on + dt.timedelta(days=32)).replace(day=1)


def clock_of(minute: int) -> str:
    """A minute of the day as people write it: 08.00."""
    return f"{minute // 60:02d}.{minute % 60:02d}"
