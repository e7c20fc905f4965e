"""Needs and offers that suit each other: one pairing, and all of one listing on its organisation's desk."""

from __future__ import annotations

import uuid

from flask import request
from werkzeug.wrappers import Response

from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.i18n import lazy
from coevolve.kit.pages import flash_success, form_page, page, see_other
from coevolve.listings import queries as listings
from coevolve.matching import queries, service
from coevolve.matching.forms import DismissForm, WordsForm
from coevolve.matching.views.door import BIG, LISTING, blueprint, done_with, me, my_listing
from coevolve.matching.views.suggestions import HOME, view_tabs

PAIR = f"{HOME}/pasangan/<int(max={BIG}):pairing_id>"


@blueprint.route(PAIR, methods=["GET", "POST"])
@access("signed_in")
def pairing(pairing_id: int) -> Response:
    """One pairing: which lines suit which, why, what both sides wrote; a message to the other side, or a note."""
    person = me()
    _pairing, mine, _other = service.own_pairing(pairing_id, person.id)
    row = queries.pair_seen_by(pairing_id, mine.organisation_id)
    form = WordsForm()
    is_contact = request.form.get("langkah") == "hubungi"
    step = service.contact_pairing if is_contact else service.note_pairing
    words = (
        lazy("Pesan terkirim kepada %(name)s.", name=row.organisation if row else "")
        if is_contact
        else lazy("Catatan tersimpan.")
    )
    base = f"{HOME}/pasangan/{pairing_id}"
    done = done_with(
        form, lambda: step(pairing_id=pairing_id, by=person, text=form.teks.data or ""), words, base
    )
    if done is not None:
        return done
    line_pairs = queries.line_pairs_of(pairing_id, i_ask=bool(row and row.i_ask))
    answer = form_page(
        "matching/pairing.html",
        form,
        row=row,
        line_rows=[[one.own, one.other] for one in line_pairs],
        ask_path=f"/minta/{row.slug}?baris={line_pairs[0].offer_line_id}&kebutuhan={line_pairs[0].need_line_id}"
        if row and line_pairs
        else "",
        notes=queries.notes_of(pairing_id=pairing_id),
        base=base,
        dismiss_form=DismissForm(formdata=None),
    )
    if row is not None and row.is_new and request.method == "GET":
        service.see_pairings(pairing_ids=[pairing_id])
        commit()
    return answer


@blueprint.post(f"{PAIR}/singkirkan")
@access("signed_in")
def dismiss_pairing(pairing_id: int) -> Response:
    """Say that a need and an offer do not fit, and why."""
    service.dismiss_pairing(
        pairing_id=pairing_id, person_id=me().id, reason=request.form.get("alasan") or "other"
    )
    commit()
    flash_success(lazy("Disingkirkan. Tidak akan disarankan lagi."))
    return see_other(HOME)


@blueprint.post(f"{PAIR}/kembalikan")
@access("signed_in")
def restore_pairing(pairing_id: int) -> Response:
    """Take it back; the side that put it away can."""
    service.restore_pairing(pairing_id=pairing_id, person_id=me().id)
    commit()
    flash_success(lazy("Disarankan lagi."))
    return see_other(f"{HOME}/pasangan/{pairing_id}")


@blueprint.get(f"{LISTING}/cocok")
@access("signed_in")
def fitting(slug: str, listing_id: uuid.UUID) -> Response:
    """What suits one listing of ours: offers or needs, who wrote about it, and who asks for the same elsewhere."""
    organisation, listing, base = my_listing(slug, listing_id)
    view = request.args.get("lihat", "")
    view = view if view in queries.VIEWS else ""
    asks = listing.kind in ("need", "campaign")
    pairs = queries.pairs_of_listing(listing, view=view)
    return page(
        "matching/fitting.html",
        organisation=organisation,
        listing=listing,
        base=base,
        asks=asks,
        view=view,
        tabs=view_tabs(f"{base}/cocok", view),
        pairs=pairs,
        told=queries.told_about(listing.id) if not view else 0,
        askers=queries.contacts_of(listing.id) if not view else [],
        peers=queries.peers_of(listing, listings.lines_of(listing.id)) if asks and not view else [],
        invitations=queries.invitations_of(listing.id) if asks and not view else [],
    )
