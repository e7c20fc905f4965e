"""The same list for feeds and tables: more of each listing than a card shows."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from coevolve.kit import reads
from coevolve.listings.queries.asking import Cursor, Query
from coevolve.listings.queries.walking import SHOWN, hits_of

AT_ONCE = 500


class Exported(NamedTuple):
    """One listing with all that a table or a feed says of it."""

    id: uuid.UUID
    key: str
    slug: str
    kind: str
    title: str
    summary: str
    organisation: str
    organisation_slug: str
    level: int
    sectors: list[str]
    localities: list[str]
    """Codes, the main place first."""
    kinds: int
    opened_at: dt.datetime
    closes_on: dt.date
    revised_at: dt.datetime | None
    disaster_id: uuid.UUID | None
    goal: int
    received: int
    promised: int
    """Money, in rupiah minor units."""


_REST = f"""
SELECT l.id, s.key, l.slug, l.kind, l.title, l.summary, o.name, o.slug, o.level, l.sector || l.more_sectors,
       l.locality_code || l.more_localities, l.kinds, l.opened_at, l.closes_on, l.revised_at,
       CASE WHEN l.is_urgent THEN l.disaster_id END,
       CASE WHEN l.kinds & 1 > 0 THEN s.goal ELSE 0 END, CASE WHEN l.kinds & 1 > 0 THEN s.received ELSE 0 END,
       CASE WHEN l.kinds & 1 > 0 THEN s.promised ELSE 0 END
  FROM (SELECT row_number() OVER () AS place, t.* FROM ({SHOWN}) t
        (id, slug, kind, title, sector, kinds, province_code, regency_code, locality_code, closes_on, more_places,
         is_urgent, cover, organisation, key, goal, lines, label, unit, quantity, received, promised)) s
  JOIN listing l ON l.id = s.id JOIN organisation o ON o.id = l.organisation_id ORDER BY s.place
"""


def exported(query: Query, *, most: int) -> Iterator[Exported]:
    """The listings of all pages, at most so many, in the order of the list."""
    asked, left = replace(query, cursor=None), most
    while left > 0:
        size = min(AT_ONCE, left)
        hits, values = hits_of(asked, size)
        rows = [Exported._make(row) for row in reads.rows(f"WITH {hits}{_REST}", values)]
        yield from rows
        left -= len(rows)
        if len(rows) < size:
            return
        asked = replace(asked, cursor=Cursor(rows[-1].key, rows[-1].id))
