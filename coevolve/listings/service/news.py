"""Members tell how a listing goes: a draft of their own with photos, published at once, changed for an hour.

What is published reaches every giver (a reaction of pledges), and lets the next money out (disbursements).
"""

from __future__ import annotations

import uuid
from typing import Any, BinaryIO, TypedDict, Unpack

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from coevolve.journal import service as journal
from coevolve.kit import clock, db
from coevolve.kit.errors import Conflict, Forbidden, Invalid, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.text import clean_line, clean_text, refuse_nul
from coevolve.listings import policy, queries
from coevolve.listings.models import Listing
from coevolve.listings.news_models import UPDATE_PHOTOS_MOST, ListingPhoto, ListingUpdate
from coevolve.listings.service import telling
from coevolve.listings.service.pictures import accepted, alt_words, photo_row
from coevolve.notifications import service as notifications
from coevolve.organisations import queries as organisations
from coevolve.people.models import Person

TEXT_LEAST, TEXT_MOST = 40, 6_000


class UpdateWords(TypedDict, total=False):
    """What an update says."""

    title: str
    text: str
    line_id: uuid.UUID | None
    amount: int | None
    """Of this line, in minor units of rupiah."""


def write_update(
    *, listing_id: uuid.UUID, by: Person, client_token: uuid.UUID, **words: Unpack[UpdateWords]
) -> ListingUpdate:
    """A draft that only members see; the same token returns the one already made with it."""
    listing = _listing(listing_id, by)
    made = _of_token(client_token)
    if made is None:
        made = ListingUpdate(
            listing_id=listing.id,
            organisation_id=listing.organisation_id,
            province_code=listing.province_code,
            regency_code=listing.regency_code,
            district_code=listing.district_code,
            title="",
            client_token=client_token,
            created_by=by.id,
        )
        _say(made, listing, words)
        try:
            with db.session().begin_nested():
                db.session().add(made)
        except IntegrityError as twice:
            # The other click of the same form was a moment faster.
            made = _of_token(client_token)
            if made is None:
                words_ = lazy("Kabar ini sedang disimpan. Muat ulang halaman ini.")
                raise Conflict("written_twice", words_) from twice
    if (made.listing_id, made.created_by) != (listing.id, by.id):
        raise NotFound("not_found", lazy("Kabar ini tidak ada."))
    return made


def _of_token(client_token: uuid.UUID) -> ListingUpdate | None:
    statement = select(ListingUpdate).where(ListingUpdate.client_token == client_token)
    return db.session().execute(statement).scalar_one_or_none()


def revise_update(*, update_id: uuid.UUID, by: Person, **words: Unpack[UpdateWords]) -> ListingUpdate:
    """Change what it says; what changes after it was published is marked so."""
    update, listing = _locked(update_id, by)
    _say(update, listing, words)
    _touched(update)
    return update


def _say(update: ListingUpdate, listing: Listing, words: UpdateWords) -> None:
    if "title" in words:
        title = clean_line(refuse_nul(words["title"]))
        if not 5 <= len(title) <= 120:
            raise Invalid("title", lazy("Tulis judul kabar, 5 sampai 120 karakter."), field="title")
        update.title = title
    if "text" in words:
        told = clean_text(refuse_nul(words["text"]))
        if not TEXT_LEAST <= len(told) <= TEXT_MOST:
            message = lazy("Ceritakan apa yang sudah terjadi, 40 sampai 6.000 karakter.")
            raise Invalid("text", message, field="text")
        update.text = told
    if "line_id" in words or "amount" in words:
        _say_line(update, listing, words.get("line_id"), words.get("amount"))


def _say_line(update: ListingUpdate, listing: Listing, line_id: uuid.UUID | None, amount: int | None) -> None:
    budget = {line.id for line in queries.lines_of(listing.id) if line.kind == "money"}
    if line_id is not None and line_id not in budget:
        raise Invalid("line_unknown", lazy("Pilih baris anggaran dari daftar."), field="line")
    if amount is not None and line_id is None:
        raise Invalid(
            "line_missing", lazy("Pilih baris anggaran yang dibayar dengan jumlah ini."), field="line"
        )
    if amount is not None and (amount <= 0 or amount % 100):
        raise Invalid("amount", lazy("Isi jumlah rupiah yang lebih dari nol, tanpa sen."), field="amount")
    update.line_id, update.amount = line_id, amount
    update.unit = None if amount is None else "IDR"


# --- its photos ---------------------------------------------------------------------------------------


def add_update_photo(
    *, update_id: uuid.UUID, by: Person, photo: BinaryIO | None, name: str, alt: str
) -> ListingPhoto:
    """One photo more."""
    update, listing = _locked(update_id, by)
    there = queries.photos_of(listing.id, update.id)
    if len(there) >= UPDATE_PHOTOS_MOST:
        raise Invalid(
            "photos_full", lazy("Satu kabar memuat paling banyak %(most)s foto.", most=UPDATE_PHOTOS_MOST)
        )
    made = photo_row(listing, accepted(photo, name, by), alt_words(alt), by, there=there, update_id=update.id)
    _touched(update)
    return made


def remove_update_photo(*, update_id: uuid.UUID, photo_id: uuid.UUID, by: Person) -> None:
    """Take a photo out again; one that is gone already is no error."""
    update, _listing_of = _locked(update_id, by)
    db.session().execute(
        delete(ListingPhoto).where(ListingPhoto.id == photo_id, ListingPhoto.update_id == update.id)
    )
    _touched(update)


def _touched(update: ListingUpdate) -> None:
    if update.published_at is not None:
        update.edited_at = clock.now()
    db.session().flush()


# --- publish, throw away, hide ------------------------------------------------------------------------


def publish_update(*, update_id: uuid.UUID, by: Person) -> ListingUpdate:
    """Show it to everybody, and let every giver hear of it."""
    update, listing = _locked(update_id, by)
    if update.published_at is not None:
        return update
    update.published_at, update.published_by = clock.now(), by.id
    db.session().flush()
    journal.record(
        "listing.update_published",
        about=("listing_update", update.id),
        by=by.id,
        for_organisation=listing.organisation_id,
        data={"listing": str(listing.id), "title": update.title},
    )
    return update


def drop_update(*, update_id: uuid.UUID, by: Person) -> None:
    """Throw a draft away; what was published stays."""
    update, _listing_of = _locked(update_id, by)
    if update.published_at is not None:
        raise Invalid("published", lazy("Kabar yang sudah terbit tidak dapat dibuang."))
    db.session().delete(update)
    db.session().flush()


def hide_update(*, update_id: uuid.UUID, by: Person, reason: str) -> ListingUpdate:
    """A moderator takes it from the pages, and the members hear why. It no longer counts as an update."""
    update, listing = _judged(update_id, by)
    words = clean_text(refuse_nul(reason))
    if not 5 <= len(words) <= 500:
        raise Invalid("reason", lazy("Tulis alasannya, 5 sampai 500 karakter."), field="reason")
    if update.hidden_at is not None:
        return update
    update.hidden_at, update.hidden_by, update.hidden_because = clock.now(), by.id, words
    db.session().flush()
    _note("listing.update_hidden", update, by, reason=words)
    _tell_hidden(update, listing, words)
    return update


def show_update_again(*, update_id: uuid.UUID, by: Person) -> ListingUpdate:
    """The moderator puts it back."""
    update, _listing_of = _judged(update_id, by)
    if update.hidden_at is None:
        return update
    update.hidden_at = update.hidden_by = None
    update.hidden_because = ""
    db.session().flush()
    _note("listing.update_shown", update, by)
    return update


def _note(kind: str, update: ListingUpdate, by: Person, **data: Any) -> None:
    journal.record(
        kind,
        about=("listing_update", update.id),
        by=by.id,
        for_organisation=update.organisation_id,
        data={"listing": str(update.listing_id), **data},
    )


def _tell_hidden(update: ListingUpdate, listing: Listing, reason: str) -> None:
    organisation = organisations.get(listing.organisation_id)
    notifications.queue(
        kind="listing.update_hidden",
        person_ids=[member.id for member in organisations.members_of(organisation.id)],
        about=("listing", listing.id),
        data={
            "title": listing.title,
            "update": update.title,
            "organisation": organisation.name,
            "path": f"{telling.editor_path(listing, organisation.slug)}/kabar",
            "reason": reason,
        },
        dedupe_key=f"listing.update_hidden:{update.id}:{update.hidden_at}",
        for_organisation=organisation.id,
    )


# --- checks -------------------------------------------------------------------------------------------


def _listing(listing_id: uuid.UUID, by: Person) -> Listing:
    listing = db.get(Listing, listing_id)
    if policy.may_tell(by, listing):
        return listing
    if organisations.role_in(by.id, listing.organisation_id) is None:
        raise NotFound("not_found", lazy("Tayangan ini tidak ada."))
    raise Forbidden("listing_verb", lazy("Kabar dapat ditulis sesudah tayangan terbuka dan tidak dibekukan."))


def _locked(update_id: uuid.UUID, by: Person) -> tuple[ListingUpdate, Listing]:
    """The update, locked, for a member who may still change it."""
    update = db.lock(ListingUpdate, update_id)
    listing = _listing(update.listing_id, by)
    if not policy.may_change_update(by, listing, update):
        raise Forbidden(
            "update_old",
            lazy("Kabar ini tidak dapat diubah lagi. Tulis kabar baru bila ada yang perlu diluruskan."),
        )
    return update, listing


def _judged(update_id: uuid.UUID, by: Person) -> tuple[ListingUpdate, Listing]:
    update = db.lock(ListingUpdate, update_id)
    listing = db.get(Listing, update.listing_id)
    if not policy.may_hide_update(by, listing):
        raise Forbidden(
            "not_moderator", lazy("Hanya moderator di luar organisasi ini yang dapat melakukannya.")
        )
    if update.published_at is None:
        raise NotFound("not_found", lazy("Kabar ini tidak ada."))
    return update, listing
