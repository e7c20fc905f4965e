"""What officials, visitors and partners say in the world."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy import select

from coevolve.kit.db import get, session
from coevolve.listings.models import Kind, Listing, State
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation
from coevolve.organisations.models import State as OrganisationState
from coevolve.people.models import Person
from coevolve.voices import service

OFFICIALS = (
    (
        "Kepala Desa",
        "Pemerintah desa setempat",
        "Benar: pada kemarau sumur desa kering dan warga berjalan jauh.",
    ),
    ("Camat", "Kantor kecamatan setempat", "Kebutuhan ini disepakati dalam musrenbang kecamatan."),
)
TALKS = (
    (
        "Apakah bahan bangunan boleh diantar langsung ke lokasi?",
        "Boleh, sampai Sabtu sore. Hubungi kami dahulu.",
    ),
    ("Siapa yang merawatnya setelah selesai?", "Kelompok warga dengan iuran bulanan; bukunya terbuka."),
    ("Apakah sekolah di sebelahnya ikut memakai?", ""),
)


def tell(accounts: Mapping[str, uuid.UUID]) -> None:
    """The demo CSO's open listings are spoken about; one invitation to ask together was accepted, one waits."""
    owner = get(Person, accounts["oms@demo.example"])
    asker = get(Person, accounts["donatur@demo.example"])
    seat = organisations.memberships_of(owner.id)[0]
    open_ones = _open_of(seat.organisation.id)
    for number, listing in enumerate(open_ones[:3]):
        _attest(listing, owner, number)
        _talk(listing, owner, asker, number)
    if open_ones:
        _join(open_ones[0], seat.organisation, owner)


def _open_of(organisation_id: uuid.UUID) -> list[Listing]:
    statement = (
        select(Listing)
        .where(
            Listing.organisation_id == organisation_id,
            Listing.state == State.open,
            Listing.kind.in_((Kind.need, Kind.campaign)),
        )
        .order_by(Listing.opened_at.desc(), Listing.id)
    )
    return list(session().execute(statement).scalars())


def _attest(listing: Listing, owner: Person, number: int) -> None:
    office, agency, text = OFFICIALS[number % len(OFFICIALS)]
    asked = service.ask_attestation(
        listing_id=listing.id,
        by=owner,
        email=f"pejabat{number}@desa.example",
        name=("Ibu Kades", "Bapak Camat")[number % 2],
        office=office,
        agency=agency,
    )
    if number < len(OFFICIALS):
        service.give_attestation(
            attestation_id=asked.id, name=asked.name, office=office, agency=agency, text=text
        )


def _talk(listing: Listing, owner: Person, asker: Person, number: int) -> None:
    text, answer = TALKS[number % len(TALKS)]
    question = service.ask(listing_id=listing.id, by=asker, text=text, is_name_public=number == 0)
    if answer:
        service.answer(question_id=question.id, by=owner, text=answer)


def _join(listing: Listing, lead: Organisation, owner: Person) -> None:
    others = session().execute(
        select(Organisation)
        .where(
            Organisation.kind == "cso",
            Organisation.state == OrganisationState.checked,
            Organisation.id != lead.id,
        )
        .order_by(Organisation.name)
        .limit(2)
    )
    parts = ("Menggali parit pipa bersama warga.", "Melatih kelompok perawat sumur.")
    for partner, part, is_joining in zip(others.scalars(), parts, (True, False), strict=False):
        row = service.invite_partner(listing_id=listing.id, by=owner, slug=partner.slug, part=part)
        head = organisations.members_of(partner.id, roles=("owner",))
        if is_joining and head:
            service.answer_invitation(partner_id=row.id, by=head[0], is_accepted=True)
