"""How people are reached: places with a cadence of their own, listings followed, a shared address, mail that came back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy import select

from coevolve.kit import clock
from coevolve.kit.db import get, session
from coevolve.listings.models import Listing
from coevolve.matching.models import Interest
from coevolve.notifications import service as notifications
from coevolve.notifications.models import OrganisationAddress
from coevolve.organisations import queries as organisations
from coevolve.people import service as people
from coevolve.people.models import Person

DONOR, CSO, RETURNED = "donatur@demo.example", "oms@demo.example", "filantropi@demo.example"
OFFICE = "sekretariat@demo.example"
FOLLOWED_LISTINGS = 3


def tell(accounts: Mapping[str, uuid.UUID]) -> None:
    """A donor with weekly news of a place, an organisation with a shared address, an account whose mail comes back."""
    donor, cso = accounts[DONOR], accounts[CSO]
    followed = select(Interest.locality_code).where(Interest.person_id == donor, Interest.is_active).limit(1)
    for code in session().execute(followed).scalars():
        notifications.prefer_place(person_id=donor, locality_code=code, cadence="weekly")
    newest = (
        select(Listing.id)
        .where(Listing.state == "open")
        .order_by(Listing.opened_at.desc())
        .limit(FOLLOWED_LISTINGS)
    )
    for listing_id in session().execute(newest).scalars():
        notifications.subscribe(person_id=donor, about=("listing", listing_id))
    seat = organisations.memberships_of(cso)[0]
    office = people.guest(email=OFFICE, name=seat.organisation.name)
    session().add(
        OrganisationAddress(
            organisation_id=seat.organisation_id,
            person_id=office.id,
            groups=["decisions", "support"],
            set_by=cso,
            proven_at=clock.now(),
        )
    )
    notifications.switch(organisation_id=seat.organisation_id, told={("money", "member"): False}, by=cso)
    returned = get(Person, accounts[RETURNED])
    notifications.standing.note(
        address=returned.email or "", cause="bounced", says="5.1.1 mailbox unavailable"
    )
    notifications.standing.tell_stopped(person_id=returned.id, address=returned.email or "")
    session().flush()
