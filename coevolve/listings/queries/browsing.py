"""The browse page: one query object for list, counts and filters; keyset pages both ways; no OFFSET, no table scan.

Two statements make the page: the walk (an index of `listing_place`, or the slabs of `listing_search` when words are
given) joined with what a card shows and what has come, and the counts (`listing_facet` with
its unfolded rest; with words, the newest thousand hits).
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from coevolve.kit import reads
from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.reads import Question
from coevolve.kit.text import clean_line
from coevolve.listings.models import KIND_BITS, Kind
from coevolve.listings.sectors import CODES
from coevolve.localities import queries as localities
from coevolve.localities.queries import Place

SAMPLE = 1_000
"""With words, counts look at so many newest hits; beyond it a count reads "1.000+"."""
ORDERS = ("newest", "closing")
WORDS_MOST = 100

_LEVEL_COLUMN = {
    "region": "region_code",
    "province": "province_code",
    "regency": "regency_code",
    "district": "district_code",
}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the order: everything strictly after (or before) this key."""

    key: str
    """The sort value as text: microseconds, a date, or a slab and microseconds."""
    listing_id: uuid.UUID
    is_before: bool = False
    """Whether the page wanted ends just before the key instead of beginning after it."""

    def __str__(self) -> str:
        return f"{self.key}.{self.listing_id.hex}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a reader asks for. Values are checked: build it with known codes only."""

    words: str = ""
    place: Place | None = None
    sector: str = ""
    kind: str = ""
    support: str = ""
    """A kind of line: money, goods, time or facility."""
    order: str = "newest"
    cursor: Cursor | None = None
    size: int = 20

    def __post_init__(self) -> None:
        known = (
            (not self.sector or self.sector in CODES)
            and (not self.kind or self.kind in Kind.__members__)
            and (not self.support or self.support in KIND_BITS)
            and self.order in ORDERS
        )
        if not known:
            raise Invalid("filter_unknown", lazy("Saringan ini tidak dikenal."), http_status=400)

    @property
    def bit(self) -> int:
        """The kind of support as a bit; 0 for any."""
        return KIND_BITS.get(self.support, 0)

    @property
    def by_closing(self) -> bool:
        """Whether the order is by closing date (words are always newest first)."""
        return self.order == "closing" and not self.words

    @property
    def is_filtered(self) -> bool:
        """Whether anything narrows the list."""
        return bool(self.words or self.place or self.sector or self.kind or self.support)


class Row(NamedTuple):
    """What a card shows of one listing."""

    id: uuid.UUID
    slug: str
    kind: str
    title: str
    sector: str
    kinds: int
    province_code: str | None
    regency_code: str | None
    locality_code: str
    closes_on: dt.date
    organisation: str
    key: str
    goal: int
    """The sum of its lines of money; 0 when it has none."""
    lines: int
    label: str | None
    unit: str | None
    quantity: int
    """Its first line."""
    received: int
    promised: int
    """Of the money when there is a goal, else of the first line."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list, with the keys of its neighbours."""

    rows: tuple[Row, ...]
    next: Cursor | None
    previous: Cursor | None


@dataclass(slots=True)
class Facets:
    """How many there are: in all, and for each value of each filter with the other filters kept."""

    total: int = 0
    is_capped: bool = False
    sectors: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    supports: dict[str, int] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    made_from: tuple[Any, ...] = ()
    """The rows counted, to compare."""


_CURSOR = re.compile(
    r"([0-9]{1,6}-[0-9]{1,17}|[0-9]{1,17}|[0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9a-f]{32})", re.ASCII
)


def read_cursor(typed: str, *, is_before: bool = False) -> Cursor:
    """The cursor of an address; Invalid (400) for one that we did not write."""
    found = _CURSOR.fullmatch(typed)
    if found is None:
        raise _bad_cursor()
    return Cursor(found.group(1), uuid.UUID(hex=found.group(2)), is_before)


def _bad_cursor() -> Invalid:
    return Invalid(
        "cursor", lazy("Halaman daftar ini tidak dikenal. Mulai lagi dari halaman pertama."), http_status=400
    )


def clean_words(typed: str) -> str:
    """Search words without signs that cannot be stored, cut to a sane length."""
    return clean_line(typed.replace("\x00", " "))[:WORDS_MOST]


def _micros(moment: dt.datetime) -> int:
    return (moment - _EPOCH) // dt.timedelta(microseconds=1)


# --- the walk ---------------------------------------------------------------------------------------

_SHOWN = """
SELECT l.id, l.slug, l.kind, l.title, l.sector, l.kinds, l.province_code, l.regency_code, l.locality_code,
       l.closes_on, o.name, h.key, coalesce(n.goal, 0)::bigint, coalesce(n.lines, 0), n.label, n.unit,
       coalesce(n.quantity, 0), coalesce(f.received, c.received, 0)::bigint, coalesce(c.promised, 0)::bigint
  FROM hit h JOIN listing l ON l.id = h.listing_id JOIN organisation o ON o.id = l.organisation_id
  LEFT JOIN LATERAL (
    SELECT x.id, x.label, x.unit, x.quantity, count(*) OVER () AS lines,
           sum(x.quantity) FILTER (WHERE x.kind = 'money') OVER () AS goal
      FROM listing_line x WHERE x.listing_id = l.id ORDER BY x.position, x.id LIMIT 1) n ON true
  LEFT JOIN LATERAL (
    SELECT b.balance + b.spent + coalesce(d.came, 0) AS received
      FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
      LEFT JOIN LATERAL (SELECT sum(amount + spent) AS came FROM ledger_delta WHERE account_id = a.id) d ON true
     WHERE a.code = 'fund:' || l.id || ':IDR') f ON n.goal > 0 AND l.kind <> 'opportunity'
  LEFT JOIN LATERAL (
    SELECT CASE WHEN n.goal > 0 THEN 0 ELSE b.balance + coalesce(d.came, 0) END AS received,
           b.expected + coalesce(d.expected, 0) AS promised
      FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
      LEFT JOIN LATERAL (
        SELECT sum(amount) AS came, sum(expected) AS expected FROM ledger_delta WHERE account_id = a.id) d ON true
     WHERE a.code = 'promised_to:' || CASE WHEN n.goal > 0 THEN l.id || ':IDR' ELSE n.id || ':' || n.unit END
  ) c ON l.kind IN ('need', 'campaign', CASE WHEN n.goal > 0 THEN 'standing_offer' END)
 ORDER BY h.position
"""
"""The cards of the rows hit, with what has come. Accounts are found by their exact names, one look-up each.

How many rows are wanted stands in the statements as a number: only so does the planner keep one plan for all readers
(with a parameter there it thinks of a tenth of the table, and plans at every request, which costs more than the rows).
"""


def browse(query: Query) -> Page:
    """One page of open listings; one statement."""
    return reads.answer(asks_page(query))


def browse_and_count(query: Query) -> tuple[Page, Facets]:
    """The page and the counts beside it; two statements in one trip."""
    return reads.together(asks_page(query), asks_counts(query))


def asks_page(query: Query) -> Question[Page]:
    """The question for one page."""
    sql, values = _search_walk(query) if query.words else _index_walk(query)
    return Question(sql, values, lambda rows: _page(query, rows))


def _page(query: Query, found: Sequence[tuple[Any, ...]]) -> Page:
    rows = [Row._make(row) for row in found]
    more = len(rows) > query.size
    rows = rows[: query.size]
    backwards = query.cursor is not None and query.cursor.is_before
    if backwards:
        rows.reverse()
    if not rows:
        return Page((), None, None)
    first, last = Cursor(rows[0].key, rows[0].id, is_before=True), Cursor(rows[-1].key, rows[-1].id)
    has_next = backwards or more
    has_previous = more if backwards else query.cursor is not None
    return Page(tuple(rows), last if has_next else None, first if has_previous else None)


def _index_walk(query: Query) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {}
    where = _place_filter(query, values)
    for name, value in (("sector", query.sector), ("kind", query.kind)):
        if value:
            where.append(f"p.{name} = %({name})s")
            values[name] = value
    if query.bit:
        where.append("p.kinds & %(bit)s > 0")
        values["bit"] = query.bit
    backwards = query.cursor is not None and query.cursor.is_before
    sort, key = (
        ("p.closes_on", "to_char(p.closes_on, 'YYYY-MM-DD')")
        if query.by_closing
        else ("p.opened_at", _MICROS)
    )
    rising = query.by_closing != backwards
    if query.cursor is not None:
        where.append(f"({sort}, p.listing_id) {'>' if rising else '<'} (%(after)s, %(after_id)s)")
        values["after"], values["after_id"] = _after(query.cursor, query.by_closing), query.cursor.listing_id
    way = "ASC" if rising else "DESC"
    sql = f"""
WITH hit AS MATERIALIZED (
  SELECT listing_id, key, row_number() OVER () AS position FROM (
    SELECT p.listing_id, {key} AS key FROM listing_place p {"WHERE " + " AND ".join(where) if where else ""}
     ORDER BY {sort} {way}, p.listing_id {way} LIMIT {query.size + 1}) walk
){_SHOWN}"""
    return sql, values


_MICROS = "(extract(epoch FROM p.opened_at) * 1000000)::bigint::text"


def _after(cursor: Cursor, by_closing: bool) -> dt.datetime | dt.date:
    try:
        if by_closing:
            return dt.date.fromisoformat(cursor.key)
        return _EPOCH + dt.timedelta(microseconds=int(cursor.key))
    except (ValueError, OverflowError) as trouble:
        raise _bad_cursor() from trouble


def _place_filter(query: Query, values: dict[str, Any]) -> list[str]:
    """The place with everything below it; a village narrows its kecamatan's walk, a country only when abroad."""
    place = query.place
    if place is None:
        return []
    values["place"] = place.code
    if place.level == "country":
        if place.code == "ID":
            return ["p.country_code = %(place)s"]
        return ["p.country_code = %(place)s", "p.country_code <> 'ID'"]
    if place.level == "village":
        values["district"] = place.parent_code
        return ["p.district_code = %(district)s", "p.locality_code = %(place)s"]
    return [f"p.{_LEVEL_COLUMN[place.level]} = %(place)s"]


def _search_walk(query: Query) -> tuple[str, dict[str, Any]]:
    """Newest slab first, newest within a slab first; stops when the page is full, so its cost has a bound."""
    values: dict[str, Any] = {"words": query.words, "marks": _marks(query)}
    backwards = query.cursor is not None and query.cursor.is_before
    most = query.size + 1
    slabs, extra = "generate_series((SELECT last_value / 10000 FROM listing_open_order), 0, -1)", ""
    if query.cursor is not None:
        slab, micros = _slab_key(query.cursor)
        sign = ">" if backwards else "<"
        extra = f"AND (s.slab <> %(slab)s OR (p.opened_at, p.listing_id) {sign} (%(after)s, %(after_id)s))"
        values |= {"slab": slab, "after": micros, "after_id": query.cursor.listing_id}
        slabs = (
            "generate_series(CAST(%(slab)s AS bigint), (SELECT last_value / 10000 FROM listing_open_order))"
            if backwards
            else "generate_series((SELECT least(%(slab)s, last_value / 10000) FROM listing_open_order), 0, -1)"
        )
    way = "ASC" if backwards else "DESC"
    sql = f"""
WITH wanted AS MATERIALIZED (
  SELECT listing_query(%(words)s) && CAST(%(marks)s AS tsquery) AS q
), hit AS MATERIALIZED (
  SELECT listing_id, key, row_number() OVER () AS position FROM (
    SELECT found.listing_id, s.slab || '-' || found.micros AS key
      FROM {slabs} s(slab)
     CROSS JOIN LATERAL (
       SELECT p.listing_id, {_MICROS} AS micros FROM listing_search p
        WHERE p.slab = s.slab::int AND p.tsv @@ (SELECT q FROM wanted) {extra}
        ORDER BY p.opened_at {way}, p.listing_id {way} LIMIT {most}) found
     LIMIT {most}) walk
){_SHOWN}"""
    if not values["marks"]:
        sql = sql.replace(" && CAST(%(marks)s AS tsquery)", "")
        del values["marks"]
    return sql, values


def _slab_key(cursor: Cursor) -> tuple[int, dt.datetime]:
    slab, dash, micros = cursor.key.partition("-")
    if not dash or "-" in micros:
        raise _bad_cursor()
    return int(slab), _after(replace(cursor, key=micros), by_closing=False)  # type: ignore[return-value]


def _marks(query: Query, *, place_only: bool = False) -> str:
    """The filters as marked lexemes of the search row; codes are known ones, so quoting is enough."""
    marks = [f"p:{query.place.code}"] if query.place else []
    if not place_only:
        marks += [f"s:{query.sector}"] if query.sector else []
        marks += [f"k:{query.kind}"] if query.kind else []
        marks += [f"b:{query.bit}"] if query.bit else []
    return " & ".join(f"'{mark}'" for mark in marks)


# --- counts -----------------------------------------------------------------------------------------

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

_SAMPLED = """
SELECT p.sector, p.kind, p.kinds, {child} AS child, count(*) FROM (
  {walk} LIMIT {sample}) p GROUP BY 1, 2, 3, 4
"""


def facets(query: Query) -> Facets:
    """The counts beside the list; one statement. Exact (folded + unfolded) unless words or a village are asked."""
    return reads.answer(asks_counts(query))


def asks_counts(query: Query) -> Question[Facets]:
    """The question for the counts."""
    below = _below(query.place)
    if query.words or (query.place is not None and query.place.level == "village"):
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
    column = _LEVEL_COLUMN.get(below[0].level) if below else None
    values: dict[str, Any] = {}
    if query.words:
        marks = _marks(query, place_only=True)
        asked = "listing_query(%(words)s)" + (" && CAST(%(marks)s AS tsquery)" if marks else "")
        values["words"] = query.words
        if marks:
            values["marks"] = marks
        walk = f"""
  SELECT f.* FROM generate_series((SELECT last_value / 10000 FROM listing_open_order), 0, -1) s(slab)
   CROSS JOIN LATERAL (
     SELECT * FROM listing_search p WHERE p.slab = s.slab::int AND p.tsv @@ (SELECT {asked})
      ORDER BY p.opened_at DESC, p.listing_id DESC LIMIT {SAMPLE}) f"""
    else:
        where = _place_filter(query, values)
        walk = f"SELECT * FROM listing_place p WHERE {' AND '.join(where)} ORDER BY p.opened_at DESC"
    return _SAMPLED.format(child=f"p.{column}" if column else "''", walk=walk, sample=SAMPLE), values


def _sampled(query: Query, rows: Sequence[tuple[Any, ...]]) -> Facets:
    found, seen = Facets(made_from=tuple(rows)), 0
    for sector, kind, kinds, child, number in found.made_from:
        seen += int(number)
        _count_sample(found, query, (sector, kind, kinds, child), int(number))
    found.is_capped = seen >= SAMPLE
    return found


def _count_sample(found: Facets, query: Query, group: tuple[str, str, int, str | None], count: int) -> None:
    """Add a group of hits to each count whose other filters it passes."""
    sector, kind, kinds, child = group
    fits_sector = query.sector in ("", sector)
    fits_kind = query.kind in ("", kind)
    fits_support = not query.bit or bool(kinds & query.bit)
    if fits_kind and fits_support:
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
        if child:
            found.places[child] = found.places.get(child, 0) + count


def _below(place: Place | None) -> list[Place]:
    """The places a reader may narrow to from here: the island regions, then step by step down to the kecamatan."""
    if place is None:
        return localities.regions()
    return [] if place.level in ("district", "village") else localities.children(place.code)
