"""Members write updates: the words first, then photos one by one, then for everybody to read."""

from __future__ import annotations

import uuid
from typing import Any

from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from coevolve.kit import i18n
from coevolve.kit.access import access
from coevolve.kit.db import commit, uuid7
from coevolve.kit.errors import DomainError, Forbidden, NotFound
from coevolve.kit.files import takes_files
from coevolve.kit.i18n import _, lazy
from coevolve.kit.money import parse_rupiah, typed_rupiah
from coevolve.kit.pages import flash_success, form_page, page, see_other
from coevolve.listings import forms, policy, queries, service
from coevolve.listings.models import Listing
from coevolve.listings.news_models import UPDATE_PHOTOS_MOST, ListingUpdate
from coevolve.listings.views.door import (
    NOT_FOUND,
    ONE,
    base_of,
    blueprint,
    me,
    my_listing,
    refused,
    saved_words,
    typed,
)
from coevolve.listings.views.pictures import sent_file
from coevolve.localities import queries as localities
from coevolve.organisations.models import Organisation


def _told(slug: str, listing_id: uuid.UUID) -> tuple[Organisation, Listing]:
    """A listing of this desk on which its members may write updates now."""
    organisation, listing = my_listing(slug, listing_id)
    if not policy.may_tell(me(), listing):
        raise Forbidden(
            "listing_verb", lazy("Kabar dapat ditulis sesudah tayangan terbuka dan tidak dibekukan.")
        )
    return organisation, listing


def _update(listing: Listing, update_id: uuid.UUID) -> ListingUpdate:
    update = queries.find_update(update_id)
    if update is None or update.listing_id != listing.id:
        raise NotFound("not_found", NOT_FOUND)
    return update


@blueprint.get(f"{ONE}/kabar")
@access("signed_in")
def updates(slug: str, listing_id: uuid.UUID) -> Response:
    """Everything written so far, and a way to write more."""
    organisation, listing = my_listing(slug, listing_id)
    return page(
        "listings/updates.html",
        organisation=organisation,
        listing=listing,
        base=base_of(slug, listing),
        updates=[_row(slug, listing, update) for update in queries.updates_written(listing.id)],
        may_tell=policy.may_tell(me(), listing),
    )


def _row(slug: str, listing: Listing, update: ListingUpdate) -> dict[str, Any]:
    zone = localities.zone_of(listing.locality_code)
    state, tag = _("Draf"), "plain"
    if update.hidden_at is not None:
        state, tag = _("Disembunyikan moderator"), "bad"
    elif update.published_at is not None:
        state, tag = _("Terbit"), "good"
    return {
        "title": update.title,
        "href": f"{base_of(slug, listing)}/kabar/{update.id}",
        "state": state,
        "tag": tag,
        "when": i18n.datetime(update.published_at or update.created_at, zone),
        "reason": update.hidden_because,
    }


@blueprint.route(f"{ONE}/kabar/tulis", methods=["GET", "POST"])
@access("signed_in")
def write_update(slug: str, listing_id: uuid.UUID) -> Response:
    """The words; photos follow on the next page."""
    organisation, listing = _told(slug, listing_id)
    form = forms.UpdateForm()
    has_budget = _prepare(form, listing)
    if not form.is_submitted():
        form.client_token.data = str(uuid7())
    if form.validate_on_submit():
        try:
            made = service.write_update(
                listing_id=listing.id, by=me(), client_token=_token(form), **_words(form)
            )
        except DomainError as refusal:
            refused(form, refusal)
            organisation, listing = _told(slug, listing_id)
        else:
            commit()
            flash_success(_("Draf kabar tersimpan. Tambahkan foto, lalu terbitkan."))
            return see_other(f"{base_of(slug, listing)}/kabar/{made.id}")
    return form_page(
        "listings/update_words.html",
        form,
        organisation=organisation,
        listing=listing,
        base=base_of(slug, listing),
        update=None,
        has_budget=has_budget,
    )


def _token(form: forms.UpdateForm) -> uuid.UUID:
    try:
        return uuid.UUID(typed(form.client_token))
    except ValueError:
        return uuid7()


def _prepare(form: forms.UpdateForm, listing: Listing) -> bool:
    """Offer the lines of the budget; whether there are any."""
    budget = [line for line in queries.lines_of(listing.id) if line.kind == "money"]
    form.line.choices = [
        SelectChoice("", _("Tidak tentang satu baris")),
        *(SelectChoice(str(line.id), line.label) for line in budget),
    ]
    form.line.data = form.line.data or ""
    return bool(budget)


def _words(form: forms.UpdateForm) -> service.UpdateWords:
    amount = typed(form.amount).strip()
    return {
        "title": typed(form.title),
        "text": typed(form.text),
        "line_id": uuid.UUID(typed(form.line)) if typed(form.line) else None,
        "amount": parse_rupiah(amount, field="amount").amount if amount else None,
    }


@blueprint.route(f"{ONE}/kabar/<uuid:update_id>/ubah", methods=["GET", "POST"])
@access("signed_in")
def revise_update(slug: str, listing_id: uuid.UUID, update_id: uuid.UUID) -> Response:
    """Change the words of a draft, or of what was published within the hour."""
    organisation, listing = _told(slug, listing_id)
    update = _update(listing, update_id)
    if not policy.may_change_update(me(), listing, update):
        return see_other(f"{base_of(slug, listing)}/kabar/{update.id}")
    form = forms.UpdateForm(obj=update)
    if not form.is_submitted():
        form.line.data = str(update.line_id or "")
        form.amount.data = typed_rupiah(update.amount)
    has_budget = _prepare(form, listing)
    if form.validate_on_submit():
        try:
            service.revise_update(update_id=update.id, by=me(), **_words(form))
        except DomainError as refusal:
            refused(form, refusal)
            organisation, listing = _told(slug, listing_id)
            update = _update(listing, update_id)
        else:
            commit()
            flash_success(saved_words())
            return see_other(f"{base_of(slug, listing)}/kabar/{update_id}")
    return form_page(
        "listings/update_words.html",
        form,
        organisation=organisation,
        listing=listing,
        base=base_of(slug, listing),
        update=update,
        has_budget=has_budget,
    )


@blueprint.route(f"{ONE}/kabar/<uuid:update_id>", methods=["GET", "POST"])
@access("signed_in")
@takes_files
def update(slug: str, listing_id: uuid.UUID, update_id: uuid.UUID) -> Response:
    """One update as its readers will see it; photos are added here, one by one."""
    organisation, listing = my_listing(slug, listing_id)
    shown = _update(listing, update_id)
    form = forms.PhotoForm()
    if form.validate_on_submit():
        stream, name = sent_file("photo")
        try:
            service.add_update_photo(
                update_id=shown.id, by=me(), photo=stream, name=name, alt=typed(form.alt)
            )
        except DomainError as refusal:
            refused(form, refusal)
            organisation, listing = my_listing(slug, listing_id)
            shown = _update(listing, update_id)
        else:
            commit()
            flash_success(_("Foto tersimpan. Lokasi dan data kamera sudah dihapus."))
            return see_other(f"{base_of(slug, listing)}/kabar/{update_id}")
    photos = queries.photos_of(listing.id, shown.id)
    line = queries.line(shown.line_id) if shown.line_id else None
    return form_page(
        "listings/update.html",
        form,
        organisation=organisation,
        listing=listing,
        base=base_of(slug, listing),
        update=shown,
        row=_row(slug, listing, shown),
        line=line.label if line else "",
        photos=photos,
        may_change=policy.may_change_update(me(), listing, shown),
        is_full=len(photos) >= UPDATE_PHOTOS_MOST,
        most=UPDATE_PHOTOS_MOST,
    )


@blueprint.post(f"{ONE}/kabar/<uuid:update_id>/foto/<uuid:photo_id>/hapus")
@access("signed_in")
def remove_update_photo(
    slug: str, listing_id: uuid.UUID, update_id: uuid.UUID, photo_id: uuid.UUID
) -> Response:
    """Take a photo out again."""
    _organisation, listing = _told(slug, listing_id)
    service.remove_update_photo(update_id=_update(listing, update_id).id, photo_id=photo_id, by=me())
    commit()
    flash_success(_("Foto dihapus."))
    return see_other(f"{base_of(slug, listing)}/kabar/{update_id}")


@blueprint.post(f"{ONE}/kabar/<uuid:update_id>/<any(terbitkan,buang):act>")
@access("signed_in")
def decide_update(slug: str, listing_id: uuid.UUID, update_id: uuid.UUID, act: str) -> Response:
    """Publish it, or throw the draft away."""
    _organisation, listing = _told(slug, listing_id)
    found = _update(listing, update_id)
    if act == "buang":
        service.drop_update(update_id=found.id, by=me())
        commit()
        flash_success(_("Draf kabar dibuang."))
        return see_other(f"{base_of(slug, listing)}/kabar")
    service.publish_update(update_id=found.id, by=me())
    commit()
    flash_success(_("Kabar terbit. Semua yang sudah memberi kami kabari."))
    return see_other(f"{base_of(slug, listing)}/kabar/{update_id}")
