"""Joint listings: who asks together. The leading organisation keeps the money and the books."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from coevolve.journal import service as journal
from coevolve.kit import clock
from coevolve.kit.db import lock, session
from coevolve.kit.errors import Conflict, Forbidden, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import begin, move
from coevolve.listings.models import Listing
from coevolve.organisations import queries as organisations
from coevolve.people.models import Person
from coevolve.voices import policy
from coevolve.voices.models import ListingPartner, PartnerState
from coevolve.voices.service.shared import body, line, listing_of, path_of, tell

MOST_PARTNERS = 6


def invite_partner(*, listing_id: uuid.UUID, by: Person, slug: str, part: str) -> ListingPartner:
    """Invite a checked CSO to ask together; its owners decide. `part` says what it does in it."""
    listing = listing_of(listing_id)
    if not policy.may_lead(by, listing):
        raise Forbidden("not_owner", lazy("Hanya pemilik organisasi yang mengajak mitra."))
    partner = organisations.find_by_slug(slug.strip().rstrip("/").rpartition("/")[2][:120])
    if partner is None or not policy.may_join(listing, partner):
        raise Invalid(
            "partner",
            lazy(
                "Yang dapat diajak: OMS atau kelompok warga lain yang sudah diperiksa, sebelum tayangan selesai."
            ),
            field="organisation",
        )
    live = session().execute(
        select(func.count())
        .select_from(ListingPartner)
        .where(
            ListingPartner.listing_id == listing.id,
            ListingPartner.state.in_((PartnerState.invited, PartnerState.accepted)),
        )
    )
    if live.scalar_one() >= MOST_PARTNERS:
        raise Conflict("enough", lazy("Paling banyak enam mitra untuk satu tayangan."), field="organisation")
    row = ListingPartner(
        listing_id=listing.id,
        organisation_id=partner.id,
        part=line(part, field="part", most=300),
        state=PartnerState.invited,
        invited_by=by.id,
    )
    try:
        with session().begin_nested():
            begin(row, by=by.id)
    except IntegrityError as trouble:
        raise Conflict(
            "known", lazy("Organisasi ini sudah diajak atau sudah ikut."), field="organisation"
        ) from trouble
    _note(row, listing, "partner.invited", by)
    tell(
        "partner.invited",
        [owner.id for owner in organisations.members_of(partner.id, roles=("owner",))],
        about=("listing_partner", row.id),
        listing=listing,
        path=f"/dasbor/{partner.slug}/ajakan",
        key=str(row.id),
        for_organisation=partner.id,
        organisation=organisations.get(listing.organisation_id).name,
    )
    return row


def answer_invitation(
    *, partner_id: uuid.UUID, by: Person, is_accepted: bool, reason: str = ""
) -> ListingPartner:
    """The invited organisation's owner says yes, or no with a reason."""
    row = lock(ListingPartner, partner_id)
    listing = listing_of(row.listing_id)
    if organisations.role_in(by.id, row.organisation_id) != "owner":
        raise Forbidden("not_owner", lazy("Hanya pemilik organisasi yang menjawab ajakan."))
    if is_accepted and not policy.may_join(listing, organisations.get(row.organisation_id)):
        raise Conflict("over", lazy("Tayangan ini sudah selesai, atau organisasi Anda belum diperiksa."))
    if not is_accepted:
        row.reason = body(reason, field="reason", most=500)
    row.answered_by, row.answered_at = by.id, clock.now()
    move(row, PartnerState.accepted if is_accepted else PartnerState.declined, by=by.id)
    kind = "partner.accepted" if is_accepted else "partner.declined"
    _note(row, listing, kind, by)
    lead = organisations.get(listing.organisation_id)
    tell(
        kind,
        [member.id for member in organisations.members_of(lead.id, roles=("owner", "member"))],
        about=("listing_partner", row.id),
        listing=listing,
        path=path_of(listing) if is_accepted else f"/dasbor/{lead.slug}/listing/{listing.id}/suara",
        key=str(row.id),
        for_organisation=lead.id,
        organisation=organisations.get(row.organisation_id).name,
        reason=row.reason,
    )
    return row


def end_partnership(*, partner_id: uuid.UUID, by: Person, reason: str) -> ListingPartner:
    """The lead withdraws an invitation; either side's owner ends a partnership, with a reason."""
    row = lock(ListingPartner, partner_id)
    listing = listing_of(row.listing_id)
    sides = {
        side: organisations.role_in(by.id, side) == "owner"
        for side in (listing.organisation_id, row.organisation_id)
    }
    is_invited = row.state == PartnerState.invited
    if not (sides[listing.organisation_id] if is_invited else any(sides.values())):
        raise Forbidden("not_owner", lazy("Hanya pemilik organisasi yang mengakhiri kemitraan ini."))
    row.reason = body(reason, field="reason", most=500)
    move(row, PartnerState.withdrawn if is_invited else PartnerState.left, by=by.id)
    _note(row, listing, "partner.ended", by)
    other = row.organisation_id if sides[listing.organisation_id] else listing.organisation_id
    tell(
        "partner.ended",
        [owner.id for owner in organisations.members_of(other, roles=("owner",))],
        about=("listing_partner", row.id),
        listing=listing,
        path=f"/dasbor/{organisations.get(other).slug}",
        key=str(row.id),
        for_organisation=other,
        reason=row.reason,
    )
    return row


def _note(row: ListingPartner, listing: Listing, kind: str, by: Person) -> None:
    journal.record(
        kind,
        about=("listing", listing.id),
        by=by.id,
        for_organisation=listing.organisation_id,
        data={"organisation": str(row.organisation_id)},
        visibility="public" if kind == "partner.accepted" else "parties",
    )
