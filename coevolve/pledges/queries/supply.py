"""What of a standing offer is free: by week or month, and which of its times are taken."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import Range

from coevolve.kit import reads
from coevolve.kit.db import session
from coevolve.kit.reads import Question
from coevolve.listings.models import Kind, Listing, ListingLine
from coevolve.listings.models import State as ListingState
from coevolve.listings.slots import Calendar, Slot, next_period, period_end, period_of
from coevolve.organisations.models import Organisation
from coevolve.pledges.models import AGREED, FulfilmentState, Pledge, PledgeFulfilment, PledgeLine
from coevolve.pledges.queries.totals import totals_for

HOLDING = (FulfilmentState.asked, FulfilmentState.booked, FulfilmentState.used, FulfilmentState.confirmed)
"""States in which a time is nobody else's."""


class HasSupply(Protocol):
    """A line of an offer, as its table or its page has it."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def quantity(self) -> int: ...
    @property
    def per(self) -> str: ...
    @property
    def needed_from(self) -> dt.date | None: ...
    @property
    def needed_until(self) -> dt.date | None: ...


PERIODS_SHOWN = {"week": 9, "month": 6}

_SUPPLY = """
SELECT pl.line_id, pl.period_on,
       sum(CASE WHEN p.state = ANY(%(agreed)s) THEN coalesce(pl.accepted_quantity, 0)
                ELSE pl.received_quantity END)::bigint
  FROM listing_line l JOIN pledge_line pl ON pl.line_id = l.id JOIN pledge p ON p.id = pl.pledge_id
 WHERE l.listing_id = %(listing)s AND l.per <> 'once' AND pl.period_on >= %(since)s
 GROUP BY pl.line_id, pl.period_on
 UNION ALL
SELECT DISTINCT o.line_id, NULL::date, 0::bigint FROM listing_line l JOIN listing_opening o ON o.line_id = l.id
 WHERE l.listing_id = %(listing)s
 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Supply:
    """What of an offer's lines is taken by week or month, and which of them have a calendar."""

    taken: tuple[tuple[uuid.UUID, dt.date, int], ...] = ()
    calendars: frozenset[uuid.UUID] = frozenset()

    def taken_in(self, line_id: uuid.UUID, period_on: dt.date) -> int:
        """What was agreed to in one week or month."""
        return next((much for line, first, much in self.taken if (line, first) == (line_id, period_on)), 0)


@dataclass(frozen=True, slots=True)
class Period:
    """A week or month of an offer, with what is free in it."""

    first_on: dt.date
    last_on: dt.date
    free: int


def asks_supply(listing_id: uuid.UUID, today: dt.date) -> Question[Supply]:
    """The question for `supply_of`."""
    since = min(today.replace(day=1), today - dt.timedelta(days=today.weekday()))
    values = {"listing": listing_id, "since": since, "agreed": [str(state) for state in sorted(AGREED)]}
    return Question(_SUPPLY, values, _supply)


def _supply(rows: Sequence[tuple[Any, ...]]) -> Supply:
    return Supply(
        tuple((line, first, int(much)) for line, first, much in rows if first is not None),
        frozenset(line for line, first, _much in rows if first is None),
    )


def supply_of(listing_id: uuid.UUID, today: dt.date) -> Supply:
    """What is taken of an offer from this week and month on. One statement."""
    return reads.answer(asks_supply(listing_id, today))


def free_in(line: ListingLine, period_on: dt.date) -> int:
    """What is left of a line in one week or month, exact now; lock the line first to keep it so."""
    agreed = func.coalesce(PledgeLine.accepted_quantity, 0)
    statement = (
        select(Pledge.state, func.sum(agreed), func.sum(PledgeLine.received_quantity))
        .join(Pledge, Pledge.id == PledgeLine.pledge_id)
        .where(PledgeLine.line_id == line.id, PledgeLine.period_on == period_on)
        .group_by(Pledge.state)
    )
    session().flush()
    taken = sum(int(a if state in AGREED else came) for state, a, came in session().execute(statement))
    return max(0, line.quantity - taken)


def periods_of(line: HasSupply, supply: Supply, *, today: dt.date, last_on: dt.date | None) -> list[Period]:
    """The weeks or months from now on in which the line may be asked for, soonest first."""
    if line.per == "once":
        return []
    found: list[Period] = []
    start = max(today, line.needed_from or today)
    first = period_of(line.per, start)
    while (
        first is not None and len(found) < PERIODS_SHOWN[line.per] and (last_on is None or first <= last_on)
    ):
        free = max(0, line.quantity - supply.taken_in(line.id, first))
        found.append(Period(first, period_end(line.per, first), free))
        first = next_period(line.per, first)
    return found


@dataclass(frozen=True, slots=True)
class Booking:
    """A time of a facility that is taken or asked for."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    state: str
    pledge_id: uuid.UUID
    receiver_organisation_id: uuid.UUID
    giver_organisation_id: uuid.UUID | None


def bookings_of(
    line_ids: Iterable[uuid.UUID], since: dt.datetime, until: dt.datetime
) -> dict[uuid.UUID, list[Booking]]:
    """The times of facilities that are taken between two moments, by facility, in their order."""
    wanted = list(line_ids)
    found: dict[uuid.UUID, list[Booking]] = {line_id: [] for line_id in wanted}
    statement = (
        select(
            PledgeFulfilment.facility_id,
            func.lower(PledgeFulfilment.slot),
            func.upper(PledgeFulfilment.slot),
            PledgeFulfilment.state,
            Pledge.id,
            Pledge.receiver_organisation_id,
            Pledge.giver_organisation_id,
        )
        .join(PledgeLine, PledgeLine.id == PledgeFulfilment.pledge_line_id)
        .join(Pledge, Pledge.id == PledgeLine.pledge_id)
        .where(
            PledgeFulfilment.facility_id.in_(wanted),
            PledgeFulfilment.state.in_(HOLDING),
            PledgeFulfilment.slot.op("&&")(Range(since, until, bounds="[)")),
        )
        .order_by(func.lower(PledgeFulfilment.slot))
    )
    for row in session().execute(statement):
        found[row[0]].append(Booking(*row[1:]))
    return found


def taken_by(slot: Slot, bookings: Sequence[Booking]) -> Booking | None:
    """What takes (a part of) a slot, if anything does."""
    return next(
        (one for one in bookings if one.starts_at < slot.ends_at and slot.starts_at < one.ends_at), None
    )


def free_slots(
    calendar: Calendar, first: dt.date, days: int, *, now: dt.datetime, bookings: Sequence[Booking]
) -> list[Slot]:
    """The slots of some days that are still to come and nobody else's."""
    return [
        slot
        for slot in calendar.slots_between(first, days)
        if slot.starts_at > now and taken_by(slot, bookings) is None
    ]


def soon(since: dt.datetime, until: dt.datetime, *, limit: int = 1000) -> list[PledgeFulfilment]:
    """Bookings and planned hand-overs that begin between two moments, soonest first."""
    statement = (
        select(PledgeFulfilment)
        .where(
            PledgeFulfilment.state.in_([FulfilmentState.booked, FulfilmentState.scheduled]),
            PledgeFulfilment.happened_at > since,
            PledgeFulfilment.happened_at <= until,
        )
        .order_by(PledgeFulfilment.happened_at, PledgeFulfilment.id)
        .limit(limit)
    )
    return list(session().execute(statement).scalars())


@dataclass(frozen=True, slots=True)
class OwnNeed:
    """A line of an organisation's own open need that an offer may fulfil."""

    line_id: uuid.UUID
    listing_id: uuid.UUID
    organisation_id: uuid.UUID
    title: str
    label: str
    kind: str
    unit: str
    missing: int


def own_needs(organisation_ids: Iterable[uuid.UUID], lines: Sequence[ListingLine]) -> list[OwnNeed]:
    """Lines of open needs of these organisations that miss something of the kind and unit of an offer's lines."""
    wanted = list(organisation_ids)
    pairs = {(line.kind, line.unit) for line in lines if line.kind != "money"}
    if not wanted or not pairs:
        return []
    statement = (
        select(ListingLine, Listing.title, Listing.organisation_id)
        .join(Listing, Listing.id == ListingLine.listing_id)
        .where(
            Listing.organisation_id.in_(wanted),
            Listing.state == ListingState.open,
            Listing.kind.in_([Kind.need, Kind.campaign]),
            tuple_(ListingLine.kind, ListingLine.unit).in_(pairs),
        )
        .order_by(Listing.opened_at.desc(), ListingLine.position)
        .limit(100)
    )
    found = session().execute(statement).all()
    totals = totals_for({line.listing_id for line, _title, _organisation in found})
    return [
        OwnNeed(
            line.id,
            line.listing_id,
            organisation,
            title,
            line.label,
            line.kind,
            line.unit,
            totals[line.id].missing,
        )
        for line, title, organisation in found
        if totals[line.id].missing
    ]


@dataclass(frozen=True, slots=True)
class Event:
    """A time of a pledge with what calendars say of it."""

    id: uuid.UUID
    pledge_id: uuid.UUID
    state: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    place: str
    label: str
    title: str
    giver: str
    receiver: str


def events_of(
    *,
    pledge_id: uuid.UUID | None = None,
    organisation_id: uuid.UUID | None = None,
    since: dt.datetime | None = None,
    limit: int = 500,
) -> list[Event]:
    """The planned and booked times of one pledge, or all of an organisation on either side; soonest first."""
    giver = Organisation.__table__.alias("giver")
    statement = (
        select(
            PledgeFulfilment.id,
            Pledge.id,
            PledgeFulfilment.state,
            func.lower(PledgeFulfilment.slot),
            func.upper(PledgeFulfilment.slot),
            PledgeFulfilment.place,
            ListingLine.label,
            Listing.title,
            func.coalesce(giver.c.name, Pledge.public_name),
            Organisation.name,
        )
        .join(PledgeLine, PledgeLine.id == PledgeFulfilment.pledge_line_id)
        .join(Pledge, Pledge.id == PledgeLine.pledge_id)
        .join(ListingLine, ListingLine.id == PledgeLine.line_id)
        .join(Listing, Listing.id == Pledge.listing_id)
        .join(Organisation, Organisation.id == Pledge.receiver_organisation_id)
        .outerjoin(giver, giver.c.id == Pledge.giver_organisation_id)
        .where(
            PledgeFulfilment.slot.is_not(None),
            PledgeFulfilment.state.in_([*HOLDING, FulfilmentState.scheduled]),
        )
        .order_by(func.lower(PledgeFulfilment.slot), PledgeFulfilment.id)
        .limit(limit)
    )
    if pledge_id is not None:
        statement = statement.where(Pledge.id == pledge_id)
    if organisation_id is not None:
        mine = or_(
            Pledge.receiver_organisation_id == organisation_id,
            Pledge.giver_organisation_id == organisation_id,
        )
        statement = statement.where(mine)
    if since is not None:
        statement = statement.where(PledgeFulfilment.happened_at >= since)
    return [Event(*row) for row in session().execute(statement)]
