"""The calendars of facilities on offer, with their hours and closed days."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select

from coevolve.kit.db import session
from coevolve.listings.models import Closure, Listing, ListingLine, Opening
from coevolve.listings.slots import Calendar, Closed, Hours
from coevolve.localities import queries as localities


def calendars_of(listing: Listing, lines: Sequence[ListingLine]) -> dict[uuid.UUID, Calendar]:
    """The calendar of each line that has opening hours, by line. Two statements."""
    line_ids = [line.id for line in lines if line.kind == "facility"]
    if not line_ids:
        return {}
    hours: dict[uuid.UUID, list[Hours]] = defaultdict(list)
    wanted = select(Opening).where(Opening.line_id.in_(line_ids))
    for row in session().execute(wanted.order_by(Opening.weekday, Opening.opens, Opening.id)).scalars():
        hours[row.line_id].append(
            Hours(row.id, row.weekday, row.opens, row.closes, row.valid_from, row.valid_until)
        )
    if not hours:
        return {}
    closed: dict[uuid.UUID, list[Closed]] = defaultdict(list)
    shut = select(Closure).where(Closure.line_id.in_(line_ids)).order_by(Closure.first_on, Closure.id)
    for one in session().execute(shut).scalars():
        closed[one.line_id].append(Closed(one.id, one.first_on, one.last_on, one.note))
    zone = localities.zone_of(listing.locality_code)
    return {
        line.id: Calendar(
            line_id=line.id,
            zone=zone,
            slot_minutes=line.slot_minutes,
            hours=tuple(hours[line.id]),
            closed=tuple(closed[line.id]),
            first_on=line.needed_from,
            last_on=line.needed_until or listing.closes_on,
        )
        for line in lines
        if line.id in hours
    }


def calendar_of(listing: Listing, line: ListingLine) -> Calendar | None:
    """The calendar of one line; None: it has no opening hours, its times are agreed on freely."""
    return calendars_of(listing, [line]).get(line.id)
