"""CSOs with the same need: one asks another to talk about asking together."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select

from coevolve.journal import service as journal
from coevolve.kit import clock
from coevolve.kit.db import get, lock, session
from coevolve.kit.errors import Conflict, Forbidden, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import begin, move
from coevolve.listings import policy
from coevolve.listings.models import Listing, State
from coevolve.matching.models import InvitationState, PeerInvitation
from coevolve.matching.service.dealing import clean_note
from coevolve.notifications import service as notifications
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation
from coevolve.people.models import Person

INVITATIONS_MOST = 20
"""So many unanswered invitations of one listing at a time."""
OPEN = (InvitationState.invited, InvitationState.accepted)


def invite_peer(
    *, from_listing_id: uuid.UUID, to_listing_id: uuid.UUID, by: Person, text: str
) -> PeerInvitation:
    """Ask the CSO of another open need to talk. Asked twice it is the same invitation."""
    mine, other = lock(Listing, from_listing_id), get(Listing, to_listing_id)
    _require_writer(by, mine)
    said = clean_note(text)
    known = (
        session()
        .scalars(
            select(PeerInvitation).where(
                PeerInvitation.from_listing_id == mine.id,
                PeerInvitation.to_listing_id == other.id,
                PeerInvitation.state.in_([str(state) for state in OPEN]),
            )
        )
        .first()
    )
    if known is not None:
        return known
    if mine.organisation_id == other.organisation_id or "standing_offer" in (mine.kind, other.kind):
        raise Conflict("no_peer", lazy("Ajakan hanya untuk kebutuhan organisasi lain."))
    if mine.state != State.open or other.state != State.open:
        raise Conflict("not_open", lazy("Kedua kebutuhan harus sedang tayang."))
    waiting = session().execute(
        select(func.count())
        .select_from(PeerInvitation)
        .where(PeerInvitation.from_listing_id == mine.id, PeerInvitation.state == InvitationState.invited)
    )
    if waiting.scalar_one() >= INVITATIONS_MOST:
        raise Conflict("too_many", lazy("Tunggu jawaban ajakan sebelumnya dahulu."))
    made = PeerInvitation(
        from_listing_id=mine.id,
        to_listing_id=other.id,
        state=InvitationState.invited,
        invited_by=by.id,
        text=said,
    )
    begin(made, by=by.id)
    _record(made, "peer.invited", by.id, mine)
    _tell(made, "peer.invited", mine, other, said)
    return made


def answer_peer(*, invitation_id: uuid.UUID, by: Person, is_yes: bool, text: str) -> PeerInvitation:
    """The invited side says yes or no, with a few words; the inviting side is told."""
    found = lock(PeerInvitation, invitation_id)
    mine, other = get(Listing, found.to_listing_id), get(Listing, found.from_listing_id)
    _require_writer(by, mine)
    found.answer, found.answered_by, found.answered_at = clean_note(text), by.id, clock.now()
    move(found, InvitationState.accepted if is_yes else InvitationState.declined, by=by.id)
    _record(found, "peer.accepted" if is_yes else "peer.declined", by.id, mine)
    _tell(found, "peer.accepted" if is_yes else "peer.declined", mine, other, found.answer)
    return found


def withdraw_peer(*, invitation_id: uuid.UUID, by: Person) -> PeerInvitation:
    """The inviting side takes an unanswered invitation back."""
    found = lock(PeerInvitation, invitation_id)
    mine = get(Listing, found.from_listing_id)
    _require_writer(by, mine)
    move(found, InvitationState.withdrawn, by=by.id)
    _record(found, "peer.withdrawn", by.id, mine)
    return found


def _require_writer(by: Person, listing: Listing) -> None:
    if policy.may_write_for(by, listing.organisation_id):
        return
    if organisations.role_in(by.id, listing.organisation_id) is None:
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    raise Forbidden("not_a_writer", lazy("Hanya pemilik dan anggota yang boleh melakukannya."))


def _record(made: PeerInvitation, kind: str, by: uuid.UUID, listing: Listing) -> None:
    journal.record(kind, about=("peer_invitation", made.id), by=by, for_organisation=listing.organisation_id)


def _tell(made: PeerInvitation, kind: str, mine: Listing, other: Listing, said: str) -> None:
    notifications.queue(
        kind=kind,
        person_ids=[one.id for one in organisations.members_of(other.organisation_id, ("owner", "member"))],
        about=("peer_invitation", made.id),
        data={
            "organisation": get(Organisation, mine.organisation_id).name,
            "title": other.title,
            "reason": said[:600],
            "path": f"/dasbor/kecocokan/ajakan/{made.id}",
        },
        dedupe_key=f"{kind}:{made.id}",
        for_organisation=other.organisation_id,
    )
