"""Whom an opened listing concerns. Sets, never row by row: a need may concern thousands."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import BigInteger, Boolean, Date, Integer, Text

from coevolve.config import settings
from coevolve.kit import clock
from coevolve.kit.db import get, session
from coevolve.kit.faults import fault
from coevolve.kit.i18n import LANGUAGES, in_language
from coevolve.listings.finding_models import ListingPlace
from coevolve.listings.models import KIND_BITS, Listing, ListingLine, State
from coevolve.listings.queries.disasters import disaster_over
from coevolve.localities import queries as localities
from coevolve.localities.queries import Place
from coevolve.matching import words
from coevolve.matching.models import ALL_KINDS, Match, MatchState
from coevolve.matching.service.pairs import pair
from coevolve.notifications import service as notifications
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation

PLACE_POINTS = {"country": 8, "region": 16, "province": 24, "regency": 36, "district": 40, "village": 40}
BESIDE_POINTS = 20
BESIDE_KM = 60
BESIDE_MOST = 12
SECTOR_POINTS = 25
KINDS_POINTS = 15
TRUST_POINTS = {1: 0, 2: 4, 3: 7, 4: 10}
DISASTER_POINTS = 10
DISLIKED = 12
"""So many points less for each of up to three like things that the person put away."""


def find_supporters(*, about_id: uuid.UUID, journal_id: int) -> int:  # noqa: ARG001 - what every reaction gets
    """A listing opened: write its matches and pairings, and tell those they concern. Returns how many matches are new.

    A reaction to the journal line; harmless when run again, and when the listing is no longer open.
    """
    listing = session().get(Listing, about_id)
    if listing is None or listing.state != State.open or listing.locality_code is None:
        return 0
    owner = get(Organisation, listing.organisation_id)
    if not organisations.may_publish(owner):
        return 0
    chain = localities.ancestors(localities.current(listing.locality_code).code)
    disaster = _disaster(listing, chain)
    written = _match(listing, owner, chain, disaster)
    fault("matching.written")
    _tell(listing, chain, owner)
    fault("matching.told")
    pair(listing, disaster_points=5 if disaster else 0)
    fault("matching.paired")
    return written


def _disaster(listing: Listing, chain: list[Place]) -> str | None:
    """What befell the place, while it lasts; offers and opportunities are not hurried by it."""
    if listing.kind not in ("need", "campaign"):
        return None
    found = disaster_over([place.code for place in chain])
    return found.name if found is not None else None


@dataclass(frozen=True, slots=True)
class _Area:
    """A place whose followers this concerns: the place itself, one beside it, or one it belonged to before."""

    place: Place
    points: int
    how: str
    now: Place | None = None
    until: dt.date | None = None


def _areas(listing: Listing, chain: list[Place]) -> list[_Area]:
    by_code = {place.code: place for place in chain}
    for code in listing.more_localities:
        by_code |= {place.code: place for place in localities.ancestors(localities.current(code).code)}
    found = [_Area(place, PLACE_POINTS[place.level], "inside") for place in by_code.values()]
    for old in localities.before(by_code):
        place = localities.find(old.code)
        if place is not None and place.code not in by_code:
            now = by_code[old.now_code] if old.now_code in by_code else chain[-1]
            found.append(_Area(place, PLACE_POINTS[place.level], "before", now, old.until))
    near = localities.near(listing.regency_code, within_km=BESIDE_KM)[:BESIDE_MOST]
    here = localities.find(listing.regency_code)
    taken = {area.place.code for area in found}
    return [
        *found,
        *(_Area(one.place, BESIDE_POINTS, "beside", here) for one in near if one.place.code not in taken),
    ]


_HITS = "id, person_id, organisation_id, locality_code, sector, kinds, min_minor, max_minor"
_MATCH = """
    WITH place AS (
        SELECT * FROM unnest(:codes, :points) AS place(code, points)
    ), older AS (
        SELECT * FROM unnest(:older_codes, :older_until) AS older(code, until)
    ), why AS (
        SELECT * FROM unnest(:why_code, :why_sector, :why_organisation, :why_kinds, :why_reason)
            AS why(code, sector, by_organisation, kinds, reason)
    ), hit AS (
        SELECT {hits} FROM interest WHERE is_active AND locality_code = ANY(:inside) AND sector = ANY(:sectors)
        UNION ALL
        SELECT {hits} FROM interest WHERE is_active AND locality_code = ANY(:inside) AND sector IS NULL
        UNION ALL
        SELECT {hits} FROM interest WHERE is_active AND with_neighbours AND locality_code = ANY(:beside)
            AND (sector = ANY(:sectors) OR sector IS NULL)
        UNION ALL
        SELECT {hits} FROM interest JOIN older ON older.code = locality_code
            WHERE is_active AND (sector = ANY(:sectors) OR sector IS NULL)
            AND (older.until IS NULL OR created_at < older.until)
    ), barred AS (
        SELECT other.organisation_id AS id FROM membership own
            JOIN membership other ON other.person_id = own.person_id AND other.until IS NULL
            WHERE own.organisation_id = :organisation_id AND own.until IS NULL
        UNION
        SELECT giver.id FROM refusal JOIN organisation giver
            ON giver.kind = refusal.giver OR jsonb_exists(giver.business, refusal.giver)
            WHERE refusal.organisation_id = :organisation_id
    ), own AS (
        SELECT person_id FROM membership WHERE organisation_id = :organisation_id AND until IS NULL
    ), disliked AS (
        SELECT person_id, least(3, sum(count))::int AS times FROM match_dislike
            WHERE about = ANY(:abouts) AND count > 0 GROUP BY person_id
    ), fitting AS (
        SELECT hit.*, place.points AS place_points FROM hit JOIN place ON place.code = hit.locality_code
        WHERE kinds & :kinds <> 0
        AND (kinds & :kinds <> 1 OR :goal BETWEEN coalesce(min_minor, 0) AND coalesce(max_minor, :goal))
    ), told AS (
        SELECT person_id, NULL::uuid AS for_organisation, id, locality_code, sector, kinds, place_points
        FROM fitting WHERE person_id IS NOT NULL
        UNION ALL
        SELECT member.person_id, fitting.organisation_id, fitting.id, locality_code, sector, kinds, place_points
        FROM fitting JOIN membership member
            ON member.organisation_id = fitting.organisation_id AND member.until IS NULL
        JOIN organisation body ON body.id = fitting.organisation_id AND body.state NOT IN ('frozen', 'rejected')
        WHERE fitting.organisation_id NOT IN (SELECT id FROM barred)
    ), scored AS (
        SELECT told.*, CASE WHEN sector IS NULL THEN 0 ELSE :sector_points END AS sector_points,
            CASE WHEN kinds = 15 THEN 0 ELSE :kinds_points END AS kinds_points,
            coalesce(-:disliked * disliked.times, 0) AS disliked_points
        FROM told LEFT JOIN disliked ON disliked.person_id = told.person_id
        WHERE told.person_id NOT IN (SELECT person_id FROM own)
    ), best AS (
        SELECT DISTINCT ON (person_id) *, greatest(0, place_points + sector_points + kinds_points + disliked_points
            + :listing_points) AS score
        FROM scored ORDER BY person_id, place_points + sector_points + kinds_points DESC, id
    )
    INSERT INTO match (listing_id, person_id, for_organisation, interest_id, score, parts, reasons)
    SELECT :listing_id, person_id, for_organisation, id, score,
        jsonb_build_object('place', locality_code, 'sector', best.sector, 'kinds', best.kinds & :kinds, 'points',
            jsonb_build_object('place', place_points, 'sector', sector_points, 'kinds', kinds_points,
                'trust', :trust_points, 'disaster', :disaster_points, 'disliked', disliked_points)),
        why.reason::jsonb
    FROM {best} JOIN why ON why.code = best.locality_code AND why.sector = coalesce(best.sector, '')
        AND why.by_organisation = (best.for_organisation IS NOT NULL)
        AND why.kinds = CASE WHEN best.kinds = 15 THEN 0 ELSE best.kinds & :kinds END
    ORDER BY person_id
    ON CONFLICT (listing_id, person_id) DO NOTHING
    """
_TYPES = (
    bindparam("codes", type_=ARRAY(Text)),
    bindparam("points", type_=ARRAY(Integer)),
    bindparam("inside", type_=ARRAY(Text)),
    bindparam("beside", type_=ARRAY(Text)),
    bindparam("older_codes", type_=ARRAY(Text)),
    bindparam("older_until", type_=ARRAY(Date)),
    bindparam("abouts", type_=ARRAY(Text)),
    bindparam("why_code", type_=ARRAY(Text)),
    bindparam("why_sector", type_=ARRAY(Text)),
    bindparam("why_organisation", type_=ARRAY(Boolean)),
    bindparam("why_kinds", type_=ARRAY(Integer)),
    bindparam("why_reason", type_=ARRAY(Text)),
    bindparam("sectors", type_=ARRAY(Text)),
    bindparam("kinds", type_=Integer),
    bindparam("goal", type_=BigInteger),
    bindparam("disliked", type_=Integer),
    bindparam("listing_points", type_=Integer),
    bindparam("trust_points", type_=Integer),
    bindparam("disaster_points", type_=Integer),
    bindparam("sector_points", type_=Integer),
    bindparam("kinds_points", type_=Integer),
)
_ALL = text(_MATCH.format(hits=_HITS, best="best")).bindparams(*_TYPES)
_IN_A_FLOOD = text(
    _MATCH.format(
        hits=_HITS,
        # Among equals the draw falls anew for each listing, so that all who follow the place hear of some.
        best="(SELECT * FROM best ORDER BY score DESC, hashtextextended(person_id::text, :draw) LIMIT :most) best",
    )
).bindparams(*_TYPES, bindparam("draw", type_=BigInteger), bindparam("most", type_=Integer))


def _match(listing: Listing, owner: Organisation, chain: list[Place], disaster: str | None) -> int:
    """Write one match per person who follows this, by the interest that fits best.

    Left out: members of its own CSO; organisations it refuses, that are frozen, or with which it shares a member.
    """
    given = given_for(listing, owner, chain, disaster)
    if not _is_flood(listing):
        done = session().execute(_ALL, given)
    else:
        done = session().execute(
            _IN_A_FLOOD, given | {"draw": listing.id.int % 2**62, "most": settings().flood_matches}
        )
    return int(getattr(done, "rowcount", 0))


def given_for(
    listing: Listing, owner: Organisation, chain: list[Place], disaster: str | None
) -> dict[str, Any]:
    """What the one statement is given."""
    areas = _areas(listing, chain)
    why = _reasons(listing, areas, disaster)
    trust = TRUST_POINTS[owner.level]
    urgent = DISASTER_POINTS if disaster else 0
    return {
        "listing_id": listing.id,
        "organisation_id": listing.organisation_id,
        "sectors": _sectors(listing),
        "kinds": listing.kinds or ALL_KINDS,
        "goal": _goal(listing.id),
        "codes": [area.place.code for area in areas],
        "points": [area.points for area in areas],
        "inside": [area.place.code for area in areas if area.how == "inside"],
        "beside": [area.place.code for area in areas if area.how == "beside"],
        "older_codes": [area.place.code for area in areas if area.how == "before"],
        "older_until": [area.until for area in areas if area.how == "before"],
        "abouts": [
            *(f"sector:{code}" for code in _sectors(listing)),
            f"organisation:{listing.organisation_id}",
        ],
        "disliked": DISLIKED,
        "listing_points": trust + urgent,
        "trust_points": trust,
        "disaster_points": urgent,
        "sector_points": SECTOR_POINTS,
        "kinds_points": KINDS_POINTS,
        "why_code": [row[0] for row in why],
        "why_sector": [row[1] for row in why],
        "why_organisation": [row[2] for row in why],
        "why_kinds": [row[3] for row in why],
        "why_reason": [row[4] for row in why],
    }


def _is_flood(listing: Listing) -> bool:
    """Whether so much opens in this province just now that nobody could read it all."""
    current = settings()
    few = (
        select(ListingPlace.listing_id)
        .distinct()
        .where(
            ListingPlace.province_code == listing.province_code,
            ListingPlace.opened_at > clock.now() - dt.timedelta(minutes=current.flood_minutes),
        )
        .limit(current.flood_listings + 1)
        .subquery()
    )
    opened = session().execute(select(func.count()).select_from(few)).scalar_one()
    return bool(opened > current.flood_listings)


def _sectors(listing: Listing) -> list[str]:
    return sorted({code for code in (listing.sector, *listing.more_sectors) if code})


Why = tuple[str, str, bool, int, str]


def _reasons(listing: Listing, areas: Sequence[_Area], disaster: str | None) -> list[Why]:
    """The sentence for every way in which somebody may have come to this: place, sector, in whose name, which kinds."""
    asked = listing.kinds or ALL_KINDS
    masks = [0, *(mask for mask in range(1, ALL_KINDS) if mask & asked == mask)]
    if asked == ALL_KINDS:
        masks = [0, *range(1, ALL_KINDS + 1)]
    sectors_told = (None, *_sectors(listing))
    said: dict[str, dict[tuple[int, str, bool, int], str]] = {}
    for code in LANGUAGES:
        with in_language(code):
            tails = {
                mask: words.kinds_wanted(_kinds(mask), is_offer=listing.kind == "standing_offer")
                for mask in masks
            }
            urgent = f" {str(words.DISASTER) % {'name': disaster}}" if disaster else ""
            said[code] = {
                (number, sector or "", ours, mask): words.follows(
                    area.place, sector, by_organisation=ours, now=area.now, how=area.how
                )
                + tails[mask]
                + urgent
                for number, area in enumerate(areas)
                for sector in sectors_told
                for ours in (False, True)
                for mask in masks
            }
    return [
        (
            areas[key[0]].place.code,
            key[1],
            key[2],
            key[3],
            json.dumps({code: said[code][key] for code in said}, ensure_ascii=False),
        )
        for key in said[LANGUAGES[0]]
    ]


def _kinds(mask: int) -> list[str]:
    return [kind for kind, bit in KIND_BITS.items() if mask & bit]


def _goal(listing_id: uuid.UUID) -> int:
    """The money a listing asks for, in rupiah minor units."""
    statement = select(func.coalesce(func.sum(ListingLine.quantity), 0)).where(
        ListingLine.listing_id == listing_id, ListingLine.kind == "money", ListingLine.unit == "IDR"
    )
    return int(session().execute(statement).scalar_one())


def _tell(listing: Listing, chain: list[Place], owner: Organisation) -> None:
    """Queue the news for all who are matched and have put away neither it nor three like it; each is told once."""
    said: dict[str, Any] = {
        "title": listing.title,
        "path": words.listing_path(listing.kind, listing.slug),
        "organisation": owner.name,
        "place": chain[-1].name,
    }
    people = select(
        Match.person_id,
        Match.for_organisation,
        literal(said, JSONB()).op("||")(func.jsonb_build_object("reason", Match.reasons)).label("data"),
        Match.parts["place"].as_string().label("place_code"),
    ).where(
        Match.listing_id == listing.id,
        Match.state == MatchState.suggested,
        Match.parts["points"]["disliked"].as_integer() > -3 * DISLIKED,
    )
    kind = {
        "standing_offer": "listing.opened.offer",
        "opportunity": "listing.opened.opportunity",
    }.get(listing.kind, "listing.opened")
    notifications.queue_from_select(
        kind=kind, people=people, about=("listing", listing.id), dedupe_key=f"listing.opened:{listing.id}"
    )
