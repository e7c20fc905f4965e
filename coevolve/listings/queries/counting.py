"""The counts beside the list: rolled up and exact, or of the newest thousand hits where no roll-up knows the filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from coevolve.kit.reads import Question
from coevolve.listings.models import KIND_BITS
from coevolve.listings.queries.asking import Query
from coevolve.listings.queries.walking import (
    LEVEL_COLUMN,
    NEWEST,
    fine_filter,
    place_filter,
    sample_of,
)
from coevolve.localities import queries as localities
from coevolve.localities.queries import Place

FEW = 0.03
"""Where the fine filters let fewer through, the sample is taken by marks instead of skipping down an index."""


@dataclass(slots=True)
class Facets:
    """How many there are: in all, and for each value of each filter with the other filters kept."""

    total: int = 0
    is_capped: bool = False
    """Whether only the newest hits were counted, and there may be more."""
    sectors: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    supports: dict[str, int] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    made_from: tuple[Any, ...] = ()
    """The rows counted, to compare."""


_HERE = """
place_code = %(place)s AND (
  (kind = %(kind)s AND support = %(support)s) OR (sector = %(sector)s AND support = %(support)s)
  OR (sector = %(sector)s AND kind = %(kind)s))"""
_BELOW = """
place_code = ANY(%(below)s) AND sector = %(sector)s AND kind = %(kind)s AND support = %(support)s"""
_COUNTED = f"""
SELECT place_code, sector, kind, support, count FROM listing_facet WHERE {_HERE}
 UNION ALL
SELECT place_code, sector, kind, support, count FROM listing_facet WHERE {_BELOW}
 UNION ALL
SELECT place_code, sector, kind, support, sum(step)::bigint FROM listing_facet_unfolded WHERE {_HERE} OR {_BELOW}
 GROUP BY place_code, sector, kind, support
"""
"""What is folded, in two walks of its key, and what is not folded yet; whoever reads adds them up."""


def asks_counts(query: Query, below: list[Place] | None = None) -> Question[Facets]:
    """The question for the counts; `below`: the places to count, else those one step down."""
    below = below_of(query.place) if below is None else below
    if query.words or query.is_fine or (query.place is not None and query.place.level == "village"):
        sql, values = _sampling(query, below)
        return Question(sql, values, lambda rows: _sampled(query, rows))
    values = {
        "place": query.place.code if query.place else "",
        "below": [place.code for place in below],
        "sector": query.sector,
        "kind": query.kind,
        "support": query.bit,
    }
    return Question(_COUNTED, values, lambda rows: _counted(query, rows))


def _counted(query: Query, rows: Sequence[tuple[Any, ...]]) -> Facets:
    here = query.place.code if query.place else ""
    support_of = {bit: name for name, bit in KIND_BITS.items()}
    found = Facets(made_from=tuple(rows))
    for place_code, sector, kind, support, count in found.made_from:
        if place_code != here:
            found.places[place_code] = found.places.get(place_code, 0) + count
            continue
        if sector and (kind, support) == (query.kind, query.bit):
            found.sectors[sector] = found.sectors.get(sector, 0) + count
        if kind and (sector, support) == (query.sector, query.bit):
            found.kinds[kind] = found.kinds.get(kind, 0) + count
        if support and (sector, kind) == (query.sector, query.kind):
            name = support_of[support]
            found.supports[name] = found.supports.get(name, 0) + count
        if (sector, kind, support) == (query.sector, query.kind, query.bit):
            found.total += count
    return found


def _sampling(query: Query, below: list[Place]) -> tuple[str, dict[str, Any]]:
    """Groups of equal hits: sectors, kind, kinds of support, places below, how many."""
    level = below[0].level if below else ""
    values: dict[str, Any] = {}
    if query.words or (query.disaster is None and query.fine_share < FEW):
        child = f"p.{level}_codes" if level in LEVEL_COLUMN else "NULL::text[]"
        wanted, walk = sample_of(query, values, f"p.sectors, p.kind, p.kinds, {child} AS children")
        grouped = "SELECT sectors, kind, kinds, children, count(*), count(*) FROM hit GROUP BY 1, 2, 3, 4"
        return f"WITH {wanted}hit AS ({walk})\n{grouped}", values
    child = f"p.{LEVEL_COLUMN[level]}" if level in LEVEL_COLUMN else "NULL::text"
    where = [*place_filter(query, values), *fine_filter(query, values)]
    if query.disaster:
        where.append("p.disaster_id = %(disaster)s")
        values["disaster"] = query.disaster
    return (
        f"""
SELECT sectors, kind, kinds, children, count(*), sum(rows)::bigint FROM (
  SELECT array_agg(DISTINCT w.sector) AS sectors, min(w.kind) AS kind, min(w.kinds) AS kinds,
         array_agg(DISTINCT w.child) AS children, count(*) AS rows
    FROM (SELECT p.listing_id, p.sector, p.kind, p.kinds, {child} AS child
            FROM listing_place p WHERE {" AND ".join(where)}
           ORDER BY p.opened_at DESC, p.listing_id DESC LIMIT {NEWEST}) w GROUP BY w.listing_id) one
 GROUP BY sectors, kind, kinds, children""",
        values,
    )


def _sampled(query: Query, rows: Sequence[tuple[Any, ...]]) -> Facets:
    found, seen = Facets(made_from=tuple((*map(_plain, row),) for row in rows)), 0
    for sectors, kind, kinds, children, number, walked in rows:
        seen += int(walked)
        _count_sample(found, query, (sectors, kind, kinds, children or ()), int(number))
    found.is_capped = seen >= NEWEST
    return found


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _count_sample(
    found: Facets, query: Query, group: tuple[Sequence[str], str, int, Sequence[str | None]], count: int
) -> None:
    """Add a group of hits to each count whose other filters it passes."""
    sectors, kind, kinds, children = group
    fits_sector = not query.sector or query.sector in sectors
    fits_kind = query.kind in ("", kind)
    fits_support = not query.bit or bool(kinds & query.bit)
    if fits_kind and fits_support:
        for sector in sectors:
            found.sectors[sector] = found.sectors.get(sector, 0) + count
    if fits_sector and fits_support:
        found.kinds[kind] = found.kinds.get(kind, 0) + count
    if not (fits_sector and fits_kind):
        return
    for name, bit in KIND_BITS.items():
        if kinds & bit:
            found.supports[name] = found.supports.get(name, 0) + count
    if fits_support:
        found.total += count
        for child in children:
            if child:
                found.places[child] = found.places.get(child, 0) + count


def below_of(place: Place | None) -> list[Place]:
    """The places a reader may narrow to from here: the island regions, then step by step down to the kecamatan."""
    if place is None:
        return localities.regions()
    return [] if place.level in ("district", "village") else localities.children(place.code)
