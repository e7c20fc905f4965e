"""What fits a line while it is being typed: a fragment for htmx, a page without JavaScript."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from coevolve.kit.access import access
from coevolve.kit.errors import DomainError
from coevolve.kit.money import parse_quantity, parse_rupiah
from coevolve.kit.pages import is_htmx, page
from coevolve.kit.text import clean_line
from coevolve.listings import queries as listings
from coevolve.listings.models import Listing
from coevolve.listings.units import CATEGORIES, UNITS
from coevolve.localities import queries as localities
from coevolve.matching import queries, service, words
from coevolve.matching.queries.candidates import EACH_LEVEL_TYPING, Wanted
from coevolve.matching.views.door import LISTING, blueprint, my_listing

SHOWN = 5
WEIGHED = 40


@blueprint.get(f"{LISTING}/saran")
@access("signed_in")
def while_typing(slug: str, listing_id: uuid.UUID) -> Response:
    """What others already offer, or need, that fits: the typed line, or without one all lines of the draft."""
    organisation, listing, base = my_listing(slug, listing_id)
    kind = clean_line(request.args.get("kind"))
    is_line = kind in CATEGORIES
    lines = [_typed(kind)] if is_line else queries.wanted_of(listings.lines_of(listing.id))
    context: dict[str, Any] = {
        "shown": _fitting(listing, [line for line in lines if line is not None]),
        "asks": listing.kind in ("need", "campaign"),
        "is_ready": bool(lines) and None not in lines and bool(listing.locality_code),
        "has_place": bool(listing.locality_code),
    }
    if is_htmx():
        return page("matching/_fits.html", **context)
    return page("matching/fits.html", **context, organisation=organisation, listing=listing, base=base)


def _fitting(listing: Listing, lines: list[Wanted]) -> list[dict[str, Any]]:
    if not lines or not listing.locality_code or listing.kind == "opportunity":
        return []
    seeker = service.seeker_of(listing)
    place = localities.get(seeker.locality_code)
    found = queries.candidates(seeker, lines, most=WEIGHED, each=EACH_LEVEL_TYPING, without=[listing.id])
    by_n = {line.n: line for line in lines}
    shown = []
    for group in queries.grouped(found, most=SHOWN):
        best = group[0]
        door = words.listing_path(best.listing_kind, best.slug)
        if seeker.asks:
            ask = f"/minta/{best.slug}?baris={best.line_id}"
            own = by_n[best.n].line_id
            door = f"{ask}&kebutuhan={own}" if own else ask
        shown.append(
            {
                "title": best.title,
                "path": words.listing_path(best.listing_kind, best.slug),
                "organisation": best.organisation,
                "reason": words.pair_reason(best, place, asks=seeker.asks),
                "door": door if seeker.asks else f"/dukung/{best.slug}",
            }
        )
    return shown


def _typed(kind: str) -> Wanted | None:
    """The line as far as it is typed; None while it is too little to look for."""
    args = request.args
    category = clean_line(args.get("category"))
    if category not in CATEGORIES[kind]:
        return None
    unit = clean_line(args.get("unit"))
    if kind == "money":
        unit = "IDR"
    elif unit not in UNITS[kind]:
        unit = next(iter(UNITS[kind]))
    return Wanted(
        n=0,
        label=clean_line(args.get("label"))[:120],
        kind=kind,
        category=category,
        unit=unit,
        quantity=_number(args.get("quantity"), is_money=kind == "money") or 1,
        least=_number(args.get("min_useful_quantity"), is_money=False),
        from_on=_day(args.get("needed_from")),
        until_on=_day(args.get("needed_until")),
        radius_km=min(_number(args.get("radius_km"), is_money=False) or 0, 5_000) or None,
        is_inexhaustible=bool(args.get("is_inexhaustible")),
    )


def _number(typed: str | None, *, is_money: bool) -> int | None:
    """What can be read as a number; what cannot is said by the form itself when it is sent."""
    said = clean_line(typed)
    if not said:
        return None
    try:
        found = parse_rupiah(said).amount if is_money else parse_quantity(said, field="quantity")
    except DomainError:
        return None
    return found if 0 < found < 9_000_000_000_000_000 else None


def _day(typed: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(clean_line(typed))
    except ValueError:
        return None
