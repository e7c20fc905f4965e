"""What suits whom: the newest needs and offers found each other, and some of it has gone on."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy import select

from coevolve.kit.db import get, session
from coevolve.listings.models import Listing
from coevolve.matching import queries
from coevolve.matching import service as matching
from coevolve.organisations import queries as organisations
from coevolve.organisations import service as organisation_service
from coevolve.people.models import Person

DONOR, CSO, COMPANY = "donatur@demo.example", "oms@demo.example", "perusahaan@demo.example"
NEWEST_OFFERS = 60
OWN_LISTINGS = 6


def tell(accounts: Mapping[str, uuid.UUID]) -> None:
    """The newest offers look for needs; a donor wrote, a company answered, something was put away."""
    donor, cso, company = (get(Person, accounts[email]) for email in (DONOR, CSO, COMPANY))
    for listing in _looking([cso, company]):
        matching.pair(listing)
    _donor(donor)
    for pair in queries.pairs_of(company.id)[:1]:
        matching.contact_pairing(
            pairing_id=pair.id,
            by=company,
            text="Kami bisa mengantar minggu depan. Siapa yang menerima di lokasi?",
        )
    for pair in queries.pairs_of(cso.id)[1:2]:
        matching.note_pairing(
            pairing_id=pair.id, by=cso, text="Sudah ditelepon, menunggu kabar dari gudang mereka."
        )
    seat = organisations.memberships_of(cso.id)[0]
    organisation_service.refuse(
        organisation_id=seat.organisation_id, by=cso, givers=["tobacco", "gambling"], business=[]
    )


def _looking(people: list[Person]) -> list[Listing]:
    """The newest offers of all, and what the demo accounts' own organisations ask for."""
    newest = select(Listing).where(Listing.state == "open").order_by(Listing.opened_at.desc())
    offers = newest.where(Listing.kind == "standing_offer").limit(NEWEST_OFFERS)
    seats = [seat.organisation_id for person in people for seat in organisations.memberships_of(person.id)]
    own = newest.where(Listing.organisation_id.in_(seats), Listing.kind != "opportunity").limit(OWN_LISTINGS)
    return [*session().scalars(offers), *session().scalars(own)]


def _donor(donor: Person) -> None:
    found = queries.matches_of(donor.id).rows
    for row in found[1:2]:
        matching.contact(
            match_id=row.id,
            by=donor,
            text="Saya ingin membantu dengan barang. Boleh tahu alamat pengirimannya?",
        )
    for row in found[2:3]:
        matching.dismiss(match_id=row.id, person_id=donor.id, reason="enough")
