"""The public page of a listing: what, who, where, how much is still missing, and how to help; three statements."""

from __future__ import annotations

import datetime as dt
import urllib.parse
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from flask import redirect

from coevolve.kit import clock, i18n
from coevolve.kit.access import access
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.kept import kept_page
from coevolve.kit.money import format_rupiah, short_rupiah
from coevolve.kit.pages import actor
from coevolve.kit.reads import answer, beside, read_only, together
from coevolve.listings import policy, queries, sectors
from coevolve.listings.models import PUBLIC, Listing, State
from coevolve.listings.queries import Gallery, ShownLine, ShownListing, Whole
from coevolve.listings.queries.cards import KIND_LABELS, PATHS, SUPPORT_LABELS, days_left
from coevolve.listings.sharing import shared_of
from coevolve.listings.units import category_label, unit_label
from coevolve.listings.views.door import blueprint
from coevolve.listings.views.news import gallery_words
from coevolve.localities import queries as localities
from coevolve.organisations import queries as organisations
from coevolve.organisations import words
from coevolve.organisations.models import State as OrganisationState
from coevolve.organisations.queries import TrustCard
from coevolve.pledges import queries as pledges
from coevolve.pledges import words as pledge_words
from coevolve.pledges.queries import Supply, Supporter, Supporters
from coevolve.voices import queries as voices
from coevolve.voices import words as voice_words

PRESETS_MINOR = (2_500_000, 5_000_000, 10_000_000, 25_000_000)
"""Chips of the money form: Rp 25, 50, 100 and 250 thousand."""

STATE_NOTICES = {
    State.paused: lazy("Sedang dijeda. Untuk sementara tayangan ini tidak menerima dukungan baru."),
    State.frozen: lazy("Sedang ditinjau. Untuk sementara tayangan ini tidak menerima dukungan baru."),
    State.fulfilled: lazy("Terpenuhi. Semua yang dibutuhkan sudah diterima."),
    State.closed: lazy("Ditutup. Tayangan ini tidak menerima dukungan lagi."),
    State.expired: lazy("Masa tayangnya sudah berakhir."),
}


@dataclass(frozen=True, slots=True)
class Thing:
    """A line that is not money, as the page shows it."""

    id: uuid.UUID
    kind: str
    category: str
    label: str
    unit: str
    goal: int
    received: int
    promised: int
    facts: str
    supply: str
    """Standing offers: how much there is, and how often."""
    free: str
    """What is free now, and until when; empty where the calendar says it."""
    is_free: bool
    calendar: str
    """The address of its calendar, if it has one."""
    conditions: str


@dataclass(frozen=True, slots=True)
class MoneyMeter:
    """The money of a listing, in minor units, with the least it needs."""

    received: int
    promised: int
    goal: int
    minimum: int


@blueprint.get("/<any(kebutuhan,kampanye,penawaran,peluang):word>/<slug>")
@access("public")
def show(word: str, slug: str) -> Any:
    """The page; an old address or the wrong first word redirects."""
    read_only()
    whole = queries.find_whole(slug)
    if whole is None or not _may_see(whole.listing):
        raise NotFound("listing_not_found", lazy("Tayangan ini tidak ada, atau belum tayang."))
    listing = whole.listing
    if (word, slug) != (PATHS[listing.kind], listing.slug):
        return redirect(_path(listing), code=301)
    supporters, checks, (gallery, said) = together(
        pledges.asks_supporters(listing.id),
        organisations.asks_checks(listing.organisation_id),
        beside(queries.asks_gallery(listing.id), voices.asks_voices(listing.id)),
    )
    if State.frozen in (listing.state, whole.organisation.state):
        gallery = Gallery()
    today = clock.today(localities.zone_of(listing.locality_code))
    is_offer = listing.kind == "standing_offer"
    supply = answer(pledges.asks_supply(listing.id, today)) if is_offer else Supply()
    return kept_page(
        "listings/show.html",
        (whole, supporters, checks, gallery, said, supply, today),
        lambda: (
            _context(whole, supporters, organisations.trust_from(whole.organisation.kind, checks))
            | {
                "things": [
                    _thing(line, listing, supply, today) for line in whole.lines if line.kind != "money"
                ]
            }
            | gallery_words(gallery, listing.locality_code)
            | {"voices": voice_words.shown(said, localities.zone_of(listing.locality_code))}
        ),
    )


def _may_see(listing: ShownListing) -> bool:
    return listing.state in PUBLIC or policy.may(actor(), "see", cast(Listing, listing))


def _path(listing: ShownListing) -> str:
    return f"/{PATHS[listing.kind]}/{listing.slug}"


def _context(whole: Whole, supporters: Supporters, trust: TrustCard) -> dict[str, Any]:
    listing, organisation = whole.listing, whole.organisation
    is_open = listing.state == State.open and organisation.state == OrganisationState.checked
    money = _money(listing, whole.lines)
    praying = [one for one in supporters.rows if one.message][:6]
    return {
        "listing": listing,
        "organisation": organisation,
        "trust": trust,
        "trust_rows": _trust_rows(trust),
        "trust_note": _trust_note(trust),
        "sector": sectors.label(listing.sector),
        "more_sectors": [sectors.label(code) for code in listing.more_sectors],
        "also": [(localities.path_label(code), f"/lokalitas/{code}") for code in listing.more_localities],
        "kind": str(KIND_LABELS[listing.kind]),
        "is_open": is_open,
        "is_preview": listing.state not in PUBLIC,
        "notice": _notice(whole, is_open=is_open),
        "crumb": _crumb(listing),
        "chain": _chain(listing),
        "place": localities.path_label(listing.locality_code) if listing.locality_code else "",
        "money": money,
        "budget": _budget(whole.lines),
        "budget_sum": queries.goal_of(whole.lines).optimum,
        "spent": sum(line.spent for line in whole.lines),
        "receipts": sum(line.receipts for line in whole.lines),
        "presets": [(short_rupiah(amount), amount // 100) for amount in PRESETS_MINOR],
        "stats": _stats(whole, money, supporters.count),
        "prayers": [_bubble(one) for one in praying],
        "supporters": [_bubble(one)[1:] for one in supporters.rows if one not in praying],
        "more_supporters": max(0, supporters.count - len(supporters.rows)),
        "shared": None if listing.state not in PUBLIC else shared_of(whole, _crumb(listing)),
        "path": _path(listing),
        "offer_text": _("Minta ini") if listing.kind == "standing_offer" else _("Tawarkan"),
        "takes_offers": is_open and listing.kind != "opportunity",
    }


def _money(listing: ShownListing, lines: Sequence[ShownLine]) -> MoneyMeter | None:
    goal = queries.goal_of(lines)
    if not goal.optimum or listing.kind not in ("need", "campaign"):
        return None
    money = next(line for line in lines if line.kind == "money")
    return MoneyMeter(
        received=money.received, promised=money.promised, goal=goal.optimum, minimum=goal.minimum
    )


def _thing(line: ShownLine, listing: ShownListing, supply: Supply, today: dt.date) -> Thing:
    said, free, is_free = "", "", line.received + line.promised < line.quantity
    calendar = f"{_path(listing)}/kalender/{line.id}" if line.id in supply.calendars else ""
    if listing.kind == "standing_offer":
        said = pledge_words.supply(
            line.kind, line.unit, line.quantity, line.per, is_inexhaustible=line.is_inexhaustible
        )
        free, is_free = _free(line, supply, today)
    return Thing(
        id=line.id,
        kind=str(SUPPORT_LABELS[line.kind]),
        category=category_label(line.kind, line.category),
        label=line.label,
        unit=unit_label(line.unit),
        goal=line.quantity,
        received=line.received,
        promised=line.promised,
        facts=_facts(line, is_offer=listing.kind == "standing_offer"),
        supply=said,
        free=free,
        is_free=is_free,
        calendar=calendar,
        conditions=line.conditions if listing.kind == "standing_offer" else "",
    )


def _free(line: ShownLine, supply: Supply, today: dt.date) -> tuple[str, bool]:
    """What of an offer's line is free now in words, and whether anything may be asked for at all."""
    if line.needed_until is not None and line.needed_until < today:
        return _("Masanya sudah lewat"), False
    until = (
        _(", tersedia sampai %(day)s", day=i18n.short_date(line.needed_until)) if line.needed_until else ""
    )
    if line.is_inexhaustible:
        return _("Tersedia setiap kali diminta") + until, True
    if line.per == "once":
        left = max(0, line.quantity - line.received - line.promised)
        return pledge_words.free(line.kind, line.unit, left, today=today) + (until if left else ""), left > 0
    periods = pledges.periods_of(line, supply, today=today, last_on=line.needed_until)
    shown = periods[:2] if periods and not periods[0].free else periods[:1]
    said = "; ".join(
        pledge_words.free(line.kind, line.unit, one.free, per=line.per, first_on=one.first_on, today=today)
        for one in shown
    )
    return said + until, any(one.free for one in periods)


def _facts(line: ShownLine, *, is_offer: bool = False) -> str:
    """When, where, for how many, at what value: one line of small print."""
    facts = []
    if line.needed_from and line.needed_until:
        facts.append(f"{i18n.short_date(line.needed_from)} – {i18n.short_date(line.needed_until)}")
    elif line.needed_until and not is_offer:
        facts.append(_("sampai %(day)s", day=i18n.short_date(line.needed_until)))
    elif line.needed_from:
        facts.append(_("mulai %(day)s", day=i18n.short_date(line.needed_from)))
    if line.handover_place:
        facts.append(line.handover_place)
    if line.people_reached:
        facts.append(_("untuk %(count)s orang", count=i18n.number(line.people_reached)))
    if line.radius_km:
        facts.append(_("dalam %(count)s km", count=i18n.number(line.radius_km)))
    if line.unit_value:
        facts.append(
            _(
                "nilai %(value)s per %(unit)s",
                value=format_rupiah(line.unit_value),
                unit=unit_label(line.unit),
            )
        )
    return " · ".join(facts)


def _trust_rows(trust: TrustCard) -> list[tuple[str, str]]:
    return [
        (
            str(words.SUBJECTS[line.subject]),
            f"{i18n.short_date(line.checked_on)}, {words.METHODS[line.method]}",
        )
        for line in trust.checked
    ]


def _trust_note(trust: TrustCard) -> str:
    """As plainly what was not checked."""
    if not trust.unchecked:
        return ""
    names = ", ".join(str(words.SUBJECTS[subject]) for subject in trust.unchecked)
    return _("Belum diperiksa: %(names)s.", names=names)


def _bubble(one: Supporter) -> tuple[str, str, str]:
    """What the public sees of a supporter: message, name, what was given."""
    given = pledge_words.thing(one.kind, one.unit, one.amount, one.label)
    state = "" if one.is_received else _(", dijanjikan")
    return one.message, one.name or _("Tanpa nama"), f"{given}{state} · {i18n.short_date(one.at)}"


def _budget(lines: Sequence[ShownLine]) -> list[list[str]]:
    """The plan line by line; once a report was accepted, with what was spent and how many receipts prove it."""
    money = [line for line in lines if line.kind == "money"]
    has_spent = any(line.spent for line in money)
    return [
        [
            line.label if line.is_required else _("%(label)s (tambahan)", label=line.label),
            *([] if has_spent else [category_label("money", line.category)]),
            format_rupiah(line.quantity),
            *([format_rupiah(line.spent), i18n.number(line.receipts)] if has_spent else []),
        ]
        for line in money
    ]


def _stats(whole: Whole, money: MoneyMeter | None, supporters: int) -> list[tuple[str, str]]:
    listing = whole.listing
    found = [(_("Pendukung"), i18n.number(supporters))] if listing.kind in ("need", "campaign") else []
    if money:
        missing = max(0, money.goal - money.received - money.promised)
        found.append((_("Masih kurang"), short_rupiah(missing)))
    if listing.closes_on is not None and listing.state in (State.open, State.paused):
        today = clock.today(localities.zone_of(listing.locality_code))
        found.append((_("Sisa waktu"), days_left(listing.closes_on, today)))
    elif listing.ended_at is not None:
        found.append(
            (_("Berakhir"), i18n.short_date(listing.ended_at, localities.zone_of(listing.locality_code)))
        )
    return found


def _notice(whole: Whole, *, is_open: bool) -> str:
    state = State(whole.listing.state)
    if state == State.open and not is_open:
        state = State.frozen
    return str(STATE_NOTICES[state]) if state in STATE_NOTICES else ""


def _crumb(listing: ShownListing) -> list[tuple[str, str]]:
    found = [(_("Jelajah"), "/jelajah")]
    for code in (listing.province_code, listing.regency_code):
        place = localities.find(code)
        if place is not None:
            found.append((place.name, f"/jelajah?{urllib.parse.urlencode({'tempat': place.code})}"))
    return found


def _chain(listing: ShownListing) -> list[tuple[str, str]]:
    """From the place itself up to the nation, as pills."""
    if not listing.locality_code:
        return []
    return [
        (place.name, f"/lokalitas/{place.code}")
        for place in reversed(localities.ancestors(listing.locality_code))
    ]
