"""Attestations: asked by mail or given by an officer of the place."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from coevolve.journal import service as journal
from coevolve.kit import clock
from coevolve.kit.db import lock, session
from coevolve.kit.errors import Conflict, Forbidden, InvalidMove
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import begin, move
from coevolve.listings.models import Listing
from coevolve.organisations import queries as organisations
from coevolve.people import service as people
from coevolve.people.models import Person
from coevolve.voices import links, policy
from coevolve.voices.models import Attestation, AttestationState
from coevolve.voices.service.shared import body, line, listing_of, path_of, public_listing, tell

DAYS_TO_ANSWER = 30
LIVE_PER_LISTING = 5
"""So many officials may be asked or have spoken at once."""


def ask_attestation(
    *, listing_id: uuid.UUID, by: Person, email: str, name: str, office: str, agency: str
) -> Attestation:
    """Ask an official for a statement: a signed link goes to their address.

    Raises Invalid for an address or name that is none, Conflict when this official was asked already.
    """
    listing = listing_of(listing_id)
    if not policy.may_write(by, listing) or listing.state not in policy.BEFORE_THE_END:
        raise Forbidden("not_yours", lazy("Langkah ini tidak dapat Anda lakukan pada tayangan ini sekarang."))
    if len(_live(listing.id)) >= LIVE_PER_LISTING:
        raise Conflict("enough", lazy("Paling banyak lima pejabat untuk satu tayangan."))
    official = people.guest(email=email, name=line(name, field="name", most=120))
    if organisations.role_in(official.id, listing.organisation_id) is not None:
        raise Conflict(
            "own_member", lazy("Pernyataan diminta dari pejabat di luar organisasi Anda."), field="email"
        )
    attestation = Attestation(
        listing_id=listing.id,
        person_id=official.id,
        name=line(name, field="name", most=120),
        office=line(office, field="office", most=120),
        agency=line(agency, field="agency", most=160),
        method="link",
        state=AttestationState.asked,
        asked_by=by.id,
        expires_on=clock.today() + dt.timedelta(days=DAYS_TO_ANSWER),
    )
    _begin(attestation, by)
    _note(attestation, listing, "attestation.asked", by)
    tell(
        "attestation.asked",
        [official.id],
        about=("attestation", attestation.id),
        listing=listing,
        path=links.path(attestation.id),
        key=str(attestation.id),
        organisation=organisations.get(listing.organisation_id).name,
        until_on=attestation.expires_on.isoformat() if attestation.expires_on else "",
    )
    return attestation


def give_attestation(
    *, attestation_id: uuid.UUID, name: str, office: str, agency: str, text: str
) -> Attestation:
    """The official speaks, through their link; the page showed them the listing."""
    attestation = _opened(attestation_id)
    said = body(text, field="text", most=1000)
    named = line(name, field="name", most=120), line(office, field="office", most=120)
    of = line(agency, field="agency", most=160)
    if attestation.state != AttestationState.asked:
        raise InvalidMove("invalid_move", lazy("Permintaan ini sudah dijawab atau sudah berakhir."))
    attestation.text, attestation.given_at = said, clock.now()
    (attestation.name, attestation.office), attestation.agency = named, of
    move(attestation, AttestationState.given, by=attestation.person_id)
    _told(attestation, "attestation.given")
    return attestation


def decline_attestation(*, attestation_id: uuid.UUID, reason: str) -> Attestation:
    """The official does not wish to speak; the organisation reads why."""
    attestation = _opened(attestation_id)
    attestation.reason = body(reason, field="reason", most=1000)
    move(attestation, AttestationState.declined, by=attestation.person_id)
    _told(attestation, "attestation.declined")
    return attestation


def revoke_attestation(*, attestation_id: uuid.UUID, reason: str) -> Attestation:
    """The official takes the statement back; it leaves the page at once."""
    attestation = _opened(attestation_id)
    attestation.reason = body(reason, field="reason", most=1000)
    move(attestation, AttestationState.revoked, by=attestation.person_id)
    _told(attestation, "attestation.revoked")
    return attestation


def withdraw_attestation(*, attestation_id: uuid.UUID, by: Person) -> Attestation:
    """The organisation no longer asks."""
    attestation = lock(Attestation, attestation_id)
    listing = listing_of(attestation.listing_id)
    if not policy.may_write(by, listing):
        raise Forbidden("not_yours", lazy("Langkah ini tidak dapat Anda lakukan pada tayangan ini sekarang."))
    move(attestation, AttestationState.withdrawn, by=by.id)
    _note(attestation, listing, "attestation.withdrawn", by)
    return attestation


def attest(*, listing_id: uuid.UUID, by: Person, office: str, text: str) -> Attestation:
    """An officer of the place speaks at their own desk; their agency is a checked one."""
    listing = public_listing(listing_id)
    if not policy.may_attest(by, listing):
        raise Forbidden(
            "not_officer", lazy("Pernyataan diberikan petugas pemerintah daerah tempat tayangan ini.")
        )
    agency = organisations.agency_of(by.id, listing.locality_code or "")
    if agency is None:
        raise Forbidden(
            "not_officer", lazy("Pernyataan diberikan petugas pemerintah daerah tempat tayangan ini.")
        )
    attestation = Attestation(
        listing_id=listing.id,
        person_id=by.id,
        agency_id=agency.id,
        name=by.name,
        office=line(office, field="office", most=120),
        agency=agency.name,
        method="officer",
        state=AttestationState.given,
        text=body(text, field="text", most=1000),
        given_at=clock.now(),
    )
    _begin(attestation, by)
    _told(attestation, "attestation.given")
    return attestation


def lapse_due() -> int:
    """Requests nobody answered in time end; returns how many. The asker may ask anew."""
    statement = (
        select(Attestation)
        .where(Attestation.state == AttestationState.asked, Attestation.expires_on < clock.today())
        .order_by(Attestation.expires_on)
        .limit(200)
        .with_for_update(skip_locked=True)
    )
    found = list(session().execute(statement).scalars())
    for attestation in found:
        move(attestation, AttestationState.lapsed, by=None)
        _told(attestation, "attestation.lapsed")
    return len(found)


def _opened(attestation_id: uuid.UUID) -> Attestation:
    return lock(Attestation, attestation_id)


def _live(listing_id: uuid.UUID) -> list[uuid.UUID]:
    statement = select(Attestation.id).where(
        Attestation.listing_id == listing_id,
        Attestation.state.in_((AttestationState.asked, AttestationState.given)),
    )
    return list(session().execute(statement).scalars())


def _begin(attestation: Attestation, by: Person) -> None:
    try:
        with session().begin_nested():
            begin(attestation, by=by.id)
    except IntegrityError as trouble:
        raise Conflict(
            "known", lazy("Pejabat ini sudah diminta atau sudah memberi pernyataan."), field="email"
        ) from trouble


def _told(attestation: Attestation, kind: str) -> None:
    """The members who write hear of it, and the journal has it."""
    session().flush()
    listing = listing_of(attestation.listing_id)
    _note(attestation, listing, kind, None)
    members = organisations.members_of(listing.organisation_id, roles=("owner", "member"))
    is_shown = attestation.state in (AttestationState.given, AttestationState.revoked)
    slug = organisations.get(listing.organisation_id).slug
    tell(
        kind,
        [member.id for member in members],
        about=("attestation", attestation.id),
        listing=listing,
        path=path_of(listing) if is_shown else f"/dasbor/{slug}/listing/{listing.id}/suara",
        key=str(attestation.id),
        for_organisation=listing.organisation_id,
        name=f"{attestation.name}, {attestation.office}",
        reason=attestation.reason[:600],
    )


def _note(attestation: Attestation, listing: Listing, kind: str, by: Person | None) -> None:
    journal.record(
        kind,
        about=("listing", listing.id),
        by=by.id if by else attestation.person_id,
        for_organisation=listing.organisation_id,
        data={"attestation": str(attestation.id), "office": attestation.office, "agency": attestation.agency},
        visibility="public" if kind in {"attestation.given", "attestation.revoked"} else "parties",
    )
