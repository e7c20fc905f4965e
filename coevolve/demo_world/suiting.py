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
OWN_LISTINGS = 4


def tell(accounts: Mapping[str, uuid.UUID]) -> None:
    """The demo accounts' own listings look for counterparts; a donor wrote, a company answered, something was put away."""
    donor, cso, company = (get(Person, accounts[email]) for email in (DONOR, CSO, COMPANY))
    for person in (cso, company):
        for seat in organisations.memberships_of(person.id):
            _find(seat.organisation_id)
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


def _find(organisation_id: uuid.UUID) -> None:
    newest = session().scalars(
        select(Listing.id)
        .where(
            Listing.organisation_id == organisation_id, Listing.state == "open", Listing.kind != "opportunity"
        )
        .order_by(Listing.opened_at.desc())
        .limit(OWN_LISTINGS)
    )
    for listing_id in newest.all():
        matching.find_supporters(about_id=listing_id, journal_id=0)


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
