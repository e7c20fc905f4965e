"""The map of the browse page: the same question, counted per province, or per kabupaten and kota within one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from flask import get_template_attribute
from markupsafe import Markup

from coevolve.kit import i18n
from coevolve.kit.i18n import _
from coevolve.listings.queries import Facets, Query
from coevolve.listings.views.filters import Asked
from coevolve.localities import queries as localities
from coevolve.localities import tiles
from coevolve.localities.queries import Place


@dataclass(frozen=True, slots=True)
class Drawn:
    """A map with its twin: every place with its count, most first."""

    picture: Markup
    rows: list[tuple[str, str, str]]
    """Name, address, count."""


def province_of(place: Place | None) -> Place | None:
    """The province whose kabupaten and kota the map shows; None for the map of the country."""
    return localities.find(place.province_code) if place is not None else None


def below_of(query: Query) -> list[Place]:
    """The places on the map."""
    province = province_of(query.place)
    return localities.children(province.code) if province else localities.provinces()


def asked_of(query: Query) -> Query:
    """The question without a place narrower than the map."""
    province = province_of(query.place)
    return replace(query, place=province, cursor=None) if province else replace(query, cursor=None)


def drawn(asked: Asked, facets: Facets) -> Drawn:
    """The map and its list."""
    query = asked.query
    province, below = province_of(query.place), below_of(query)
    counts = {place.code: facets.places.get(place.code, 0) for place in below}
    steps = tiles.thresholds(counts.values())
    hrefs = {place.code: asked.href(tempat=place.code) for place in below}
    if province is None:
        columns, rows = tiles.COLUMNS, tiles.ROWS
        names = {place.code: place.name for place in below}
        shown = [
            replace(tile, href=hrefs.get(tile.code, tile.href))
            for tile in tiles.province_tiles(names, counts, steps)
        ]
    else:
        points = tuple(tiles.Point(place.code, place.lat, place.lng) for place in below)
        layout, columns, rows = tiles.lay_out(points)
        hrefs = {code: asked.href(tempat=code, tampil="") for code in hrefs}
        shown = [
            tiles.Tile(
                place.code,
                tiles.abbreviate(place.short_name),
                place.name,
                hrefs[place.code],
                *layout[place.code],
                counts[place.code],
                tiles.step_in(counts[place.code], steps),
                place.kind == "kota",
            )
            for place in below
        ]
    draw = get_template_attribute("components/map.html", "tile_map")
    label = (
        _("Tayangan menurut kabupaten dan kota di %(place)s", place=province.name)
        if province
        else _("Tayangan menurut provinsi")
    )
    current = query.place.code if query.place else None
    picture = draw(shown, label, columns, rows, current=current, steps=steps, roomy=province is not None)
    ordered = sorted(below, key=lambda place: (-counts[place.code], place.name, place.code))
    return Drawn(
        cast("Markup", picture),
        [(place.name, hrefs[place.code], i18n.number(counts[place.code])) for place in ordered],
    )
