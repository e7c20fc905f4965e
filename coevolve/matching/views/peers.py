"""Asking a CSO with the same need to talk; answering."""

from __future__ import annotations

import uuid

from flask import request
from werkzeug.wrappers import Response

from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.pages import flash_success, form_page, see_other
from coevolve.listings import queries as listings
from coevolve.matching import queries, service
from coevolve.matching.forms import WordsForm
from coevolve.matching.views.door import LISTING, NOT_FOUND, blueprint, done_with, me, my_listing
from coevolve.organisations import queries as organisations

INVITATION = "/dasbor/kecocokan/ajakan/<uuid:invitation_id>"


@blueprint.route(f"{LISTING}/ajak/<uuid:other_id>", methods=["GET", "POST"])
@access("signed_in")
def invite(slug: str, listing_id: uuid.UUID, other_id: uuid.UUID) -> Response:
    """Write to the CSO of another need."""
    _organisation, listing, base = my_listing(slug, listing_id)
    peers = queries.peers_of(listing, listings.lines_of(listing.id))
    peer = next((one for one in peers if one.listing_id == other_id), None)
    if peer is None:
        raise NotFound("not_found", NOT_FOUND)
    base = f"{base}/cocok"
    form = WordsForm()
    done = done_with(
        form,
        lambda: service.invite_peer(
            from_listing_id=listing.id, to_listing_id=other_id, by=me(), text=form.teks.data or ""
        ),
        lazy("Ajakan terkirim kepada %(name)s.", name=peer.organisation),
        base,
    )
    return done or form_page("matching/invite.html", form, peer=peer, listing=listing, base=base)


@blueprint.route(INVITATION, methods=["GET", "POST"])
@access("signed_in")
def invitation(invitation_id: uuid.UUID) -> Response:
    """An invitation, for the members of both sides; the invited side answers."""
    row = queries.invitation(invitation_id)
    person = me()
    is_invited = row is not None and organisations.role_in(person.id, row.to_body_id) is not None
    is_inviting = row is not None and organisations.role_in(person.id, row.from_body_id) is not None
    if row is None or not (is_invited or is_inviting):
        raise NotFound("not_found", NOT_FOUND)
    form = WordsForm()
    done = done_with(
        form,
        lambda: service.answer_peer(
            invitation_id=row.id,
            by=person,
            is_yes=request.form.get("jawaban") == "ya",
            text=form.teks.data or "",
        ),
        lazy("Jawaban terkirim kepada %(name)s.", name=row.from_body),
        request.path,
    )
    return done or form_page(
        "matching/invitation.html", form, row=row, is_invited=is_invited, is_inviting=is_inviting
    )


@blueprint.post(f"{INVITATION}/tarik")
@access("signed_in")
def withdraw(invitation_id: uuid.UUID) -> Response:
    """Take an unanswered invitation back."""
    service.withdraw_peer(invitation_id=invitation_id, by=me())
    commit()
    flash_success(lazy("Ajakan ditarik."))
    return see_other(f"/dasbor/kecocokan/ajakan/{invitation_id}")
