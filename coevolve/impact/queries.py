"""Reads for the home page, the pages of localities and the map."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import text

from coevolve.kit import reads
from coevolve.kit.db import session
from coevolve.kit.reads import Question
from coevolve.localities.queries import Place


class Total(NamedTuple):
    """The rolled-up figures of one place."""

    place_code: str = ""
    needs: int = 0
    offers: int = 0
    opportunities: int = 0
    fulfilled: int = 0
    organisations: int = 0
    handed: int = 0
    money_received: int = 0
    money_promised: int = 0
    value_declared: int = 0
    refreshed_at: dt.datetime | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing has happened here yet."""
        return not (
            self.needs or self.offers or self.opportunities or self.organisations or self.money_received
        )


NOTHING = Total()
_TOTALS = f"SELECT {', '.join(Total._fields)} FROM impact_place_total WHERE place_code = ANY(%(codes)s)"


class Found(NamedTuple):
    """What a card needs to know of one listing, with its totals."""

    id: uuid.UUID
    slug: str
    kind: str
    title: str
    sector: str
    kinds: int
    locality_code: str
    closes_on: dt.date
    organisation: str
    goal: int
    received: int
    promised: int
    line_label: str | None
    line_kind: str | None
    line_unit: str | None
    line_goal: int
    line_received: int
    line_promised: int


@dataclass(frozen=True, slots=True)
class Seated:
    """An organisation seated in a place."""

    slug: str
    name: str
    kind: str
    level: int
    home_locality_code: str


def totals(codes: Iterable[str]) -> dict[str, Total]:
    """The figures of these places; one statement. A place where nothing ever happened is absent."""
    return reads.answer(_asks_totals(codes))


def home(codes: Iterable[str], place: Place | None) -> tuple[dict[str, Total], list[Found]]:
    """`totals` and `near_needs` for the home page; two statements in one trip."""
    return reads.together(_asks_totals(codes), _asks_near(place, limit=3))


def _asks_totals(codes: Iterable[str]) -> Question[dict[str, Total]]:
    values = {"codes": list(codes)}
    return Question(_TOTALS, values, lambda rows: {row[0]: Total._make(row) for row in rows})


_CARD = """
SELECT l.id, l.slug, l.kind, l.title, l.sector, l.kinds, l.locality_code, l.closes_on, o.name,
       coalesce(g.goal, 0)::bigint, coalesce(m.received, 0)::bigint, coalesce(w.promised, 0)::bigint,
       n.label, n.kind, n.unit, coalesce(n.quantity, 0)::bigint, coalesce(n.received, 0)::bigint,
       coalesce(n.promised, 0)::bigint
  FROM pick p JOIN listing l ON l.id = p.listing_id JOIN organisation o ON o.id = l.organisation_id
  LEFT JOIN LATERAL (
    SELECT sum(x.quantity) AS goal FROM listing_line x WHERE x.listing_id = l.id AND x.kind = 'money' AND x.unit = 'IDR'
  ) g ON true
  LEFT JOIN LATERAL (
    SELECT b.balance + b.spent + coalesce(sum(d.amount), 0) + coalesce(sum(d.spent), 0) AS received
      FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
      LEFT JOIN ledger_delta d ON d.account_id = a.id
     WHERE a.code = concat_ws(':', 'fund', l.id, 'IDR') GROUP BY b.account_id
  ) m ON g.goal IS NOT NULL
  LEFT JOIN LATERAL (
    SELECT b.expected + coalesce(sum(d.expected), 0) AS promised
      FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
      LEFT JOIN ledger_delta d ON d.account_id = a.id
     WHERE a.code = concat_ws(':', 'promised_to', l.id, 'IDR') GROUP BY b.account_id
  ) w ON g.goal IS NOT NULL
  LEFT JOIN LATERAL (
    SELECT x.label, x.kind, x.unit, x.quantity, t.received, t.promised
      FROM listing_line x
      LEFT JOIN LATERAL (
        SELECT b.balance + coalesce(sum(d.amount), 0) AS received, b.expected + coalesce(sum(d.expected), 0) AS promised
          FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
          LEFT JOIN ledger_delta d ON d.account_id = a.id
         WHERE a.code = concat_ws(':', 'promised_to', x.id, x.unit) GROUP BY b.account_id
      ) t ON true
     WHERE x.listing_id = l.id AND x.kind <> 'money' ORDER BY x.position LIMIT 1
  ) n ON g.goal IS NULL
 ORDER BY p.position
"""
"""One card each of the picked listings. Accounts are found by their exact name: one look-up in a unique index."""

_LEVELS = ("district", "regency", "province", "region")


def near_needs(place: Place | None, *, limit: int = 3) -> list[Found]:
    """The newest open needs and campaigns in a place; when there are few, those around it too. One statement."""
    return reads.answer(_asks_near(place, limit=limit))


def _asks_near(place: Place | None, *, limit: int) -> Question[list[Found]]:
    values: dict[str, Any] = {}
    walks = []
    for nearness, (column, code) in enumerate(_around(place)):
        where = f"{column} = %(at{nearness})s AND" if column else ""
        if column:
            values[f"at{nearness}"] = code
        walks.append(
            "(SELECT DISTINCT ON (opened_at, listing_id)"
            f" listing_id, opened_at, {nearness} AS nearness FROM listing_place"
            f" WHERE {where} kind IN ('need', 'campaign')"
            f" ORDER BY opened_at DESC, listing_id DESC LIMIT {limit})"
        )
    sql = f"""
WITH pick AS (
  SELECT listing_id, row_number() OVER (ORDER BY min(nearness), max(opened_at) DESC, listing_id) AS position
    FROM ({" UNION ALL ".join(walks)}) walk GROUP BY listing_id
   ORDER BY position LIMIT {limit}
){_CARD}"""
    return Question(sql, values, lambda rows: [Found._make(row) for row in rows])


def _around(place: Place | None) -> list[tuple[str, str]]:
    """The columns and codes to look in, nearest first, the whole country last."""
    steps: list[tuple[str, str]] = []
    if place is not None:
        own = {"district": place.code if place.level == "district" else None, "regency": place.regency_code,
               "province": place.province_code, "region": place.region_code}  # fmt: skip
        if place.level in own:
            own[place.level] = place.code
        if place.level == "village":
            own["district"] = place.parent_code
        steps = [(f"{level}_code", code) for level in _LEVELS if (code := own.get(level))]
    return [*steps, ("", "")]


def newest_in(place: Place, *shelves: tuple[Sequence[str], int]) -> list[list[Found]]:
    """For each shelf (kinds of listings, how many): the newest open ones in a place and below. One statement for all.

    No kind stands on two shelves. What belongs to a disaster in force comes first on its shelf.
    """
    column, code = next(iter(_around(place)))
    if place.level == "country":
        column, code = "country_code", place.code
    values: dict[str, Any] = {"code": code}
    walks = []
    for shelf, (kinds, limit) in enumerate(shelves):
        values[f"kinds{shelf}"] = list(kinds)
        stages = " UNION ALL ".join(
            f"(SELECT DISTINCT ON (opened_at, listing_id) listing_id, opened_at, {shelf} AS shelf, {stage} AS stage"
            f" FROM listing_place WHERE disaster_id {test} AND {column} = %(code)s AND kind = ANY(%(kinds{shelf})s)"
            f" ORDER BY opened_at DESC, listing_id DESC LIMIT {limit})"
            for stage, test in enumerate(("IS NOT NULL", "IS NULL"))
        )
        walks.append(f"({stages} ORDER BY stage, opened_at DESC, listing_id DESC LIMIT {limit})")
    sql = f"""
WITH pick AS (
  SELECT listing_id, row_number() OVER (ORDER BY shelf, stage, opened_at DESC, listing_id DESC) AS position
    FROM ({" UNION ALL ".join(walks)}) walk
){_CARD}"""
    found = [Found._make(row) for row in reads.rows(sql, values)]
    return [[one for one in found if one.kind in kinds] for kinds, _ in shelves]


def organisations_in(place: Place, *, limit: int = 8) -> list[Seated]:
    """Checked organisations seated in a place or below it, those with most checks first."""
    rows = session().execute(
        text(
            "SELECT g.slug, g.name, g.kind, g.level, g.home_locality_code FROM organisation g"
            " JOIN locality s ON s.code = g.home_locality_code"
            " WHERE g.state = 'checked'"
            " AND :code IN (s.code, s.parent_code, s.regency_code, s.province_code, s.region_code, s.country_code)"
            " ORDER BY g.level DESC, g.name, g.slug LIMIT :most"
        ),
        {"code": place.code, "most": limit},
    )
    return [Seated(*row) for row in rows]
