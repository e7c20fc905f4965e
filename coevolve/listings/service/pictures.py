"""Photos and documents of a listing, while it is written; which documents everybody may open, also later."""

from __future__ import annotations

import uuid
from typing import BinaryIO

from sqlalchemy import delete, func, select

from coevolve.kit import clock, db, files
from coevolve.kit.errors import Forbidden, Invalid, NotFound
from coevolve.kit.files import SeenPhoto
from coevolve.kit.i18n import lazy
from coevolve.kit.text import clean_line, refuse_nul
from coevolve.listings import policy, queries
from coevolve.listings.models import Listing
from coevolve.listings.news_models import DOCUMENTS_MOST, PHOTOS_MOST, ListingDocument, ListingPhoto
from coevolve.people.models import Person

ALT_LEAST, ALT_MOST = 5, 200


def add_photo(
    *, listing_id: uuid.UUID, by: Person, photo: BinaryIO | None, name: str, alt: str
) -> ListingPhoto:
    """One photo more, at the end; the same picture again is the one already there (a second tap)."""
    listing = _locked(listing_id, by)
    there = queries.photos_of(listing.id)
    if len(there) >= PHOTOS_MOST:
        raise Invalid(
            "photos_full", lazy("Satu tayangan memuat paling banyak %(most)s foto.", most=PHOTOS_MOST)
        )
    made = photo_row(listing, accepted(photo, name, by), alt_words(alt), by, there=there)
    _touched(listing)
    return made


def accepted(photo: BinaryIO | None, name: str, by: Person) -> SeenPhoto:
    """The photo of a form, looked at and kept."""
    if photo is None:
        raise Invalid("photo_missing", lazy("Pilih fotonya dahulu."), field="photo")
    return files.accept_photo(photo, name=name, by=by.id)


def alt_words(typed: str) -> str:
    """What is to be seen, in a sentence."""
    words = clean_line(refuse_nul(typed))
    if not ALT_LEAST <= len(words) <= ALT_MOST:
        message = lazy(
            "Tulis apa yang terlihat, 5 sampai 200 karakter. Misalnya “Warga mengangkut pipa di lereng”."
        )
        raise Invalid("alt", message, field="alt")
    return words


def photo_row(
    listing: Listing,
    seen: SeenPhoto,
    alt: str,
    by: Person,
    *,
    there: list[ListingPhoto],
    update_id: uuid.UUID | None = None,
) -> ListingPhoto:
    """Write a photo behind those that are there; the same picture there already only gets the new words."""
    for one in there:
        if one.key == seen.key:
            one.alt = alt
            db.session().flush()
            return one
    made = ListingPhoto(
        listing_id=listing.id,
        update_id=update_id,
        file_id=seen.stored.id,
        position=there[-1].position + 1 if there else 1,
        key=seen.key,
        alt=alt,
        width=seen.width,
        height=seen.height,
        fingerprint=seen.fingerprint,
        bands=queries.bands_of(seen.fingerprint),
        added_by=by.id,
    )
    db.session().add(made)
    db.session().flush()
    return made


def describe_photo(*, listing_id: uuid.UUID, photo_id: uuid.UUID, by: Person, alt: str) -> ListingPhoto:
    """Other words for what is to be seen."""
    listing = _locked(listing_id, by)
    photo = _photo(listing, photo_id)
    photo.alt = alt_words(alt)
    _touched(listing)
    return photo


def move_photo(*, listing_id: uuid.UUID, photo_id: uuid.UUID, by: Person, to: str) -> None:
    """'first' (the cover), 'earlier' or 'later' in the order."""
    listing = _locked(listing_id, by)
    photo = _photo(listing, photo_id)
    there = queries.photos_of(listing.id)
    at = there.index(photo)
    there.remove(photo)
    there.insert({"first": 0, "earlier": max(0, at - 1), "later": at + 1}[to], photo)
    for number, one in enumerate(there, start=1):
        one.position = number
    _touched(listing)


def remove_photo(*, listing_id: uuid.UUID, photo_id: uuid.UUID, by: Person) -> None:
    """Take a photo out; one that is gone already is no error (a second tap). Its bytes stay where they are."""
    listing = _locked(listing_id, by)
    db.session().execute(
        delete(ListingPhoto).where(
            ListingPhoto.id == photo_id,
            ListingPhoto.listing_id == listing.id,
            ListingPhoto.update_id.is_(None),
        )
    )
    _touched(listing)


def _photo(listing: Listing, photo_id: uuid.UUID) -> ListingPhoto:
    photo = db.session().get(ListingPhoto, photo_id)
    if photo is None or photo.listing_id != listing.id or photo.update_id is not None:
        raise NotFound("not_found", lazy("Foto ini tidak ada."))
    return photo


def _touched(listing: Listing) -> None:
    """The cover is the first photo; the listing was changed now."""
    db.session().flush()
    cover = queries.cover_of(listing.id)
    listing.cover = None if cover is None else cover.key
    listing.revised_at = clock.now()
    db.session().flush()


# --- documents ----------------------------------------------------------------------------------------


def add_document(
    *,
    listing_id: uuid.UUID,
    by: Person,
    document: BinaryIO | None,
    name: str,
    title: str,
    is_public: bool = False,
) -> ListingDocument:
    """A PDF or photo for the moderator, or for everybody once the listing is public."""
    listing = _locked(listing_id, by)
    count = select(func.count()).where(ListingDocument.listing_id == listing.id)
    if db.session().execute(count).scalar_one() >= DOCUMENTS_MOST:
        raise Invalid(
            "documents_full",
            lazy("Satu tayangan memuat paling banyak %(most)s dokumen.", most=DOCUMENTS_MOST),
        )
    words = clean_line(refuse_nul(title))
    if not 3 <= len(words) <= 120:
        raise Invalid(
            "title", lazy("Beri nama dokumen ini, misalnya “Surat dukungan kepala desa”."), field="title"
        )
    if document is None:
        raise Invalid("document_missing", lazy("Pilih berkasnya dahulu."), field="document")
    stored = files.accept(document, name=name, by=by.id, field="document")
    made = ListingDocument(
        listing_id=listing.id, file_id=stored.id, title=words, is_public=is_public, added_by=by.id
    )
    db.session().add(made)
    listing.revised_at = clock.now()
    db.session().flush()
    return made


def open_document(
    *, listing_id: uuid.UUID, document_id: uuid.UUID, by: Person, is_public: bool
) -> ListingDocument:
    """Let everybody open a document, or only moderators and members again."""
    listing = db.lock(Listing, listing_id)
    if not policy.may_publish_documents(by, listing):
        raise Forbidden(
            "listing_verb", lazy("Langkah ini tidak dapat Anda lakukan pada tayangan ini sekarang.")
        )
    document = _document(listing, document_id)
    document.is_public = is_public
    db.session().flush()
    return document


def remove_document(*, listing_id: uuid.UUID, document_id: uuid.UUID, by: Person) -> None:
    """Take a document out; one that is gone already is no error."""
    listing = _locked(listing_id, by)
    db.session().execute(
        delete(ListingDocument).where(
            ListingDocument.id == document_id, ListingDocument.listing_id == listing.id
        )
    )
    listing.revised_at = clock.now()
    db.session().flush()


def _document(listing: Listing, document_id: uuid.UUID) -> ListingDocument:
    document = db.session().get(ListingDocument, document_id)
    if document is None or document.listing_id != listing.id:
        raise NotFound("not_found", lazy("Dokumen ini tidak ada."))
    return document


def _locked(listing_id: uuid.UUID, by: Person) -> Listing:
    """The listing, locked, for somebody who may write it now."""
    listing = db.lock(Listing, listing_id)
    if policy.may(by, "revise", listing):
        return listing
    if not policy.may(by, "see", listing):
        raise NotFound("not_found", lazy("Tayangan ini tidak ada."))
    raise Forbidden("listing_verb", lazy("Langkah ini tidak dapat Anda lakukan pada tayangan ini sekarang."))
