"""Photos and documents in the editor: added one by one, each with its words."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.files import takes_files
from coevolve.kit.i18n import _
from coevolve.kit.pages import flash_success, form_page, see_other
from coevolve.listings import forms, policy, queries, service
from coevolve.listings.news_models import DOCUMENTS_MOST, PHOTOS_MOST, ListingPhoto
from coevolve.listings.views.door import (
    NOT_FOUND,
    ONE,
    base_of,
    blueprint,
    me,
    my_listing,
    refused,
    saved_words,
    section_of,
    typed,
)


def sent_file(name: str) -> tuple[Any, str]:
    """The stream and the name of a file that was sent, or nothing."""
    sent = request.files.get(name)
    return (sent.stream, sent.filename or "") if sent and sent.filename else (None, "")


@blueprint.route(f"{ONE}/foto", methods=["GET", "POST"])
@access("signed_in")
@takes_files
def photos(slug: str, listing_id: uuid.UUID) -> Response:
    """All photos in their order, and a form for one more."""
    organisation, listing = my_listing(slug, listing_id, "revise")
    form = forms.PhotoForm()
    if form.validate_on_submit():
        stream, name = sent_file("photo")
        try:
            service.add_photo(listing_id=listing.id, by=me(), photo=stream, name=name, alt=typed(form.alt))
        except DomainError as refusal:
            refused(form, refusal)
            organisation, listing = my_listing(slug, listing_id, "revise")
        else:
            commit()
            flash_success(_("Foto tersimpan. Lokasi dan data kamera sudah dihapus."))
            return see_other(f"{base_of(slug, listing)}/foto")
    found = queries.photos_of(listing.id)
    return form_page(
        "listings/photos.html",
        form,
        **section_of(organisation, listing, "foto"),
        photos=found,
        is_full=len(found) >= PHOTOS_MOST,
        most=PHOTOS_MOST,
    )


STEPS = {"sampul": "first", "naik": "earlier", "turun": "later"}


@blueprint.post(f"{ONE}/foto/<uuid:photo_id>/<any(sampul,naik,turun,hapus):act>")
@access("signed_in")
def arrange_photo(slug: str, listing_id: uuid.UUID, photo_id: uuid.UUID, act: str) -> Response:
    """Make it the cover, move it, or take it out."""
    _organisation, listing = my_listing(slug, listing_id, "revise")
    if act == "hapus":
        service.remove_photo(listing_id=listing.id, photo_id=photo_id, by=me())
        said = _("Foto dihapus.")
    else:
        service.move_photo(listing_id=listing.id, photo_id=photo_id, by=me(), to=STEPS[act])
        said = saved_words()
    commit()
    flash_success(said)
    return see_other(f"{base_of(slug, listing)}/foto")


@blueprint.route(f"{ONE}/foto/<uuid:photo_id>", methods=["GET", "POST"])
@access("signed_in")
def describe_photo(slug: str, listing_id: uuid.UUID, photo_id: uuid.UUID) -> Response:
    """Other words for what is to be seen."""
    organisation, listing = my_listing(slug, listing_id, "revise")
    photo = _photo(listing.id, photo_id)
    form = forms.AltForm(obj=photo)
    if form.validate_on_submit():
        try:
            service.describe_photo(listing_id=listing.id, photo_id=photo_id, by=me(), alt=typed(form.alt))
        except DomainError as refusal:
            refused(form, refusal)
            organisation, listing = my_listing(slug, listing_id, "revise")
            photo = _photo(listing.id, photo_id)
        else:
            commit()
            flash_success(saved_words())
            return see_other(f"{base_of(slug, listing)}/foto")
    return form_page("listings/photo.html", form, **section_of(organisation, listing, "foto"), photo=photo)


def _photo(listing_id: uuid.UUID, photo_id: uuid.UUID) -> ListingPhoto:
    for photo in queries.photos_of(listing_id):
        if photo.id == photo_id:
            return photo
    raise NotFound("not_found", NOT_FOUND)


# --- documents ----------------------------------------------------------------------------------------


@blueprint.route(f"{ONE}/dokumen", methods=["GET", "POST"])
@access("signed_in")
@takes_files
def documents(slug: str, listing_id: uuid.UUID) -> Response:
    """All documents with who may open them, and a form for one more while the listing is written."""
    organisation, listing = my_listing(slug, listing_id)
    form = forms.DocumentForm()
    may_add = policy.may(me(), "revise", listing)
    if form.validate_on_submit():
        stream, name = sent_file("document")
        try:
            service.add_document(
                listing_id=listing.id,
                by=me(),
                document=stream,
                name=name,
                title=typed(form.title),
                is_public=bool(form.is_public.data),
            )
        except DomainError as refusal:
            refused(form, refusal)
            organisation, listing = my_listing(slug, listing_id)
        else:
            commit()
            flash_success(_("Dokumen tersimpan."))
            return see_other(f"{base_of(slug, listing)}/dokumen")
    found = queries.documents_of(listing.id)
    return form_page(
        "listings/documents.html",
        form,
        **section_of(organisation, listing, "dokumen"),
        documents=found,
        may_add=may_add and len(found) < DOCUMENTS_MOST,
        may_remove=may_add,
        may_open=policy.may_publish_documents(me(), listing),
    )


@blueprint.post(f"{ONE}/dokumen/<uuid:document_id>/<any(buka,tutup,hapus):act>")
@access("signed_in")
def arrange_document(slug: str, listing_id: uuid.UUID, document_id: uuid.UUID, act: str) -> Response:
    """Let everybody open it, or only the moderator again; or take it out."""
    _organisation, listing = my_listing(slug, listing_id)
    if act == "hapus":
        service.remove_document(listing_id=listing.id, document_id=document_id, by=me())
        said = _("Dokumen dihapus.")
    else:
        service.open_document(
            listing_id=listing.id, document_id=document_id, by=me(), is_public=act == "buka"
        )
        said = saved_words()
    commit()
    flash_success(said)
    return see_other(f"{base_of(slug, listing)}/dokumen")
