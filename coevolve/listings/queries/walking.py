"""Walking to one page of the list: down an index of `listing_place`, or through the slabs of `listing_search`."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from coevolve.kit import clock
from coevolve.kit.reads import Question
from coevolve.listings.finding_models import GAPS
from coevolve.listings.queries.asking import Cursor, Query, bad_cursor

NEWEST = 1_000
"""With words or rare filters, what closes first is looked for among so many newest hits."""
LEVEL_COLUMN = {
    "region": "region_code",
    "province": "province_code",
    "regency": "regency_code",
    "district": "district_code",
}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROS = "(extract(epoch FROM p.opened_at) * 1000000)::bigint::text"


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
    more_places: int
    """How many further places it names."""
    is_urgent: bool
    """Whether it belongs to a disaster in force."""
    cover: str | None
    """The key of its first photo."""
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


SHOWN = """
SELECT l.id, l.slug, l.kind, l.title, l.sector, l.kinds, l.province_code, l.regency_code, l.locality_code,
       l.closes_on, cardinality(l.more_localities), l.is_urgent, l.cover, o.name, h.key,
       coalesce(n.goal, 0)::bigint, coalesce(n.lines, 0), n.label, n.unit,
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


def asks_page(query: Query) -> Question[Page]:
    """The question for one page."""
    hits, values = hits_of(query, query.size + 1)
    return Question(f"WITH {hits}{SHOWN}", values, lambda rows: _page(query, rows))


def check_cursor(query: Query) -> None:
    """Invalid (400) for a cursor that does not fit the order of this question."""
    hits_of(query, 1)


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


def hits_of(query: Query, most: int) -> tuple[str, dict[str, Any]]:
    """The common table expressions that end in `hit (listing_id, key, position)`: at most `most`, in order."""
    values: dict[str, Any] = {}
    backwards = query.cursor is not None and query.cursor.is_before
    asked = ""
    if query.by_marks:
        asked = _wanted(query, values)
    if query.by_closing:
        walk = _closing(query, values, most, backwards=backwards)
    else:
        walk = _newest(query, values, most, backwards=backwards)
    sql = f"""{asked}hit AS MATERIALIZED (
  SELECT listing_id, key, row_number() OVER () AS position FROM ({walk}) walk
)"""
    return sql, values


# --- newest first, urgent needs before all others -----------------------------------------------------


def _newest(query: Query, values: dict[str, Any], most: int, *, backwards: bool) -> str:
    """Two stages, urgent needs and all others; a cursor stands in one of them, so at most one is cut."""
    at = query.cursor.key if query.cursor else ""
    in_urgent = at.startswith("u")
    stages = []
    if not query.words and query.asks_urgent and (not at or in_urgent or backwards):
        stages.append(_urgent(query, values, most, backwards=backwards, is_cut=in_urgent))
    if (query.words or not query.disaster) and not (in_urgent and backwards):
        rest = _slabs if query.by_marks else _index
        stages.append(rest(query, values, most, backwards=backwards, is_cut=bool(at) and not in_urgent))
    if not stages:
        return "SELECT NULL::uuid AS listing_id, '' AS key WHERE false"
    if len(stages) == 1:
        return stages[0]
    first, second = stages[::-1] if backwards else stages
    return f"""
    SELECT listing_id, key FROM (
      SELECT listing_id, key, 1 AS stage, row_number() OVER () AS place FROM ({first}) one
       UNION ALL
      SELECT listing_id, key, 2, row_number() OVER () FROM ({second}) two) both_stages
     ORDER BY stage, place LIMIT {most}"""


def _urgent(query: Query, values: dict[str, Any], most: int, *, backwards: bool, is_cut: bool) -> str:
    where = [
        "p.disaster_id = %(disaster)s" if query.disaster else "p.disaster_id IS NOT NULL",
        *place_filter(query, values),
        *coarse_filter(query, values),
        *fine_filter(query, values),
    ]
    if query.disaster:
        values["disaster"] = query.disaster
    return _walk(query, values, where, most, prefix="'u' || ", backwards=backwards, is_cut=is_cut)


def _index(query: Query, values: dict[str, Any], most: int, *, backwards: bool, is_cut: bool) -> str:
    where = [
        *place_filter(query, values),
        *coarse_filter(query, values),
        *fine_filter(query, values),
        *(["p.disaster_id IS NULL"] if query.asks_urgent else []),
    ]
    return _walk(query, values, where, most, backwards=backwards, is_cut=is_cut)


def _walk(
    query: Query,
    values: dict[str, Any],
    where: list[str],
    most: int,
    *,
    prefix: str = "",
    backwards: bool,
    is_cut: bool,
) -> str:
    """The rows of one listing are neighbours in the index, so DISTINCT ON only looks one row back."""
    if is_cut and query.cursor is not None:
        sign = ">" if backwards else "<"
        where = [*where, f"(p.opened_at, p.listing_id) {sign} (%(after)s, %(after_id)s)"]
        values["after"], values["after_id"] = _moment(query.cursor), query.cursor.listing_id
    way = "ASC" if backwards else "DESC"
    return f"""
    SELECT DISTINCT ON (p.opened_at, p.listing_id) p.listing_id, {prefix}{_MICROS} AS key
      FROM listing_place p {"WHERE " + " AND ".join(where) if where else ""}
     ORDER BY p.opened_at {way}, p.listing_id {way} LIMIT {most}"""


def _slabs(query: Query, values: dict[str, Any], most: int, *, backwards: bool, is_cut: bool) -> str:
    """Newest slab first, newest within a slab first; stops when the page is full, so its cost has a bound."""
    slabs, extra = "generate_series((SELECT last_value / 10000 FROM listing_open_order), 0, -1)", ""
    if is_cut and query.cursor is not None:
        slab, moment = _slab_key(query.cursor)
        sign = ">" if backwards else "<"
        extra = f"AND (s.slab <> %(slab)s OR (p.opened_at, p.listing_id) {sign} (%(after)s, %(after_id)s))"
        values |= {"slab": slab, "after": moment, "after_id": query.cursor.listing_id}
        slabs = (
            "generate_series(CAST(%(slab)s AS bigint), (SELECT last_value / 10000 FROM listing_open_order))"
            if backwards
            else "generate_series((SELECT least(%(slab)s, last_value / 10000) FROM listing_open_order), 0, -1)"
        )
    elif backwards:
        slabs = "generate_series(0, (SELECT last_value / 10000 FROM listing_open_order))"
    if not query.words and query.asks_urgent:
        extra += " AND p.disaster_id IS NULL"
    way = "ASC" if backwards else "DESC"
    return f"""
    SELECT found.listing_id, s.slab || '-' || found.micros AS key
      FROM {slabs} s(slab)
     CROSS JOIN LATERAL (
       SELECT p.listing_id, {_MICROS} AS micros FROM listing_search p
        WHERE p.slab = s.slab::int AND p.tsv @@ (SELECT q FROM wanted) {due_filter(query, values)} {extra}
        ORDER BY p.opened_at {way}, p.listing_id {way} LIMIT {most}) found
     LIMIT {most}"""


# --- what closes first --------------------------------------------------------------------------------


def _closing(query: Query, values: dict[str, Any], most: int, *, backwards: bool) -> str:
    where = []
    if query.cursor is not None:
        where = [f"(p.closes_on, p.listing_id) {'<' if backwards else '>'} (%(after)s, %(after_id)s)"]
        values["after"], values["after_id"] = _day(query.cursor), query.cursor.listing_id
    source = "listing_place"
    if query.by_marks:
        source = f"({newest_hits(query, values, 'p.listing_id, p.closes_on')})"
    else:
        if query.disaster:
            where.append("p.disaster_id = %(disaster)s")
            values["disaster"] = query.disaster
        where += [*place_filter(query, values), *coarse_filter(query, values), *fine_filter(query, values)]
    way = "DESC" if backwards else "ASC"
    return f"""
    SELECT DISTINCT ON (p.closes_on, p.listing_id) p.listing_id, to_char(p.closes_on, 'YYYY-MM-DD') AS key
      FROM {source} p {"WHERE " + " AND ".join(where) if where else ""}
     ORDER BY p.closes_on {way}, p.listing_id {way} LIMIT {most}"""


def newest_hits(query: Query, values: dict[str, Any], columns: str) -> str:
    """The newest thousand search rows that `wanted` finds."""
    return f"""
    SELECT f.* FROM generate_series((SELECT last_value / 10000 FROM listing_open_order), 0, -1) s(slab)
     CROSS JOIN LATERAL (
       SELECT {columns} FROM listing_search p
        WHERE p.slab = s.slab::int AND p.tsv @@ (SELECT q FROM wanted) {due_filter(query, values)}
        ORDER BY p.opened_at DESC, p.listing_id DESC LIMIT {NEWEST}) f LIMIT {NEWEST}"""


# --- filters ------------------------------------------------------------------------------------------


def place_filter(query: Query, values: dict[str, Any]) -> list[str]:
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
    return [f"p.{LEVEL_COLUMN[place.level]} = %(place)s"]


def coarse_filter(query: Query, values: dict[str, Any]) -> list[str]:
    """Sector, kind of listing, kind of support."""
    where = []
    for name, value in (("sector", query.sector), ("kind", query.kind)):
        if value:
            where.append(f"p.{name} = %({name})s")
            values[name] = value
    if query.bit:
        where.append("p.kinds & %(bit)s > 0")
        values["bit"] = query.bit
    return where


def fine_filter(query: Query, values: dict[str, Any]) -> list[str]:
    """What is missing, how far verified, until when; all of it stands in every index."""
    where = []
    if query.gap:
        where.append("p.gap = %(gap)s")
        values["gap"] = GAPS[query.gap]
    if query.level:
        where.append("p.level >= %(level)s")
        values["level"] = query.level
    if query.due is not None:
        where.append("p.due_on BETWEEN %(today)s AND %(due)s")
        values |= {"today": clock.today(), "due": query.due}
    return where


def due_filter(query: Query, values: dict[str, Any]) -> str:
    """The days exactly, where marks only know the month."""
    if query.due is None:
        return ""
    values |= {"today": clock.today(), "due": query.due}
    return "AND p.due_on BETWEEN %(today)s AND %(due)s"


def _wanted(query: Query, values: dict[str, Any], *, is_sample: bool = False) -> str:
    """The words and the marked filters as one text query."""
    parts = []
    if query.words:
        parts.append("listing_query(%(words)s)")
        values["words"] = query.words
    marks = marks_of(query, is_sample=is_sample)
    if marks:
        parts.append("CAST(%(marks)s AS tsquery)")
        values["marks"] = marks
    return f"wanted AS MATERIALIZED (SELECT {' && '.join(parts)} AS q), "


def sample_of(query: Query, values: dict[str, Any], columns: str) -> tuple[str, str]:
    """The newest hits by marks without the filters that counts vary: the expression before, and the walk."""
    return _wanted(query, values, is_sample=True), newest_hits(query, values, columns)


def marks_of(query: Query, *, is_sample: bool = False) -> str:
    """The filters as marked lexemes of the search row; codes are known ones, so quoting is enough."""
    marks = [f"p:{query.place.code}"] if query.place else []
    marks += [f"g:{GAPS[query.gap]}"] if query.gap else []
    marks += [f"v:{query.level}"] if query.level else []
    marks += [f"d:{query.disaster}"] if query.disaster else []
    if not is_sample:
        marks += [f"s:{query.sector}"] if query.sector else []
        marks += [f"k:{query.kind}"] if query.kind else []
        marks += [f"b:{query.bit}"] if query.bit else []
    found = [f"'{mark}'" for mark in marks]
    if query.due is not None and (found or not query.words):
        found.append("(" + " | ".join(f"'c:{month}'" for month in _months(clock.today(), query.due)) + ")")
    return " & ".join(found)


def _months(first: dt.date, last: dt.date) -> list[str]:
    since, until = first.year * 12 + first.month - 1, last.year * 12 + last.month - 1
    return [f"{at // 12:04d}-{at % 12 + 1:02d}" for at in range(since, max(since, until) + 1)]


# --- keys of cursors ----------------------------------------------------------------------------------


def _moment(cursor: Cursor) -> dt.datetime:
    try:
        return _EPOCH + dt.timedelta(microseconds=int(cursor.key.removeprefix("u")))
    except (ValueError, OverflowError) as trouble:
        raise bad_cursor() from trouble


def _day(cursor: Cursor) -> dt.date:
    try:
        return dt.date.fromisoformat(cursor.key)
    except ValueError as trouble:
        raise bad_cursor() from trouble


def _slab_key(cursor: Cursor) -> tuple[int, dt.datetime]:
    slab, dash, micros = cursor.key.partition("-")
    if not dash or "-" in micros:
        raise bad_cursor()
    return int(slab), _moment(replace(cursor, key=micros))
