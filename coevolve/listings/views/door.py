"""What these pages share: the blueprint, whose desk it is, which listing and which place was meant."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint

from coevolve.kit import clock, i18n
from coevolve.kit.db import session
from coevolve.kit.errors import DomainError, Forbidden, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.money import format_rupiah
from coevolve.kit.pages import actor, form_refusal
from coevolve.listings import policy, queries
from coevolve.listings.models import Listing, ListingLine, State
from coevolve.listings.queries.cards import SUPPORT_LABELS
from coevolve.listings.units import category_label, unit_label
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation
from coevolve.people.models import Person

blueprint = Blueprint("listings", __name__)

BASE = "/dasbor/<slug>/listing"
ONE = f"{BASE}/<uuid:listing_id>"

STATE_TAGS = {
    State.draft: "plain",
    State.in_review: "wait",
    State.returned: "bad",
    State.rejected: "bad",
    State.open: "good",
    State.paused: "wait",
    State.fulfilled: "good",
    State.closed: "plain",
    State.expired: "plain",
    State.frozen: "bad",
}
"""The colour of a state's tag; its words are `Listing.state_labels`."""
SECTION_LABELS = {
    "dasar": lazy("Dasar"),
    "lokasi": lazy("Lokasi"),
    "kebutuhan": lazy("Kebutuhan dan anggaran"),
    "cerita": lazy("Cerita"),
    "foto": lazy("Foto"),
    "dokumen": lazy("Dokumen"),
}
REMARKED = {
    "dasar": ("title", "summary", "sector", "closes_on", "legal_basis"),
    "lokasi": ("locality",),
    "kebutuhan": ("lines",),
    "cerita": ("story",),
    "foto": ("photos",),
    "dokumen": ("documents",),
}
"""Which fields a moderator may remark on, by section."""
NOT_FOUND = lazy("Halaman atau data ini tidak ada.")


def me() -> Person:
    """The signed-in person (the guard has seen to it)."""
    person: Person | None = actor()
    if person is None:
        raise NotFound("not_found", NOT_FOUND)
    return person


def my_organisation(slug: str) -> Organisation:
    """The organisation of a desk; for whoever does not belong to it, it is not there."""
    organisation = organisations.find_by_slug(slug)
    if organisation is None or organisations.role_in(me().id, organisation.id) is None:
        raise NotFound("not_found", NOT_FOUND)
    return organisation


def my_listing(slug: str, listing_id: uuid.UUID, verb: str = "see") -> tuple[Organisation, Listing]:
    """A listing on the desk of its organisation, for a member who may do the verb."""
    organisation = my_organisation(slug)
    listing = queries.find(listing_id)
    if listing is None or listing.organisation_id != organisation.id:
        raise NotFound("not_found", NOT_FOUND)
    if not policy.may(me(), verb, listing):
        raise Forbidden(
            "listing_verb", lazy("Langkah ini tidak dapat Anda lakukan pada tayangan ini sekarang.")
        )
    return organisation, listing


def refused(form: Any, refusal: DomainError) -> None:
    """Undo what was begun, and put the sentence beside its field."""
    session().rollback()
    form_refusal(form, refusal)


def typed(field: Any) -> str:
    """What stands in a field; nothing is an empty text."""
    return str(field.data or "")


def saved_words() -> str:
    """'Tersimpan 14.02 WIB': people look for the time to be sure."""
    zone = me().zone
    return _("Tersimpan %(time)s", time=i18n.datetime(clock.now(), zone).rpartition(", ")[2])


def base_of(slug: str, listing: Listing) -> str:
    """Where the editor of this listing begins."""
    return f"/dasbor/{slug}/listing/{listing.id}"


def section_of(organisation: Organisation, listing: Listing, section: str) -> dict[str, Any]:
    """What the pages of one section share: whose, which, and what the moderator asks there."""
    return {
        "organisation": organisation,
        "listing": listing,
        "base": base_of(organisation.slug, listing),
        "section": str(SECTION_LABELS[section]),
        "remarks": {name: listing.remarks[name] for name in REMARKED[section] if name in listing.remarks},
    }


SUPPLY_WORDS = {"week": lazy("%(amount)s setiap minggu"), "month": lazy("%(amount)s setiap bulan")}


def line_words(line: ListingLine, *, is_offer: bool = False) -> dict[str, Any]:
    """A line as the editor shows it."""
    amount = (
        format_rupiah(line.quantity)
        if line.kind == "money"
        else f"{i18n.number(line.quantity)} {unit_label(line.unit)}"
    )
    if line.is_inexhaustible:
        amount = _("%(amount)s setiap kali diminta", amount=amount)
    elif line.per in SUPPLY_WORDS:
        amount = str(SUPPLY_WORDS[line.per]) % {"amount": amount}
    return {
        "id": line.id,
        "has_calendar": is_offer and line.kind == "facility",
        "kind": SUPPORT_LABELS[line.kind],
        "category": category_label(line.kind, line.category),
        "label": line.label,
        "amount": amount,
        "is_required": line.is_required,
    }
