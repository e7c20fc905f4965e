"""What people do with a suggestion: see, contact, put away with a reason, take back, note what followed.

A match belongs to one person; a pairing to the members of both organisations. Moves happen by conditional UPDATE, so
that a second click, or somebody else's, changes nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from coevolve.kit import clock
from coevolve.kit.db import get, session
from coevolve.kit.errors import Conflict, Invalid, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.text import clean_text, refuse_nul
from coevolve.listings.models import Listing
from coevolve.matching.models import (
    DISMISSALS,
    UNLEARNED,
    Match,
    MatchDislike,
    MatchNote,
    MatchState,
    Pairing,
)
from coevolve.notifications import service as notifications
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation
from coevolve.people.models import Person

NOTE_MOST = 1000
NOTES_MOST = 200
"""So many notes on one match; more is a conversation for elsewhere."""
M = MatchState


def mark_seen(*, match_ids: Iterable[int], person_id: uuid.UUID) -> int:
    """Remember that the person has seen these suggestions."""
    return len(_moved(Match, list(match_ids), {M.suggested}, M.seen, Match.person_id == person_id))


def dismiss(*, match_id: int, person_id: uuid.UUID, reason: str = "other") -> None:
    """Put a suggestion away; it is not suggested again, and the like of it sinks. Repeating it changes nothing."""
    _known(reason)
    live = {M.suggested, M.seen, M.contacted}
    if _moved(Match, [match_id], live, M.dismissed, Match.person_id == person_id, reason=reason):
        _learn(match_id, person_id, reason, step=1)


def restore(*, match_id: int, person_id: uuid.UUID) -> None:
    """Take a dismissed suggestion back; what was learned from it is forgotten."""
    before = session().execute(select(Match.reason).where(Match.id == match_id)).scalar_one_or_none()
    if _moved(Match, [match_id], {M.dismissed}, M.seen, Match.person_id == person_id, reason=""):
        _learn(match_id, person_id, before or "", step=-1)


def contact(*, match_id: int, by: Person, text: str) -> None:
    """Write to the CSO whose need it is; its members are told, with the words. Again: one more note."""
    match = own_match(match_id, by.id)
    said = clean_note(text)
    _add_note(said, by=by, match_id=match.id, for_organisation=match.for_organisation, is_message=True)
    if match.state not in {M.suggested, M.seen, M.contacted, M.pledged}:
        raise Conflict("not_live", lazy("Saran ini sudah disingkirkan atau berakhir."))
    _moved(Match, [match.id], {M.suggested, M.seen}, M.contacted, Match.person_id == by.id)
    listing = get(Listing, match.listing_id)
    giver = get(Organisation, match.for_organisation).name if match.for_organisation else by.name
    path = f"/dasbor/{_slug(listing)}/listing/{listing.id}/cocok"
    _tell(listing, name=giver, said=said, path=path, by=by)


def note(*, match_id: int, by: Person, text: str) -> None:
    """Write down what followed."""
    match = own_match(match_id, by.id)
    _add_note(clean_note(text), by=by, match_id=match.id, for_organisation=match.for_organisation)


def own_match(match_id: int, person_id: uuid.UUID) -> Match:
    """The person's own match; another's is not there."""
    found = session().get(Match, match_id)
    if found is None or found.person_id != person_id:
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    return found


# --- pairings -------------------------------------------------------------------------------------------------------


def own_pairing(pairing_id: int, person_id: uuid.UUID) -> tuple[Pairing, Listing, Listing]:
    """A pairing with our listing and the other's; for those who sit on neither side it is not there."""
    pairing = session().get(Pairing, pairing_id)
    if pairing is not None:
        need, offer = get(Listing, pairing.need_id), get(Listing, pairing.offer_id)
        for mine, other in ((need, offer), (offer, need)):
            if organisations.role_in(person_id, mine.organisation_id):
                return pairing, mine, other
    raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))


def see_pairings(*, pairing_ids: Iterable[int]) -> int:
    """Remember that a side has seen these pairings (the caller has asked whether it may)."""
    return len(_moved(Pairing, list(pairing_ids), {M.suggested}, M.seen))


def dismiss_pairing(*, pairing_id: int, person_id: uuid.UUID, reason: str = "other") -> None:
    """Say for one's organisation that a need and an offer do not fit; the like of it sinks for this side."""
    _known(reason)
    pairing, mine, _other = own_pairing(pairing_id, person_id)
    _moved(
        Pairing,
        [pairing.id],
        {M.suggested, M.seen, M.contacted},
        M.dismissed,
        reason=reason,
        dismissed_for=mine.organisation_id,
    )


def restore_pairing(*, pairing_id: int, person_id: uuid.UUID) -> None:
    """Take it back; only the side that put it away can."""
    pairing, mine, _other = own_pairing(pairing_id, person_id)
    _moved(
        Pairing,
        [pairing.id],
        {M.dismissed},
        M.seen,
        Pairing.dismissed_for == mine.organisation_id,
        reason="",
        dismissed_for=None,
    )


def contact_pairing(*, pairing_id: int, by: Person, text: str) -> None:
    """Write to the other side; its members are told, with the words. Both sides see all notes."""
    pairing, mine, other = own_pairing(pairing_id, by.id)
    if pairing.state not in {M.suggested, M.seen, M.contacted, M.pledged}:
        raise Conflict("not_live", lazy("Saran ini sudah disingkirkan atau berakhir."))
    said = clean_note(text)
    _add_note(said, by=by, pairing_id=pairing.id, for_organisation=mine.organisation_id, is_message=True)
    _moved(Pairing, [pairing.id], {M.suggested, M.seen}, M.contacted)
    name = get(Organisation, mine.organisation_id).name
    _tell(other, name=name, said=said, path=f"/dasbor/kecocokan/pasangan/{pairing.id}", by=by)


def note_pairing(*, pairing_id: int, by: Person, text: str) -> None:
    """Write down what followed, for both sides."""
    pairing, mine, _other = own_pairing(pairing_id, by.id)
    _add_note(clean_note(text), by=by, pairing_id=pairing.id, for_organisation=mine.organisation_id)


# --- shared ---------------------------------------------------------------------------------------------------------


def _moved(
    model: Any, ids: list[int], src: set[MatchState], dst: MatchState, *where: Any, **values: Any
) -> list[int]:
    done = session().execute(
        update(model)
        .where(model.id.in_(ids), model.state.in_([str(state) for state in src]), *where)
        .values(state=dst, changed_at=clock.now(), **values)
        .returning(model.id)
        .execution_options(synchronize_session="fetch")
    )
    return list(done.scalars())


def _learn(match_id: int, person_id: uuid.UUID, reason: str, *, step: int) -> None:
    """Count what the person puts away, by sector and by organisation."""
    if reason in UNLEARNED:
        return
    listing = get(Listing, get(Match, match_id).listing_id)
    rows = [
        {"about": about, "person_id": person_id, "count": max(0, step)}
        for about in (f"organisation:{listing.organisation_id}", f"sector:{listing.sector}")
    ]
    statement = upsert(MatchDislike)
    session().execute(
        statement.on_conflict_do_update(
            index_elements=["about", "person_id"],
            set_={"count": func.least(1000, func.greatest(0, MatchDislike.count + step))},
        ),
        rows,
    )


def _known(reason: str) -> None:
    if reason not in DISMISSALS:
        raise Invalid("reason_unknown", lazy("Pilih satu alasan dari daftar."), field="alasan")


def clean_note(typed: str) -> str:
    """The words of a note: not empty, not too long."""
    said = clean_text(refuse_nul(typed))
    if not said:
        raise Invalid("text_empty", lazy("Tulis beberapa kata dahulu."), field="teks")
    if len(said) > NOTE_MOST:
        raise Invalid("text_long", lazy("Paling banyak %(most)s karakter.", most=NOTE_MOST), field="teks")
    return said


def _add_note(
    text: str, *, by: Person, for_organisation: uuid.UUID | None, is_message: bool = False, **thing: int
) -> None:
    [(column, key)] = thing.items()
    session().execute(select(func.pg_advisory_xact_lock(func.hashtext(f"match_note:{column}:{key}"))))
    known = getattr(MatchNote, column) == key
    count = session().execute(select(func.count()).select_from(MatchNote).where(known)).scalar_one()
    if count >= NOTES_MOST:
        raise Conflict("notes_full", lazy("Catatannya sudah penuh."))
    last = (
        session()
        .execute(
            select(MatchNote.text, MatchNote.person_id).where(known).order_by(MatchNote.id.desc()).limit(1)
        )
        .first()
    )
    if last is not None and tuple(last) == (text, by.id):
        return
    session().add(
        MatchNote(
            **{column: key},
            person_id=by.id,
            for_organisation=for_organisation,
            is_message=is_message,
            text=text,
        )
    )
    session().flush()


def _tell(listing: Listing, *, name: str, said: str, path: str, by: Person) -> None:
    kind = "match.contacted"
    notifications.queue(
        kind=kind,
        person_ids=[
            one.id
            for one in organisations.members_of(listing.organisation_id, ("owner", "member"))
            if one.id != by.id
        ],
        about=("listing", listing.id),
        data={"giver": name, "title": listing.title, "reason": said[:600], "path": path},
        dedupe_key=f"{kind}:{listing.id}:{by.id}:{clock.now():%Y%m%d%H%M%S%f}",
        for_organisation=listing.organisation_id,
    )


def _slug(listing: Listing) -> str:
    return get(Organisation, listing.organisation_id).slug
