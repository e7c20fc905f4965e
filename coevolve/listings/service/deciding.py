"""Moderators decide: open, return with remarks, reject, freeze, unfreeze. The members always get the reason."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping

from coevolve.config import settings
from coevolve.journal import service as journal
from coevolve.kit import clock, db
from coevolve.kit.errors import Conflict, Forbidden, Invalid, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import move
from coevolve.kit.text import clean_line, clean_text
from coevolve.listings import policy, queries
from coevolve.listings.models import Kind, Listing, State
from coevolve.listings.service.disasters import settle_urgency
from coevolve.listings.service.telling import tell_members
from coevolve.localities import queries as localities
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation
from coevolve.people import queries as people
from coevolve.people.models import Person


def needs_second(listing: Listing) -> bool:
    """Whether two different moderators must approve: an organisation's first campaign."""
    return listing.kind == Kind.campaign and not queries.has_opened_campaign(listing.organisation_id)


def open_(*, listing_id: uuid.UUID, by: Person, seconded_by: uuid.UUID | None = None) -> Listing:
    """Show the listing to everybody. An organisation's first campaign needs a second, different moderator.

    The organisation is locked first, so that of two first campaigns decided at once one is no longer the first.
    """
    listing = queries.get(listing_id)
    organisation = db.lock(Organisation, listing.organisation_id)
    listing = db.lock(Listing, listing_id)
    _require(by, "open", listing)
    if not organisations.may_publish(organisation):
        raise Conflict("organisation_unchecked", lazy("Organisasinya belum diperiksa atau sedang dibekukan."))
    if needs_second(listing):
        _check_second(listing, by, seconded_by)
    elif seconded_by == by.id:
        seconded_by = None
    zone = localities.zone_of(listing.locality_code)
    if listing.closes_on is None or listing.closes_on <= clock.today(zone):
        raise Conflict("closing_past", lazy("Tanggal tutupnya sudah lewat. Kembalikan kepada organisasi."))
    listing.opened_at, listing.opens_on = clock.now(), clock.today(zone)
    listing.opened_by, listing.seconded_by = by.id, seconded_by
    listing.reconfirm_by = clock.today(zone) + dt.timedelta(days=settings().reconfirm_days)
    listing.remarks = {}
    settle_urgency(listing)
    move(listing, State.open, by=by.id)
    journal.record(
        "listing.opened",
        about=("listing", listing.id),
        by=by.id,
        for_organisation=listing.organisation_id,
        data={"seconded_by": str(seconded_by)} if seconded_by else None,
        visibility="public",
    )
    tell_members(listing, "listing.shown")
    return listing


def return_(*, listing_id: uuid.UUID, by: Person, text: str, remarks: Mapping[str, str]) -> Listing:
    """Ask the members to mend something, field by field."""
    listing = _locked(listing_id, by, "return")
    words = clean_text(text)
    kept = {field: clean_line(remark)[:500] for field, remark in remarks.items() if clean_line(remark)}
    if not words and not kept:
        raise Invalid("remarks", lazy("Tulis apa yang perlu diperbaiki."), field="text")
    listing.remarks = kept
    move(listing, State.returned, by=by.id, cause=words[:200])
    _record(listing, "listing.returned", by, {"text": words, "remarks": kept})
    tell_members(listing, "listing.returned", text=words, remarks=kept)
    return listing


def reject(*, listing_id: uuid.UUID, by: Person, text: str) -> Listing:
    """Refuse the listing for good, with the reason."""
    listing = _locked(listing_id, by, "reject")
    words = _reason(text)
    listing.ended_at = clock.now()
    move(listing, State.rejected, by=by.id, cause=words[:200])
    _record(listing, "listing.rejected", by, {"text": words})
    tell_members(listing, "listing.rejected", text=words)
    return listing


def freeze(*, listing_id: uuid.UUID, by: Person, text: str) -> Listing:
    """Stop pledges and disbursements while something is looked into."""
    listing = _locked(listing_id, by, "freeze")
    words = _reason(text)
    move(listing, State.frozen, by=by.id, cause=words[:200])
    _record(listing, "listing.frozen", by, {"text": words})
    tell_members(listing, "listing.frozen", text=words)
    return listing


def unfreeze(*, listing_id: uuid.UUID, by: Person, text: str, is_closed: bool = False) -> Listing:
    """End a freeze: open again, or close for good."""
    listing = _locked(listing_id, by, "unfreeze")
    words = _reason(text)
    if is_closed:
        listing.ended_at = clock.now()
        move(listing, State.closed, by=by.id, cause=words[:200])
        _record(listing, "listing.closed", by, {"text": words}, visibility="public")
        tell_members(listing, "listing.closed", text=words)
        return listing
    if listing.closes_on is None or listing.closes_on < clock.today(
        localities.zone_of(listing.locality_code)
    ):
        raise Conflict("closing_past", lazy("Masa tayangnya sudah berakhir. Tutup saja."))
    move(listing, State.open, by=by.id, cause=words[:200])
    _record(listing, "listing.unfrozen", by, {"text": words})
    tell_members(listing, "listing.unfrozen", text=words)
    return listing


def _check_second(listing: Listing, by: Person, seconded_by: uuid.UUID | None) -> None:
    if seconded_by is None or seconded_by == by.id:
        raise Conflict(
            "second_moderator", lazy("Kampanye pertama organisasi ini perlu persetujuan dua moderator.")
        )
    second = people.get(seconded_by)
    if not policy.may(second, "open", listing):
        raise Forbidden(
            "second_moderator", lazy("Persetujuan pertama bukan dari moderator yang boleh memutuskan.")
        )


def _locked(listing_id: uuid.UUID, by: Person, verb: str) -> Listing:
    listing = db.lock(Listing, listing_id)
    _require(by, verb, listing)
    return listing


def _require(by: Person, verb: str, listing: Listing) -> None:
    if policy.may(by, verb, listing):
        return
    if not policy.may(by, "see", listing):
        raise NotFound("not_found", lazy("Tayangan ini tidak ada."))
    raise Forbidden("not_yours_to_decide", lazy("Anda tidak dapat memutuskan tayangan ini."))


def _reason(text: str) -> str:
    words = clean_text(text)[:2_000]
    if len(words) < 10:
        raise Invalid("reason", lazy("Tulis alasannya, paling sedikit 10 karakter."), field="text")
    return words


def _record(
    listing: Listing, kind: str, by: Person, data: dict[str, object], *, visibility: str = "parties"
) -> None:
    journal.record(
        kind,
        about=("listing", listing.id),
        by=by.id,
        for_organisation=listing.organisation_id,
        data=data,
        visibility=visibility,
    )
