"""/jelajah: open listings as a list or on the map, filtered by the address; three statements however many cards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template
from markupsafe import Markup

from coevolve.kit.access import access
from coevolve.kit.i18n import _
from coevolve.kit.kept import kept_page
from coevolve.kit.pages import is_htmx, see_other
from coevolve.kit.reads import answer, read_only, together
from coevolve.listings import queries
from coevolve.listings.queries import Facets, Guess, Page, ShownDisaster
from coevolve.listings.queries.cards import cards, disaster_words
from coevolve.listings.queries.counting import asks_counts
from coevolve.listings.queries.disasters import asks_disasters
from coevolve.listings.queries.walking import asks_page
from coevolve.listings.views import filters, mapping
from coevolve.listings.views.door import blueprint
from coevolve.listings.views.filters import PATH, Asked
from coevolve.localities import queries as localities
from coevolve.localities.queries import Place

NO_PAGE = Page((), None, None)
NO_GUESS = Guess("", ())


@dataclass(frozen=True, slots=True)
class Found:
    """What the database said: the rows of this page, the counts, disasters in force, what was perhaps meant."""

    page: Page
    facets: Facets
    disasters: tuple[ShownDisaster, ...] = ()
    guess: Guess = NO_GUESS


@blueprint.get(PATH)
@access("public")
def browse() -> Any:
    """The page, or only its changing part when htmx asks."""
    read_only()
    asked = filters.read()
    if asked.is_moved and not asked.faults:
        return see_other(asked.href())
    found = _find(asked)
    whole = not is_htmx()
    made_from = (
        found.page,
        found.facets.made_from,
        tuple((one.id, one.ends_on) for one in found.disasters),
        found.guess,
        asked.query,
        asked.faults,
        asked.others,
    )
    response = kept_page(
        "listings/browse.html" if whole else "listings/_browse.html",
        made_from,
        lambda: _words(asked, found, whole=whole),
    )
    if asked.faults:
        response.status_code = 400
    return response


def _find(asked: Asked) -> Found:
    query = asked.query
    if asked.is_map:
        counts = asks_counts(mapping.asked_of(query), mapping.below_of(query))
        facets, disasters = together(counts, asks_disasters())
        return Found(NO_PAGE, facets, _over(disasters, query.place))
    if asked.others:
        return Found(NO_PAGE, answer(asks_counts(query)))
    if query.cursor is not None:
        page, facets = together(asks_page(query), asks_counts(query))
        return Found(page, facets)
    page, facets, disasters = together(asks_page(query), asks_counts(query), asks_disasters())
    guess = queries.guess(query.words) if query.words and not page.rows else NO_GUESS
    return Found(page, facets, _over(disasters, query.place), guess)


def _over(disasters: list[ShownDisaster], place: Place | None) -> tuple[ShownDisaster, ...]:
    """Those in, above or below the place."""
    if place is None:
        return tuple(disasters)
    chain = set(localities.ancestor_codes(place.code))
    return tuple(
        found
        for found in disasters
        if any(code in chain or place.code in localities.ancestor_codes(code) for code in found.localities)
    )


def _words(asked: Asked, found: Found, *, whole: bool) -> dict[str, Any]:
    """All the page says. Rendered inside out: each piece of a nested template would pass through every level above."""
    query = asked.query
    shown = cards(found.page.rows)
    known = list(found.disasters)
    title = filters.title(query)
    context: dict[str, Any] = {
        "cards": shown,
        "list": Markup(render_template("components/_cards.html", cards=shown)),  # noqa: S704 - our own template
        "count": filters.count_words(found.facets, len(found.page.rows), query),
        "title": title,
        "words": query.words,
        "faults": asked.faults,
        "place_typed": asked.place_typed,
        "kept": [
            (name, value) for name, value in asked.typed.items() if value and name not in ("kata", "tutup")
        ],
        "due": asked.typed["tutup"],
        "supports": filters.supports(asked, found.facets),
        "groups": filters.groups(asked, found.facets, [] if asked.is_map else queries.below_of(query.place)),
        "up": filters.up(asked),
        "active": filters.active(asked, known),
        "clear": PATH,
        "orders": [] if asked.is_map else filters.orders(asked),
        "others": [(localities.path_label(other), asked.href(tempat=other.code)) for other in asked.others],
        "next": asked.href(sesudah=str(found.page.next)) if found.page.next else None,
        "previous": asked.href(sebelum=str(found.page.previous)) if found.page.previous else None,
        "is_fragment": not whole,
        "banners": [_banner(asked, one) for one in found.disasters if query.disaster in (None, one.id)],
        "guess": (found.guess.words, asked.href(kata=found.guess.words)) if found.guess.words else None,
        "named": found.guess.organisations,
        "tabs": [
            {"text": _("Daftar"), "href": asked.href(tampil="")},
            {"text": _("Peta"), "href": asked.href(tampil="peta")},
        ],
        "is_map": asked.is_map,
        "map": mapping.drawn(asked, found.facets) if asked.is_map else None,
        "feed": asked.href(f"{PATH}.atom", tampil=""),
        "table": asked.href(f"{PATH}.csv", tampil=""),
    }
    if not whole:
        return context
    part = Markup(render_template("listings/_browse.html", **context))  # noqa: S704 - our own template
    return {
        "part": part,
        "title": title,
        "is_first": query.cursor is None,
        "feed": context["feed"],
    }


def _banner(asked: Asked, disaster: ShownDisaster) -> dict[str, str]:
    return {
        "name": disaster.name,
        "text": disaster_words(disaster),
        "href": "" if asked.query.disaster else asked.href(bencana=str(disaster.id), tampil=""),
    }
