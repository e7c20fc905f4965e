"""What a listing says of itself where its address is passed on: share card, data for search engines, poster, embed."""

from __future__ import annotations

from typing import Any

from coevolve.kit import i18n, sharing
from coevolve.kit.covers import variant_of
from coevolve.kit.i18n import _, lazy
from coevolve.kit.money import short_rupiah
from coevolve.kit.sharing import Figure, Picture, Shared
from coevolve.listings import queries, sectors
from coevolve.listings.models import State
from coevolve.listings.queries import ShownLine, ShownListing, Whole
from coevolve.listings.queries.cards import KIND_LABELS, PATHS, short_place
from coevolve.listings.units import unit_label
from coevolve.organisations.models import State as OrganisationState

STATES: dict[str, Any] = {
    State.paused: lazy("Dijeda"),
    State.frozen: lazy("Sedang ditinjau"),
    State.fulfilled: lazy("Terpenuhi"),
    State.closed: lazy("Ditutup"),
    State.expired: lazy("Berakhir"),
}
"""What is said of a listing that is not simply open; neutral where it is being looked into."""
ASKING = ("need", "campaign")


def state_of(whole: Whole) -> str:
    """The state that is shown: what belongs to a frozen organisation is being looked into."""
    if whole.listing.state == State.open and whole.organisation.state != OrganisationState.checked:
        return State.frozen
    return whole.listing.state


def state_words(whole: Whole) -> str:
    """A word for whatever is not simply open."""
    state = state_of(whole)
    return str(STATES[state]) if state in STATES else ""


def path_of(listing: ShownListing) -> str:
    """The public address of a listing."""
    return f"/{PATHS[listing.kind]}/{listing.slug}"


def place_of(listing: ShownListing) -> str:
    """'Kab. Alor, Nusa Tenggara Timur'."""
    return short_place(listing.regency_code, listing.province_code, listing.locality_code or "")


def meter_of(whole: Whole) -> tuple[int, int, int] | None:
    """Received, promised and goal of what the listing asks for first: its money, or else its first line."""
    if whole.listing.kind not in ASKING or not whole.lines:
        return None
    goal = queries.goal_of(whole.lines).optimum
    if goal:
        money = next(line for line in whole.lines if line.kind == "money")
        return money.received, money.promised, goal
    first = whole.lines[0]
    return first.received, first.promised, first.quantity


def figures_of(whole: Whole) -> tuple[Figure, ...]:
    """The same in words, rounded as people say it."""
    meter = meter_of(whole)
    if meter is None:
        return tuple(Figure(_amount(line), line.label[:40]) for line in whole.lines[:1])
    received, promised, goal = meter
    if queries.goal_of(whole.lines).optimum:
        found = [Figure(short_rupiah(received), _("diterima dari %(goal)s", goal=short_rupiah(goal)))]
        if promised:
            found.append(Figure(short_rupiah(promised), _("dijanjikan")))
        return tuple(found)
    unit = unit_label(whole.lines[0].unit)
    found = [
        Figure(i18n.number(received), _("diterima dari %(goal)s", goal=f"{i18n.number(goal)} {unit}")),
    ]
    if promised:
        found.append(Figure(i18n.number(promised), _("dijanjikan")))
    return tuple(found)


def _amount(line: ShownLine) -> str:
    if line.kind == "money":
        return short_rupiah(line.quantity)
    return f"{i18n.number(line.quantity)} {unit_label(line.unit)}"


def picture_of(whole: Whole) -> Picture:
    """The share card, always in Indonesian; with its photo, unless it is being looked into."""
    listing = whole.listing
    with i18n.in_language(i18n.DEFAULT):
        meter, state = meter_of(whole), state_words(whole)
        received, promised = sharing.shares_of(*meter) if meter else (0, 0)
        return Picture(
            title=listing.title,
            place=place_of(listing),
            kind=str(KIND_LABELS[listing.kind]),
            sector="" if state else sectors.label(listing.sector),
            state=state,
            by=whole.organisation.name,
            scene=(listing.sector or "housing", variant_of(listing.id)),
            photo="" if state_of(whole) == State.frozen else listing.cover or "",
            has_meter=meter is not None,
            received=received,
            promised=promised,
            figures=figures_of(whole),
        )


def card_of(whole: Whole) -> str:
    """The address of the share card as it is now."""
    return sharing.card_path("tayangan", whole.listing.slug, picture_of(whole))


def shared_of(whole: Whole, crumb: list[tuple[str, str]]) -> Shared:
    """What the page needs to be passed on."""
    listing = whole.listing
    path, card = path_of(listing), card_of(whole)
    return Shared(
        path=path,
        title=listing.title,
        description=listing.summary or f"{KIND_LABELS[listing.kind]} · {place_of(listing)}",
        card=card,
        linked=sharing.linked_data(
            _linked(whole, path, card), sharing.crumbs([*crumb, (listing.title, path)])
        ),
        poster=f"{path}/poster.pdf",
        embed=f"{path}/sematkan",
    )


def _linked(whole: Whole, path: str, card: str) -> dict[str, Any]:
    """As schema.org has it: giving to an organisation, an offer, or the step of planning an opportunity waits for."""
    listing, organisation = whole.listing, whole.organisation
    who = {
        "@type": "NGO" if organisation.kind in ("cso", "community_group", "philanthropy") else "Organization",
        "name": organisation.name,
        "url": sharing.absolute(f"/organisasi/{organisation.slug}"),
    }
    place = {
        "@type": "Place",
        "name": place_of(listing),
        "address": {"@type": "PostalAddress", "addressCountry": "ID"},
    }
    about = {
        "name": listing.title,
        "description": sharing.shortened(listing.summary, 280),
        "url": sharing.absolute(path),
        "image": sharing.absolute(card),
    }
    ends = listing.closes_on.isoformat() if listing.closes_on else None
    if listing.kind == "standing_offer":
        return {
            "@type": "Offer",
            **about,
            "offeredBy": who,
            "areaServed": place,
            "validThrough": ends,
            "price": 0,
            "priceCurrency": "IDR",
            "availability": "https://schema.org/InStock"
            if state_of(whole) == State.open
            else "https://schema.org/SoldOut",
        }
    if listing.kind == "opportunity":
        if listing.planning_on is None:
            return {"@type": "WebPage", **about, "publisher": who, "spatialCoverage": place, "expires": ends}
        return {
            "@type": "Event",
            **about,
            "startDate": listing.planning_on.isoformat(),
            "location": place,
            "organizer": who,
        }
    goal = queries.goal_of(whole.lines).optimum
    return {
        "@type": "DonateAction",
        **about,
        "recipient": who,
        "location": place,
        "endTime": ends,
        "actionStatus": "https://schema.org/CompletedActionStatus"
        if listing.state == State.fulfilled
        else "https://schema.org/PotentialActionStatus",
        "priceSpecification": {"@type": "PriceSpecification", "maxPrice": goal // 100, "priceCurrency": "IDR"}
        if goal
        else None,
        "target": sharing.absolute(f"/dukung/{listing.slug}") if state_of(whole) == State.open else None,
    }
