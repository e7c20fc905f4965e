"""Which lines of others suit given lines, and how well: one statement, bounded by the index it walks."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, Date, Float, Integer, Text, Uuid

from coevolve.kit import clock
from coevolve.kit.db import session
from coevolve.listings.models import ListingLine
from coevolve.localities import queries as localities
from coevolve.pledges import queries as pledges

NEAR_KM = 75
"""Closer than this is near, whatever border lies between."""
WIDE_KM = 150
"""An offer that reaches farther is looked for in the whole country (also a condition of an index of shelf_line)."""
MOST_NEAR = 40
EACH_LEVEL = 2_000
"""So many of the newest lines of one category are weighed at each level of place: more than any place has today."""
EACH_LEVEL_TYPING = 60
"""While somebody types, so few that the answer is there at once, however many offers are open."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line that looks for its counterparts: of a listing, or as it is being typed."""

    n: int
    kind: str
    category: str
    unit: str
    quantity: int
    label: str = ""
    line_id: uuid.UUID | None = None
    least: int | None = None
    from_on: dt.date | None = None
    until_on: dt.date | None = None
    radius_km: int | None = None
    is_inexhaustible: bool = False


@dataclass(frozen=True, slots=True)
class Seeker:
    """Whose lines they are, and where."""

    organisation_id: uuid.UUID
    asks: bool
    locality_code: str
    region_code: str | None
    province_code: str | None
    regency_code: str | None
    sector: str | None
    closes_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A line of another organisation that suits one of ours, with the points of each part."""

    n: int
    own_line_id: uuid.UUID | None
    line_id: uuid.UUID
    listing_id: uuid.UUID
    organisation_id: uuid.UUID
    organisation: str
    slug: str
    listing_kind: str
    title: str
    locality_code: str
    kind: str
    category: str
    label: str
    unit: str
    quantity: int
    is_inexhaustible: bool
    until_on: dt.date | None
    closes_on: dt.date
    ends_on: dt.date
    how: str
    km: float | None
    radius_km: int | None
    covers: float | None
    score: int
    points: dict[str, int]
    is_named_alike: bool
    """Whether the two labels share a word; else only the category is the same."""


def wanted_of(lines: Sequence[ListingLine]) -> list[Wanted]:
    """The lines of a listing as those that look."""
    return [
        Wanted(
            n=number,
            label=line.label,
            line_id=line.id,
            kind=line.kind,
            category=line.category,
            unit=line.unit,
            quantity=line.quantity,
            least=line.min_useful_quantity,
            from_on=line.needed_from,
            until_on=line.needed_until,
            radius_km=line.radius_km,
            is_inexhaustible=line.is_inexhaustible,
        )
        for number, line in enumerate(lines)
    ]


_FIND = text(
    """
    WITH mine AS (
        SELECT * FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS mine(n int, label text, line_id uuid, kind text,
            category text, unit text, quantity bigint, least bigint, from_on date, until_on date, radius_km int,
            is_inexhaustible boolean) LIMIT :number
    ), near AS (
        SELECT * FROM unnest(:near_codes, :near_how) AS near(code, how)
    ), found AS (
        SELECT mine.n, hit.line_id FROM mine CROSS JOIN LATERAL (
            SELECT line_id FROM shelf_line WHERE side = :side AND kind = mine.kind AND category = mine.category
                AND regency_code = :regency ORDER BY opened_at DESC, line_id DESC LIMIT :each
        ) hit
        UNION
        SELECT mine.n, hit.line_id FROM mine CROSS JOIN near CROSS JOIN LATERAL (
            SELECT line_id FROM shelf_line WHERE side = :side AND kind = mine.kind AND category = mine.category
                AND regency_code = near.code ORDER BY opened_at DESC, line_id DESC LIMIT :each_near
        ) hit
        UNION
        SELECT mine.n, hit.line_id FROM mine CROSS JOIN LATERAL (
            SELECT line_id FROM shelf_line WHERE side = :side AND kind = mine.kind AND category = mine.category
                AND province_code = :province ORDER BY opened_at DESC, line_id DESC LIMIT :each
        ) hit
        UNION
        SELECT mine.n, hit.line_id FROM mine CROSS JOIN unnest(:regions) AS region(code) CROSS JOIN LATERAL (
            SELECT line_id FROM shelf_line WHERE side = :side AND kind = mine.kind AND category = mine.category
                AND region_code = region.code ORDER BY opened_at DESC, line_id DESC LIMIT :each
        ) hit WHERE region.code = :region OR mine.radius_km >= 150
        UNION
        SELECT mine.n, hit.line_id FROM mine CROSS JOIN LATERAL (
            SELECT line_id FROM shelf_line WHERE side = :side AND kind = mine.kind AND category = mine.category
                AND radius_km >= 150 ORDER BY opened_at DESC, line_id DESC LIMIT :each
        ) hit WHERE :side = 'offer'
    ), placed AS (
        SELECT mine.n, mine.line_id AS own_line_id, mine.label AS own_label, mine.quantity AS own_quantity,
            mine.unit AS own_unit,
            mine.least AS own_least, mine.from_on AS own_from, mine.until_on AS own_until,
            mine.is_inexhaustible AS own_inexhaustible, theirs.*,
            CASE WHEN theirs.regency_code = :regency THEN 'regency' WHEN near.how IS NOT NULL THEN near.how
                WHEN theirs.province_code = :province THEN 'province' WHEN theirs.region_code = :region THEN 'region'
                ELSE 'wide' END AS how,
            kilometres(:lat, :lng, theirs.lat, theirs.lng) AS km,
            CASE :side WHEN 'offer' THEN theirs.radius_km ELSE mine.radius_km END AS reach,
            theirs.regency_code IS NULL OR CAST(:regency AS text) IS NULL AS is_whole_province
        FROM found JOIN mine USING (n)
        CROSS JOIN LATERAL (SELECT * FROM shelf_line WHERE shelf_line.line_id = found.line_id OFFSET 0) theirs
        LEFT JOIN near ON near.code = theirs.regency_code
        WHERE theirs.organisation_id <> :organisation
        AND theirs.listing_id <> ALL(:without) AND theirs.closes_on >= :today
    ), fitting AS (
        SELECT placed.*,
            CASE WHEN unit <> own_unit THEN NULL WHEN :side = 'offer' THEN
                CASE WHEN is_inexhaustible THEN 1.0 ELSE least(1.0, quantity::numeric / own_quantity) END
            ELSE CASE WHEN own_inexhaustible THEN 1.0 ELSE least(1.0, own_quantity::numeric / quantity) END END
                AS covers
        FROM placed
        WHERE CASE WHEN reach IS NOT NULL THEN how = 'regency' OR km <= reach
            WHEN kind = 'facility' THEN how NOT IN ('province', 'region', 'wide')
                OR (how = 'province' AND is_whole_province)
            ELSE how <> 'wide' END
        AND coalesce(until_on, 'infinity') >= greatest(own_from, :today)
        AND coalesce(own_until, 'infinity') >= greatest(from_on, :today)
        AND (unit <> own_unit
            OR (least(quantity, own_quantity) >= greatest(least, own_least, 1)
                OR (:side = 'offer' AND is_inexhaustible) OR (:side = 'need' AND own_inexhaustible)))
    ), known AS (
        SELECT fitting.*, theirs.name AS organisation, line.label,
            CASE WHEN fitting.category = 'other' THEN 0 ELSE 20 END + CASE WHEN alike.is_so THEN 10 ELSE 0 END
                AS p_what,
            alike.is_so AS is_named_alike,
            CASE how WHEN 'regency' THEN 30 WHEN 'point' THEN 24 - CAST(km / 75 * 8 AS int)
                WHEN 'province' THEN 16 - CAST(least(6, coalesce(km, 150) / 50) AS int)
                WHEN 'region' THEN 9 - CAST(least(5, coalesce(km, 500) / 100) AS int) WHEN 'wide' THEN 4 ELSE 26 END
                AS p_place,
            CASE WHEN until_on IS NULL OR own_until IS NULL THEN 6 ELSE 10 END AS p_time,
            CASE WHEN covers IS NULL THEN 5 ELSE CAST(covers * 15 AS int) END AS p_quantity,
            CASE theirs.level WHEN 1 THEN 0 WHEN 2 THEN 2 WHEN 3 THEN 4 ELSE 5 END AS p_trust,
            CASE WHEN fitting.sector = :sector THEN 5 ELSE 0 END AS p_sector,
            -8 * least(3, (
                SELECT count(*) FROM pairing put WHERE put.dismissed_for IN (:organisation, fitting.organisation_id)
                AND put.reason NOT IN ('timing', 'enough')
                AND put.parts ->> 'kind' = fitting.kind AND put.parts ->> 'category' = fitting.category
            ))::int AS p_dismissed
        FROM fitting JOIN organisation theirs ON theirs.id = fitting.organisation_id AND theirs.state = 'checked'
        JOIN organisation ours ON ours.id = :organisation
        CROSS JOIN LATERAL (SELECT label FROM listing_line WHERE listing_line.id = fitting.line_id OFFSET 0) line
        CROSS JOIN LATERAL (SELECT own_label = '' OR EXISTS (
            SELECT word FROM regexp_split_to_table(lower(line.label), '[^[:alnum:]]+') AS word WHERE length(word) > 3
            INTERSECT SELECT regexp_split_to_table(lower(own_label), '[^[:alnum:]]+')) AS is_so) alike
        WHERE NOT EXISTS (
            SELECT FROM refusal WHERE CASE :side
                WHEN 'offer' THEN refusal.organisation_id = ours.id
                    AND (refusal.giver = theirs.kind OR jsonb_exists(theirs.business, refusal.giver))
                ELSE refusal.organisation_id = theirs.id
                    AND (refusal.giver = ours.kind OR jsonb_exists(ours.business, refusal.giver)) END
        ) AND NOT EXISTS (
            SELECT FROM membership one JOIN membership other ON other.person_id = one.person_id
            WHERE one.organisation_id = ours.id AND other.organisation_id = theirs.id
            AND one.until IS NULL AND other.until IS NULL
        )
    )
    SELECT n, own_line_id, line_id, listing_id, organisation_id, organisation, listing.slug, listing.listing_kind,
        listing.title, listing.locality_code, kind, category, label, unit, quantity, is_inexhaustible, until_on,
        closes_on, least(closes_on, until_on, own_until, CAST(:closes_on AS date)) AS ends_on, how, km,
        reach AS radius_km, CAST(covers AS float8) AS covers, score,
        jsonb_build_object('what', p_what, 'place', p_place, 'time', p_time, 'quantity', p_quantity, 'trust', p_trust,
            'sector', p_sector, 'disaster', :disaster, 'dismissed', p_dismissed) AS points, is_named_alike
    FROM (SELECT *, greatest(0, p_what + p_place + p_time + p_quantity + p_trust + p_sector + :disaster + p_dismissed)
            AS score FROM known ORDER BY score DESC, km NULLS LAST, listing_id, line_id, n LIMIT :most) best
    CROSS JOIN LATERAL (SELECT slug, kind AS listing_kind, title, locality_code FROM listing
        WHERE listing.id = best.listing_id OFFSET 0) listing
    ORDER BY score DESC, km NULLS LAST, listing_id, line_id, n
    """
).bindparams(
    bindparam("side", type_=Text),
    bindparam("sector", type_=Text),
    bindparam("regency", type_=Text),
    bindparam("province", type_=Text),
    bindparam("region", type_=Text),
    bindparam("regions", type_=ARRAY(Text)),
    bindparam("near_codes", type_=ARRAY(Text)),
    bindparam("near_how", type_=ARRAY(Text)),
    bindparam("lat", type_=Float),
    bindparam("lng", type_=Float),
    bindparam("today", type_=Date),
    bindparam("closes_on", type_=Date),
    bindparam("organisation", type_=Uuid),
    bindparam("without", type_=ARRAY(Uuid())),
    bindparam("disaster", type_=Integer),
    bindparam("each", type_=BigInteger),
    bindparam("each_near", type_=BigInteger),
    bindparam("most", type_=BigInteger),
    bindparam("number", type_=BigInteger),
)


def candidates(
    seeker: Seeker,
    lines: Sequence[Wanted],
    *,
    most: int,
    each: int = EACH_LEVEL,
    without: Sequence[uuid.UUID] = (),
    disaster: int = 0,
) -> list[Candidate]:
    """The lines of others that suit these, best first. What nobody needs or has any more is left out."""
    if not lines:
        return []
    own = localities.find(seeker.locality_code)
    point = own if own is not None and own.lat is not None else localities.find(seeker.regency_code)
    near = _near(seeker)
    rows = (
        session()
        .execute(
            _FIND,
            {
                "lines": json.dumps([asdict(line) for line in lines], default=str),
                "side": "offer" if seeker.asks else "need",
                "organisation": seeker.organisation_id,
                "sector": seeker.sector,
                "regency": seeker.regency_code,
                "province": seeker.province_code,
                "region": seeker.region_code,
                "regions": _regions(seeker, lines),
                "near_codes": list(near),
                "near_how": list(near.values()),
                "lat": point.lat if point else None,
                "lng": point.lng if point else None,
                "today": clock.today(),
                "closes_on": seeker.closes_on,
                "without": list(without),
                "disaster": disaster,
                "each": each,
                "each_near": min(each, EACH_LEVEL),
                "most": most,
                "number": len(lines),
            },
        )
        .all()
    )
    return _what_is_left(
        [Candidate(*row) for row in rows], {line.n: line for line in lines}, asks=seeker.asks
    )


def _regions(seeker: Seeker, lines: Sequence[Wanted]) -> list[str]:
    """The own region; for an offer that reaches far all of them."""
    if any((line.radius_km or 0) >= WIDE_KM for line in lines):
        return [place.code for place in localities.regions()]
    return [seeker.region_code] if seeker.region_code else []


def _near(seeker: Seeker) -> dict[str, str]:
    """The kabupaten and kota around, nearest first, with what makes them near; over a region's border also farther."""
    found: dict[str, str] = {}
    for one in localities.near(seeker.regency_code, within_km=WIDE_KM):
        if one.how != "point" or (one.km is not None and one.km <= NEAR_KM):
            found[one.place.code] = one.how
        elif one.place.region_code != seeker.region_code:
            found[one.place.code] = "wide"
        if len(found) == MOST_NEAR:
            break
    return found


def _what_is_left(found: list[Candidate], lines: Mapping[int, Wanted], *, asks: bool) -> list[Candidate]:
    """Without what is all promised already; quantities are what is still there or still missing."""
    if not found:
        return []
    totals = pledges.totals_for({one.listing_id for one in found})
    left = []
    for one in found:
        total = totals.get(one.listing_id if one.kind == "money" else one.line_id)
        if total is None or one.is_inexhaustible:
            left.append(one)
            continue
        rest = max(0, total.goal - total.received - total.promised)
        if rest <= 0 or (
            one.kind != "money" and rest < (lines[one.n].least or 1) and one.unit == lines[one.n].unit
        ):
            continue
        quantity = min(one.quantity, rest)
        if quantity == one.quantity:
            left.append(one)
            continue
        need, offer = (lines[one.n].quantity, quantity) if asks else (quantity, lines[one.n].quantity)
        covers = None if one.covers is None else min(1.0, offer / need)
        left.append(replace(one, quantity=quantity, covers=covers))
    return left


def grouped(found: Sequence[Candidate], *, most: int) -> list[list[Candidate]]:
    """By listing, the best listings first; of each the best lines, each own line once."""
    by_listing: dict[uuid.UUID, dict[int, Candidate]] = {}
    for one in found:
        by_listing.setdefault(one.listing_id, {}).setdefault(one.n, one)
    groups = [sorted(lines.values(), key=lambda one: -one.score) for lines in by_listing.values()]
    groups.sort(key=lambda lines: (-score_of(lines), lines[0].km if lines[0].km is not None else 9e9))
    return groups[:most]


def score_of(lines: Sequence[Candidate]) -> int:
    """The best pair of lines, and three points for each further one."""
    return min(100, lines[0].score + 3 * (len(lines) - 1))


def parts_of(one: Candidate) -> dict[str, Any]:
    """What the score of a pair of lines rests on, to be kept with it."""
    return {
        "points": one.points,
        "how": one.how,
        "km": None if one.km is None else round(one.km),
        "kind": one.kind,
        "category": one.category,
        "covers": None if one.covers is None else round(one.covers, 2),
    }
