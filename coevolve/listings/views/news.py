"""Updates for everybody: all of a listing, page by page; each with a page of its own, where a moderator may hide it."""

from __future__ import annotations

import uuid
from typing import Any, cast

from flask import redirect, request

from coevolve.config import settings
from coevolve.kit import i18n
from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.money import format_rupiah
from coevolve.kit.pages import actor, flash_success, form_page, page, see_other
from coevolve.listings import forms, policy, queries, service
from coevolve.listings.models import Listing
from coevolve.listings.news_models import ListingUpdate
from coevolve.listings.queries import After, Gallery, ShownUpdate
from coevolve.listings.queries.cards import PATHS
from coevolve.listings.queries.news import EXCERPT
from coevolve.listings.views.door import blueprint, refused, typed
from coevolve.localities import queries as localities

A_PAGE = 10
NO_UPDATE = lazy("Kabar ini tidak ada, atau sedang tidak ditampilkan.")


def update_words(update: ShownUpdate, zone: str = "Asia/Jakarta") -> dict[str, Any]:
    """An update as lists of them show it."""
    return {
        "it": update,
        "when": i18n.date(update.published_at, zone),
        "text": update.text
        if len(update.text) <= EXCERPT
        else update.text[:EXCERPT].rsplit(None, 1)[0] + " …",
        "is_cut": len(update.text) > EXCERPT,
        "spent": spent_words(update),
    }


def spent_words(update: ShownUpdate) -> str:
    """'Rp 500.000 untuk Pipa dan sambungan': which line of the budget it speaks of."""
    if update.line is None:
        return ""
    if update.amount is None:
        return _("Tentang anggaran: %(line)s", line=update.line)
    return _("%(amount)s untuk %(line)s", amount=format_rupiah(update.amount), line=update.line)


def gallery_words(gallery: Gallery, locality_code: str | None) -> dict[str, Any]:
    """What a listing's page shows beside its words."""
    zone = localities.zone_of(locality_code)
    return {
        "photos": gallery.photos,
        "documents": [
            (document, "PDF" if document.media_type == "application/pdf" else "JPG", _size(document.size))
            for document in gallery.documents
        ],
        "updates": [update_words(update, zone) for update in gallery.updates],
        "update_count": gallery.update_count if gallery.updates else 0,
    }


def _size(octets: int) -> str:
    if octets < 1_000_000:
        return f"{i18n.number(max(1, octets // 1000))} KB"
    return f"{i18n.number(octets // 1_000_000)} MB"


def _listing(word: str, slug: str) -> Listing | None:
    """The listing of this address when strangers may read its updates."""
    listing = queries.find_by_slug(slug)
    if listing is None or not policy.may(actor(), "see", listing):
        raise NotFound("listing_not_found", lazy("Tayangan ini tidak ada, atau belum tayang."))
    return listing if (word, slug) == (PATHS[listing.kind], listing.slug) else None


def _moved(slug: str, rest: str) -> Any:
    listing = cast("Listing", queries.find_by_slug(slug))
    return redirect(f"/{PATHS[listing.kind]}/{listing.slug}/{rest}", code=301)


@blueprint.get("/<any(kebutuhan,kampanye,penawaran,peluang):word>/<slug>/kabar")
@access("public")
def told(word: str, slug: str) -> Any:
    """All updates of a listing, newest first."""
    listing = _listing(word, slug)
    if listing is None:
        return _moved(slug, "kabar")
    found = queries.updates_of(
        listing_id=listing.id, limit=A_PAGE + 1, after=After.read(request.args.get("sesudah"))
    )
    zone = localities.zone_of(listing.locality_code)
    last = found[A_PAGE - 1] if len(found) > A_PAGE else None
    return page(
        "listings/news.html",
        listing=listing,
        path=f"/{word}/{slug}",
        updates=[update_words(update, zone) for update in found[:A_PAGE]],
        is_beginning="sesudah" not in request.args,
        next=f"/{word}/{slug}/kabar?sesudah={After(last.published_at, last.id)}" if last else None,
    )


@blueprint.get("/<any(kebutuhan,kampanye,penawaran,peluang):word>/<slug>/kabar/<uuid:update_id>")
@access("public")
def told_one(word: str, slug: str, update_id: uuid.UUID) -> Any:
    """One update, whole, with all its photos."""
    listing = _listing(word, slug)
    if listing is None:
        return _moved(slug, f"kabar/{update_id}")
    return _told_one(listing, update_id, forms.HideForm(formdata=None))


def _told_one(listing: Listing, update_id: uuid.UUID, form: forms.HideForm) -> Any:
    shown = queries.shown_update(update_id)
    may_hide = policy.may_hide_update(actor(), listing)
    if shown is None and may_hide:
        return _hidden(listing, update_id, form)
    if shown is None or shown.listing_id != listing.id:
        raise NotFound("update_not_found", NO_UPDATE)
    zone = localities.zone_of(listing.locality_code)
    return form_page(
        "listings/told.html",
        form,
        listing=listing,
        organisation=shown.organisation,
        path=shown.listing_path,
        url=settings().public_url.rstrip("/") + shown.path,
        update=shown,
        when=i18n.datetime(shown.published_at, zone),
        edited=i18n.datetime(shown.edited_at, zone) if shown.edited_at else "",
        spent=spent_words(shown),
        photos=shown.photos,
        hidden_because="",
        may_hide=may_hide,
    )


def _hidden(listing: Listing, update_id: uuid.UUID, form: forms.HideForm) -> Any:
    """What only moderators still see: an update that one of them hid."""
    update = _published(listing, update_id)
    return form_page(
        "listings/told.html",
        form,
        listing=listing,
        path=f"/{PATHS[listing.kind]}/{listing.slug}",
        url="",
        update=update,
        when=i18n.datetime(cast("Any", update.published_at), localities.zone_of(listing.locality_code)),
        edited="",
        spent="",
        photos=queries.photos_of(listing.id, update.id),
        hidden_because=update.hidden_because,
        may_hide=True,
    )


def _published(listing: Listing, update_id: uuid.UUID) -> ListingUpdate:
    update = queries.find_update(update_id)
    if update is None or update.listing_id != listing.id or update.published_at is None:
        raise NotFound("update_not_found", NO_UPDATE)
    return update


@blueprint.post(
    "/<any(kebutuhan,kampanye,penawaran,peluang):word>/<slug>/kabar/<uuid:update_id>/<any(sembunyikan,tampilkan):act>"
)
@access("staff:moderator")
def judge_update(word: str, slug: str, update_id: uuid.UUID, act: str) -> Any:
    """A moderator hides an update with a reason, or shows it again."""
    listing = _listing(word, slug)
    if listing is None:
        raise NotFound("update_not_found", NO_UPDATE)
    update = _published(listing, update_id)
    form = forms.HideForm()
    path = f"/{word}/{slug}/kabar/{update_id}"
    if act == "tampilkan":
        service.show_update_again(update_id=update.id, by=actor())
        commit()
        flash_success(_("Kabar tampil lagi."))
        return see_other(path)
    if form.validate_on_submit():
        try:
            service.hide_update(update_id=update.id, by=actor(), reason=typed(form.reason))
        except DomainError as refusal:
            refused(form, refusal)
            listing = cast("Listing", _listing(word, slug))
        else:
            commit()
            flash_success(_("Kabar disembunyikan. Organisasi mendapat kabar dengan alasannya."))
            return see_other(path)
    return _told_one(listing, update_id, form)
