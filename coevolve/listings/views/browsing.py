"""/jelajah: open listings, filtered by the address, newest first; three statements however many cards."""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from markupsafe import Markup

from coevolve.config import settings
from coevolve.kit import i18n
from coevolve.kit.access import access
from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import _, lazy
from coevolve.kit.kept import kept_page
from coevolve.kit.pages import is_htmx, see_other
from coevolve.kit.reads import read_only
from coevolve.listings import queries, sectors
from coevolve.listings.queries import Facets, Page, Query
from coevolve.listings.queries.cards import KIND_LABELS, SUPPORT_LABELS, cards, short_place
from coevolve.listings.views.door import blueprint
from coevolve.localities import queries as localities
from coevolve.localities.queries import Place

PATH = "/jelajah"
KINDS = {"kampanye": "campaign", "kebutuhan": "need", "penawaran": "standing_offer", "peluang": "opportunity"}
SUPPORTS = {"uang": "money", "barang": "goods", "keahlian": "time", "fasilitas": "facility"}
ORDERS = {"terbaru": "newest", "tenggat": "closing"}
FILTERS = ("kata", "tempat", "sektor", "jenis", "macam", "urut")
KIND_WORDS = {kind: word for word, kind in KINDS.items()}
SUPPORT_WORDS = {support: word for word, support in SUPPORTS.items()}


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a filter: its words, where it leads, how many there are, whether it is chosen."""

    text: str
    href: str
    count: str
    is_on: bool


@blueprint.get(PATH)
@access("public")
def browse() -> Any:
    """The page, or only its changing part when htmx asks."""
    read_only()
    asked = {name: request.args.get(name, "") for name in FILTERS}
    place, others = _place(asked["tempat"])
    if place is not None and place.code != asked["tempat"]:
        return see_other(_href(asked, tempat=place.code))
    query = _query(asked, place)
    if others:
        found, facets = Page((), None, None), queries.facets(query)
    else:
        found, facets = queries.browse_and_count(query)
    whole = not is_htmx()
    return kept_page(
        "listings/browse.html" if whole else "listings/_browse.html",
        (found, facets.made_from, tuple(others), query),
        lambda: _words(asked, query, Found(found, facets, others), whole=whole),
    )


@dataclass(frozen=True, slots=True)
class Found:
    """What the database said: the rows of this page, the counts, and places of one name."""

    page: Page
    facets: Facets
    others: list[Place]


def _words(asked: dict[str, str], query: Query, found: Found, *, whole: bool) -> dict[str, Any]:
    """All the page says. Rendered inside out: each piece of a nested template would pass through every level above."""
    title = _title(query)
    shown = cards(found.page.rows)
    context: dict[str, Any] = {
        "cards": shown,
        "list": Markup(render_template("components/_cards.html", cards=shown)),  # noqa: S704 - our own template
        "count": _count(found.facets, len(found.page.rows), query),
        "title": title,
        "words": query.words,
        "kept": [(name, value) for name, value in asked.items() if value and name != "kata"],
        "supports": _supports(asked, query, found.facets),
        "groups": _groups(asked, query, found.facets),
        "up": _up(asked, query.place),
        "active": _active(asked, query),
        "clear": PATH,
        "orders": _orders(asked, query),
        "others": [(localities.path_label(other), _href(asked, tempat=other.code)) for other in found.others],
        "next": _href(asked, sesudah=str(found.page.next)) if found.page.next else None,
        "previous": _href(asked, sebelum=str(found.page.previous)) if found.page.previous else None,
        "is_fragment": not whole,
    }
    if not whole:
        return context
    part = Markup(render_template("listings/_browse.html", **context))  # noqa: S704 - our own template
    return {"part": part, "title": title, "is_first": query.cursor is None}


def _query(asked: dict[str, str], place: Place | None) -> Query:
    after, before = request.args.get("sesudah", ""), request.args.get("sebelum", "")
    cursor = queries.read_cursor(after or before, is_before=not after) if after or before else None
    return Query(
        words=queries.clean_words(asked["kata"]),
        place=place,
        sector=_one_of(asked["sektor"], {code: code for code in sectors.CODES}),
        kind=_one_of(asked["macam"], KINDS),
        support=_one_of(asked["jenis"], SUPPORTS),
        order=_one_of(asked["urut"], ORDERS) or "newest",
        cursor=cursor,
        size=settings().page_size,
    )


def _one_of(typed: str, known: dict[str, str]) -> str:
    if typed and typed not in known:
        message = lazy(
            "Saringan “%(value)s” tidak dikenal. Mulai lagi dari semua tayangan.", value=typed[:40]
        )
        raise Invalid("filter_unknown", message, http_status=400)
    return known[typed] if typed else ""


def _place(typed: str) -> tuple[Place | None, list[Place]]:
    """The place asked for by code or by name; several of one name are offered to choose from."""
    typed = queries.clean_words(typed)
    if not typed:
        return None, []
    place = localities.find(typed) or localities.from_label(typed)
    if place is not None:
        return place, []
    alike = localities.search(typed, 6)
    if not alike:
        raise Invalid(
            "place_unknown", lazy("Tempat “%(place)s” tidak kami kenal.", place=typed[:60]), http_status=400
        )
    return (alike[0], []) if len(alike) == 1 else (None, alike)


def _href(asked: dict[str, str], **changes: str) -> str:
    """The address of the same list with some filters changed; a cursor never survives a change of filter."""
    values = {name: value for name, value in {**asked, **changes}.items() if value}
    return f"{PATH}?{urllib.parse.urlencode(values)}" if values else PATH


def _count(facets: Facets, shown: int, query: Query) -> str:
    total = max(facets.total, shown if query.cursor is None else 0)
    if facets.is_capped:
        return _("%(number)s+ tayangan terbuka", number=i18n.number(total))
    number = i18n.number(total) if total <= 1_000 else f"{i18n.number(1_000)}+"
    if total == 0:
        return _("Belum ada tayangan terbuka")
    return i18n.ngettext("%(number)s tayangan terbuka", "%(number)s tayangan terbuka", total, number=number)


def _title(query: Query) -> str:
    """What the list is, in words: 'Kampanye · Air dan sanitasi di Nusa Tenggara Timur'."""
    parts = [str(KIND_LABELS[query.kind])] if query.kind else []
    parts += [sectors.label(query.sector)] if query.sector else []
    what = " · ".join(parts) or _("Jelajah")
    return _("%(what)s di %(place)s", what=what, place=query.place.name) if query.place else what


def _supports(asked: dict[str, str], query: Query, facets: Facets) -> list[Choice]:
    return [
        Choice(
            str(SUPPORT_LABELS[support]),
            _href(asked, jenis="" if query.support == support else word),
            i18n.number(facets.supports.get(support, 0)),
            query.support == support,
        )
        for word, support in SUPPORTS.items()
    ]


def _groups(asked: dict[str, str], query: Query, facets: Facets) -> list[tuple[str, list[Choice]]]:
    """The groups of the filter sheet, each value with its count, zeros too."""
    number = i18n.number
    kinds = [
        Choice(
            str(KIND_LABELS[kind]),
            _href(asked, macam="" if query.kind == kind else word),
            number(facets.kinds.get(kind, 0)),
            query.kind == kind,
        )
        for word, kind in KINDS.items()
    ]
    fields = [
        Choice(
            str(label),
            _href(asked, sektor="" if query.sector == code else code),
            number(facets.sectors.get(code, 0)),
            query.sector == code,
        )
        for code, label in sectors.LABELS.items()
    ]
    below = localities.children(query.place.code) if query.place else localities.regions()
    if query.place is not None and query.place.level in ("district", "village"):
        below = []
    places = [
        Choice(place.name, _href(asked, tempat=place.code), number(facets.places.get(place.code, 0)), False)
        for place in below
    ]
    groups = [(_("Macam"), kinds), (_("Sektor"), fields)]
    return [(_("Tempat"), places), *groups] if places else groups


def _orders(asked: dict[str, str], query: Query) -> list[Choice]:
    """The orders one may choose; words are always newest first."""
    if query.words:
        return []
    labels = {"newest": _("Terbaru"), "closing": _("Segera tutup")}
    return [
        Choice(labels[order], _href(asked, urut="" if order == "newest" else word), "", query.order == order)
        for word, order in ORDERS.items()
    ]


def _up(asked: dict[str, str], place: Place | None) -> list[tuple[str, str]]:
    """The way back up from a place."""
    if place is None:
        return []
    chain = [step for step in localities.ancestors(place.code)[:-1] if step.level != "country"]
    return [
        (_("Semua daerah"), _href(asked, tempat="")),
        *((s.name, _href(asked, tempat=s.code)) for s in chain),
    ]


def _active(asked: dict[str, str], query: Query) -> list[tuple[str, str]]:
    """What narrows the list, each with the address without it."""
    found = [(f"“{query.words}”", _href(asked, kata=""))] if query.words else []
    if query.place:
        place = query.place
        name = (
            short_place(place.regency_code, place.province_code, place.code)
            if place.level == "regency"
            else place.name
        )
        found.append((name, _href(asked, tempat="")))
    if query.support:
        found.append((str(SUPPORT_LABELS[query.support]), _href(asked, jenis="")))
    if query.kind:
        found.append((str(KIND_LABELS[query.kind]), _href(asked, macam="")))
    if query.sector:
        found.append((sectors.label(query.sector), _href(asked, sektor="")))
    return found
