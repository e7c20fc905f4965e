"""Standing offers for tests: a room with a calendar, hours by the month, and requests on them."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from coevolve.kit import clock, db
from coevolve.kit.db import uuid7
from coevolve.listings import queries as listing_queries
from coevolve.listings import service as listing_service
from coevolve.listings.models import Listing, ListingLine
from coevolve.listings.slots import Calendar, Slot
from coevolve.organisations.models import Organisation
from coevolve.people.models import Person
from coevolve.pledges import service
from coevolve.pledges.models import Pledge
from coevolve.pledges.service import Wish
from tests.factories import listings, organisations, pledges

EVERY_DAY = range(1, 8)


def room(**over: Any) -> Listing:
    """An open offer of a room, open every day from 08.00 to 16.00 in slots of two hours, as often as one likes."""
    line = listings.room(
        category="room",
        label="Ruang rapat lantai 2",
        unit="X:SLOT_HOUR",
        **({"quantity": 40, "is_inexhaustible": True, "slot_minutes": 120} | over),
    )
    offer = listings.open_offer(lines=(line,))
    hours(offer)
    return offer


def hours(
    offer: Listing, *, weekdays: Any = EVERY_DAY, opens: int = 8 * 60, closes: int = 16 * 60, **over: Any
) -> None:
    """Opening hours of its facility."""
    listing_service.add_hours(
        line_id=pledges.line_of(offer, "facility").id,
        by=listings.owner_of(offer),
        weekdays=weekdays,
        opens=opens,
        closes=closes,
        **over,
    )


def monthly(quantity: int = 10, **over: Any) -> Listing:
    """An open offer of so many hours of a skill every month."""
    return listings.open_offer(lines=(listings.hours(quantity, per="month", **over),))


def calendar(offer: Listing) -> Calendar:
    """The calendar of its facility."""
    found = listing_queries.calendar_of(offer, pledges.line_of(offer, "facility"))
    assert found is not None
    return found


def slots(offer: Listing, *, days_ahead: int = 3) -> list[Slot]:
    """The slots of one day to come."""
    found = calendar(offer)
    return found.slots_on(clock.today(found.zone) + dt.timedelta(days=days_ahead))


def asked(
    offer: Listing,
    *times: Slot,
    quantity: int = 1,
    organisation: Organisation | None = None,
    kind: str | None = None,
    client_token: uuid.UUID | None = None,
    **over: Any,
) -> Pledge:
    """A CSO's request for some times, or for a quantity."""
    cso = organisation or organisations.organisation()
    line: ListingLine = pledges.line_of(offer, kind) if kind else listings.lines_of(offer)[0]
    wish = Wish(line_id=line.id, quantity=quantity, starts=tuple(one.starts_at for one in times), **over)
    return service.request(
        listing_id=offer.id,
        by=organisations.owner_of(cso),
        for_organisation_id=cso.id,
        lines=[wish],
        client_token=client_token or uuid7(),
        message="Pelatihan kader posyandu",
        contact="0812",
    )


def agreed(offer: Listing, *times: Slot, **over: Any) -> Pledge:
    """A request the giver said yes to."""
    return service.accept(pledge_id=asked(offer, *times, **over).id, by=listings.owner_of(offer))


def asker_of(pledge: Pledge) -> Person:
    """Who asks."""
    assert pledge.receiver_person_id is not None
    return db.get(Person, pledge.receiver_person_id)
