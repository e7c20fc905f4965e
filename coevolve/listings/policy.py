"""Who may do what with a listing, and what it still lacks. Looks at what is handed in and at roles, nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coevolve.config import settings
from coevolve.kit import clock
from coevolve.kit.i18n import lazy
from coevolve.listings.models import EDITABLE, PUBLIC, Kind, Listing, ListingLine, State
from coevolve.listings.news_models import ListingUpdate
from coevolve.organisations import queries as organisations
from coevolve.people import queries as people
from coevolve.people.models import Person

KINDS_FOR: dict[str, tuple[Kind, ...]] = {
    "cso": (Kind.campaign, Kind.need, Kind.standing_offer),
    "community_group": (Kind.campaign, Kind.need, Kind.standing_offer),
    "government_agency": (Kind.opportunity, Kind.need, Kind.standing_offer),
    "company": (Kind.standing_offer, Kind.opportunity),
    "business_association": (Kind.standing_offer, Kind.opportunity),
    "philanthropy": (Kind.standing_offer, Kind.opportunity),
    "digital_provider": (Kind.standing_offer,),
}
"""What each kind of organisation may publish, most usual first. A CSO may give, an agency may ask."""

WRITERS = frozenset({"owner", "member"})
"""Roles that write, submit, pause and close; finance looks on."""

MEMBER_VERBS = frozenset({"revise", "submit", "pause", "resume", "reconfirm", "close"})
CALENDAR_STATES = EDITABLE | {State.open, State.paused}
"""While a listing stands in one of these, members keep the hours of what they offer (`keep_calendar`)."""
MODERATOR_VERBS = frozenset({"open", "return", "reject", "freeze", "unfreeze"})

STORY_LEAST = 150
"""So many characters a campaign's story has at least: givers decide by it."""
SUMMARY_LEAST = 20
LINES_MOST = 40
MORE_PLACES = 4
MORE_SECTORS = 2
"""Beside the main place and the main sector."""


def may(person: Person | None, verb: str, listing: Listing) -> bool:
    """Whether this person may do this with this listing; the state table is asked by the mover, not here."""
    if verb == "see" and listing.state in PUBLIC:
        return True
    if person is None:
        return False
    role = organisations.role_in(person.id, listing.organisation_id)
    if verb == "see":
        return role is not None or is_moderator(person)
    if verb == "revise" and listing.state not in EDITABLE:
        return False
    if verb == "keep_calendar":
        return role in WRITERS and listing.state in CALENDAR_STATES
    if verb in MEMBER_VERBS:
        return role in WRITERS
    # Nobody decides about an organisation they belong to.
    return verb in MODERATOR_VERBS and role is None and is_moderator(person)


TELLING = frozenset({State.open, State.paused, State.fulfilled, State.closed, State.expired})
"""States in which members may tell how it goes."""


def may_tell(person: Person | None, listing: Listing) -> bool:
    """Whether this person writes updates on this listing: any member, also who only keeps its money."""
    return (
        person is not None
        and listing.state in TELLING
        and organisations.role_in(person.id, listing.organisation_id) is not None
    )


def may_change_update(person: Person | None, listing: Listing, update: ListingUpdate) -> bool:
    """Whether this person may still change an update: a draft at any time, a published one for an hour."""
    if not may_tell(person, listing) or update.hidden_at is not None:
        return False
    until = dt.timedelta(minutes=settings().update_edit_minutes)
    return update.published_at is None or clock.now() - update.published_at < until


def may_hide_update(person: Person | None, listing: Listing) -> bool:
    """Whether this person decides about an update: a moderator from outside the organisation."""
    return (
        person is not None
        and is_moderator(person)
        and organisations.role_in(person.id, listing.organisation_id) is None
    )


def may_publish_documents(person: Person, listing: Listing) -> bool:
    """Whether this person says which documents everybody may open: while it is written, and after it was checked."""
    return (
        organisations.role_in(person.id, listing.organisation_id) in WRITERS
        and listing.state in EDITABLE | TELLING
    )


def may_write_for(person: Person, organisation_id: Any) -> bool:
    """Whether this person writes listings for this organisation."""
    return organisations.role_in(person.id, organisation_id) in WRITERS


def is_moderator(person: Person) -> bool:
    """Whether this person is on the moderators' staff."""
    return "moderator" in people.staff_roles(person.id)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a listing lacks before it can be submitted: where to mend it, and what to do."""

    section: str
    field: str
    message: Any


SECTIONS = ("dasar", "lokasi", "kebutuhan", "cerita", "foto", "dokumen")


def problems(listing: Listing, lines: Sequence[ListingLine], *, today: dt.date) -> list[Problem]:
    """All that is missing, in the order of the task list; empty when it may be submitted."""
    found = _missing_basics(listing, today)
    if not listing.locality_code:
        found.append(Problem("lokasi", "locality", lazy("Pilih lokasi: kabupaten, kota, atau kecamatan.")))
    found += _missing_lines(listing, lines, today)
    if listing.kind == Kind.campaign and len(listing.story) < STORY_LEAST:
        message = lazy("Ceritakan lebih banyak: paling sedikit %(count)s karakter.", count=STORY_LEAST)
        found.append(Problem("cerita", "story", message))
    return found


def _missing_basics(listing: Listing, today: dt.date) -> list[Problem]:
    found = []
    if len(listing.summary) < SUMMARY_LEAST:
        found.append(Problem("dasar", "summary", lazy("Tulis ringkasan satu atau dua kalimat.")))
    if not listing.sector:
        found.append(Problem("dasar", "sector", lazy("Pilih satu sektor.")))
    if listing.closes_on is None:
        found.append(Problem("dasar", "closes_on", lazy("Tentukan sampai kapan dukungan diterima.")))
    elif listing.closes_on <= today:
        found.append(
            Problem("dasar", "closes_on", lazy("Tanggal tutup sudah lewat. Pilih tanggal yang baru."))
        )
    if listing.kind == Kind.opportunity and not listing.legal_basis:
        found.append(Problem("dasar", "legal_basis", lazy("Sebutkan dasar hukum atau dokumen rencananya.")))
    return found


NEEDED_LINES = {
    Kind.campaign: lazy("Tambahkan sekurangnya satu baris anggaran. Targetnya adalah jumlah baris itu."),
    Kind.need: lazy("Tambahkan sekurangnya satu kebutuhan."),
    Kind.standing_offer: lazy("Tambahkan sekurangnya satu hal yang Anda tawarkan."),
}
"""Kind -> what to say when it has no line that counts; an opportunity may have none."""


def _missing_lines(listing: Listing, lines: Sequence[ListingLine], today: dt.date) -> list[Problem]:
    kind = Kind(listing.kind)
    counting = [line for line in lines if kind != Kind.campaign or line.kind == "money"]
    found = (
        [] if counting or kind not in NEEDED_LINES else [Problem("kebutuhan", "lines", NEEDED_LINES[kind])]
    )
    late = [line for line in lines if line.needed_until is not None and line.needed_until < today]
    return found + [
        Problem("kebutuhan", "lines", lazy("Waktu untuk “%(label)s” sudah lewat.", label=line.label))
        for line in late
    ]


def line_kinds_for(kind: str) -> tuple[str, ...]:
    """Which kinds of lines a listing may have: offers and opportunities hold no money, for nobody pays into them."""
    if kind in (Kind.standing_offer, Kind.opportunity):
        return ("goods", "time", "facility")
    return ("money", "goods", "time", "facility")
